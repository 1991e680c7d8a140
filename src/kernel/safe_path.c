/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way to touch a name below a root (R1). Runs in both halves.
 *
 * Opening what exists is one openat2(2): the kernel keeps the walk inside the root while others
 * rename and swap below it. Where that call is missing or filtered, and for making what is absent,
 * the walk is done here, component by component, each opened by O_PATH|O_NOFOLLOW below the one
 * before. Links are followed as text inside the root; ".." walks again from the root along the
 * components that were walked, since the parent of a directory that somebody moved away is no
 * longer inside it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

enum {
	LINK_LIMIT = 40,    /* as the kernel's */
	RETRY_LIMIT = 1000, /* a busy host renames often; an attacker does not get more */
	PROC_ROOT_INO = 1,
};

/* A path without the slashes and "/." at its end; they only said that it is a directory. */
struct name {
	char text[PATH_MAX];
	bool directory;
};

static int name_init(struct name *n, const char *path)
{
	size_t len = strlen(path);

	n->directory = false;
	for (;;) {
		if (len > 1 && path[len - 1] == '/')
			len--;
		else if (len > 1 && path[len - 1] == '.' && path[len - 2] == '/')
			len--;
		else
			break;
		n->directory = true;
	}
	if (len >= sizeof(n->text))
		return -ENAMETOOLONG;
	if (len == 0) {
		n->text[0] = '.';
		len = 1;
	} else {
		memcpy(n->text, path, len);
	}
	n->text[len] = '\0';
	return 0;
}

/* ---- the kernel's walk ------------------------------------------------------------------ */

