/* SPDX-License-Identifier: Apache-2.0 */
/* hooks: running the host half's hooks (prestart, createRuntime, poststart, poststop). Host half. */
#ifndef KNARR_HOOKS_H
#define KNARR_HOOKS_H

#include "knarr/base.h"
#include "knarr/spec.h"

struct hook_output {
	const char *stdout_path, *stderr_path;
}; /* run.oci.hooks.stdout/.stderr, may be NULL */
/*
 * Runs the list in order with state JSON on stdin, cwd = bundle (cwd_fd), only its own env, no descriptor of ours. Stops at the first
 * failure: error class hook, "error running createRuntime hook #1: ...", with exit status or signal, duration and the last 4 KiB of
 * its output. A hook that passes its timeout is killed with its whole process group. Never deadlocks on output (T40).
 */
int hooks_run(const struct spec_hook_list *list, enum spec_hook_kind kind, const char *state_json,
	      int cwd_fd, const struct hook_output *out, struct error *err);

#endif
