/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount API by descriptors (Linux 5.2; mount_setattr 5.12). Runs in both halves. A mount is
 * made or cloned detached, gets its flags while nobody can reach it, and is attached from
 * descriptor to descriptor: no path is looked up twice.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "knarr/kernel.h"

static int result(long r)
{
	return r < 0 ? -errno : (int)r;
}

static int configure(int fsfd, unsigned command, const char *key, const void *value, int aux)
{
	return result(syscall(SYS_fsconfig, fsfd, command, key, value, aux));
}

int mount_fsopen(const char *fstype)
{
	return result(syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC));
}

int mount_fsconfig_string(int fsfd, const char *key, const char *value)
{
	return configure(fsfd, UAPI_FSCONFIG_SET_STRING, key, value, 0);
}

int mount_fsconfig_flag(int fsfd, const char *key)
{
	return configure(fsfd, UAPI_FSCONFIG_SET_FLAG, key, NULL, 0);
}

int mount_fsconfig_create(int fsfd)
{
	return configure(fsfd, UAPI_FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

/*
 * Each read gives one message: a letter for its kind, a space, "fstype: words". The last error
 * wins.
 */
void mount_fs_message(int fsfd, char *buf, size_t size)
{
	char message[256];
	ssize_t n;

	if (size == 0)
		return;
	buf[0] = '\0';
	while ((n = read(fsfd, message, sizeof(message) - 1)) > 0) {
		const char *text = message;

		message[n] = '\0';
		if (message[0] != 'e' && buf[0] != '\0')
			continue;
		if (n > 2 && message[1] == ' ')
			text += 2;
		size_t len = strcspn(text, "\n");

		if (len >= size)
			len = size - 1;
		memcpy(buf, text, len);
		buf[len] = '\0';
	}
}

int mount_fsmount(int fsfd, uint64_t attrs)
{
	return result(syscall(SYS_fsmount, fsfd, FSMOUNT_CLOEXEC, (unsigned)attrs));
}

int mount_open_tree(int dirfd, const char *path, unsigned flags)
{
	return result(syscall(SYS_open_tree, dirfd, path, flags | OPEN_TREE_CLOEXEC));
}

int mount_move(int from_fd, int to_fd)
{
	return result(syscall(SYS_move_mount, from_fd, "", to_fd, "",
			      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

int mount_set_attributes(int fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation,
			 int userns_fd)
{
	struct uapi_mount_attr attr = {
		.attr_set = set,
		.attr_clr = clear,
		.propagation = propagation,
		.userns_fd = userns_fd >= 0 ? (uint64_t)userns_fd : 0,
	};

	return result(syscall(SYS_mount_setattr, fd, "",
			      AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr, sizeof(attr)));
}

int mount_umount_detach_cwd(void)
{
	return result(umount2(".", MNT_DETACH));
}
