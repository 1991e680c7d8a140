/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image: the container half as a descriptor that can be executed and never written (R7). Host half.
 *
 * /proc/PID/exe of everything that enters a container leads to this file, so it is sealed, small, and not ours on disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch/launch_private.h"

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
	file = openat(mount, "init", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0555);
	if (file < 0)
		return -errno;
	r = io_write_all(file, data, len);
	if (r < 0)
		return r;
	file = fd_close(file);
	r = mount_set_attributes(mount, false, MOUNT_ATTR_RDONLY, 0, 0, -1);
	if (r < 0)
		return r;
	file = openat(mount, "init", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (file < 0)
		return -errno;
	return TAKE_FD(file);
}

int launch_image_open(struct error *err)
{
	size_t len = (size_t)(init_image_end - init_image);
	int r;

	r = memfd_filled("knarr-init", MFD_EXEC, init_image, len);
	if (r == -EINVAL) /* Linux before 6.3 does not know MFD_EXEC and always allows execution */
		r = memfd_filled("knarr-init", 0, init_image, len);
	/* vm.memfd_noexec=2 */
	if (r == -EACCES && fallback_take(FALLBACK_EXEC_MEMFD))
		r = private_tmpfs_image(init_image, len);
	/* The image begins on a page: what was read of it need not count as our memory any longer. */
	(void)madvise((void *)(uintptr_t)init_image, len & ~(size_t)4095, MADV_DONTNEED);
	if (r < 0) {
		error_set(err, -r, "cannot prepare the container half");
		error_add_syscall(err, "memfd_create");
	}
	return r;
}

int launch_plan_memfd(const struct plan_header *header, struct error *err)
{
	int r = memfd_filled("knarr-plan", MFD_NOEXEC_SEAL, header, header->size);

	if (r == -EINVAL)
		r = memfd_filled("knarr-plan", 0, header, header->size);
	if (r < 0) {
		error_set(err, -r, "cannot pass the plan on");
		error_add_syscall(err, "memfd_create");
	}
	return r;
}
