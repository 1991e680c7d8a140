/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The old tree, where it cannot be left (--no-pivot). Runs in the container half.
 *
 * It stays in the mount namespace, out of reach below the new root. But the kernel lets a user
 * namespace mount a procfs or sysfs of its own as long as one is wholly visible somewhere in its
 * mount namespace, reachable or not; and the host's would be, however well the container's is
 * masked. So each of the host's is detached, or, where an outer user namespace has locked it,
 * covered: a mount that is covered when the next namespace is made counts no longer. To lie out of
 * reach, below a directory that is covered, does not suffice; such a one is brought to light first.
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
	bool too_long;       /* its path, which is then cut off */
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
	ret->too_long = ret->reveals && !copy_field(fields[4], strcspn(fields[4], " "), ret->path,
						    sizeof(ret->path));
	return true;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static bool find(const char *text, uint64_t id, struct mount_line *ret)
{
	for (const char *line = text; *line; line = next_line(line))
		if (parse(line, ret) && ret->id == id)
			return true;
	return false;
}

/* Is it base, or mounted below? Mounts come in no order that would put parents first. */
static bool lies_on(const char *text, uint64_t id, uint64_t base)
{
	struct mount_line m;

	while (id != base) {
		if (!find(text, id, &m) || m.parent == id)
			return false;
		id = m.parent;
	}
	return true;
}

static int cover(int fd)
{
	_cleanup_close_ int tmpfs = new_empty_tmpfs();

	return tmpfs < 0 ? tmpfs : mount_move(tmpfs, fd);
}

/* On the way to m: the first name behind which there is a mount that m does not lie on. */
static int open_hiding(int old, const char *text, const struct mount_line *m)
{
	char path[PATH_MAX];
	uint64_t id;
	int r;

	for (size_t i = 1; i <= strlen(m->path); i++) {
		if (m->path[i] != '/' && m->path[i] != '\0')
			continue;
		memcpy(path, m->path, i);
		path[i] = '\0';
		_cleanup_close_ int fd = safe_open(old, path, SAFE_DIRECTORY | SAFE_NOFOLLOW);

		r = fd < 0 ? fd : sys_mount_id(fd, &id);
		if (r < 0)
			return r;
		if (!lies_on(text, m->id, id))
			return TAKE_FD(fd);
	}
	return -ENOENT;
}

/* 1: it stays, and that is told. */
static int leave(void)
{
	return fallback_take(FALLBACK_OLD_TREE) ? 1 : -EOPNOTSUPP;
}

/*
 * What lies under another mount counts all the same, so that one goes. It stays where it is locked, where it covers a procfs
 * or sysfs (ours may), and among peers of the host's mounts: what it is mounted on is out of reach, and would take it away
 * there as well.
 */
static int uncover(const struct init *in, int old, const char *text, const struct mount_line *m)
{
	_cleanup_close_ int fd = open_hiding(old, text, m);
	struct mount_line line;
	uint64_t id;
	int r = fd < 0 ? fd : sys_mount_id(fd, &id);

	if (in->old_propagation == MS_SHARED)
		return leave();
	if (r < 0 || !find(text, id, &line) || !find(text, line.parent, &line) || line.reveals ||
	    lies_on(text, in->root_mount, id))
		return leave();
	if (fchdir(fd) < 0)
		return -errno;
	r = mount_umount_detach_cwd();
	return r == -EINVAL || r == -EPERM ? leave() : r;
}

/*
 * 1: nothing can be done (leave), or need be, since something is mounted on it. Among peers of the host's mounts, detaching it here
 * would detach it there, and so would a cover be seen.
 */
static int hide(const struct init *in, int old, const char *text, const struct mount_line *m)
{
	_cleanup_close_ int fd = safe_open(old, m->path, SAFE_DIRECTORY | SAFE_NOFOLLOW);
	uint64_t id = 0;
	int r = fd < 0 ? fd : sys_mount_id(fd, &id);

	if (r >= 0 && id != m->id && lies_on(text, id, m->id))
		return 1;
	if (r < 0 || id != m->id)
		return uncover(in, old, text, m);
	if (in->old_propagation == MS_SHARED) {
		r = mount_set_attributes(fd, false, 0, 0, MS_PRIVATE, -1);
		return r < 0 ? r : cover(fd);
	}
	if (fchdir(fd) < 0)
		return -errno;
	r = mount_umount_detach_cwd();
	return r == -EINVAL || r == -EPERM ? cover(fd) : r;
}

/* 0: one was hidden or came into view, and the list is old; 1: there is no other. */
static int hide_first(struct init *in, int old, const char *text, struct error *err)
{
	struct mount_line m;

	for (const char *line = text; *line; line = next_line(line)) {
		int r;

		if (!parse(line, &m))
			return init_fail(err, -EBADMSG, "read", NULL,
					 "cannot understand a line of mountinfo");
		if (!m.reveals || lies_on(text, m.id, in->root_mount))
			continue;
		r = m.too_long ? -ENAMETOOLONG : hide(in, old, text, &m);
		if (r < 0)
			return init_fail(err, r, "umount2", m.path, "cannot hide '%s' of the host",
					 m.path);
		if (r == 0)
			return 0;
	}
	return 1;
}

int old_tree_hide(struct init *in, int old, struct error *err)
{
	char *text = NULL;
	int r = 0;

	while (r == 0) {
		r = read_mountinfo(in, &text, err);
		if (r < 0)
			return r; /* after a failure the process ends */
		r = hide_first(in, old, text, err);
		(void)munmap(text, MOUNTINFO_MAX);
	}
	return r < 0 ? r : 0;
}
