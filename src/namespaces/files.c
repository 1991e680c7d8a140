/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespace files that the config names (/proc/PID/ns/X, /run/netns/X): opened on the host, before any
 * namespace is joined, and asked for their type, because setns(2) only answers EINVAL. Host half.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knarr/kernel.h"
#include "knarr/namespaces.h"

static const char *type_name(uint64_t flag)
{
	for (int ns = 0; ns < NS_COUNT; ns++) {
		if (spec_ns_clone_flag((enum spec_ns)ns) == flag)
			return spec_ns_name((enum spec_ns)ns);
	}
	return "unknown";
}

static int add_path(struct error *err, const char *path, int r)
{
	error_add_subject(err, path);
	error_add_step(err, "join");
	return r;
}

int namespace_open(const char *path, enum spec_ns ns, int *ret_fd, struct error *err)
{
	/* O_NONBLOCK: the path may be a FIFO. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *want = spec_ns_name(ns);
	int type;

	if (fd < 0)
		return add_path(
			err, path,
			error_set(err, errno, "cannot open the %s namespace '%s'", want, path));
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return add_path(
			err, path,
			error_fail(err, ERROR_CONFIG, 0, "'%s' is not a namespace file", path));
	if ((uint64_t)type != spec_ns_clone_flag(ns))
		return add_path(err, path,
				error_fail(err, ERROR_CONFIG, 0,
					   "'%s' is a %s namespace, not a %s namespace", path,
					   type_name((uint64_t)type), want));
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* The inode of our own namespace. All namespace files are of one filesystem. */
static int own_inode(enum spec_ns ns, uint64_t *ret)
{
	_cleanup_close_ int nsfd = nsfs_open(0);

	if (nsfd < 0)
		return nsfd;
	for (unsigned i = 0; i < NSFS_KINDS; i++) {
		if (nsfs_kinds[i].flag == spec_ns_clone_flag(ns))
			return nsfs_inode(nsfd, nsfs_kinds[i].file, ret);
	}
	return -EINVAL;
}

int namespace_refuse_own(int fd, enum spec_ns ns, const char *change, struct error *err)
{
	uint64_t inode;
	struct stat st;
	int r = fstat(fd, &st) < 0 ? -errno : own_inode(ns, &inode);

	if (r < 0)
		return error_set(err, -r, "cannot compare the %s namespace with the caller's",
				 spec_ns_name(ns));
	if (st.st_ino != inode)
		return 0;
	error_fail(err, ERROR_CONFIG, 0,
		   "'%s' would change the host: the %s namespace to join is the caller's own",
		   change, spec_ns_name(ns));
	error_add_step(err, "join");
	error_add_remedy(err, "leave out '%s', or the path of the %s namespace", change,
			 spec_ns_name(ns));
	return -EINVAL;
}
