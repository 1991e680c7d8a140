/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics of a cgroup in the form that callers of `events --stats` parse. Host half.
 *
 * The form is that of cgroup v1, in which the callers think: nanoseconds, swap that includes memory, "max" as 2^64-1.
 * Values that v2 does not have keep their key where the callers expect it and are zero.
 */
#include <errno.h>
#include <string.h>

#include "cgroups/driver.h"
#include "cgroups/stats.h"
#include "cgroups/tree.h"

void stats_add(struct jwrite *o, const char *key, uint64_t value)
{
	if (value)
		jwrite_uint(o, key, value);
}

/* "avg10=0.12": what strtod would do, without the locale. */
static double parse_fixed(const char *s)
{
	double value = 0, unit = 1;

	/* One division at the end: the nearest double, so that 1.17 is written as 1.17 again. */
	for (; *s >= '0' && *s <= '9'; s++)
		value = value * 10 + (*s - '0');
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++, unit *= 10)
			value = value * 10 + (*s - '0');
	}
	return value / unit;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static struct jwrite *psi_line(const char *line)
{
	static const char *const averages[] = { "avg10", "avg60", "avg300" };
	struct jwrite *o = jwrite_object();
	size_t len = strcspn(line, "\n");
	_cleanup_free_ char *text = mem_strndup(line, len);
	const char *total = strstr(text, " total=");
	uint64_t value = 0;

	for (size_t i = 0; i < ARRAY_SIZE(averages); i++) {
		const char *at = strstr(text, averages[i]);

		at = at ? at + strlen(averages[i]) + 1 : "";
		jwrite_real(o, averages[i], parse_fixed(at));
	}
	if (total)
		(void)num_parse_u64(total + 7, &value);
	jwrite_uint(o, "total", value);
	return o;
}

void stats_add_psi(struct jwrite *o, int dirfd, const char *file)
{
	static const char *const kinds[] = { "some", "full" };
	_cleanup_free_ char *text = NULL;
	struct jwrite *psi;

	/* EOPNOTSUPP: the kernel was started without pressure accounting. */
	if (tree_read_all(dirfd, file, &text) < 0 || !*text)
		return;
	psi = jwrite_object();
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *line = strstr(text, kinds[i]);

		jwrite_put(psi, kinds[i], psi_line(line ? line : ""));
	}
	jwrite_put(o, "psi", psi);
}

struct jwrite *stats_cpu(int dirfd)
{
	struct jwrite *cpu = jwrite_object(), *usage = jwrite_object(),
		      *throttling = jwrite_object();
	uint64_t total = 0, user = 0, system = 0, periods = 0, throttled = 0, time = 0;
	_cleanup_free_ char *text = NULL;

	if (tree_read_all(dirfd, "cpu.stat", &text) == 0) {
		(void)tree_key_u64(text, "usage_usec", &total);
		(void)tree_key_u64(text, "user_usec", &user);
		(void)tree_key_u64(text, "system_usec", &system);
		(void)tree_key_u64(text, "nr_periods", &periods);
		(void)tree_key_u64(text, "nr_throttled", &throttled);
		(void)tree_key_u64(text, "throttled_usec", &time);
	}
	stats_add(usage, "total", total * 1000);
	jwrite_uint(usage, "kernel", system * 1000);
	jwrite_uint(usage, "user", user * 1000);
	stats_add(throttling, "periods", periods);
	stats_add(throttling, "throttledPeriods", throttled);
	stats_add(throttling, "throttledTime", time * 1000);
	jwrite_put(cpu, "usage", usage);
	jwrite_put(cpu, "throttling", throttling);
	stats_add_psi(cpu, dirfd, "cpu.pressure");
	return cpu;
}

/* "0-2,5" as [0,1,2,5]. */
static void add_cpu_list(struct jwrite *o, const char *key, int dirfd, const char *file)
{
	struct jwrite *list;
	char text[1024];

	if (tree_read(dirfd, file, text, sizeof(text)) <= 0)
		return;
	list = jwrite_array();
	for (char *save = NULL, *part = strtok_r(text, ",", &save); part;
	     part = strtok_r(NULL, ",", &save)) {
		char *dash = strchr(part, '-');
		uint32_t first, last;

		if (dash)
			*dash = '\0';
		if (num_parse_u32(part, &first) < 0 ||
		    num_parse_u32(dash ? dash + 1 : part, &last) < 0 || last > 65535)
			continue;
		for (; first <= last; first++)
			jwrite_uint(list, NULL, first);
	}
	jwrite_put(o, key, list);
}

static struct jwrite *stats_cpuset(int dirfd)
{
	static const char *const of_v1[] = { "mem_hardwall",       "mem_exclusive",
					     "memory_migrate",     "memory_spread_page",
					     "memory_spread_slab", "memory_pressure",
					     "sched_load_balance", "sched_relax_domain_level" };
	struct jwrite *o = jwrite_object();

	add_cpu_list(o, "cpus", dirfd, "cpuset.cpus.effective");
	jwrite_uint(o, "cpu_exclusive", 0);
	add_cpu_list(o, "mems", dirfd, "cpuset.mems.effective");
	for (size_t i = 0; i < ARRAY_SIZE(of_v1); i++)
		jwrite_uint(o, of_v1[i], 0);
	return o;
}

struct jwrite *stats_pids(int dirfd)
{
	struct jwrite *o = jwrite_object();
	uint64_t current = 0, limit = 0;

	(void)tree_read_u64(dirfd, "pids.current", &current);
	(void)tree_read_u64(dirfd, "pids.max", &limit);
	stats_add(o, "current", current);
	stats_add(o, "limit", limit == UINT64_MAX ? 0 : limit);
	return o;
}

int cgroup_stats_json(const struct cgroup *cg, char **ret, struct error *err)
{
	int dirfd = cgroup_dir(cg);
	struct jwrite *o;

	if (dirfd < 0)
		return error_fail(err, ERROR_UNSUPPORTED, ENOENT,
				  "the container has no cgroup, so there are no statistics of it");
	if (!tree_has_file(dirfd, "cgroup.procs")) {
		error_fail(err, ERROR_NOT_FOUND, ENODEV,
			   "cannot read the statistics of cgroup '%s': it is gone", cg->path);
		error_add_subject(err, cg->path);
		return -ENODEV;
	}
	o = jwrite_object();
	jwrite_put(o, "cpu", stats_cpu(dirfd));
	jwrite_put(o, "cpuset", stats_cpuset(dirfd));
	jwrite_put(o, "memory", stats_memory(dirfd));
	jwrite_put(o, "pids", stats_pids(dirfd));
	jwrite_put(o, "blkio", stats_io(dirfd));
	jwrite_put(o, "hugetlb", stats_hugetlb(dirfd));
	jwrite_put(o, "intel_rdt", jwrite_object());
	jwrite_null(o, "network_interfaces");
	*ret = jwrite_text(o, 0);
	return 0;
}
