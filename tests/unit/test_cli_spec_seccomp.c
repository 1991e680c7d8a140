/* SPDX-License-Identifier: Apache-2.0 */
/*
 * src/cli/spec_seccomp.c: the profile, judged by a small interpreter of its rules: what a system call with a first argument
 * would get. Rules of one name are alternatives; the default action is for everything else.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "cli/spec_template.h"
#include "knarr/spec.h"

#define CAP(n) (1ull << (n))
#define SYS_ADMIN 21

static struct jdoc *profile(uint64_t capabilities)
{
	_cleanup_free_ char *text = jwrite_text(spec_seccomp_profile(capabilities), 0);
	struct jdoc *doc = NULL;

	assert_int_equal(jread_parse(text, strlen(text), "seccomp", &doc, NULL), 0);
	return doc;
}

static uint64_t number(const struct jnode *o, const char *key)
{
	uint64_t value = 0;

	assert_int_equal(num_parse_u64(jnode_get(o, key)->text, &value), 0);
	return value;
}

static bool has_name(const struct jnode *rule, const char *name)
{
	for (const struct jnode *n = jnode_get(rule, "names")->first; n; n = n->next) {
		if (STREQ(n->text, name))
			return true;
	}
	return false;
}

static bool matches(const struct jnode *rule, uint64_t arg)
{
	const struct jnode *args = jnode_get(rule, "args");

	if (!args)
		return true;
	assert_int_equal(number(args->first, "index"), 0);
	if (STREQ(jnode_get(args->first, "op")->text, "SCMP_CMP_EQ"))
		return number(args->first, "value") == arg;
	assert_string_equal(jnode_get(args->first, "op")->text, "SCMP_CMP_MASKED_EQ");
	return (arg & number(args->first, "value")) == number(args->first, "valueTwo");
}

/* 0: allowed; else the errno. */
static int verdict(const struct jdoc *doc, const char *name, uint64_t arg)
{
	for (const struct jnode *r = jnode_get(doc->root, "syscalls")->first; r; r = r->next) {
		if (!has_name(r, name) || !matches(r, arg))
			continue;
		return STREQ(jnode_get(r, "action")->text, "SCMP_ACT_ALLOW")
			       ? 0
			       : (int)number(r, "errnoRet");
	}
	assert_string_equal(jnode_get(doc->root, "defaultAction")->text, "SCMP_ACT_ERRNO");
	return (int)number(doc->root, "defaultErrnoRet");
}

static void test_plain_calls(void **state)
{
	static const char *const yes[] = {
		"read",         "execve", "openat2", "futex",
		"rt_sigreturn", "clone",  "accept4", "landlock_create_ruleset",
		"pidfd_open",   "statx",  "rseq",    "exit_group"
	};
	static const char *const no[] = { "mount",
					  "unshare",
					  "setns",
					  "bpf",
					  "keyctl",
					  "add_key",
					  "request_key",
					  "io_uring_setup",
					  "userfaultfd",
					  "perf_event_open",
					  "kexec_load",
					  "init_module",
					  "open_by_handle_at",
					  "reboot",
					  "swapon",
					  "settimeofday",
					  "syslog",
					  "pivot_root",
					  "fsopen",
					  "move_mount",
					  "chroot",
					  "iopl",
					  "acct",
					  "no_such_call" };
	_cleanup_(jdoc_freep) struct jdoc *doc = profile(SPEC_TEMPLATE_CAPABILITIES);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_int_equal(verdict(doc, yes[i], 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_int_equal(verdict(doc, no[i], 0), EPERM);
	assert_int_equal(verdict(doc, "clone3", 0), ENOSYS);
	assert_int_equal(verdict(doc, "socketcall", 1), ENOSYS);
}

static void test_clone_flags(void **state)
{
	static const uint64_t namespaces[] = { 0x20000,    0x2000000,  0x4000000, 0x8000000,
					       0x10000000, 0x20000000, 0x40000000 };
	_cleanup_(jdoc_freep) struct jdoc *doc = profile(0);

	(void)state;
	assert_int_equal(verdict(doc, "clone", 0x3d0f00), 0);  /* a thread */
	assert_int_equal(verdict(doc, "clone", 0x1200011), 0); /* fork */
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		assert_int_equal(verdict(doc, "clone", namespaces[i] | 17), EPERM);
}

static void test_socket_families(void **state)
{
	_cleanup_(jdoc_freep) struct jdoc *doc = profile(0);

	(void)state;
	for (uint64_t family = 0; family < 48; family++) {
		int expected = family == AF_ALG || family == AF_VSOCK ? EPERM : 0;

		assert_int_equal(verdict(doc, "socket", family), expected);
		/* The kernel reads an int: the upper half must not change the answer. */
		assert_int_equal(verdict(doc, "socket", family | 0xdeadbeef00000000), expected);
	}
	assert_int_equal(verdict(doc, "socket", 48), EPERM);
}

static void test_personality(void **state)
{
	_cleanup_(jdoc_freep) struct jdoc *doc = profile(0);

	(void)state;
	assert_int_equal(verdict(doc, "personality", 0), 0);
	assert_int_equal(verdict(doc, "personality", 8), 0);
	assert_int_equal(verdict(doc, "personality", 0xffffffff), 0);
	assert_int_equal(verdict(doc, "personality", 0x0040000), EPERM); /* ADDR_NO_RANDOMIZE */
	assert_int_equal(verdict(doc, "personality", 0x0400000), EPERM); /* READ_IMPLIES_EXEC */
}

static void test_capabilities(void **state)
{
	_cleanup_(jdoc_freep) struct jdoc *admin = profile(CAP(SYS_ADMIN)),
					  *time = profile(CAP(25));

	(void)state;
	assert_int_equal(verdict(admin, "mount", 0), 0);
	assert_int_equal(verdict(admin, "clone", 0x20000), 0);
	assert_int_equal(verdict(admin, "clone3", 0), 0);
	assert_int_equal(verdict(admin, "settimeofday", 0), EPERM);
	assert_int_equal(verdict(time, "settimeofday", 0), 0);
	assert_int_equal(verdict(time, "mount", 0), EPERM);
}

/* libseccomp refuses a rule with the default action, and two plain rules of one name that disagree. */
static void test_no_contradiction(void **state)
{
	static const uint64_t sets[] = { 0, SPEC_TEMPLATE_CAPABILITIES, CAP(SYS_ADMIN), ~0ull };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		_cleanup_(jdoc_freep) struct jdoc *doc = profile(sets[i]);
		const struct jnode *rules = jnode_get(doc->root, "syscalls");

		for (const struct jnode *r = rules->first; r; r = r->next) {
			if (!STREQ(jnode_get(r, "action")->text, "SCMP_ACT_ERRNO"))
				continue;
			assert_int_not_equal(number(r, "errnoRet"),
					     number(doc->root, "defaultErrnoRet"));
			for (const struct jnode *n = jnode_get(r, "names")->first; n; n = n->next) {
				for (const struct jnode *other = rules->first; other;
				     other = other->next)
					assert_true(other == r || !has_name(other, n->text));
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_calls),     cmocka_unit_test(test_clone_flags),
		cmocka_unit_test(test_socket_families), cmocka_unit_test(test_personality),
		cmocka_unit_test(test_capabilities),    cmocka_unit_test(test_no_contradiction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
