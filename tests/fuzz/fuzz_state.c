/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_state: a record on disk, as a crash or a stranger left it. What is read is written and read again, in both ways
 * (at once and staged): the second record is the first. A record that is refused is named.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "knarr/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct state_root root = { .fd = -EBADF };
static struct state_dir dir = { .fd = -EBADF, .root = &root, .id = "c" };

static void clean(void)
{
	(void)unlinkat(dir.fd, "state.json", 0);
	(void)unlinkat(root.fd, dir.id, AT_REMOVEDIR);
	(void)rmdir(root.path);
}

static void open_once(void)
{
	if (dir.fd >= 0)
		return;
	snprintf(root.path, sizeof(root.path), "/tmp/knarr-fuzz-XXXXXX");
	if (!mkdtemp(root.path))
		abort();
	root.fd = open(root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(root.fd, dir.id, 0700) < 0)
		abort();
	dir.fd = openat(root.fd, dir.id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	atexit(clean);
}

static char *record_of(const struct state *s)
{
	char *text;

	if (state_save(&dir, s, NULL) < 0 ||
	    io_read_file_at(dir.fd, "state.json", 16u << 20, &text, NULL) < 0)
		abort();
	return text;
}

static void check_same(const struct state *s)
{
	_cleanup_free_ char *first = record_of(s), *second = NULL;
	struct state again;

	if (state_stage(&dir, s, NULL) < 0 || state_commit(&dir, NULL) < 0 ||
	    state_load(&dir, &again, NULL) < 0)
		abort();
	second = record_of(&again);
	if (!STREQ(first, second))
		abort();
	state_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { .text = "" };
	struct state s;

	open_once();
	if (state_save_file(&dir, "state.json", data, size, NULL) < 0)
		abort();
	if (state_load(&dir, &s, &err) < 0) {
		if (!err.text[0])
			abort();
		return 0;
	}
	if (!STREQ(s.id, dir.id) || s.pid < 0)
		abort();
	check_same(&s);
	state_done(&s);
	return 0;
}
