/* SPDX-License-Identifier: Apache-2.0 */
/* spec_flags: what the flags of `spec` mean. Pure. */
#ifndef KNARR_CLI_SPEC_FLAGS_H
#define KNARR_CLI_SPEC_FLAGS_H

#include "cli/command.h"
#include "cli/spec_template.h"

struct spec_flags {
	struct option_list args, env, caps, mounts;
	const char *bundle, *file, *cwd, *user, *hostname, *rootfs, *memory, *cpus, *pids, *net,
		*seccomp;
	enum tristate read_only, terminal;
	bool rootless;
};

/*
 * operands: the program and its arguments, when given that way. The result borrows from flags and operands; it is to
 * be released by spec_template_done(), also after an error.
 */
int spec_flags_apply(const struct spec_flags *flags, const char *const *operands,
		     struct spec_template *ret, struct error *err);

#endif
