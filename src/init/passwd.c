/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's /etc/passwd and /etc/group. Runs in the container half. These files are the
 * image's: no library reads them (R15), only regular files are opened, never waiting, and size and
 * line length have limits. A line that is too long or malformed is no line.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "init/init.h"

/*
 * What a link led to may be a file that the kernel makes up. To open or to read one has effects, and
 * with the rights of the set-up it may tell what the container must not know.
 */
static bool is_made_by_kernel(int fd)
{
	static const uint32_t types[] = {
		UAPI_PROC_MAGIC,       UAPI_SYSFS_MAGIC,     UAPI_CGROUP_MAGIC,
		UAPI_CGROUP2_MAGIC,    UAPI_DEBUGFS_MAGIC,   UAPI_TRACEFS_MAGIC,
		UAPI_SECURITYFS_MAGIC, UAPI_SELINUXFS_MAGIC, UAPI_CONFIGFS_MAGIC,
		UAPI_BINFMTFS_MAGIC,   UAPI_MQUEUE_MAGIC,    UAPI_RDTGROUP_MAGIC,
		UAPI_DEVPTS_MAGIC,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((uint32_t)fs.f_type == types[i])
			return true;
	return false;
}

/* Examined before it is opened. */
static int open_file(int rootfd, const char *path)
{
	_cleanup_close_ int place = safe_open(rootfd, path, 0), fd = -EBADF;
	struct stat st;

	if (place < 0)
		return place;
	if (fstat(place, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || is_made_by_kernel(place))
		return -EINVAL;
	fd = safe_open_io(rootfd, path, O_RDONLY);
	if (fd < 0)
		return fd;
	/* The name may lead elsewhere by now. */
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || is_made_by_kernel(fd))
		return -EINVAL;
	return st.st_size > PASSWD_MAX_SIZE ? -EFBIG : TAKE_FD(fd);
}

typedef bool line_visitor(char *line, void *context); /* true: enough */

static int for_each_line(int rootfd, const char *path, line_visitor *visit, void *context)
{
	_cleanup_close_ int fd = open_file(rootfd, path);
	char buf[PASSWD_MAX_LINE + 1];
	size_t len = 0, total = 0;
	bool skip = false;

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t n = read(fd, buf + len, PASSWD_MAX_LINE - len);
		char *line = buf, *end;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		total += (size_t)n;
		if (total > PASSWD_MAX_SIZE)
			return -EFBIG;
		len += (size_t)n;
		if (n == 0 && len > 0)
			buf[len++] = '\n'; /* the last line needs no end of its own */
		while ((end = memchr(line, '\n', len - (size_t)(line - buf)))) {
			*end = '\0';
			if (!skip && strlen(line) == (size_t)(end - line) && visit(line, context))
				return 0;
			skip = false;
			line = end + 1;
		}
		len -= (size_t)(line - buf);
		if (n == 0)
			return -ENOENT;
		memmove(buf, line, len);
		if (len == PASSWD_MAX_LINE) {
			skip = true;
			len = 0;
		}
	}
}

/* Cuts the next field off at ':'; NULL when there is none. */
static char *next_field(char **rest)
{
	char *field = *rest, *colon;

	if (!field)
		return NULL;
	colon = strchr(field, ':');
	if (colon)
		*colon++ = '\0';
	*rest = colon;
	return field;
}

struct passwd_search {
	const char *name; /* or by uid */
	uint32_t uid;
	struct passwd_entry *ret;
};

/* name:password:uid:gid:gecos:home:shell */
static bool match_passwd(char *line, void *context)
{
	const struct passwd_search *s = context;
	const char *fields[6];
	char *rest = line;
	uint32_t uid, gid;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		fields[i] = next_field(&rest);
		if (!fields[i])
			return false;
	}
	if (!fields[0][0] || num_parse_id(fields[2], &uid) < 0 || num_parse_id(fields[3], &gid) < 0)
		return false;
	if (s->name ? !STREQ(fields[0], s->name) : uid != s->uid)
		return false;
	if (strlen(fields[0]) >= sizeof(s->ret->name) || strlen(fields[5]) >= sizeof(s->ret->home))
		return false;
	s->ret->uid = uid;
	s->ret->gid = gid;
	text_copy(s->ret->name, sizeof(s->ret->name), fields[0]);
	text_copy(s->ret->home, sizeof(s->ret->home), fields[5]);
	return true;
}

int passwd_find_name(int rootfd, const char *name, struct passwd_entry *ret)
{
	struct passwd_search s = { .name = name, .ret = ret };

	return for_each_line(rootfd, "/etc/passwd", match_passwd, &s);
}

int passwd_find_uid(int rootfd, uint32_t uid, struct passwd_entry *ret)
{
	struct passwd_search s = { .uid = uid, .ret = ret };

	return for_each_line(rootfd, "/etc/passwd", match_passwd, &s);
}

struct group_search {
	const char *name;   /* one group by name, or */
	const char *member; /* all that list a user */
	uint32_t *gids;
	unsigned room, count;
	bool too_many;
};

static bool lists_member(const char *members, const char *user)
{
	size_t len = strlen(user);

	for (const char *p = members; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, user, len) == 0 && (p[len] == ',' || p[len] == '\0'))
			return true;
	}
	return false;
}

/* name:password:gid:member,member */
static bool match_group(char *line, void *context)
{
	struct group_search *s = context;
	const char *fields[4];
	char *rest = line;
	uint32_t gid;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		fields[i] = next_field(&rest);
		if (!fields[i] && i < 3)
			return false;
	}
	if (!fields[0][0] || num_parse_id(fields[2], &gid) < 0)
		return false;
	if (s->name ? !STREQ(fields[0], s->name)
		    : !fields[3] || !lists_member(fields[3], s->member))
		return false;
	if (s->count == s->room) {
		s->too_many = true;
		return true;
	}
	s->gids[s->count++] = gid;
	return s->name;
}

int group_find_name(int rootfd, const char *name, uint32_t *ret_gid)
{
	struct group_search s = { .name = name, .gids = ret_gid, .room = 1 };

	return for_each_line(rootfd, "/etc/group", match_group, &s);
}

int group_find_member(int rootfd, const char *user, uint32_t *gids, unsigned room)
{
	struct group_search s = { .member = user, .gids = gids, .room = room };
	int r;

	r = for_each_line(rootfd, "/etc/group", match_group, &s);
	if (s.too_many)
		return -E2BIG;
	return r < 0 && (r != -ENOENT || s.count == 0) ? r : (int)s.count;
}
