/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegation: what of the tree an ordinary user owns, and what is given to a container. Host half.
 *
 * cgroups(7): who may move a process must be able to write cgroup.procs of the common ancestor, so a user starts
 * containers below an ancestor of its own cgroup that it owns, and nowhere else. Only the files that the kernel
 * lists as delegatable change hands: the limits stay with the parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups/driver.h"
#include "cgroups/tree.h"
#include "knarr/kernel.h"

bool owner_is_unprivileged(void)
{
	return geteuid() != 0 || userns_is_initial() == 0;
}

static bool is_writable(int dirfd)
{
	return faccessat(dirfd, ".", W_OK | X_OK, AT_EACCESS) == 0 &&
	       faccessat(dirfd, "cgroup.procs", W_OK, AT_EACCESS) == 0;
}

static bool has_processes(int dirfd)
{
	char text[32];

	/* -ENOBUFS: there are more than fit. */
	return tree_read(dirfd, "cgroup.procs", text, sizeof(text)) != 0;
}

int owner_delegated(const struct cgroup_host *host, char *buf, size_t size, bool *ret_busy)
{
	char path[1024], nearest[1024] = "";
	bool found = false;

	if (cgroup_own_path(host, path, sizeof(path)) < 0)
		return -EACCES;
	for (;;) {
		_cleanup_close_ int fd = tree_open(host->root_fd, path);
		char *slash = strrchr(path, '/');

		if (fd < 0 || !is_writable(fd))
			break;
		if (slash && !slash[1])
			*slash = '\0'; /* "/" is the root */
		if (!found)
			text_copy(nearest, sizeof(nearest), path);
		found = true;
		if (!has_processes(fd)) {
			*ret_busy = false;
			return text_format(buf, size, "%s", path);
		}
		slash = strrchr(path, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	if (!found)
		return -EACCES;
	*ret_busy = true;
	return text_format(buf, size, "%s", nearest);
}

static int give(int dirfd, const char *name, const struct cgroup_request *req)
{
	int flags = *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;

	return fchownat(dirfd, name, req->owner_uid, req->owner_gid, flags) < 0 ? -errno : 0;
}

int owner_apply(int dirfd, const struct cgroup_request *req, const char *path, struct error *err)
{
	char list[1024];
	int r;

	if (!req->owner_set)
		return 0;
	if (io_read_small_at(AT_FDCWD, "/sys/kernel/cgroup/delegate", list, sizeof(list)) <= 0)
		snprintf(list, sizeof(list), "cgroup.procs cgroup.subtree_control cgroup.threads");
	r = give(dirfd, "", req);
	for (char *save = NULL, *word = strtok_r(list, " \n", &save); word && r == 0;
	     word = strtok_r(NULL, " \n", &save)) {
		if (strchr(word, '/'))
			continue;
		r = give(dirfd, word, req);
		if (r == -ENOENT)
			r = 0; /* of a controller that is not enabled here */
	}
	if (r == -EPERM && req->rootless) {
		log_debug(
			"cgroup '%s' stays with this user: its owner cannot be changed without privilege",
			path);
		return 0;
	}
	if (r < 0) {
		error_set(err, -r, "cannot give cgroup '%s' to uid %u", path, req->owner_uid);
		error_add_step(err, "cgroup-delegate");
		error_add_syscall(err, "fchownat");
		error_add_subject(err, path);
	}
	return r;
}
