/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify: a directory of ours with the socket that takes the program's sd_notify(3) messages. Host half, pure.
 *
 * The directory is bound, not the socket: `create` plans it, and only `start` binds the socket. Sending through a
 * read-only mount works, and a container that may not remount it can do nothing else in our
 * state directory; what one puts there that may, with CAP_SYS_ADMIN, goes when it is deleted.
 */
#include "knarr/uapi.h"
#include "plan/plan_build.h"

int notify_plan(struct builder *b)
{
	const char *dir = b->opt->notify_dir;

	if (!dir)
		return 0;
	struct plan_arg_bind arg = {
		.source = plan_buffer_string(&b->buf, dir),
		.target = plan_buffer_string(&b->buf, PLAN_NOTIFY_DIR),
		.flags = PLAN_MOUNT_NOTIFY | PLAN_MOUNT_SRC_NOFOLLOW,
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
	};

	builder_op(b, OP_BIND, rootless_open_flags(b), plan_buffer_string(&b->buf, "NOTIFY_SOCKET"),
		   &arg, sizeof(arg));
	return 0;
}
