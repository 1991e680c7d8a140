/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources -> the list of files and values that cgroup v2 wants. Pure: no file is opened here. Host half.
 *
 * What v2 has no file for is an error that says so; nothing is dropped in silence, except where the specification or
 * every caller treats a zero as "not set".
 */
#include <string.h>

#include "cgroups/limits.h"
#include "knarr/cgroups.h"

#define DEFAULT_PERIOD 100000

struct build {
	struct limits *out;
	const struct limits_current *current;
	struct error *err;
};

void limits_done(struct limits *l)
{
	free(l->items);
	l->arena = arena_free(l->arena);
	*l = (struct limits){ 0 };
}

static struct limit *add(struct build *b, const struct jnode *node, const char *controller,
			 const char *file, const char *value)
{
	struct limits *out = b->out;
	struct limit *l;

	out->items = mem_grow(out->items, out->count + 1, sizeof(*out->items));
	l = &out->items[out->count++];
	*l = (struct limit){ .controller = controller, .file = file, .value = value };
	/* Engines write "unlimited" into every config; without the controller it is so anyway. */
	if (text_has_prefix(value, "max"))
		l->flags |= LIMIT_OPTIONAL;
	if (node)
		jnode_pointer(node, l->origin, sizeof(l->origin));
	return l;
}

static const char *number(struct build *b, uint64_t value)
{
	return arena_printf(b->out->arena, "%llu", (unsigned long long)value);
}

static const char *number_or_max(struct build *b, int64_t value)
{
	return value < 0 ? "max" : number(b, (uint64_t)value);
}

static int refuse_class(struct build *b, enum error_class class, const struct jnode *node,
			const char *text)
{
	char pointer[192];
	int r = error_fail(b->err, class, 0, "%s", text);

	if (node)
		error_add_origin(b->err, jnode_pointer(node, pointer, sizeof(pointer)));
	return r;
}

static int refuse(struct build *b, const struct jnode *node, const char *text)
{
	return refuse_class(b, ERROR_UNSUPPORTED, node, text);
}

static int invalid(struct build *b, const struct jnode *node, const char *text)
{
	return refuse_class(b, ERROR_CONFIG, node, text);
}

/* ---- memory ------------------------------------------------------------------------------ */

/* swap counts memory and swap together, memory.swap.max swap alone. */
static int build_swap(struct build *b, const struct spec_resources *res)
{
	const struct spec_int *swap = &res->memory.swap, *limit = &res->memory.limit;
	uint64_t memory = UINT64_MAX;
	struct limit *l;

	if (!swap->present || swap->value == 0) {
		/* No limit for memory and none asked for swap: none for the two together. */
		if (limit->present && limit->value == -1) {
			l = add(b, limit->node, "memory", "memory.swap.max", "max");
			l->flags |= LIMIT_OPTIONAL;
		}
		return 0;
	}
	if (swap->value < 0) {
		l = add(b, swap->node, "memory", "memory.swap.max", "max");
		l->flags |= LIMIT_OPTIONAL;
		return 0;
	}
	if (limit->present && limit->value > 0)
		memory = (uint64_t)limit->value;
	else if (b->current && !(limit->present && limit->value < 0))
		memory = b->current->memory_max;
	if (memory == UINT64_MAX)
		return invalid(
			b, swap->node,
			"a limit of memory and swap together ('swap') needs a limit of memory ('limit')");
	if ((uint64_t)swap->value < memory)
		return invalid(
			b, swap->node,
			"'swap' is the limit of memory and swap together and must not be below that of memory");
	l = add(b, swap->node, "memory", "memory.swap.max",
		number(b, (uint64_t)swap->value - memory));
	if ((uint64_t)swap->value == memory)
		l->flags |=
			LIMIT_OPTIONAL; /* a kernel that cannot limit swap, but there is none to use */
	return 0;
}

