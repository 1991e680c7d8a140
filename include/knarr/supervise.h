/* SPDX-License-Identifier: Apache-2.0 */
/* supervise: a process in the foreground: signals forwarded, terminal relayed, orphans reaped, exit status. Host half. */
#ifndef KNARR_SUPERVISE_H
#define KNARR_SUPERVISE_H

#include "knarr/base.h"
#include "knarr/kernel.h"

struct supervise {
	const struct pidref *process; /* our child, or a child of ours by CLONE_PARENT */
	int console_master; /* relay between it and stdin/stdout; -EBADF without a terminal */
};
/* Must be called before the process starts: blocks the signals that will be forwarded, becomes subreaper. */
int supervise_prepare(struct error *err);
/* Runs until the process ends; *ret_status = exit code, or 128+n for signal n. */
int supervise_run(const struct supervise *s, int *ret_status, struct error *err);

#endif
