/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits and annotations as properties of a scope. Pure. Host half.
 *
 * The limits' files are written by us as well, exactly. The unit has to know them too, for systemd writes its own
 * values again whenever it reloads; it has no property for each file, and keeps its hands off those it has none for.
 */
#include <errno.h>
#include <string.h>

#include "cgroups/scope.h"
#include "knarr/cgroups.h"

#define CPUS_MAX 8192
#define PREFIX "org.systemd.property."

static const struct {
	const char *file, *property;
} numbers[] = {
	{ "memory.max", "MemoryMax" },
	{ "memory.high", "MemoryHigh" },
	{ "memory.low", "MemoryLow" },
	{ "memory.min", "MemoryMin" },
	{ "pids.max", "TasksMax" },
	{ "cpu.weight", "CPUWeight" },
	{ "memory.swap.max", "MemorySwapMax" },
};

void scope_properties_done(struct scope_properties *p)
{
	free(p->items);
	p->arena = arena_free(p->arena);
	*p = (struct scope_properties){ 0 };
}

/* A later value for a name takes the earlier one's place: "unified" comes last and wins. */
static struct scope_property *add(struct scope_properties *p, const char *name,
				  enum scope_property_kind kind)
{
	struct scope_property *item = NULL;

	if (!p->arena)
		p->arena = arena_new();
	for (size_t i = 0; i < p->count && !item; i++) {
		if (STREQ(p->items[i].name, name))
			item = &p->items[i];
	}
	if (!item) {
		p->items = mem_grow(p->items, p->count + 1, sizeof(*p->items));
		item = &p->items[p->count++];
	}
	*item = (struct scope_property){ .name = name, .kind = kind };
	return item;
}

static int parse_max(const char *text, size_t len, uint64_t *ret)
{
	if (len == 3 && strncmp(text, "max", 3) == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	return num_parse_u64_len(text, len, ret);
}

/* "QUOTA PERIOD": systemd keeps the quota per second, in whole percent of a CPU. */
static void add_quota(struct scope_properties *p, const char *value)
{
	size_t len = strcspn(value, " ");
	uint64_t quota, period = 100000, second = UINT64_MAX, rest;

	if (parse_max(value, len, &quota) < 0 ||
	    (value[len] && num_parse_u64(value + len + 1, &period) < 0) || period == 0)
		return;
	if (quota != UINT64_MAX) {
		if (__builtin_mul_overflow(quota, (uint64_t)1000000, &second))
			return;
		second /= period;
		rest = second % 10000;
		second += rest ? 10000 - rest : 0;
	}
	add(p, "CPUQuotaPerSecUSec", SCOPE_UINT64)->number = second;
	add(p, "CPUQuotaPeriodUSec", SCOPE_UINT64)->number = period;
}

/* "0-3,7" as a bit mask, the lowest byte first. */
static void add_mask(struct scope_properties *p, const char *name, const char *value)
{
	_cleanup_free_ char *text = mem_strdup(value);
	uint8_t *mask = mem_alloc(CPUS_MAX / 8);
	struct scope_property *item;
	size_t used = 0;

	for (char *save = NULL, *part = strtok_r(text, ", \n", &save); part;
	     part = strtok_r(NULL, ", \n", &save)) {
		char *dash = strchr(part, '-');
		uint32_t first, last;

		if (dash)
			*dash = '\0';
		if (num_parse_u32(part, &first) < 0 ||
		    num_parse_u32(dash ? dash + 1 : part, &last) < 0 || last >= CPUS_MAX) {
			free(mask);
			return; /* the file's own error says it better */
		}
		for (; first <= last; first++)
			mask[first / 8] |= (uint8_t)(1u << first % 8);
		used = used > last / 8 + 1 ? used : last / 8 + 1;
	}
	item = add(p, name, SCOPE_BYTES);
	item->bytes = arena_alloc(p->arena, used + 1);
	memcpy(item->bytes, mask, used);
	item->byte_count = used;
	free(mask);
}

static void add_limit(struct scope_properties *p, const char *file, const char *value)
{
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (!STREQ(file, numbers[i].file) || parse_max(value, strlen(value), &n) < 0)
			continue;
		/* A unit without a single task cannot be; the file says 0. */
		if (STREQ(file, "pids.max") && n == 0)
			n = 1;
		add(p, numbers[i].property, SCOPE_UINT64)->number = n;
	}
	if (STREQ(file, "cpu.max"))
		add_quota(p, value);
	else if (STREQ(file, "cpuset.cpus"))
		add_mask(p, "AllowedCPUs", value);
	else if (STREQ(file, "cpuset.mems"))
		add_mask(p, "AllowedMemoryNodes", value);
	else if (STREQ(file, "io.weight") && text_has_prefix(value, "default ") &&
		 num_parse_u64(value + 8, &n) == 0)
		add(p, "IOWeight", SCOPE_UINT64)->number = n;
}