static int build_memory(struct build *b, const struct spec_resources *res)
{
	if (res->memory.swappiness.present)
		return refuse(
			b, res->memory.swappiness.node,
			"cgroup v2 has no swappiness of a single cgroup ('memory.swappiness' is of cgroup v1)");
	if (res->memory.disable_oom_killer.present && res->memory.disable_oom_killer.value)
		return refuse(
			b, res->memory.disable_oom_killer.node,
			"cgroup v2 cannot disable the OOM killer ('disableOOMKiller' is of cgroup v1)");
	if ((res->memory.kernel.present && res->memory.kernel.value > 0) ||
	    (res->memory.kernel_tcp.present && res->memory.kernel_tcp.value > 0))
		log_warning(
			"cgroup v2 counts kernel memory within memory.max and has no limit of its own for it, ignoring");
	if (res->memory.limit.present && res->memory.limit.value != 0)
		add(b, res->memory.limit.node, "memory", "memory.max",
		    number_or_max(b, res->memory.limit.value));
	if (res->memory.reservation.present && res->memory.reservation.value != 0)
		add(b, res->memory.reservation.node, "memory", "memory.low",
		    number_or_max(b, res->memory.reservation.value));
	return build_swap(b, res);
}

/* ---- cpu and cpuset ----------------------------------------------------------------------- */

static void build_cpu_max(struct build *b, const struct spec_resources *res)
{
	const struct spec_int *quota = &res->cpu.quota;
	const struct spec_uint *period = &res->cpu.period;
	bool has_quota = quota->present && quota->value != 0,
	     has_period = period->present && period->value != 0;
	const char *now = b->current ? b->current->cpu_max : "";
	const char *now_period = strchr(now, ' ');
	const char *first, *second;

	if (!has_quota && !has_period)
		return;
	if (has_quota)
		first = number_or_max(b, quota->value);
	else
		first = now_period ? arena_strndup(b->out->arena, now, (size_t)(now_period - now))
				   : "max";
	if (has_period)
		second = number(b, period->value);
	else
		second = now_period ? arena_strndup(b->out->arena, now_period + 1,
						    strlen(now_period + 1))
				    : number(b, DEFAULT_PERIOD);
	add(b, has_quota ? quota->node : period->node, "cpu", "cpu.max",
	    arena_printf(b->out->arena, "%s %s", first, second));
}

static bool is_list(const char *s)
{
	return s[strspn(s, "0123456789,- ")] == '\0';
}

static int build_cpuset(struct build *b, const struct spec_text *text, const char *file)
{
	if (!text->value || !(*text->value || b->current))
		return 0; /* at create, an empty list is what is there anyway */
	if (!is_list(text->value))
		return invalid(b, text->node,
			       "expected a list of numbers and ranges such as '0-3,7'");
	add(b, text->node, "cpuset", file, text->value);
	return 0;
}

static int build_cpu(struct build *b, const struct spec_resources *res)
{
	const struct spec_int *idle = &res->cpu.idle;
	int r;

	if ((res->cpu.realtime_runtime.present && res->cpu.realtime_runtime.value != 0) ||
	    (res->cpu.realtime_period.present && res->cpu.realtime_period.value != 0))
		return refuse(
			b,
			res->cpu.realtime_runtime.present ? res->cpu.realtime_runtime.node
							  : res->cpu.realtime_period.node,
			"cgroup v2 has no realtime limits ('realtimeRuntime' and 'realtimePeriod' are of cgroup v1)");
	if (idle->present && idle->value != 0 && idle->value != 1)
		return invalid(b, idle->node, "'idle' is 0 or 1");
	if (res->cpu.burst.present && res->cpu.quota.present && res->cpu.quota.value > 0 &&
	    res->cpu.burst.value > (uint64_t)res->cpu.quota.value)
		return invalid(b, res->cpu.burst.node, "'burst' must not be larger than 'quota'");
	/* The kernel refuses a weight while a cgroup is idle: out of idle before, into it instead of a weight. */
	if (idle->present)
		add(b, idle->node, "cpu", "cpu.idle", idle->value ? "1" : "0");
	if (res->cpu.shares.present && res->cpu.shares.value != 0 &&
	    !(idle->present && idle->value))
		add(b, res->cpu.shares.node, "cpu", "cpu.weight",
		    number(b, cgroup_cpu_shares_to_weight(res->cpu.shares.value)));
	build_cpu_max(b, res);
	if (res->cpu.burst.present)
		add(b, res->cpu.burst.node, "cpu", "cpu.max.burst",
		    number(b, res->cpu.burst.value));
	r = build_cpuset(b, &res->cpu.cpus, "cpuset.cpus");
	return r < 0 ? r : build_cpuset(b, &res->cpu.mems, "cpuset.mems");
}

