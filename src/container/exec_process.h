/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CONTAINER_EXEC_PROCESS_H
#define KNARR_CONTAINER_EXEC_PROCESS_H

#include "knarr/container.h"

/* The process that exec shall start: from a process.json, or the container's own with the flags laid over it. */
struct exec_process {
	struct spec_process process; /* borrows from base or file */
	struct spec *file;           /* the parsed process.json, or NULL */
	char *user_name;             /* --user by name, resolved in the container; or NULL */
};
int exec_process_read(struct exec_process *ret, struct spec *base, const struct exec_options *opt,
		      struct error *err);
void exec_process_done(struct exec_process *p);

#endif
