/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One sysctl, written through the private procfs from inside the new namespaces, before any mount
 * of the container exists (R14). Runs in the container half. The plan holds canonical keys of
 * namespaced sysctls only.
 */
#include <errno.h>

#include "init/init.h"

int op_sysctl(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_sysctl *arg = init_arg(in, op);
	const char *key = init_string(in, arg->key), *value = init_string(in, arg->value);
	char name[256];
	int procfd, r;

	r = text_format(name, sizeof(name), "sys/%s", key);
	if (r < 0)
		return init_fail(err, r, NULL, key, "the name of sysctl '%s' is too long", key);
	procfd = init_procfs(in, err);
	if (procfd < 0)
		return procfd;
	r = procfs_write(procfd, name, value);
	if (r == -EACCES) {
		/*
		 * A nested AppArmor profile knows only names below /proc, and a detached mount has
		 * none.
		 */
		_cleanup_close_ int attached = procfs_open_attached();

		if (attached >= 0 && fallback_take(FALLBACK_PRIVATE_PROCFS))
			r = procfs_write(attached, name, value);
	}
	if (r >= 0)
		return 0;
	if (r == -ENOENT)
		return init_fail(err, r, "openat", key, "this kernel has no sysctl '%s' here", key);
	init_fail(err, r, "write", key, "cannot set sysctl '%s' to '%s'", key, value);
	if (r == -EINVAL || r == -ERANGE)
		error_add_remedy(err, "the kernel does not accept this value");
	else if (r == -EPERM || r == -EACCES)
		error_add_remedy(err, "it belongs to a namespace that the container does not own");
	return r;
}
