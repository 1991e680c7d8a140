/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics of memory and of huge pages. Host half.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/stats.h"
#include "cgroups/tree.h"

static uint64_t read_or(int dirfd, const char *file, uint64_t fallback)
{
	uint64_t value;

	return tree_read_u64(dirfd, file, &value) < 0 ? fallback : value;
}

static struct jwrite *entry(uint64_t limit, uint64_t usage, uint64_t max, uint64_t failures)
{
	struct jwrite *o = jwrite_object();

	jwrite_uint(o, "limit", limit);
	stats_add(o, "usage", usage);
	stats_add(o, "max", max);
	jwrite_uint(o, "failcnt", failures);
	return o;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a == UINT64_MAX || b == UINT64_MAX || a + b < a ? UINT64_MAX : a + b;
}

/* Every line of memory.stat. */
static void add_raw(struct jwrite *memory, const char *stat)
{
	struct jwrite *raw = jwrite_object();

	for (const char *line = stat; line && *line;
	     line = strchr(line, '\n'), line += line ? 1 : 0) {
		size_t len = strcspn(line, " \n");
		char key[64];
		uint64_t value;

		if (line[len] != ' ' || len >= sizeof(key))
			continue;
		memcpy(key, line, len);
		key[len] = '\0';
		if (num_parse_u64_len(line + len + 1, strcspn(line + len + 1, "\n"), &value) == 0)
			jwrite_uint(raw, key, value);
	}
	jwrite_put(memory, "raw", raw);
}

struct jwrite *stats_memory(int dirfd)
{
	struct jwrite *o = jwrite_object();
	_cleanup_free_ char *stat = NULL, *events = NULL;
	uint64_t cache = 0, failures = 0, limit, usage, swap_limit, swap_usage;

	if (tree_read_all(dirfd, "memory.stat", &stat) == 0)
		(void)tree_key_u64(stat, "file", &cache);
	if (tree_read_all(dirfd, "memory.events", &events) == 0)
		(void)tree_key_u64(events, "max", &failures);
	limit = read_or(dirfd, "memory.max", 0);
	usage = read_or(dirfd, "memory.current", 0);
	swap_limit = read_or(dirfd, "memory.swap.max", 0);
	swap_usage = read_or(dirfd, "memory.swap.current", 0);
	stats_add(o, "cache", cache);
	jwrite_put(o, "usage", entry(limit, usage, read_or(dirfd, "memory.peak", 0), failures));
	jwrite_put(o, "swap", entry(sum(limit, swap_limit), usage + swap_usage, 0, 0));
	jwrite_put(o, "kernel", entry(0, 0, 0, 0));
	jwrite_put(o, "kernelTCP", entry(0, 0, 0, 0));
	if (stat)
		add_raw(o, stat);
	stats_add_psi(o, dirfd, "memory.pressure");
	return o;
}

/* What of a size ("2MB") is used: reservations where the kernel counts them. */
static struct jwrite *hugetlb_entry(int dirfd, const char *size)
{
	struct jwrite *o = jwrite_object();
	_cleanup_free_ char *events = NULL;
	uint64_t usage = 0, failures = 0;
	char file[128];

	(void)text_format(file, sizeof(file), "hugetlb.%s.rsvd.current", size);
	if (tree_read_u64(dirfd, file, &usage) < 0) {
		(void)text_format(file, sizeof(file), "hugetlb.%s.current", size);
		(void)tree_read_u64(dirfd, file, &usage);
	}
	(void)text_format(file, sizeof(file), "hugetlb.%s.events", size);
	if (tree_read_all(dirfd, file, &events) == 0)
		(void)tree_key_u64(events, "max", &failures);
	stats_add(o, "usage", usage);
	jwrite_uint(o, "failcnt", failures);
	return o;
}

struct jwrite *stats_hugetlb(int dirfd)
{
	struct jwrite *o = jwrite_object();
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		fd_close(fd);
		return o;
	}
	while ((e = readdir(dir))) {
		const char *size = e->d_name + 8;
		char name[32];
		size_t len;

		if (!text_has_prefix(e->d_name, "hugetlb.") ||
		    !text_has_suffix(e->d_name, ".events"))
			continue;
		len = strcspn(size, ".");
		/* "hugetlb.SIZE.events", and not ".events.local" or another kind */
		if (len >= sizeof(name) || !STREQ(size + len, ".events"))
			continue;
		memcpy(name, size, len);
		name[len] = '\0';
		jwrite_put(o, name, hugetlb_entry(dirfd, name));
	}
	closedir(dir);
	return o;
}