static int open_by_kernel(int rootfd, const char *path, int oflags, unsigned flags)
{
	struct uapi_open_how how = {
		.flags = (uint64_t)(unsigned)oflags | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS,
	};

	if (flags & SAFE_BENEATH)
		how.resolve |= RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
	else
		how.resolve |= RESOLVE_IN_ROOT;
	for (unsigned i = 0; i < RETRY_LIMIT; i++) {
		long fd = syscall(SYS_openat2, rootfd, path, &how, sizeof(how));

		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

/* ---- our own walk ----------------------------------------------------------------------- */

enum make { MAKE_NOTHING, MAKE_DIR, MAKE_FILE };

struct walk {
	int rootfd;     /* borrowed */
	int fd;         /* where we are: always a directory, owned */
	unsigned flags; /* SAFE_* */
	enum make make;
	mode_t mode;
	bool made;
	unsigned links;
	uint64_t mount_id; /* of the root, for SAFE_BENEATH */
	size_t done_len;
	char done[PATH_MAX];     /* "a/b": real components between the root and fd */
	size_t rest;             /* index into todo */
	char todo[2 * PATH_MAX]; /* what is left to walk; it grows towards the front */
};

/* What is left begins with its slash, or is empty. */
static int walk_prepend(struct walk *w, const char *text, size_t len)
{
	if (len > w->rest)
		return -ENAMETOOLONG;
	w->rest -= len;
	memcpy(w->todo + w->rest, text, len);
	return 0;
}

static int walk_to_root(struct walk *w)
{
	int fd = openat(w->rootfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	fd_close(w->fd);
	w->fd = fd;
	w->done_len = 0;
	return 0;
}

static int walk_init(struct walk *w, int rootfd, const struct name *n, unsigned flags)
{
	size_t len = strlen(n->text);

	w->rootfd = rootfd;
	w->fd = -EBADF;
	w->flags = flags;
	w->make = MAKE_NOTHING;
	w->mode = 0;
	w->made = false;
	w->links = 0;
	w->todo[sizeof(w->todo) - 1] = '\0';
	w->rest = sizeof(w->todo) - 1 - len;
	memcpy(w->todo + w->rest, n->text, len);
	if (flags & SAFE_BENEATH) {
		int r = n->text[0] == '/' ? -EXDEV : sys_mount_id(rootfd, &w->mount_id);

		if (r < 0)
			return r;
	}
	return walk_to_root(w);
}

static int walk_enter(struct walk *w, int fd, const char *component)
{
	size_t len = strlen(component);

	if (w->done_len + len + 2 > sizeof(w->done)) {
		fd_close(fd);
		return -ENAMETOOLONG;
	}
	w->done[w->done_len++] = '/';
	memcpy(w->done + w->done_len, component, len);
	w->done_len += len;
	w->done[w->done_len] = '\0';
	fd_close(w->fd);
	w->fd = fd;
	return 0;
}

/*
 * "..": the same way again, one component less. A component that is no directory any more means
 * that somebody raced us.
 */
static int walk_up(struct walk *w)
{
	size_t len = w->done_len, at = 0;
	char component[NAME_MAX + 1];
	int r;

	if (len == 0)
		return w->flags & SAFE_BENEATH ? -EXDEV : 0;
	while (w->done[--len] != '/')
		;
	r = walk_to_root(w);
	if (r < 0)
		return r;
	while (at < len) {
		size_t n = 0;
		int fd;

		for (at++; at < len && w->done[at] != '/'; at++)
			component[n++] = w->done[at];
		component[n] = '\0';
		fd = openat(w->fd, component, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return errno == ENOTDIR || errno == ELOOP || errno == ENOENT ? -EAGAIN
										     : -errno;
		/*
		 * done holds these bytes already: entering only moves its end back to where it was
		 */
		fd_close(w->fd);
		w->fd = fd;
		w->done_len = at;
	}
	w->done_len = len;
	return 0;
}

/*
 * Magic links jump to an open file whatever their text says. Of procfs's links only those with a
 * text of their own are plain: the ones in its root ("self", "mounts") and the ones whose size is
 * their length.
 */
static bool is_magic_link(const struct walk *w, int link, const struct stat *st, size_t text_len)
{
	struct statfs fs;
	struct stat parent;

	if (fstatfs(link, &fs) < 0)
		return true;
	if (fs.f_type != UAPI_PROC_MAGIC)
		return false;
	if (fstat(w->fd, &parent) == 0 && parent.st_dev == st->st_dev &&
	    parent.st_ino == PROC_ROOT_INO)
		return false;
	return st->st_size == 64 || (size_t)st->st_size != text_len;
}

static int walk_follow(struct walk *w, int link, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t len;
	int r;

	if ((w->flags & SAFE_BENEATH) || ++w->links > LINK_LIMIT)
		return -ELOOP;
	len = readlinkat(link, "", target, sizeof(target));
	if (len < 0)
		return -errno;
	if (len == 0)
		return -ENOENT;
	if ((size_t)len == sizeof(target))
		return -ENAMETOOLONG;
	if (is_magic_link(w, link, st, (size_t)len))
		return -ELOOP;
	r = walk_prepend(w, target, (size_t)len);
	if (r >= 0 && target[0] == '/')
		r = walk_to_root(w);
	return r;
}

/*
 * The next component into component; 0 at the end, else 1. *ret_last: nothing but slashes follows.
 */
static int walk_next(struct walk *w, char component[NAME_MAX + 1], bool *ret_last, bool *ret_slash)
{
	const char *p = w->todo + w->rest;
	size_t len;

	p += strspn(p, "/");
	len = strcspn(p, "/");
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(component, p, len);
	component[len] = '\0';
	p += len;
	*ret_slash = *p == '/';
	*ret_last = p[strspn(p, "/")] == '\0';
	w->rest = (size_t)(p - w->todo);
	return len > 0;
}

/*
 * An absent component: made below the directory that we hold, never through a link, never over what
 * is there.
 */
static int walk_make(struct walk *w, const char *component, bool last)
{
	mode_t mode = last || w->make == MAKE_DIR ? w->mode : 0755;
	int r = 0;

	if (!last || w->make == MAKE_DIR) {
		if (mkdirat(w->fd, component, mode) < 0)
			r = -errno;
	} else {
		int fd = openat(w->fd, component,
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

		if (fd < 0)
			r = -errno;
		fd_close(fd);
	}
	if (r == -EEXIST)
		return -EAGAIN; /* somebody was faster: look at what it is */
	if (r < 0)
		return r;
	w->made = last;
	return 0;
}

static int walk_open(struct walk *w, const char *component, bool last)
{
	uint64_t mount_id;
	int fd, r;

	fd = openat(w->fd, component, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && w->make != MAKE_NOTHING) {
		r = walk_make(w, component, last);
		if (r < 0)
			return r;
		fd = openat(w->fd, component, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	if (w->flags & SAFE_BENEATH) {
		r = sys_mount_id(fd, &mount_id);
		if (r >= 0 && mount_id != w->mount_id)
			r = -EXDEV;
		if (r < 0) {
			fd_close(fd);
			return r;
		}
	}
	return fd;
}

/* Opened by O_PATH before, now for i/o; the same inode or nothing. */
static int reopen_at(int dirfd, const char *component, int path_fd, int oflags)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat a, b;

	fd = openat(dirfd, component, oflags | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP || errno == ENOENT ? -EAGAIN : -errno;
	if (fstat(path_fd, &a) < 0 || fstat(fd, &b) < 0)
		return -errno;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino ? TAKE_FD(fd) : -EAGAIN;
}

/* Walks to the end; returns an O_PATH fd, or one opened with oflags where these hold no O_PATH. */
static int walk_run(struct walk *w, int oflags)
{
	char component[NAME_MAX + 1];
	bool last, slash;
	int r;

	while ((r = walk_next(w, component, &last, &slash)) > 0) {
		_cleanup_close_ int fd = -EBADF;
		struct stat st;

		if (STREQ(component, "."))
			continue;
		if (STREQ(component, "..")) {
			r = walk_up(w);
			if (r < 0)
				return r;
			continue;
		}
		fd = walk_open(w, component, last);
		if (fd < 0)
			return fd;
		if (fstat(fd, &st) < 0)
			return -errno;
		if (S_ISLNK(st.st_mode)) {
			if (last && !slash && (w->flags & SAFE_NOFOLLOW))
				return -ELOOP;
			r = walk_follow(w, fd, &st);
			if (r < 0)
				return r;
			continue;
		}
		if (!S_ISDIR(st.st_mode)) {
			if (!last || slash)
				return -ENOTDIR;
			return oflags & O_PATH ? TAKE_FD(fd)
					       : reopen_at(w->fd, component, fd, oflags);
		}
		r = walk_enter(w, TAKE_FD(fd), component);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (oflags & O_PATH)
		return TAKE_FD(w->fd);
	r = openat(w->fd, ".", oflags | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

static int open_by_walk(int rootfd, const struct name *n, int oflags, unsigned flags)
{
	struct walk w;
	int r = -EAGAIN;

	for (unsigned i = 0; i < RETRY_LIMIT && r == -EAGAIN; i++) {
		r = walk_init(&w, rootfd, n, flags);
		if (r >= 0)
			r = walk_run(&w, oflags);
		fd_close(w.fd);
	}
	return r;
}

/* ---- both ------------------------------------------------------------------------------- */

/*
 * EPERM may be the file's (O_NOATIME by somebody else, an immutable one) as well as that of a filter, which does not look
 * at names.
 */
static bool is_openat2_missing(int r)
{
	struct uapi_open_how how = { .flags = O_PATH | O_CLOEXEC };
	long fd;

	if (r != -EPERM)
		return r == -ENOSYS;
	fd = syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));
	if (fd < 0)
		return errno == EPERM;
	fd_close((int)fd);
	return false;
}

static int open_name(int rootfd, const struct name *n, int oflags, unsigned flags)
{
	int fd = open_by_kernel(rootfd, n->text, oflags | (flags & SAFE_NOFOLLOW ? O_NOFOLLOW : 0),
				flags);

	if (fd < 0 && is_openat2_missing(fd) && fallback_take(FALLBACK_OPENAT2))
		fd = open_by_walk(rootfd, n, oflags, flags);
	return fd;
}

int safe_open(int rootfd, const char *path, unsigned flags)
{
	_cleanup_close_ int fd = -EBADF;
	struct name n;
	struct stat st;
	int r;

	r = name_init(&n, path);
	if (r < 0)
		return r;
	fd = open_name(rootfd, &n, O_PATH, flags);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP; /* O_PATH|O_NOFOLLOW opens the link itself */
	if ((n.directory || (flags & SAFE_DIRECTORY)) && !S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return TAKE_FD(fd);
}

int safe_open_io(int rootfd, const char *path, int oflags)
{
	const int io_flags = (oflags & ~(O_NOFOLLOW | O_PATH)) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	unsigned flags = oflags & O_NOFOLLOW ? SAFE_NOFOLLOW : 0;
	struct name n;
	int r;

	if (oflags & (O_CREAT | O_PATH))
		return -EINVAL;
	r = name_init(&n, path);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < RETRY_LIMIT; i++) {
		_cleanup_close_ int path_fd = safe_open(rootfd, path, flags), fd = -EBADF;
		struct stat a, b;

		if (path_fd < 0)
			return path_fd;
		if (fstat(path_fd, &a) < 0)
			return -errno;
		if (S_ISDIR(a.st_mode)) {
			fd = openat(path_fd, ".", io_flags);
			return fd < 0 ? -errno : TAKE_FD(fd);
		}
		if (!S_ISREG(a.st_mode))
			return -EINVAL; /* opening a device or a FIFO does something */
		fd = open_name(rootfd, &n, io_flags & ~O_TRUNC, flags);
		if (fd < 0)
			return fd;
		if (fstat(fd, &b) < 0)
			return -errno;
		if (a.st_dev != b.st_dev || a.st_ino != b.st_ino)
			continue;
		if ((oflags & O_TRUNC) && ftruncate(fd, 0) < 0)
			return -errno;
		return TAKE_FD(fd);
	}
	return -EAGAIN;
}

int safe_make(int rootfd, const char *path, enum safe_kind kind, mode_t mode, unsigned flags,
	      bool *ret_made)
{
	_cleanup_close_ int fd = -EBADF;
	struct name n;
	struct walk w;
	struct stat st;
	int r;

	if (ret_made)
		*ret_made = false;
	r = name_init(&n, path);
	if (r < 0)
		return r;
	if (n.directory && kind != SAFE_MAKE_DIR)
		return -EISDIR;
	fd = safe_open(rootfd, path, flags & ~(unsigned)SAFE_DIRECTORY);
	for (unsigned i = 0; i < RETRY_LIMIT && (fd == -ENOENT || fd == -EAGAIN); i++) {
		r = walk_init(&w, rootfd, &n, flags);
		w.make = kind == SAFE_MAKE_DIR ? MAKE_DIR : MAKE_FILE;
		w.mode = mode;
		fd = r < 0 ? r : walk_run(&w, O_PATH);
		fd_close(w.fd);
		if (ret_made && fd >= 0)
			*ret_made = w.made;
		if (fd == -ENOENT)
			break;
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (kind == SAFE_MAKE_DIR && !S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (kind == SAFE_MAKE_FILE && S_ISDIR(st.st_mode))
		return -EISDIR;
	return TAKE_FD(fd);
}

int safe_open_parent(int rootfd, const char *path, bool mkdirs, mode_t dir_mode, char name[256])
{
	struct name n;
	char *last;
	size_t len;
	int r;

	r = name_init(&n, path);
	if (r < 0)
		return r;
	last = strrchr(n.text, '/');
	last = last ? last + 1 : n.text;
	len = strlen(last);
	if (len == 0 || STREQ(last, ".") || STREQ(last, ".."))
		return -EINVAL;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, last, len + 1);
	*last = '\0';
	if (n.text[0] == '\0')
		memcpy(n.text, ".", 2);
	if (mkdirs)
		return safe_make(rootfd, n.text, SAFE_MAKE_DIR, dir_mode, 0, NULL);
	return safe_open(rootfd, n.text, SAFE_DIRECTORY);
}
