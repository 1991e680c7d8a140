/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp: linux.seccomp as data. Words become constants; whether this libseccomp and this kernel know them is asked
 * where the filter is compiled. Host half; pure.
 */
#include <inttypes.h>
#include <linux/seccomp.h>

#include "spec/sections.h"

#define ERRNO_MAX 4095 /* the kernel cuts SECCOMP_RET_ERRNO's data to MAX_ERRNO */

static bool action_has_errno(uint32_t action)
{
	return action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE;
}

static int decode_action(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t action = 0;
	int r = decode_word(d, node, spec_seccomp_actions, "seccomp action", &action);

	*(uint32_t *)target = (uint32_t)action;
	return r;
}

/* errnoRet and defaultErrnoRet belong to actions that return a number. */
static int check_errno(struct decode *d, const struct jnode *node, const char *member,
		       uint32_t action, uint32_t value)
{
	const struct jnode *at = jnode_get(node, member);

	if (!action_has_errno(action))
		return decode_error(d, at, "'%s' needs the action SCMP_ACT_ERRNO or SCMP_ACT_TRACE",
				    DECODE_NAME(d, at));
	if (value > (action == SECCOMP_RET_ERRNO ? ERRNO_MAX : UINT16_MAX))
		return decode_error(d, at, "'%s' is %" PRIu32 ", which is no errno",
				    DECODE_NAME(d, at), value);
	return 0;
}

/* ---- rules --------------------------------------------------------------------------- */

static int arg_index(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t value = 0;
	int r = decode_unsigned(d, node, 0, 5, &value); /* a system call has six arguments */

	*(uint32_t *)target = (uint32_t)value;
	return r;
}

static int arg_operator(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t op = 0;
	int r = decode_word(d, node, spec_seccomp_operators, "seccomp operator", &op);

	*(uint32_t *)target = (uint32_t)op;
	return r;
}

static int decode_arg(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "index", ROW_INTEGER, arg_index, offsetof(struct spec_seccomp_arg, index),
		  ROW_MANDATORY, 0 },
		{ "value", ROW_INTEGER, decode_uint64, offsetof(struct spec_seccomp_arg, value),
		  ROW_MANDATORY, 0 },
		{ "valueTwo", ROW_INTEGER, decode_uint64,
		  offsetof(struct spec_seccomp_arg, value_two), 0, 0 },
		{ "op", ROW_STRING, arg_operator, offsetof(struct spec_seccomp_arg, op),
		  ROW_MANDATORY, 0 },
	};
	struct spec_seccomp_arg *arg = target;

	arg->node = node;
	return DECODE_OBJECT(d, node, rows, arg);
}

static int rule_args(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_seccomp_rule *rule = target;

	rule->args = decode_room(d, node, sizeof(*rule->args));
	rule->arg_count = node->count;
	return decode_each(d, node, rule->args, sizeof(*rule->args), decode_arg);
}

static int rule_names(struct decode *d, const struct jnode *node, void *target)
{
	int r;

	if (!node->count)
		return decode_error(d, node, "'%s' is empty, a rule needs at least one system call",
				    DECODE_NAME(d, node));
	r = decode_strings(d, node, target);
	for (const struct jnode *item = node->first; item && r == 0; item = item->next)
		if (!item->text_len)
			r = decode_error(d, item, "'%s' is empty", DECODE_NAME(d, item));
	return r;
}

static int rule_errno(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_seccomp_rule *rule = target;

	rule->errno_ret_set = true;
	return decode_uint32(d, node, &rule->errno_ret);
}

static int decode_rule(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "names", ROW_STRINGS, rule_names, offsetof(struct spec_seccomp_rule, names),
		  ROW_MANDATORY, 0 },
		{ "action", ROW_STRING, decode_action, offsetof(struct spec_seccomp_rule, action),
		  ROW_MANDATORY, 0 },
		{ "errnoRet", ROW_INTEGER, rule_errno, 0, 0, 0 },
		{ "args", ROW_OBJECTS, rule_args, 0, 0, 0 },
	};
	struct spec_seccomp_rule *rule = target;
	int r;

	rule->node = node;
	r = DECODE_OBJECT(d, node, rows, rule);
	if (r || !rule->errno_ret_set)
		return r;
	return check_errno(d, node, "errnoRet", rule->action, rule->errno_ret);
}

