/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The old tree, where it cannot be left (--no-pivot). Runs in the container half.
 *
 * It stays in the mount namespace, out of reach below the new root. But the kernel lets a user
 * namespace mount a procfs or sysfs of its own as long as one is wholly visible somewhere in its
 * mount namespace, reachable or not; and the host's would be, however well the container's is
 * masked. So each of the host's is detached, or, where an outer user namespace has locked it,
 * covered: a mount that is covered when the next namespace is made counts no longer.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "init/init.h"

enum { MOUNTINFO_MAX = 16 << 20, FIELDS = 5 };

struct mount_line {
	uint64_t id, parent;
	bool reveals;        /* procfs or sysfs, wholly */
	char path[PATH_MAX]; /* of what reveals */
};

static int read_text(int fd, char *text)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, text + len, MOUNTINFO_MAX - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		return -errno;
	return len < MOUNTINFO_MAX - 1 ? 0 : -EFBIG;
}

static int read_mountinfo(struct init *in, char **ret, struct error *err)
{
	int procfd = init_procfs(in, err), r;
	_cleanup_close_ int fd = -EBADF;

	if (procfd < 0)
		return procfd;
	r = fd = procfs_open_file(procfd, "self/mountinfo", O_RDONLY);
	if (r >= 0) {
		/* Only what is written takes memory. */
		*ret = mmap(NULL, MOUNTINFO_MAX, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		r = *ret == MAP_FAILED ? -ENOMEM : read_text(fd, *ret);
	}
	return r < 0 ? init_fail(err, r, "read", NULL, "cannot read mountinfo") : 0;
}

/* A field, in which space, tab, newline and backslash are octal. */
static bool copy_field(const char *field, size_t len, char *buf, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size; n++) {
		if (field[i] == '\\' && i + 3 < len) {
			buf[n] = (char)((field[i + 1] - '0') << 6 | (field[i + 2] - '0') << 3 |
					(field[i + 3] - '0'));
			i += 4;
		} else {
			buf[n] = field[i++];
		}
	}
	buf[n] = '\0';
	return n + 1 < size;
}

/* A field and the space behind it; NULL: the line ends here. */
static const char *skip_field(const char *field)
{
	field += strcspn(field, " \n");
	return *field == ' ' ? field + 1 : NULL;
}

/* "ID PARENT MAJOR:MINOR ROOT PATH OPTIONS [TAG...] - TYPE SOURCE WORDS" */
static bool parse(const char *line, struct mount_line *ret)
{
	const char *fields[FIELDS] = { line };
	const char *at = line;

	for (size_t i = 0; i < FIELDS && at; i++) {
		fields[i] = at;
		at = skip_field(at);
	}
	while (at && *at != '-')
		at = skip_field(at);
	at = at ? skip_field(at) : NULL;
	if (!at || num_parse_u64_len(fields[0], strcspn(fields[0], " "), &ret->id) < 0 ||
	    num_parse_u64_len(fields[1], strcspn(fields[1], " "), &ret->parent) < 0)
		return false;
	ret->reveals = text_has_prefix(fields[3], "/ ") &&
		       (text_has_prefix(at, "proc ") || text_has_prefix(at, "sysfs "));
	return !ret->reveals ||
	       copy_field(fields[4], strcspn(fields[4], " "), ret->path, sizeof(ret->path));
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/* Mounts come in no order that would put parents first. */
static bool is_of_container(const struct init *in, const char *text, uint64_t id)
{
	struct mount_line m;
	bool found = true;

	while (found && id != in->root_mount) {
		found = false;
		for (const char *line = text; *line && !found; line = next_line(line)) {
			if (!parse(line, &m) || m.id != id || m.parent == id)
				continue;
			id = m.parent;
			found = true;
		}
	}
	return id == in->root_mount;
}

static int cover(int fd)
{
	_cleanup_close_ int tmpfs = new_empty_tmpfs();

	return tmpfs < 0 ? tmpfs : mount_move(tmpfs, fd);
}

/*
 * 1: something else is mounted at its path, over it or above it. Among peers of the host's mounts,
 * detaching it here would detach it there, and so would a cover be seen.
 */
static int hide(const struct init *in, int old, const struct mount_line *m)
{
	_cleanup_close_ int fd = safe_open(old, m->path, SAFE_DIRECTORY | SAFE_NOFOLLOW);
	uint64_t id = 0;
	int r = fd < 0 ? fd : sys_mount_id(fd, &id);

	if (r < 0 || id != m->id)
		return 1;
	if (in->old_propagation == MS_SHARED) {
		r = mount_set_attributes(fd, false, 0, 0, MS_PRIVATE, -1);
		return r < 0 ? r : cover(fd);
	}
	if (fchdir(fd) < 0)
		return -errno;
	r = mount_umount_detach_cwd();
	return r == -EINVAL || r == -EPERM ? cover(fd) : r;
}

int old_tree_hide(struct init *in, int old, struct error *err)
{
	struct mount_line m;
	char *text = NULL;
	bool again = true;
	int r = read_mountinfo(in, &text, err);

	/* What lies under another one comes into view when that is gone. */
	while (r >= 0 && again) {
		again = false;
		for (const char *line = text; *line && r >= 0; line = next_line(line)) {
			if (!parse(line, &m) || !m.reveals || is_of_container(in, text, m.id))
				continue;
			r = hide(in, old, &m);
			if (r < 0)
				r = init_fail(err, r, "umount2", m.path,
					      "cannot hide '%s' of the host", m.path);
			again = again || r == 0;
		}
	}
	if (r >= 0)
		(void)munmap(text, MOUNTINFO_MAX);
	return r < 0 ? r : 0; /* after a failure the process ends */
}
