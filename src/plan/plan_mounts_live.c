/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts add and mounts remove: change the tree of a running container. Host half, pure. The plan has no root of
 * its own: after the join, "/" is the container's. It ends after the gate, without a program.
 */
#include <sched.h>
#include <string.h>

#include "plan/plan_build.h"

/* The last of the file first, so that a list that was added can be removed. */
static void plan_unmounts(struct builder *b)
{
	for (size_t i = b->spec->mount_count; i-- > 0;) {
		const struct spec_mount *m = &b->spec->mounts[i];
		struct plan_arg_path arg = { .path = plan_buffer_string(&b->buf, m->destination) };

		builder_op(b, OP_UNMOUNT, 0, builder_origin(b, m->node), &arg, sizeof(arg));
	}
}

/*
 * A new procfs or sysfs would show what linux.maskedPaths hides in the container's own, and a procfs the pid namespace
 * of its maker (R30). A bind mount shows what the caller names.
 */
static int check_type(struct builder *b, const struct spec_mount *m)
{
	bool bind = (m->flags & SPEC_MOUNT_BIND) || STREQ(m->type, "bind");
	int r;

	if (bind || (!STREQ(m->type, "proc") && !STREQ(m->type, "sysfs")))
		return 0;
	r = builder_refuse(b, ERROR_UNSUPPORTED, m->type_node ? m->type_node : m->node,
			   "cannot add a new '%s' to a running container: it would not have the "
			   "container's masked and read-only paths",
			   m->type);
	error_add_remedy(b->err, "mount it at create: add it to 'mounts' in config.json");
	return r;
}

int plan_build_mounts(const struct spec *spec, const struct plan_host *host,
		      const struct plan_options *opt, struct plan *ret, struct error *err)
{
	struct builder b;
	int r = builder_init(&b, spec, host, opt, err);

	if (r < 0)
		return r;
	plan_buffer_header(&b.buf)->flags |= PLAN_MOUNTS;
	b.live = true;
	b.userns = opt->exec_userns;
	/* The user namespace is left out: its id maps are those of the container's configuration. */
	b.ns_joined = opt->exec_namespaces & ~(uint64_t)CLONE_NEWUSER;
	if (spec->mount_count == 0)
		r = builder_refuse(&b, ERROR_USAGE, NULL, "the file names no mount");
	for (size_t i = 0; r == 0 && !opt->mounts_remove && i < spec->mount_count; i++) {
		r = rootless_check_live_bind(&b, &spec->mounts[i]);
		if (r == 0)
			r = check_type(&b, &spec->mounts[i]);
	}
	if (r == 0)
		namespaces_plan_exec(&b);
	if (r == 0 && opt->mounts_remove)
		plan_unmounts(&b);
	else if (r == 0 && (r = mounts_prepare(&b)) == 0)
		r = mounts_plan(&b, 0, b.spec->mount_count);
	if (r == 0) {
		/* Mounts stay only when the host half says so: a failure or its death before that takes them back. */
		process_plan_gate(&b, opt->mounts_remove ? PLAN_GATE_NONE : PLAN_GATE_HANDSHAKE);
		r = builder_finish(&b, ret);
	}
	builder_done(&b);
	return r;
}