static int decode_rules(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_seccomp *s = target;

	s->rules = decode_room(d, node, sizeof(*s->rules));
	s->rule_count = node->count;
	return decode_each(d, node, s->rules, sizeof(*s->rules), decode_rule);
}

/* ---- profile ------------------------------------------------------------------------- */

static int default_action(struct decode *d, const struct jnode *node, void *target)
{
	int r = decode_action(d, node, target);

	/* every call, those of the agent's own set-up included, would wait for an agent */
	if (r == 0 && *(uint32_t *)target == SECCOMP_RET_USER_NOTIF)
		return decode_error(d, node, "'%s' must not be SCMP_ACT_NOTIFY",
				    DECODE_NAME(d, node));
	return r;
}

static int default_errno(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_seccomp *s = target;

	s->default_errno_set = true;
	return decode_uint32(d, node, &s->default_errno);
}

static int filter_flags(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t flags = 0;
	int r = decode_word_flags(d, node, spec_seccomp_flags, "seccomp flag", &flags);

	*(uint32_t *)target = (uint32_t)flags;
	return r;
}

static int architectures(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t none = 0;
	int r = decode_word_flags(d, node, spec_seccomp_architectures, "seccomp architecture",
				  &none);

	return r ? r : decode_strings(d, node, target);
}

int decode_seccomp(struct decode *d, const struct jnode *node, void *target)
{
#define FIELD(x) offsetof(struct spec_seccomp, x)
	static const struct row rows[] = {
		{ "defaultAction", ROW_STRING, default_action, FIELD(default_action), ROW_MANDATORY,
		  0 },
		{ "defaultErrnoRet", ROW_INTEGER, default_errno, 0, 0, 0 },
		{ "architectures", ROW_STRINGS, architectures, FIELD(architectures), 0, 0 },
		{ "flags", ROW_STRINGS, filter_flags, FIELD(flags), 0, 0 },
		{ "listenerPath", ROW_STRING, decode_string_set, FIELD(listener_path), 0, 0 },
		{ "listenerMetadata", ROW_STRING, decode_string_set, FIELD(listener_metadata), 0,
		  0 },
		{ "syscalls", ROW_OBJECTS, decode_rules, 0, 0, 0 },
	};
#undef FIELD
	struct spec_seccomp *s = target;
	int r;

	s->present = true;
	s->node = node;
	r = DECODE_OBJECT(d, node, rows, s);
	if (r || !s->default_errno_set)
		return r;
	return check_errno(d, node, "defaultErrnoRet", s->default_action, s->default_errno);
}

const char *spec_seccomp_receiver(const struct spec *spec)
{
	const char *path = spec->seccomp.listener_path;

	if (!path || !path[0])
		path = spec_annotation(spec, "run.oci.seccomp.receiver");
	return path && path[0] ? path : NULL;
}

int spec_check_listener(const struct spec *spec, struct error *err)
{
	const struct spec_seccomp *s = &spec->seccomp;

	if (!s->present || spec_seccomp_receiver(spec))
		return 0;
	if (s->listener_metadata) {
		error_fail(err, ERROR_CONFIG, 0,
			   "'linux.seccomp.listenerMetadata' is set without listenerPath");
		return error_at_node(err, spec->doc, s->node);
	}
	for (size_t i = 0; i < s->rule_count; i++) {
		if (s->rules[i].action != SECCOMP_RET_USER_NOTIF)
			continue;
		error_fail(
			err, ERROR_CONFIG, 0,
			"'linux.seccomp.syscalls[%zu]' uses SCMP_ACT_NOTIFY, which needs 'linux.seccomp.listenerPath'",
			i);
		return error_at_node(err, spec->doc, s->rules[i].node);
	}
	return 0;
}
