/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules as one list in the order of evaluation. Pure. Host half.
 *
 * config.json gives rules to be applied one after the other, as writes to devices.allow and devices.deny of cgroup v1
 * were: a later rule overrides an earlier one for the accesses that both cover. Read backwards, the first rule that
 * covers an access decides about it. Behind the configured rules come the devices that every container has, so that
 * no rule takes /dev/null away.
 */
#include <errno.h>

#include "cgroups/device.h"

/* A bound, so that a config cannot ask for a program that the kernel's verifier takes minutes for. */
#define RULES_MAX 4096

struct default_rule {
	uint32_t type;
	int64_t major, minor;
	uint32_t access;
};

static const struct default_rule default_rules[] = {
	{ 0, -1, -1, BPF_DEVCG_ACC_MKNOD }, /* a node may be made of any, only not opened */
	{ BPF_DEVCG_DEV_CHAR, 1, 3, DEVICE_ACCESS_ALL }, /* null */
	{ BPF_DEVCG_DEV_CHAR, 1, 5, DEVICE_ACCESS_ALL }, /* zero */
	{ BPF_DEVCG_DEV_CHAR, 1, 7, DEVICE_ACCESS_ALL }, /* full */
	{ BPF_DEVCG_DEV_CHAR, 1, 8, DEVICE_ACCESS_ALL }, /* random */
	{ BPF_DEVCG_DEV_CHAR, 1, 9, DEVICE_ACCESS_ALL }, /* urandom */
	{ BPF_DEVCG_DEV_CHAR, 5, 0, DEVICE_ACCESS_ALL }, /* tty */
	{ BPF_DEVCG_DEV_CHAR, 5, 2, DEVICE_ACCESS_ALL }, /* ptmx */
	{ BPF_DEVCG_DEV_CHAR, 136, -1,
	  DEVICE_ACCESS_ALL }, /* pts: /dev/console is one, and 5:1 is the machine's */
	{ BPF_DEVCG_DEV_CHAR, 10, 200, DEVICE_ACCESS_ALL }, /* tun */
};

void device_rules_done(struct device_rules *r)
{
	free(r->items);
	*r = (struct device_rules){ 0 };
}

static bool covers(const struct device_rule *a, const struct device_rule *b)
{
	return (!a->type || a->type == b->type) && (a->major < 0 || a->major == b->major) &&
	       (a->minor < 0 || a->minor == b->minor);
}

/* What the list leaves undecided of a rule's accesses, because no rule before it covers all of its devices. */
static uint32_t undecided(const struct device_rules *r, const struct device_rule *rule)
{
	uint32_t access = rule->access;

	for (size_t i = 0; i < r->count && access; i++) {
		if (covers(&r->items[i], rule))
			access &= ~r->items[i].access;
	}
	return access;
}

static void add(struct device_rules *r, struct device_rule rule)
{
	const struct device_rule everything = { .major = -1,
						.minor = -1,
						.access = DEVICE_ACCESS_ALL };

	rule.access = undecided(r, &rule);
	if (!rule.access)
		return;
	r->items = mem_grow(r->items, r->count + 1, sizeof(*r->items));
	r->items[r->count++] = rule;
	if (covers(&rule, &everything))
		r->complete = undecided(r, &everything) == 0;
}

/* The spec counts r, w, m; the kernel's program sees mknod, read, write. */
static uint32_t access_from_spec(unsigned access)
{
	return (access & 1 ? BPF_DEVCG_ACC_READ : 0) | (access & 2 ? BPF_DEVCG_ACC_WRITE : 0) |
	       (access & 4 ? BPF_DEVCG_ACC_MKNOD : 0);
}

static struct device_rule from_spec(const struct spec_device_rule *s)
{
	struct device_rule rule = {
		.allow = s->allow,
		.major = s->major,
		.minor = s->minor,
		.access = access_from_spec(s->access),
	};

	if (s->type == 'c')
		rule.type = BPF_DEVCG_DEV_CHAR;
	else if (s->type == 'b')
		rule.type = BPF_DEVCG_DEV_BLOCK;
	if (!rule.access)
		rule.access = DEVICE_ACCESS_ALL; /* not said */
	if (rule.major < 0)
		rule.major = -1;
	if (rule.minor < 0)
		rule.minor = -1;
	return rule;
}

int device_rules_build(const struct spec_resources *res, const struct spec_device *devices,
		       size_t device_count, struct device_rules *ret, struct error *err)
{
	size_t count = res ? res->device_count : 0;
	struct device_rules r = { 0 };

	if (count + device_count > RULES_MAX) {
		error_fail(err, ERROR_CONFIG, 0, "more than %d device rules", RULES_MAX);
		error_add_origin(err, "/linux/resources/devices");
		return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(default_rules); i++) {
		const struct default_rule *d = &default_rules[i];

		add(&r, (struct device_rule){ true, d->type, d->major, d->minor, d->access });
	}
	for (size_t i = 0; i < device_count; i++) {
		uint32_t type = devices[i].type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;

		if (devices[i].type != 'p')
			add(&r, (struct device_rule){ true, type, devices[i].major,
						      devices[i].minor, DEVICE_ACCESS_ALL });
	}
	for (size_t i = count; i-- > 0 && !r.complete;)
		add(&r, from_spec(&res->devices[i]));
	*ret = r;
	return 0;
}

bool device_rules_allow_all(const struct device_rules *r)
{
	for (size_t i = 0; i < r->count; i++) {
		if (!r->items[i].allow)
			return false;
	}
	return r->complete;
}
