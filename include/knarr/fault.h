/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault: named points at which a test build (--enable-test-hooks) ends the process by SIGKILL when
 * KNARR_TEST_KILL_AT names them. Nothing in other builds.
 */
#ifndef KNARR_FAULT_H
#define KNARR_FAULT_H

#ifdef KNARR_TEST_HOOKS
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void fault_point(const char *name)
{
	const char *at = getenv("KNARR_TEST_KILL_AT");

	if (at && strcmp(at, name) == 0)
		kill(getpid(), SIGKILL);
}
#else
static inline void fault_point(const char *name)
{
	(void)name;
}
#endif
#endif
