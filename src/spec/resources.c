/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resources: linux.resources (limits), except block I/O. What of it cgroup v2 can express is not known here.
 * Some texts of this object become names or lines of kernel files (R12, R18), so their form is checked.
 * Host half; pure.
 */
#include <inttypes.h>
#include <string.h>

#include "spec/sections.h"

#define FIELD(x) offsetof(struct spec_resources, x)

/* ---- devices ------------------------------------------------------------------------- */

static int rule_type(struct decode *d, const struct jnode *node, void *target)
{
	if (!node->text_len)
		return 0;
	if (node->text_len != 1 || !strchr("abc", node->text[0]))
		return decode_error(d, node, "'%s' must be a, b or c, not '%.60s'",
				    DECODE_NAME(d, node), node->text);
	*(char *)target = node->text[0];
	return 0;
}

static int rule_number(struct decode *d, const struct jnode *node, void *target)
{
	return decode_signed(d, node, -1, UINT32_MAX, target);
}

static int rule_access(struct decode *d, const struct jnode *node, void *target)
{
	static const char letters[] = "rwm";
	unsigned access = 0;

	for (const char *s = node->text; *s; s++) {
		const char *letter = strchr(letters, *s);

		if (!letter)
			return decode_error(d, node, "'%s' must be made of r, w and m, not '%.60s'",
					    DECODE_NAME(d, node), node->text);
		access |= 1u << (letter - letters);
	}
	if (access)
		*(unsigned *)target = access;
	return 0;
}

static int decode_rule(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "allow", ROW_BOOL, decode_bool, offsetof(struct spec_device_rule, allow),
		  ROW_MANDATORY, 0 },
		{ "type", ROW_STRING, rule_type, offsetof(struct spec_device_rule, type), 0, 0 },
		{ "major", ROW_INTEGER, rule_number, offsetof(struct spec_device_rule, major), 0,
		  0 },
		{ "minor", ROW_INTEGER, rule_number, offsetof(struct spec_device_rule, minor), 0,
		  0 },
		{ "access", ROW_STRING, rule_access, offsetof(struct spec_device_rule, access), 0,
		  0 },
	};
	struct spec_device_rule *rule = target;

	/* unset means all */
	*rule = (struct spec_device_rule){
		.type = 'a', .major = -1, .minor = -1, .access = 7, .node = node
	};
	return DECODE_OBJECT(d, node, rows, rule);
}

static int decode_rules(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_resources *res = target;

	res->devices = decode_room(d, node, sizeof(*res->devices));
	res->device_count = node->count;
	return decode_each(d, node, res->devices, sizeof(*res->devices), decode_rule);
}

/* ---- memory -------------------------------------------------------------------------- */

static int decode_bytes(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_int *bytes = target;

	bytes->present = true;
	bytes->node = node;
	return decode_signed(d, node, -1, INT64_MAX, &bytes->value);
}

static int decode_swappiness(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_uint *u = target;

	u->present = true;
	u->node = node;
	return decode_unsigned(d, node, 0, 100, &u->value);
}

static int decode_memory(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "limit", ROW_INTEGER, decode_bytes, FIELD(memory.limit), 0, 0 },
		{ "reservation", ROW_INTEGER, decode_bytes, FIELD(memory.reservation), 0, 0 },
		{ "swap", ROW_INTEGER, decode_bytes, FIELD(memory.swap), 0, 0 },
		{ "kernel", ROW_INTEGER, decode_bytes, FIELD(memory.kernel), 0, 0 },
		{ "kernelTCP", ROW_INTEGER, decode_bytes, FIELD(memory.kernel_tcp), 0, 0 },
		{ "swappiness", ROW_INTEGER, decode_swappiness, FIELD(memory.swappiness), 0, 0 },
		{ "disableOOMKiller", ROW_BOOL, decode_spec_bool, FIELD(memory.disable_oom_killer),
		  0, 0 },
		{ "useHierarchy", ROW_BOOL, decode_spec_bool, FIELD(memory.use_hierarchy), 0, 0 },
		{ "checkBeforeUpdate", ROW_BOOL, decode_spec_bool,
		  FIELD(memory.check_before_update), 0, 0 },
	};
	struct spec_resources *res = target;
	const struct spec_int *limit = &res->memory.limit, *swap = &res->memory.swap;
	int r = DECODE_OBJECT(d, node, rows, res);

	if (r || !limit->present || !swap->present || swap->value <= 0)
		return r;
	/* "swap" is the sum of memory and swap */
	if (limit->value == -1)
		return decode_error(
			d, swap->node,
			"swap must be >= limit: '%s' counts memory and swap together, and the memory limit is "
			"unlimited",
			DECODE_NAME(d, swap->node));
	if (swap->value < limit->value)
		return decode_error(
			d, swap->node,
			"swap must be >= limit: '%s' counts memory and swap together, and %" PRIi64
			" is below the memory limit %" PRIi64,
			DECODE_NAME(d, swap->node), swap->value, limit->value);
	return 0;
}

