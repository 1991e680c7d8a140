/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups as directories and files: opening, reading, walking, waiting. Host half.
 *
 * Everything goes through a directory descriptor (R12). cgroupfs has no links and no rename between directories,
 * so ".." of an open cgroup is its parent, and a walk needs one descriptor however deep a tenant nested its own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups/tree.h"
#include "knarr/kernel.h"

#define FILE_MAX_SIZE (4u << 20)

int tree_open(int root_fd, const char *path)
{
	while (*path == '/')
		path++;
	return safe_open(root_fd, *path ? path : ".", SAFE_BENEATH | SAFE_DIRECTORY);
}

int tree_make(int dirfd, const char *name)
{
	if (mkdirat(dirfd, name, 0755) == 0)
		return 1;
	return errno == EEXIST ? 0 : -errno;
}

int tree_remove_path(int root_fd, const char *path)
{
	const char *name = strrchr(path, '/');
	_cleanup_free_ char *parent = NULL;
	_cleanup_close_ int fd = -EBADF;

	if (!name || !name[1])
		return -EINVAL;
	parent = mem_strndup(path, (size_t)(name - path));
	fd = tree_open(root_fd, parent);
	if (fd < 0)
		return fd;
	return unlinkat(fd, name + 1, AT_REMOVEDIR) < 0 ? -errno : 0;
}

bool tree_has_file(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, 0) == 0;
}

ssize_t tree_read(int dirfd, const char *name, char *buf, size_t size)
{
	return io_read_small_at(dirfd, name, buf, size);
}

int tree_read_all(int dirfd, const char *name, char **ret)
{
	return io_read_file_at(dirfd, name, FILE_MAX_SIZE, ret, NULL);
}

int tree_write(int dirfd, const char *name, const char *value)
{
	/* A write of no bytes never reaches the kernel's handler. */
	return io_write_text_at(dirfd, name, *value ? value : "\n");
}

int tree_read_u64(int dirfd, const char *name, uint64_t *ret)
{
	char text[64];
	ssize_t r = tree_read(dirfd, name, text, sizeof(text));

	if (r < 0)
		return (int)r;
	if (STREQ(text, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return num_parse_u64(text, ret);
}

int tree_key_u64(const char *text, const char *key, uint64_t *ret)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line;
	     line = strchr(line, '\n'), line += line ? 1 : 0) {
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return num_parse_u64_len(line + len + 1, strcspn(line + len + 1, " \n"),
						 ret);
	}
	return -ENOENT;
}

bool tree_has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; *p;) {
		size_t n = strcspn(p, " \n");

		if (n == len && memcmp(p, word, len) == 0)
			return true;
		p += n;
		p += strspn(p, " \n");
	}
	return false;
}

/* ---- walking ------------------------------------------------------------------------- */

struct names {
	char **items;
	size_t count, next;
};

static void names_done(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->items[i]);
	free(n->items);
	*n = (struct names){ 0 };
}

static int names_read(int dirfd, struct names *ret)
{
	struct names n = { 0 };
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;
	DIR *dir;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		int r = -errno;

		fd_close(fd);
		return r;
	}
	while ((e = readdir(dir))) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		n.items = mem_grow(n.items, n.count + 1, sizeof(*n.items));
		n.items[n.count++] = mem_strdup(e->d_name);
	}
	closedir(dir);
	*ret = n;
	return 0;
}

struct walk {
	struct names *levels;
	size_t depth;
	int fd; /* of the innermost level */
};

static int walk_push(struct walk *w, int fd)
{
	struct names names = { 0 };
	int r = names_read(fd, &names);

	if (r < 0) {
		fd_close(fd);
		return r;
	}
	w->levels = mem_grow(w->levels, w->depth + 1, sizeof(*w->levels));
	w->levels[w->depth++] = names;
	fd_close(w->fd);
	w->fd = fd;
	return 0;
}

static int walk_pop(struct walk *w)
{
	int fd;

	names_done(&w->levels[--w->depth]);
	if (!w->depth)
		return 0;
	fd = openat(w->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	fd_close(w->fd);
	w->fd = fd;
	return 0;
}

static void walk_done(struct walk *w)
{
	while (w->depth)
		names_done(&w->levels[--w->depth]);
	free(w->levels);
	w->fd = fd_close(w->fd);
}

/* Enters the next child of the innermost level: 1, or 0 when there is none left. */
static int walk_next(struct walk *w)
{
	struct names *n = &w->levels[w->depth - 1];

	while (n->next < n->count) {
		int fd = openat(w->fd, n->items[n->next],
				O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		n->next++;
		if (fd < 0)
			continue; /* removed meanwhile */
		if (walk_push(w, fd) == 0)
			return 1;
		n = &w->levels[w->depth - 1];
	}
	return 0;
}

static int walk_start(struct walk *w, int dirfd)
{
	int fd = openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return walk_push(w, fd);
}

int tree_walk(int dirfd, tree_visit_fn visit, void *context)
{
	_cleanup_(walk_done) struct walk w = { .fd = -EBADF };
	int r = visit(dirfd, context);

	if (r < 0)
		return r;
	r = walk_start(&w, dirfd);
	if (r < 0)
		return r;
	while (w.depth) {
		r = walk_next(&w);
		r = r > 0 ? visit(w.fd, context) : walk_pop(&w);
		if (r < 0)
			return r == -ENOENT || r == -ENODEV ? 0 : r;
	}
	return 0;
}

int tree_remove_children(int dirfd)
{
	_cleanup_(walk_done) struct walk w = { .fd = -EBADF };
	int first = 0;
	int r = walk_start(&w, dirfd);

	if (r < 0)
		return r;
	while (w.depth) {
		struct names *up;

		if (walk_next(&w) > 0)
			continue;
		r = walk_pop(&w);
		if (r < 0)
			return first ? first : r;
		if (!w.depth)
			break;
		/* Back in the parent: the child just left was its latest. */
		up = &w.levels[w.depth - 1];
		if (unlinkat(w.fd, up->items[up->next - 1], AT_REMOVEDIR) < 0 && errno != ENOENT &&
		    !first)
			first = -errno;
	}
	return first;
}

/* ---- waiting --------------------------------------------------------------------------- */

int tree_left_ms(int64_t deadline)
{
	int64_t left;

	if (deadline < 0)
		return -1;
	left = deadline - clock_ms();
	return left < 0 ? 0 : (int)left;
}

int tree_wait_event(int dirfd, const char *key, uint64_t value, int timeout_ms)
{
	int64_t deadline = timeout_ms < 0 ? -1 : clock_ms() + timeout_ms;
	_cleanup_close_ int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	for (;;) {
		char text[256];
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		uint64_t now;
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
		int r;

		if (n < 0)
			return -errno; /* ENODEV: the cgroup was removed */
		text[n] = '\0';
		r = tree_key_u64(text, key, &now);
		if (r < 0)
			return r;
		if (now == value)
			return 0;
		r = poll(&p, 1, tree_left_ms(deadline));
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0)
			return -ETIMEDOUT;
	}
}
