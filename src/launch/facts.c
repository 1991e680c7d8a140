/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts: what the plan builder must know of this host and this process. Host half.
 * Everything is asked of the kernel by calls that need no privilege; what a config does not need is not asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/capability.h>

#include "launch/launch_private.h"

#define NGROUPS_SHOWN 256

static uint32_t last_capability(void)
{
	uint32_t cap = CAP_LAST_CAP;

	while (cap < 62 && prctl(PR_CAPBSET_READ, cap + 1, 0, 0, 0) >= 0)
		cap++;
	while (cap > 0 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) < 0)
		cap--;
	return cap;
}

/*
 * Inside a user namespace CAP_SYS_ADMIN counts for mounts only if the mount namespace belongs to it too. A detached
 * clone of our root tells; a recursive one, since the mounts that came from outside are locked together.
 */
static bool can_clone_mounts(void)
{
	_cleanup_close_ int fd =
		mount_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	return fd >= 0;
}

/* Supplementary groups of the caller besides its primary one. */
static uint32_t foreign_groups(gid_t own)
{
	gid_t groups[NGROUPS_SHOWN];
	int n = getgroups(NGROUPS_SHOWN, groups);
	uint32_t count = 0;

	if (n < 0)
		return NGROUPS_SHOWN; /* more than fit: EINVAL */
	for (int i = 0; i < n; i++)
		count += groups[i] != own;
	return count;
}

static bool apparmor_enabled(void)
{
	char text[8];

	return io_read_small_at(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", text,
				sizeof(text)) > 0 &&
	       text[0] == 'Y';
}

static bool selinux_enabled(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

static void security_modules(const struct spec *spec, struct plan_host *ret)
{
	if (spec->process.apparmor_profile)
		ret->apparmor = apparmor_enabled();
	if (spec->process.selinux_label || spec->mount_label)
		ret->selinux = selinux_enabled();
}

int launch_host_facts(const struct spec *spec, const char *bundle, struct plan_host *ret,
		      struct error *err)
{
	uint64_t effective, permitted, inheritable;
	int initial = userns_is_initial(), r;

	memset(ret, 0, sizeof(*ret));
	ret->euid = geteuid();
	ret->egid = getegid();
	/* Without a procfs to ask, the weaker case is assumed. Any other failure would give another container than asked for. */
	if (initial < 0 && initial != -ENOENT && initial != -EACCES)
		return error_set(err, -initial, "cannot examine the caller's user namespace");
	ret->in_userns = initial != 1;
	r = sys_capget(&effective, &permitted, &inheritable);
	if (r < 0)
		return error_set(err, -r, "cannot read the caller's capabilities");
	ret->privileged = effective & (1ull << CAP_SYS_ADMIN);
	if (ret->privileged && ret->in_userns)
		ret->privileged = can_clone_mounts();
	/* A device node made in a mount that a user namespace owns cannot be opened: it is nodev. */
	ret->can_mknod = !ret->in_userns && (effective & (1ull << CAP_MKNOD));
	ret->cgroup_ns_supported = true;
	text_copy(ret->bundle, sizeof(ret->bundle), bundle);
	ret->ngroups = foreign_groups(ret->egid);
	ret->last_cap = last_capability();
	security_modules(spec, ret);
	return 0;
}