/* ---- cpu ----------------------------------------------------------------------------- */

static int decode_quota(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_int *quota = target;

	quota->present = true;
	quota->node = node;
	return decode_signed(d, node, -1, INT64_MAX, &quota->value);
}

static int decode_idle(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_int *idle = target;

	idle->present = true;
	idle->node = node;
	return decode_signed(d, node, 0, 1, &idle->value);
}

static int decode_cpus(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_text *text = target;

	text->node = node;
	return decode_number_list(d, node, "CPUs", &text->value);
}

static int decode_mems(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_text *text = target;

	text->node = node;
	return decode_number_list(d, node, "memory nodes", &text->value);
}

static int decode_cpu(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "shares", ROW_INTEGER, decode_spec_uint, FIELD(cpu.shares), 0, 0 },
		{ "quota", ROW_INTEGER, decode_quota, FIELD(cpu.quota), 0, 0 },
		{ "burst", ROW_INTEGER, decode_spec_uint, FIELD(cpu.burst), 0, 0 },
		{ "period", ROW_INTEGER, decode_spec_uint, FIELD(cpu.period), 0, 0 },
		{ "realtimeRuntime", ROW_INTEGER, decode_spec_int, FIELD(cpu.realtime_runtime), 0,
		  0 },
		{ "realtimePeriod", ROW_INTEGER, decode_spec_uint, FIELD(cpu.realtime_period), 0,
		  0 },
		{ "cpus", ROW_STRING, decode_cpus, FIELD(cpu.cpus), 0, 0 },
		{ "mems", ROW_STRING, decode_mems, FIELD(cpu.mems), 0, 0 },
		{ "idle", ROW_INTEGER, decode_idle, FIELD(cpu.idle), 0, 0 },
	};
	struct spec_resources *res = target;
	const struct spec_int *quota = &res->cpu.quota;
	const struct spec_uint *burst = &res->cpu.burst;
	int r = DECODE_OBJECT(d, node, rows, res);

	if (r || !quota->present || !burst->present || quota->value <= 0)
		return r;
	if (burst->value > (uint64_t)quota->value)
		return decode_error(d, burst->node,
				    "'%s' (%" PRIu64 ") must not be larger than quota (%" PRIi64
				    ")",
				    DECODE_NAME(d, burst->node), burst->value, quota->value);
	return 0;
}

/* ---- pids, huge pages, network, rdma, unified ---------------------------------------- */

static int decode_pids(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "limit", ROW_INTEGER, decode_spec_int, FIELD(pids_limit), 0, 0 },
	};

	return DECODE_OBJECT(d, node, rows, target);
}

/* Part of a file name of the hugetlb controller: nothing but <number><K, M or G>B. */
static int page_size(struct decode *d, const struct jnode *node, void *target)
{
	size_t digits = strspn(node->text, "0123456789");
	const char *unit = node->text + digits;

	if (!digits || digits > 10 || node->text[0] == '0' ||
	    (!STREQ(unit, "KB") && !STREQ(unit, "MB") && !STREQ(unit, "GB")))
		return decode_error(
			d, node, "'%s' must be a page size such as 64KB, 2MB or 1GB, not '%.60s'",
			DECODE_NAME(d, node), node->text);
	return decode_string(d, node, target);
}

static int decode_hugepage(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "pageSize", ROW_STRING, page_size,
		  offsetof(struct spec_hugepage_limit, page_size), ROW_MANDATORY, 0 },
		{ "limit", ROW_INTEGER, decode_uint64, offsetof(struct spec_hugepage_limit, limit),
		  ROW_MANDATORY, 0 },
	};
	struct spec_hugepage_limit *limit = target;

	limit->node = node;
	return DECODE_OBJECT(d, node, rows, limit);
}

