/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_mount_options: a mount's type and its option words, one a line. No bit may be both set and cleared. */
#include <linux/mount.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "knarr/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_attributes(uint64_t set, uint64_t clear)
{
	/* the atime modes are a field: it is cleared in order to be set */
	if (set & clear & ~(uint64_t)MOUNT_ATTR__ATIME)
		abort();
	if ((set & MOUNT_ATTR__ATIME) && !(clear & MOUNT_ATTR__ATIME))
		abort();
}

static void check_maps(const struct spec_id_maps *maps)
{
	for (size_t i = 0; i < maps->count; i++)
		if (!maps->items[i].size)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char *text = arena_strndup(arena, (const char *)data, size), *rest = NULL, *word;
	const char *words[64];
	struct spec_mount m = { .type = strtok_r(text, "\n", &rest) };
	struct error err = { .text = "" };
	size_t n = 0;

	while (n + 1 < ARRAY_SIZE(words) && (word = strtok_r(NULL, "\n", &rest)))
		words[n++] = word;
	words[n] = NULL;
	m.options.items = words;
	m.options.count = n;
	if (spec_mount_decode_options(arena, &m, NULL, &err) < 0)
		return 0;
	check_attributes(m.attr_set, m.attr_clear);
	check_attributes(m.rec_attr_set, m.rec_attr_clear);
	/* MS_MANDLOCK has the number of an atime mode, so that rule is not for these */
	if (m.sb_flags_set & m.sb_flags_clear)
		abort();
	check_maps(&m.uid_maps);
	check_maps(&m.gid_maps);
	if (!m.data || ((m.flags & SPEC_MOUNT_BIND) && m.data[0]))
		abort();
	return 0;
}
