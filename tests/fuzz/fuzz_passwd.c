/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_passwd: the image's /etc/passwd and /etc/group. The file belongs to the image; a user that is found has the
 * very name or id that was asked for. passwd.c is a part of the container half, so it is compiled into this program.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "init/passwd.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char scratch[64];
static int root = -EBADF;

static void clean(void)
{
	(void)unlinkat(root, "etc/passwd", 0);
	(void)unlinkat(root, "etc/group", 0);
	(void)unlinkat(root, "etc", AT_REMOVEDIR);
	(void)rmdir(scratch);
}

static void open_once(void)
{
	if (root >= 0)
		return;
	snprintf(scratch, sizeof(scratch), "/tmp/knarr-fuzz-XXXXXX");
	if (!mkdtemp(scratch))
		abort();
	root = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(root, "etc", 0755) < 0)
		abort();
	atexit(clean);
}

static void put(const char *name, const uint8_t *data, size_t size)
{
	int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || io_write_all(fd, data, size) < 0)
		abort();
	fd_close(fd);
}

static void check_passwd(void)
{
	struct passwd_entry e;

	if (passwd_find_name(root, "user", &e) == 0 && !STREQ(e.name, "user"))
		abort();
	if (passwd_find_uid(root, 1000, &e) == 0 &&
	    (e.uid != 1000 || !e.name[0] || strpbrk(e.name, ":\n") || strchr(e.home, ':')))
		abort();
}

static void check_group(void)
{
	uint32_t gids[4], gid;

	if (group_find_name(root, "staff", &gid) == 0 && gid == UINT32_MAX)
		abort();
	if (group_find_member(root, "user", gids, ARRAY_SIZE(gids)) > (int)ARRAY_SIZE(gids))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	open_once();
	put("etc/passwd", data, size);
	check_passwd();
	put("etc/group", data, size);
	check_group();
	return 0;
}
