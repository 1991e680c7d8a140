/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as a descriptor that nobody can change any more: a sealed memfd, or where that cannot be executed a file on a
 * read-only tmpfs of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int memfd_filled(const char *name, unsigned flags, const void *data, size_t len)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	fd = sys_memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
	if (fd < 0)
		return fd;
	r = io_write_all(fd, data, len);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/*
 * vm.memfd_noexec=2 forbids executable memfds. A tmpfs that is attached nowhere and is read-only from the moment that
 * the file is in it serves as well.
 */
static int private_tmpfs_image(const void *data, size_t len)
{
	_cleanup_close_ int fs = -EBADF, mount = -EBADF, file = -EBADF;
	int r;

	fs = mount_fsopen("tmpfs");
	if (fs < 0)
		return fs;
	r = mount_fsconfig_create(fs);
	if (r < 0)
		return r;
	mount = mount_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (mount < 0)
		return mount;
	file = openat(mount, "program", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0555);
	if (file < 0)
		return -errno;
	r = io_write_all(file, data, len);
	if (r < 0)
		return r;
	file = fd_close(file);
	r = mount_set_attributes(mount, false, MOUNT_ATTR_RDONLY, 0, 0, -1);
	if (r < 0)
		return r;
	file = openat(mount, "program", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (file < 0)
		return -errno;
	return TAKE_FD(file);
}

int sealed_program(const char *name, const void *data, size_t len)
{
	int r = memfd_filled(name, MFD_EXEC, data, len);

	if (r == -EINVAL) /* Linux before 6.3 does not know MFD_EXEC and always allows execution */
		r = memfd_filled(name, 0, data, len);
	/* vm.memfd_noexec=2 */
	if (r == -EACCES && fallback_take(FALLBACK_EXEC_MEMFD))
		r = private_tmpfs_image(data, len);
	return r;
}

int sealed_data(const char *name, const void *data, size_t len)
{
	int r = memfd_filled(name, MFD_NOEXEC_SEAL, data, len);

	return r == -EINVAL ? memfd_filled(name, 0, data, len) : r;
}