static void build_pids(struct build *b, const struct spec_resources *res)
{
	const struct spec_int *limit = &res->pids_limit;
	struct limit *l;

	if (!limit->present)
		return;
	l = add(b, limit->node, "pids", "pids.max", number_or_max(b, limit->value));
	if (limit->value == 0) {
		/* Valid, and means that nothing may be forked: init itself has to get in first. */
		l->flags |= LIMIT_LATE;
		l->early = "1";
	}
}

/* ---- block i/o ------------------------------------------------------------------------------ */

static int build_weight(struct build *b, const struct jnode *node, const char *device,
			uint64_t weight)
{
	struct arena *arena = b->out->arena;
	struct limit *l;

	if (weight < 10 || weight > 1000)
		return invalid(b, node, "a weight of block i/o is 10 to 1000");
	/* BFQ's own file has v1's range and works where BFQ schedules; io.weight is that of the iocost controller. */
	l = add(b, node, "io", "io.weight",
		arena_printf(arena, "%s %llu", device,
			     (unsigned long long)cgroup_blkio_weight_to_io(weight)));
	l->alt_file = "io.bfq.weight";
	l->alt_value = arena_printf(arena, "%s %llu", device, (unsigned long long)weight);
	return 0;
}

static void build_rates(struct build *b, const struct spec_blkio_devices *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct spec_blkio_device *d = &list->items[i];
		const char *rate = d->rate ? number(b, d->rate)
					   : "max"; /* v1: a rate of 0 lifts the limit */

		add(b, d->node, "io", "io.max",
		    arena_printf(b->out->arena, "%u:%u %s=%s", d->major, d->minor, key, rate));
	}
}

static int build_blkio(struct build *b, const struct spec_resources *res)
{
	const struct spec_blkio_devices *devices = &res->blkio.weight_device;
	int r = 0;

	if (res->blkio.leaf_weight.present && res->blkio.leaf_weight.value != 0)
		return refuse(b, res->blkio.leaf_weight.node,
			      "cgroup v2 has no leaf weight ('leafWeight' is of cgroup v1)");
	if (res->blkio.weight.present && res->blkio.weight.value != 0)
		r = build_weight(b, res->blkio.weight.node, "default", res->blkio.weight.value);
	for (size_t i = 0; i < devices->count && r == 0; i++) {
		const struct spec_blkio_device *d = &devices->items[i];

		if (d->leaf_weight_set && d->leaf_weight != 0)
			return refuse(
				b, d->node,
				"cgroup v2 has no leaf weight ('leafWeight' is of cgroup v1)");
		if (d->weight_set && d->weight != 0)
			r = build_weight(b, d->node,
					 arena_printf(b->out->arena, "%u:%u", d->major, d->minor),
					 d->weight);
	}
	if (r < 0)
		return r;
	build_rates(b, &res->blkio.read_bps, "rbps");
	build_rates(b, &res->blkio.write_bps, "wbps");
	build_rates(b, &res->blkio.read_iops, "riops");
	build_rates(b, &res->blkio.write_iops, "wiops");
	return 0;
}

/* ---- hugetlb, rdma, network --------------------------------------------------------------- */

/* "64KB", "2MB", "1GB": it becomes part of a file name. */
static bool is_page_size(const char *s)
{
	size_t digits = strspn(s, "0123456789");

	return digits > 0 && digits < 8 && s[0] != '0' &&
	       (STREQ(s + digits, "KB") || STREQ(s + digits, "MB") || STREQ(s + digits, "GB"));
}

