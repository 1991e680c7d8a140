/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_flags: the flags of update as the JSON object they stand for. So there is one reader of limits, with one
 * set of checks, whether they come from config.json, from --resources or from flags. Pure.
 */
#include <errno.h>
#include <string.h>

#include "cli/command.h"

enum value_kind { VALUE_SIZE, VALUE_SIGNED, VALUE_UNSIGNED, VALUE_TEXT };

/* Which flag becomes which property of which object, in the order of config-linux.md. */
static const struct {
	uint16_t offset;
	uint8_t kind;
	char flag[20];
	char object[8], property[16];
} rows[] = {
#define ROW(member, kind, flag, object, property)                                   \
	{                                                                           \
		offsetof(struct update_flags, member), kind, flag, object, property \
	}
	ROW(memory, VALUE_SIZE, "memory", "memory", "limit"),
	ROW(memory_reservation, VALUE_SIZE, "memory-reservation", "memory", "reservation"),
	ROW(memory_swap, VALUE_SIZE, "memory-swap", "memory", "swap"),
	ROW(cpu_share, VALUE_UNSIGNED, "cpu-share", "cpu", "shares"),
	ROW(cpu_quota, VALUE_SIGNED, "cpu-quota", "cpu", "quota"),
	ROW(cpu_burst, VALUE_UNSIGNED, "cpu-burst", "cpu", "burst"),
	ROW(cpu_period, VALUE_UNSIGNED, "cpu-period", "cpu", "period"),
	ROW(cpu_rt_runtime, VALUE_SIGNED, "cpu-rt-runtime", "cpu", "realtimeRuntime"),
	ROW(cpu_rt_period, VALUE_UNSIGNED, "cpu-rt-period", "cpu", "realtimePeriod"),
	ROW(cpu_idle, VALUE_SIGNED, "cpu-idle", "cpu", "idle"),
	ROW(cpuset_cpus, VALUE_TEXT, "cpuset-cpus", "cpu", "cpus"),
	ROW(cpuset_mems, VALUE_TEXT, "cpuset-mems", "cpu", "mems"),
	ROW(pids_limit, VALUE_SIGNED, "pids-limit", "pids", "limit"),
	ROW(blkio_weight, VALUE_UNSIGNED, "blkio-weight", "blockIO", "weight"),
#undef ROW
};

static int bad_value(const char *flag, const char *value, const char *expected, struct error *err)
{
	error_fail(err, ERROR_USAGE, 0, "invalid value '%s' for flag --%s: expected %s", value,
		   flag, expected);
	return -EINVAL;
}

static int add_value(struct jwrite *object, size_t row, const char *value, struct error *err)
{
	const char *flag = rows[row].flag, *property = rows[row].property;
	bool unlimited = false;
	int64_t number;
	uint64_t positive;

	switch ((enum value_kind)rows[row].kind) {
	case VALUE_SIZE:
		if (num_parse_size(value, &number, &unlimited) < 0)
			return bad_value(flag, value, "a number of bytes such as 64m, or -1", err);
		jwrite_int(object, property, unlimited ? -1 : number);
		break;
	case VALUE_SIGNED:
		if (num_parse_i64(value, &number) < 0)
			return bad_value(flag, value, "a number", err);
		jwrite_int(object, property, number);
		break;
	case VALUE_UNSIGNED:
		if (num_parse_u64(value, &positive) < 0)
			return bad_value(flag, value, "a number that is not negative", err);
		jwrite_uint(object, property, positive);
		break;
	case VALUE_TEXT:
		jwrite_string(object, property, value);
		break;
	}
	return 0;
}

static int check_unsupported(const struct update_flags *f, struct error *err)
{
	if (f->l3_cache_schema || f->mem_bw_schema) {
		error_fail(
			err, ERROR_UNSUPPORTED, 0,
			"the cache and memory bandwidth schema of a running container cannot be changed");
		error_add_origin(err, f->l3_cache_schema ? "--l3-cache-schema" : "--mem-bw-schema");
		error_add_remedy(err, "set linux.intelRdt in config.json");
		return -EOPNOTSUPP;
	}
	if (f->kernel_memory || f->kernel_memory_tcp)
		log_warning(
			"cgroup v2 counts kernel memory in the memory limit: --kernel-memory and --kernel-memory-tcp have no effect, ignoring");
	return 0;
}

int update_flags_text(const struct update_flags *flags, char **ret_json, struct error *err)
{
	struct jwrite *root, *object = NULL;
	const char *open = "";
	int r;

	r = check_unsupported(flags, err);
	if (r < 0)
		return r;
	root = jwrite_object();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *value =
			*(const char *const *)(const void *)((const char *)flags + rows[i].offset);

		if (!value)
			continue;
		if (!STREQ(open, rows[i].object)) {
			if (object)
				jwrite_put(root, open, object);
			object = jwrite_object();
			open = rows[i].object;
		}
		if (r >= 0)
			r = add_value(object, i, value, err);
	}
	if (object)
		jwrite_put(root, open, object);
	_cleanup_free_ char *text = jwrite_text(root, 0);
	if (r < 0)
		return r;
	*ret_json = TAKE_PTR(text);
	return 0;
}
