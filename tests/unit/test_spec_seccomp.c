/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_text.h"

#include <linux/seccomp.h>

static struct spec *seccomp_good(const char *members)
{
	_cleanup_free_ char *text = text_printf("\"seccomp\":{%s}", members);

	return linux_good(text);
}

static void seccomp_bad(const char *members, const char *sentence)
{
	_cleanup_free_ char *text = text_printf("\"seccomp\":{%s}", members);

	linux_bad(text, sentence);
}

#define ALLOW "\"defaultAction\":\"SCMP_ACT_ALLOW\""
#define RULE(x) ALLOW ",\"syscalls\":[{\"names\":[\"chmod\"]," x "}]"

static void profile(void **state)
{
	_cleanup_(spec_freep) struct spec *s = seccomp_good(
		"\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X32\"],"
		"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],\"listenerPath\":\"/run/s\",\"listenerMetadata\":\"m\","
		"\"syscalls\":[{\"names\":[\"getcwd\",\"chmod\"],\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_TRACE\","
		"\"errnoRet\":65535,\"args\":[{\"index\":5,\"value\":18446744073709551615,\"valueTwo\":7,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
		"{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_NOTIFY\",\"args\":null}]");
	const struct spec_seccomp *p = &s->seccomp;

	(void)state;
	assert_true(p->present && p->default_errno_set);
	assert_int_equal(p->default_action, SECCOMP_RET_ERRNO);
	assert_int_equal(p->default_errno, 38);
	assert_int_equal(p->architectures.count, 2);
	assert_string_equal(p->architectures.items[1], "SCMP_ARCH_X32");
	assert_int_equal(p->flags, 1u << 1 | 1u << 5);
	assert_string_equal(p->listener_path, "/run/s");
	assert_string_equal(p->listener_metadata, "m");
	assert_int_equal(p->rule_count, 3);
	assert_string_equal(p->rules[0].names.items[1], "chmod");
	assert_true(p->rules[0].action == SECCOMP_RET_ALLOW);
	assert_false(p->rules[0].errno_ret_set);
	assert_int_equal(p->rules[1].errno_ret, 65535);
	assert_int_equal(p->rules[1].args[0].index, 5);
	assert_true(p->rules[1].args[0].value == UINT64_MAX);
	assert_int_equal(p->rules[1].args[0].value_two, 7);
	assert_int_equal(p->rules[1].args[0].op, 7);
	assert_true(p->rules[2].action == SECCOMP_RET_USER_NOTIF);
}

static void actions(void **state)
{
	static const struct {
		const char *word;
		uint32_t value;
	} words[] = {
		{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
		{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
		{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
		{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
		{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
		{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
		{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
		{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_free_ char *text = text_printf("\"defaultAction\":\"%s\"", words[i].word);
		_cleanup_(spec_freep) struct spec *s = seccomp_good(text);

		assert_true(s->seccomp.default_action == words[i].value);
	}
}

static void refused(void **state)
{
	(void)state;
	seccomp_bad("\"syscalls\":[]", "'linux.seccomp.defaultAction' is missing");
	seccomp_bad("\"defaultAction\":\"SCMP_ACT_ALOW\"",
		    "unknown seccomp action 'SCMP_ACT_ALOW' in 'linux.seccomp.defaultAction'");
	seccomp_bad("\"defaultAction\":\"SCMP_ACT_ALOW\"", "did you mean 'SCMP_ACT_ALLOW'?");
	seccomp_bad("\"defaultAction\":\"SCMP_ACT_NOTIFY\",\"listenerPath\":\"/a\"",
		    "'linux.seccomp.defaultAction' must not be SCMP_ACT_NOTIFY");
	seccomp_bad(
		ALLOW ",\"defaultErrnoRet\":1",
		"'linux.seccomp.defaultErrnoRet' needs the action SCMP_ACT_ERRNO or SCMP_ACT_TRACE");
	seccomp_bad(ALLOW ",\"architectures\":[\"SCMP_ARCH_X86_46\"]",
		    "unknown seccomp architecture 'SCMP_ARCH_X86_46'");
	seccomp_bad(ALLOW ",\"flags\":[\"SECCOMP_FILTER_FLAG_LOGG\"]",
		    "did you mean 'SECCOMP_FILTER_FLAG_LOG'?");
	seccomp_bad(ALLOW ",\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_ERRNO\"}]",
		    "'linux.seccomp.syscalls[0].names' is empty");
	seccomp_bad(ALLOW ",\"syscalls\":[{\"names\":[\"\"],\"action\":\"SCMP_ACT_ERRNO\"}]",
		    "'linux.seccomp.syscalls[0].names[0]' is empty");
	seccomp_bad(ALLOW ",\"syscalls\":[{\"action\":\"SCMP_ACT_ERRNO\"}]",
		    "'linux.seccomp.syscalls[0].names' is missing");
	seccomp_bad(ALLOW ",\"syscalls\":[{\"names\":[\"a\"]}]",
		    "'linux.seccomp.syscalls[0].action' is missing");
	seccomp_bad(RULE("\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":1"),
		    "'linux.seccomp.syscalls[0].errnoRet' needs the action");
	seccomp_bad(RULE("\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4096"),
		    "'linux.seccomp.syscalls[0].errnoRet' is 4096, which is no errno");
	seccomp_bad(
		RULE("\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]"),
		"must be between 0 and 5, not 6");
	seccomp_bad(
		RULE("\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQUAL\"}]"),
		"unknown seccomp operator 'SCMP_CMP_EQUAL'");
	seccomp_bad(
		RULE("\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]"),
		"must be between 0 and 18446744073709551615, not -1");
	seccomp_bad(
		RULE("\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\"}]"),
		"'linux.seccomp.syscalls[0].args[0].value' is missing");
}

static void a_receiver_by_annotation(void **state)
{
	_cleanup_(spec_freep) struct spec *s = spec_good(",\"linux\":{\"seccomp\":{" RULE(
		"\"action\":\"SCMP_ACT_NOTIFY\"") "}},\"annotations\":{\"run.oci.seccomp.receiver\":\"/a\"}");

	(void)state;
	assert_null(s->seccomp.listener_path);
	assert_string_equal(spec_seccomp_receiver(s), "/a");
	assert_int_equal(spec_check_listener(s, NULL), 0);
}

static void a_profile_without_its_receiver(void **state)
{
	_cleanup_(spec_freep) struct spec *rule =
		seccomp_good(RULE("\"action\":\"SCMP_ACT_NOTIFY\""));
	_cleanup_(spec_freep) struct spec *words =
		seccomp_good(ALLOW ",\"listenerMetadata\":\"x\"");
	_cleanup_(spec_freep) struct spec *none =
		seccomp_good(RULE("\"action\":\"SCMP_ACT_KILL\""));
	struct error err = { .text = "" };

	(void)state;
	assert_null(spec_seccomp_receiver(rule));
	assert_true(spec_check_listener(rule, &err) < 0);
	assert_string_equal(
		err.text,
		"'linux.seccomp.syscalls[0]' uses SCMP_ACT_NOTIFY, which needs 'linux.seccomp.listenerPath'");
	assert_string_equal(err.origin, "/linux/seccomp/syscalls/0");
	assert_true(spec_check_listener(words, &err) < 0);
	assert_string_equal(err.text,
			    "'linux.seccomp.listenerMetadata' is set without listenerPath");
	assert_int_equal(spec_check_listener(none, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profile),
		cmocka_unit_test(actions),
		cmocka_unit_test(refused),
		cmocka_unit_test(a_receiver_by_annotation),
		cmocka_unit_test(a_profile_without_its_receiver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
