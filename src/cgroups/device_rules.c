/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules as one list in the order of evaluation. Pure. Host half.
 *
 * config.json gives rules to be applied one after the other, as writes to devices.allow and devices.deny of cgroup v1
 * were: a later rule overrides an earlier one for the accesses that both cover. Read backwards, the first rule that
 * covers an access decides about it. linux.devices only makes nodes and grants nothing.
 *
 * Two grants are implied: the default devices, and mknod of any device, since a node that cannot be opened does no
 * harm. A deny rule without numbers, such as the deny-all that engines write first, does not concern them. A deny
 * rule with a number overrides them, with one exception: Docker denies /dev/fuse altogether after its deny-all, and
 * its users make that node all the same. A rule that denies all three accesses, none of which was granted before,
 * therefore leaves mknod alone.
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

static bool overlaps(const struct device_rule *a, const struct device_rule *b)
{
	return (!a->type || !b->type || a->type == b->type) &&
	       (a->major < 0 || b->major < 0 || a->major == b->major) &&
	       (a->minor < 0 || b->minor < 0 || a->minor == b->minor);
}

static bool is_blanket_deny(const struct device_rule *rule)
{
	return !rule->allow && rule->major < 0 && rule->minor < 0;
}

static bool denies_everything(const struct device_rule *rule)
{
	return is_blanket_deny(rule) && !rule->type;
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
	if (rule.major < 0)
		rule.major = -1;
	if (rule.minor < 0)
		rule.minor = -1;
	/* The access is not said; or "a" is denied, which the devices.deny of cgroup v1 takes for all accesses. */
	if (!rule.access || denies_everything(&rule))
		rule.access = DEVICE_ACCESS_ALL;
	return rule;
}

/* ---- what is implied ------------------------------------------------------------------- */

/* Did a rule before rules[i] grant mknod of a device that rules[i] is about? */
static bool mknod_was_granted(const struct device_rule *rules, size_t i)
{
	for (size_t j = i; j-- > 0 && !denies_everything(&rules[j]);) {
		if (rules[j].allow && (rules[j].access & BPF_DEVCG_ACC_MKNOD) &&
		    overlaps(&rules[j], &rules[i]))
			return true;
	}
	return false;
}

static bool decides_mknod(const struct device_rule *rules, size_t i)
{
	const struct device_rule *rule = &rules[i];

	if (!(rule->access & BPF_DEVCG_ACC_MKNOD) || is_blanket_deny(rule))
		return false;
	return rule->allow || rule->access != DEVICE_ACCESS_ALL || mknod_was_granted(rules, i);
}

static void add_mknod(struct device_rules *r, const struct device_rule *rules, size_t count)
{
	bool denied = false;

	for (size_t i = 0; i < count && !denied; i++)
		denied = !rules[i].allow && decides_mknod(rules, i);
	for (size_t i = count; denied && i-- > 0;) {
		struct device_rule rule = rules[i];

		rule.access = BPF_DEVCG_ACC_MKNOD;
		if (decides_mknod(rules, i))
			add(r, rule);
	}
	add(r, (struct device_rule){ true, 0, -1, -1, BPF_DEVCG_ACC_MKNOD });
}

/* What of a rule is about the devices of another that it overlaps. */
static struct device_rule narrowed(const struct device_rule *rule, const struct device_rule *to)
{
	struct device_rule both = *rule;

	both.type = both.type ? both.type : to->type;
	both.major = both.major >= 0 ? both.major : to->major;
	both.minor = both.minor >= 0 ? both.minor : to->minor;
	return both;
}

static void add_default(struct device_rules *r, const struct default_rule *d,
			const struct device_rule *rules, size_t count)
{
	const struct device_rule grant = { true, d->type, d->major, d->minor, d->access };

	for (size_t i = count; i-- > 0;) {
		if (!is_blanket_deny(&rules[i]) && overlaps(&rules[i], &grant))
			add(r, narrowed(&rules[i], &grant));
	}
	add(r, grant);
}

static int fail_too_many(struct error *err)
{
	error_fail(err, ERROR_CONFIG, 0, "more than %d device rules", RULES_MAX);
	error_add_origin(err, "/linux/resources/devices");
	return -EINVAL;
}

int device_rules_build(const struct spec_resources *res, struct device_rules *ret,
		       struct error *err)
{
	size_t count = res ? res->device_count : 0;
	_cleanup_free_ struct device_rule *rules = NULL;
	_cleanup_(device_rules_done) struct device_rules r = { 0 };

	if (count > RULES_MAX)
		return fail_too_many(err);
	rules = mem_alloc_array(count + 1, sizeof(*rules));
	for (size_t i = 0; i < count; i++)
		rules[i] = from_spec(&res->devices[i]);
	add_mknod(&r, rules, count);
	for (size_t i = 0; i < ARRAY_SIZE(default_rules); i++)
		add_default(&r, &default_rules[i], rules, count);
	for (size_t i = count; i-- > 0 && !r.complete;)
		add(&r, rules[i]);
	/* Distances of jumps are 16 bits wide. */
	if (r.count > RULES_MAX)
		return fail_too_many(err);
	*ret = r;
	r = (struct device_rules){ 0 };
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
