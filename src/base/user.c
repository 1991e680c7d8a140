/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own files of users. No name service: its modules would be loaded into us. Host half. */
#include <fcntl.h>
#include <string.h>

#include "knarr/base.h"

#define FILE_MAX (4u << 20)

bool user_file_find(const char *file, bool (*match)(const char *line, void *arg), void *arg)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (io_read_file_at(AT_FDCWD, file, FILE_MAX, &text, &len) < 0)
		return false;
	for (char *line = text, *end; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if (match(line, arg))
			return true;
	}
	return false;
}

struct search {
	uint32_t uid;
	char *name; /* [USER_NAME_SIZE] */
};

/* name:password:uid:... */
static bool match_passwd(const char *line, void *arg)
{
	struct search *s = arg;
	const char *second = strchr(line, ':'), *id = second ? strchr(second + 1, ':') : NULL;
	uint64_t uid;

	if (!id || num_parse_u64_len(id + 1, strcspn(id + 1, ":"), &uid) < 0 || uid != s->uid)
		return false;
	return text_format(s->name, USER_NAME_SIZE, "%.*s", (int)(second - line), line) > 0;
}

void user_name(uint32_t uid, char name[USER_NAME_SIZE])
{
	struct search s = { .uid = uid, .name = name };

	if (!user_file_find("/etc/passwd", match_passwd, &s))
		(void)text_format(name, USER_NAME_SIZE, "%u", uid);
}
