/* SPDX-License-Identifier: Apache-2.0 */
/* One hook as a process: started, fed, watched, ended. Says what happened, not what it means. */
#ifndef KNARR_HOOKS_PROCESS_H
#define KNARR_HOOKS_PROCESS_H

#include "knarr/hooks.h"

struct hook_result {
	int exec_errno; /* the program could not be executed (or its set-up failed): positive errno */
	char exec_step[16]; /* which call failed then: "execve", "fchdir", ... */
	bool timed_out;
	int wait_status; /* as waitpid(2) gives it */
	uint64_t duration_ms;
	struct tail output;
};

/* Returns 0 when the hook ran to an end, whatever the end was; -errno (with err) when it could not be started or watched. */
int hook_process_run(const struct spec_hook *hook, const char *state_json, int cwd_fd,
		     const struct hook_output *out, struct hook_result *ret, struct error *err);

#endif