static int decode_hugepages(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_resources *res = target;

	res->hugepages = decode_room(d, node, sizeof(*res->hugepages));
	res->hugepage_count = node->count;
	return decode_each(d, node, res->hugepages, sizeof(*res->hugepages), decode_hugepage);
}

static int decode_priority(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "name", ROW_STRING, decode_string, offsetof(struct spec_net_prio, name),
		  ROW_MANDATORY, 0 },
		{ "priority", ROW_INTEGER, decode_uint32, offsetof(struct spec_net_prio, priority),
		  ROW_MANDATORY, 0 },
	};
	struct spec_net_prio *priority = target;

	priority->node = node;
	return DECODE_OBJECT(d, node, rows, priority);
}

static int decode_priorities(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_resources *res = target;

	res->network.priorities = decode_room(d, node, sizeof(*res->network.priorities));
	res->network.priority_count = node->count;
	return decode_each(d, node, res->network.priorities, sizeof(*res->network.priorities),
			   decode_priority);
}

static int decode_network(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "classID", ROW_INTEGER, decode_spec_uint32, FIELD(network.class_id), 0, 0 },
		{ "priorities", ROW_OBJECTS, decode_priorities, 0, 0, 0 },
	};
	struct spec_resources *res = target;

	res->network.node = node;
	return DECODE_OBJECT(d, node, rows, res);
}

static int decode_rdma_device(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "hcaHandles", ROW_INTEGER, decode_spec_uint32,
		  offsetof(struct spec_rdma, hca_handles), 0, 0 },
		{ "hcaObjects", ROW_INTEGER, decode_spec_uint32,
		  offsetof(struct spec_rdma, hca_objects), 0, 0 },
	};
	struct spec_rdma *rdma = target;
	int r;

	rdma->node = node;
	rdma->device = arena_strndup(d->arena, node->key, strlen(node->key));
	/* the first word of a line written to rdma.max */
	if (!node->key[0] || strpbrk(node->key, " \t\r\n=/"))
		return decode_error(d, node, "'%.60s' in 'rdma' cannot be the name of a device",
				    node->key);
	r = DECODE_OBJECT(d, node, rows, rdma);
	if (r)
		return r;
	if (!rdma->hca_handles.present && !rdma->hca_objects.present)
		return decode_error(d, node, "'%s' needs hcaHandles, hcaObjects or both",
				    DECODE_NAME(d, node));
	return 0;
}

static int decode_rdma(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_resources *res = target;

	res->rdma = decode_room(d, node, sizeof(*res->rdma));
	res->rdma_count = node->count;
	return decode_each(d, node, res->rdma, sizeof(*res->rdma), decode_rdma_device);
}

static int decode_unified(struct decode *d, const struct jnode *node, void *target)
{
	int r = decode_map(d, node, target);

	if (r)
		return r;
	for (const struct jnode *m = node->first; m; m = m->next) {
		bool plain = m->key[0] != '.' && strchr(m->key, '.');

		for (const char *s = m->key; *s; s++)
			plain = plain && *s != '/' && (unsigned char)*s > 0x20 && *s != 0x7f;
		if (plain)
			continue;
		r = decode_error(d, m, "'%.60s' in 'unified' cannot be the name of a cgroup file",
				 m->key);
		if (r < 0)
			return r;
	}
	return r;
}

int decode_resources(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "devices", ROW_OBJECTS, decode_rules, 0, 0, 0 },
		{ "memory", ROW_OBJECT, decode_memory, 0, 0, 0 },
		{ "cpu", ROW_OBJECT, decode_cpu, 0, 0, 0 },
		{ "pids", ROW_OBJECT, decode_pids, 0, 0, 0 },
		{ "blockIO", ROW_OBJECT, decode_block_io, 0, 0, 0 },
		{ "hugepageLimits", ROW_OBJECTS, decode_hugepages, 0, 0, 0 },
		{ "network", ROW_OBJECT, decode_network, 0, 0, 0 },
		{ "rdma", ROW_MAP, decode_rdma, 0, 0, 0 },
		{ "unified", ROW_MAP, decode_unified, FIELD(unified), 0, 0 },
	};
	struct spec_resources *res = target;

	res->present = true;
	res->node = node;
	return DECODE_OBJECT(d, node, rows, res);
}
