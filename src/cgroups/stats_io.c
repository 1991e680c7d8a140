/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics of block i/o: io.stat in the lists of cgroup v1's blkio. Host half.
 */
#include <string.h>

#include "cgroups/stats.h"
#include "cgroups/tree.h"

struct field {
	const char *key; /* of io.stat, with its '=' */
	const char *op;
	bool bytes; /* ioServiceBytesRecursive, else ioServicedRecursive */
};

static const struct field fields[] = {
	{ "rbytes=", "Read", true }, { "wbytes=", "Write", true }, { "dbytes=", "Discard", true },
	{ "rios=", "Read", false },  { "wios=", "Write", false },  { "dios=", "Discard", false },
};

static void add_entry(struct jwrite *list, uint64_t major, uint64_t minor, const char *op,
		      uint64_t value)
{
	struct jwrite *e = jwrite_object();

	stats_add(e, "major", major);
	stats_add(e, "minor", minor);
	jwrite_string(e, "op", op);
	stats_add(e, "value", value);
	jwrite_put(list, NULL, e);
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static size_t add_line(char *line, struct jwrite *bytes, struct jwrite *served)
{
	char *save = NULL, *word = strtok_r(line, " ", &save),
	     *colon = word ? strchr(word, ':') : NULL;
	uint64_t major, minor, value;
	size_t count = 0;

	if (!colon)
		return 0;
	*colon = '\0';
	if (num_parse_u64(word, &major) < 0 || num_parse_u64(colon + 1, &minor) < 0)
		return 0;
	while ((word = strtok_r(NULL, " ", &save))) {
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
			const struct field *f = &fields[i];

			if (!text_has_prefix(word, f->key) ||
			    num_parse_u64(word + strlen(f->key), &value) < 0)
				continue;
			add_entry(f->bytes ? bytes : served, major, minor, f->op, value);
			count++;
		}
	}
	return count;
}

struct jwrite *stats_io(int dirfd)
{
	struct jwrite *o = jwrite_object();
	_cleanup_free_ char *text = NULL;
	size_t count = 0;

	if (tree_read_all(dirfd, "io.stat", &text) == 0) {
		struct jwrite *bytes = jwrite_array(), *served = jwrite_array();

		for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			count += add_line(line, bytes, served);
		/* Both are there or neither: a device has all of its fields. */
		if (count) {
			jwrite_put(o, "ioServiceBytesRecursive", bytes);
			jwrite_put(o, "ioServicedRecursive", served);
		} else {
			free(jwrite_text(bytes, 0));
			free(jwrite_text(served, 0));
		}
	}
	stats_add_psi(o, dirfd, "io.pressure");
	return o;
}