static int build_hugepages(struct build *b, const struct spec_resources *res)
{
	for (size_t i = 0; i < res->hugepage_count; i++) {
		const struct spec_hugepage_limit *h = &res->hugepages[i];
		struct limit *l;

		if (!is_page_size(h->page_size))
			return invalid(b, h->node,
				       "expected a page size such as '64KB', '2MB' or '1GB'");
		add(b, h->node, "hugetlb",
		    arena_printf(b->out->arena, "hugetlb.%s.max", h->page_size),
		    number(b, h->limit));
		/* Reservations are limited too: the failure then is an error of mmap, not a SIGBUS later. */
		l = add(b, h->node, "hugetlb",
			arena_printf(b->out->arena, "hugetlb.%s.rsvd.max", h->page_size),
			number(b, h->limit));
		l->flags |= LIMIT_OPTIONAL;
	}
	return 0;
}

static int build_rdma(struct build *b, const struct spec_resources *res)
{
	for (size_t i = 0; i < res->rdma_count; i++) {
		const struct spec_rdma *d = &res->rdma[i];
		const char *value = d->device;

		if (!*d->device || d->device[strcspn(d->device, " \t\n")])
			return invalid(b, d->node, "the name of an RDMA device has no spaces");
		if (d->hca_handles.present)
			value = arena_printf(b->out->arena, "%s hca_handle=%llu", value,
					     (unsigned long long)d->hca_handles.value);
		if (d->hca_objects.present)
			value = arena_printf(b->out->arena, "%s hca_object=%llu", value,
					     (unsigned long long)d->hca_objects.value);
		add(b, d->node, "rdma", "rdma.max", value);
	}
	return 0;
}

static int build_network(struct build *b, const struct spec_resources *res)
{
	if (res->network.class_id.present && res->network.class_id.value != 0)
		return refuse(
			b, res->network.class_id.node,
			"cgroup v2 has no network class ids ('classID' is of net_cls of cgroup v1)");
	if (res->network.priority_count)
		return refuse(
			b, res->network.priorities[0].node,
			"cgroup v2 has no network priorities ('priorities' is of net_prio of cgroup v1)");
	return 0;
}

/* ---- unified --------------------------------------------------------------------------------- */

/* Files that move or stop processes are commands, not limits: they would act on whatever pid the text names. */
static bool is_command_file(const char *file)
{
	static const char *const names[] = { "cgroup.procs",  "cgroup.threads",
					     "cgroup.type",   "cgroup.kill",
					     "cgroup.freeze", "cgroup.subtree_control" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (STREQ(file, names[i]))
			return true;
	}
	return text_has_suffix(file, ".reclaim");
}

static bool is_file_name(const char *s)
{
	size_t len = strlen(s);

	/* Capitals are in the page sizes of hugetlb. */
	return len < 128 && s[0] != '.' && strchr(s, '.') && s[len - 1] != '.' &&
	       !strstr(s, "..") &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       len;
}

static int build_unified(struct build *b, const struct spec_resources *res)
{
	for (size_t i = 0; i < res->unified.count; i++) {
		const struct spec_key_value *u = &res->unified.items[i];
		struct limit *l;

		if (!is_file_name(u->key))
			return invalid(
				b, u->node,
				"a key of 'unified' is the name of a cgroup file such as 'memory.high'");
		if (is_command_file(u->key))
			return refuse(b, u->node,
				      "this file of a cgroup is a command, not a limit");
		l = add(b, u->node, arena_strndup(b->out->arena, u->key, strcspn(u->key, ".")),
			u->key, u->value);
		l->flags |= LIMIT_UNIFIED;
	}
	return 0;
}

int limits_build(const struct spec_resources *res, const struct limits_current *current,
		 struct limits *ret, struct error *err)
{
	static int (*const steps[])(struct build *, const struct spec_resources *) = {
		build_memory, build_cpu, build_blkio, build_hugepages, build_rdma, build_network,
	};
	struct limits out = { .arena = arena_new() };
	struct build b = { .out = &out, .current = current, .err = err };
	int r = 0;

	if (res) {
		for (size_t i = 0; i < ARRAY_SIZE(steps) && r == 0; i++)
			r = steps[i](&b, res);
		if (r == 0) {
			build_pids(&b, res);
			/* Last: what is said in v2's own words wins. */
			r = build_unified(&b, res);
		}
	}
	if (r < 0) {
		limits_done(&out);
		return r;
	}
	*ret = out;
	return 0;
}