void scope_properties_add_limits(struct scope_properties *p, const struct limits *limits)
{
	for (size_t i = 0; i < limits->count; i++)
		add_limit(p, limits->items[i].file, limits->items[i].value);
	p->limit_count = p->count;
}

/* ---- annotations ------------------------------------------------------------------------------- */

static int refuse(const struct spec_key_value *a, const char *text, struct error *err)
{
	char pointer[192];
	int r = error_fail(err, ERROR_CONFIG, 0, "annotation '%s': %s", a->key, text);

	error_add_subject(err, a->key);
	if (a->node)
		error_add_origin(err, jnode_pointer(a->node, pointer, sizeof(pointer)));
	return r;
}

static bool is_property_name(const char *s)
{
	size_t len = strlen(s);

	return len >= 3 && len < 64 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

/* What makes the unit the container's: another value would put it, or its process, somewhere else. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = { "PIDs",     "PIDFDs",     "Slice",
					    "Delegate", "Controller", "DelegateSubgroup" };

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		if (STREQ(name, ours[i]))
			return true;
	}
	return false;
}

/* What a unit property does with the unit alone. Ceilings only tighten: a limit of config.json stays as it is. */
static const char *const harmless[] = {
	"CollectMode",        "Description",        "DefaultDependencies", "KillSignal",
	"FinalKillSignal",    "SendSIGKILL",        "SendSIGHUP",          "OOMPolicy",
	"TimeoutStopUSec",    "TimeoutStopSec",     "RuntimeMaxUSec",      "RuntimeMaxSec",
	"MemoryMax",          "MemoryHigh",         "MemorySwapMax",       "TasksMax",
	"AllowedCPUs",        "AllowedMemoryNodes", "CPUQuotaPerSecUSec",  "CPUQuotaPerSec",
	"CPUQuotaPeriodUSec", "CPUQuotaPeriodSec",
};

/* CRI-O orders its scopes behind its own service. To be ordered around targets could break a shutdown. */
static bool orders_after_services(const char *value)
{
	struct arena *arena = arena_new();
	const char *expected = NULL;
	struct gvariant v;
	bool good = gvariant_parse(arena, value, &v, &expected) >= 0 && STREQ(v.signature, "as");

	for (size_t i = 0; good && i < v.count; i++)
		good = text_has_suffix(v.items[i].text, ".service");
	arena_free(arena);
	return good;
}

bool cgroup_annotation_is_harmless(const char *key, const char *value)
{
	const char *name = text_has_prefix(key, PREFIX) ? key + strlen(PREFIX) : "";

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++) {
		if (STREQ(name, harmless[i]))
			return true;
	}
	return STREQ(name, "After") && orders_after_services(value);
}

static bool is_limited(const struct scope_properties *p, const char *name)
{
	for (size_t i = 0; i < p->limit_count; i++) {
		if (!STREQ(p->items[i].name, name))
			continue;
		log_warning("config.json limits '%s' itself, ignoring the annotation", name);
		return true;
	}
	return false;
}

static int add_annotation(struct scope_properties *p, const struct spec_key_value *a,
			  struct error *err)
{
	const char *name = a->key + strlen(PREFIX), *expected = NULL;
	struct gvariant v;
	char text[160];
	uint64_t usec;

	if (!is_property_name(name))
		return refuse(a, "a property's name has three or more letters", err);
	if (is_ours(name))
		return refuse(a,
			      "this property cannot be chosen, it ties the unit to the container",
			      err);
	if (gvariant_parse(p->arena, a->value, &v, &expected) < 0) {
		(void)text_format(text, sizeof(text), "invalid value, expected %s", expected);
		return refuse(a, text, err);
	}
	if (!text_has_suffix(name, "Sec") || text_has_suffix(name, "USec")) {
		if (!is_limited(p, name))
			add(p, name, SCOPE_VARIANT)->variant = v;
		return 0;
	}
	/* In unit files times are seconds, "FooSec"; on the bus they are microseconds, "FooUSec". */
	if (gvariant_seconds(&v, &usec) < 0)
		return refuse(a, "invalid value, expected a number of seconds", err);
	name = arena_printf(p->arena, "%.*sUSec", (int)(strlen(name) - 3), name);
	if (!is_limited(p, name))
		add(p, name, SCOPE_UINT64)->number = usec;
	return 0;
}

int scope_properties_add_annotations(struct scope_properties *p, const struct spec_map *annotations,
				     struct error *err)
{
	if (!p->arena)
		p->arena = arena_new();
	for (size_t i = 0; annotations && i < annotations->count; i++) {
		const struct spec_key_value *a = &annotations->items[i];
		int r = !a->off && text_has_prefix(a->key, PREFIX) ? add_annotation(p, a, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}
