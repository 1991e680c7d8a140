/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_identity: which mount is it? Host half. Paths lead to whatever was mounted last, and the plain ids of mounts are
 * given again at once; so a mount that is to be found later is remembered by its id, by the one that is never given again
 * where the kernel has such, and by the directory that is its root.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

enum { MOUNTINFO_MAX = 64 << 20 };

static uint64_t own_namespace(void)
{
	struct stat st;

	return fstatat(AT_FDCWD, "/proc/self/ns/mnt", &st, 0) < 0 ? 0 : st.st_ino;
}

int mount_identity_of(int fd, struct mount_identity *ret)
{
	struct stat st;
	int r;

	*ret = (struct mount_identity){ .mount_namespace = own_namespace() };
	r = sys_mount_id(fd, &ret->id);
	if (r >= 0)
		r = sys_mount_unique_id(fd, &ret->unique_id);
	if (r >= 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r < 0)
		return r;
	ret->device = st.st_dev;
	ret->inode = st.st_ino;
	return 0;
}

bool mount_identity_equal(const struct mount_identity *a, const struct mount_identity *b)
{
	return a->id == b->id && a->unique_id == b->unique_id && a->device == b->device &&
	       a->inode == b->inode;
}

/* 1 or 0; -ENOSYS where the kernel cannot be asked for one mount. */
static int ask_kernel(uint64_t unique_id)
{
	struct uapi_mnt_id_req request = { .size = sizeof(request), .mnt_id = unique_id };
	uint64_t answer[64];

	if (unique_id == 0)
		return -ENOSYS;
	if (syscall(UAPI_SYS_STATMOUNT, &request, answer, sizeof(answer), 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : -ENOSYS;
}

/* A line begins with "ID PARENT ". */
static bool find_in_list(const char *text, uint64_t id, uint64_t *ret_parent)
{
	char number[24];
	size_t digits =
		(size_t)text_format(number, sizeof(number), "%llu ", (unsigned long long)id);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, number, digits) != 0)
			continue;
		line += digits;
		return num_parse_u64_len(line, strcspn(line, " "), ret_parent) >= 0;
	}
	return false;
}

static int read_list(char **ret)
{
	size_t len;

	return io_read_file_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, ret, &len);
}

int mount_identity_is_here(const struct mount_identity *m)
{
	_cleanup_free_ char *text = NULL;
	uint64_t parent;
	int r = ask_kernel(m->unique_id);

	if (r != -ENOSYS)
		return r;
	r = read_list(&text);
	return r < 0 ? r : find_in_list(text, m->id, &parent);
}

int mount_identity_carries(const struct mount_identity *m, uint64_t id)
{
	_cleanup_free_ char *text = NULL;
	uint64_t parent;
	int r = ask_kernel(m->unique_id);

	if (r == 0)
		return 0;
	r = read_list(&text);
	if (r < 0)
		return r;
	while (id != m->id) {
		if (!find_in_list(text, id, &parent) || parent == id)
			return 0;
		id = parent;
	}
	return 1;
}
