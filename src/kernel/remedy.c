/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remedy: what the caller can do about refusals of the kernel that either half meets. Runs in both; the sentence about what
 * failed is theirs, the way out is worded here once.
 */
#include <errno.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

static void explain_permission(uint64_t namespaces, struct error *err)
{
	if (namespaces & CLONE_NEWUSER)
		error_add_remedy(
			err,
			"this host forbids user namespaces to this user (kernel.unprivileged_userns_clone, "
			"kernel.apparmor_restrict_unprivileged_userns, or an outer seccomp profile)");
	else
		error_add_remedy(
			err,
			"new namespaces need CAP_SYS_ADMIN, or a user namespace in linux.namespaces");
}

void remedy_namespaces(int r, uint64_t namespaces, struct error *err)
{
	if (r == -EPERM)
		explain_permission(namespaces, err);
	else if (r == -ENOSPC && (namespaces & CLONE_NEWUSER))
		error_add_remedy(
			err,
			"the limit of user namespaces (/proc/sys/user/max_user_namespaces), or of another kind there, is reached");
	else if (r == -ENOSPC)
		error_add_remedy(err, "a limit below /proc/sys/user/max_*_namespaces is reached");
	else if (r == -EAGAIN)
		error_add_remedy(err,
				 "the limit of processes is reached (pids.max or RLIMIT_NPROC)");
}

void remedy_idmap(int r, struct error *err)
{
	if (r == -EINVAL)
		error_add_remedy(
			err,
			"the filesystem of the source does not support id-mapped mounts on this kernel");
	else if (r == -EPERM)
		error_add_remedy(
			err,
			"id-mapping needs CAP_SYS_ADMIN in the user namespace that owns the filesystem");
}
