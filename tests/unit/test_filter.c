/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled filters, judged by running them: a simulator of classic BPF over struct seccomp_data, and once
 * the kernel itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/kernel.h"
#include "knarr/seccomp.h"
#include "filter_profile.h"
#include "filter_simulator.h"

#define ERRNO(e) (SECCOMP_RET_ERRNO | (e))
#define KILL SECCOMP_RET_KILL_PROCESS

/* ---- profiles ----------------------------------------------------------------------------------- */

static struct filter compile(const struct spec_seccomp *s)
{
	struct filter f = { 0 };
	struct error err = { 0 };

	if (filter_compile(s, -EBADF, false, &f, &err) < 0)
		fail_msg("compile: %s", err.text);
	assert_in_range(f.count, 1, BPF_MAXINSNS);
	return f;
}

static void upper_bits_do_not_pass_a_denied_value(void **state)
{
	const struct spec_seccomp s = { .present = true,
					.default_action = ALLOW,
					RULES({ .names = LIST("ioctl"),
						.action = SECCOMP_RET_ERRNO,
						ARGS(ARG(1, EQ, TIOCSTI)) }) };
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_ioctl, 0, TIOCSTI, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_ioctl, 0, 0x100000000ull | TIOCSTI, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_ioctl, 0, 0xffffffff00000000ull | TIOCSTI, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_ioctl, 0, TIOCSTI + 1, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_read, 0, TIOCSTI, 0), ALLOW);
	assert_int_equal(X64(&f, 5000, 0, 0, 0),
			 ALLOW); /* allowed by default: no ENOSYS in front */
	filter_done(&f);
}

static void orderings_and_ne_look_at_32_bits(void **state)
{
	const struct spec_seccomp s = {
		.present = true,
		.default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("socket"), .action = ALLOW, ARGS(ARG(0, NE, 40)) },
		      { .names = LIST("personality"), .action = ALLOW, ARGS(ARG(0, LE, 8)) },
		      { .names = LIST("setpriority"),
			.action = ALLOW,
			ARGS(ARG(2, GE, 10), ARG(0, EQ, 0)) })
	};
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_socket, 2, 1, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_socket, 40, 1, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_socket, 0x100000028ull, 1, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_socket, 0xffffffff00000028ull, 1, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_socket, 0x100000002ull, 1, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_personality, 8, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_personality, 0x500000008ull, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_personality, 9, 0, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_setpriority, 0, 0, 10), ALLOW);
	assert_int_equal(X64(&f, SYS_setpriority, 0, 0, 0x100000009ull), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_setpriority, 1, 0, 10), ERRNO(EPERM));
	filter_done(&f);
}

static void long_arguments_keep_64_bits(void **state)
{
	const struct spec_seccomp s = {
		.present = true,
		.default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("mmap"), .action = ALLOW, ARGS(ARG(1, LT, 0x200000000ull)) },
		      { .names = LIST("munmap"),
			.action = ALLOW,
			ARGS(ARG(1, EQ, 0x100000001ull)) },
		      /* Shares its comparison with socket's, if libseccomp can. */
		      { .names = LIST("mremap"), .action = ALLOW, ARGS(ARG(0, NE, 40)) },
		      { .names = LIST("getsockname"), .action = ALLOW, ARGS(ARG(1, NE, 40)) })
	};
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_mmap, 0, 0x1ffffffffull, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_mmap, 0, 0x200000000ull, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_munmap, 0, 0x100000001ull, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_munmap, 0, 1, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_mremap, 0x100000028ull, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_mremap, 40, 0, 0), ERRNO(EPERM));
	filter_done(&f);
}

static void masks_and_negative_numbers(void **state)
{
	const struct spec_seccomp s = { .present = true,
					.default_action = SECCOMP_RET_ERRNO,
					RULES({ .names = LIST("clone"),
						.action = ALLOW,
						ARGS(ARG2(0, MASKED_EQ, 0x7e020000, 0)) },
					      { .names = LIST("openat"),
						.action = ALLOW,
						ARGS(ARG(0, EQ, (uint64_t)-100)) }) };
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_clone, 0x1200011, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_clone, 0x10000000, 0, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_clone, 0x110000000ull, 0, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_openat, (uint64_t)-100, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_openat, (uint32_t)-100, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_openat, 3, 0, 0), ERRNO(EPERM));
	filter_done(&f);
}

static void one_argument_twice_is_either(void **state)
{
	const struct spec_seccomp s = {
		.present = true,
		.default_action = SECCOMP_RET_ERRNO,
		.default_errno_set = true,
		.default_errno = EACCES,
		RULES({ .names = LIST("socket"),
			.action = ALLOW,
			ARGS(ARG(0, EQ, 1), ARG(0, EQ, 2), ARG(1, EQ, 9)) })
	};
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_socket, 1, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_socket, 2, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_socket, 3, 9, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_socket, 3, 0, 0), ERRNO(EACCES));
	filter_done(&f);
}

static void other_architectures(void **state)
{
	struct spec_seccomp s = { .present = true,
				  .default_action = SECCOMP_RET_ERRNO,
				  RULES({ .names = LIST("getpid", "socket"), .action = ALLOW }) };
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_getpid, 0, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 20, 0, 0, 0), KILL);
	assert_int_equal(verdict(&f, AUDIT_ARCH_AARCH64, 172, 0, 0, 0), KILL);
	assert_int_equal(X64(&f, 0x40000000u + SYS_getpid, 0, 0, 0), KILL);
	assert_int_equal(X64(&f, 0x40000000u + 5000, 0, 0, 0), KILL);
	filter_done(&f);

	s.architectures = (struct spec_string_list)LIST("SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
							"SCMP_ARCH_X32", "SCMP_ARCH_ARM",
							"SCMP_ARCH_S390X");
	f = compile(&s);
	assert_int_equal(X64(&f, SYS_getpid, 0, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 20, 0, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 21, 0, 0, 0), ERRNO(EPERM));
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 2000, 0, 0, 0), ERRNO(ENOSYS));
	assert_int_equal(X64(&f, 0x40000000u + SYS_getpid, 0, 0, 0), ALLOW);
	assert_int_equal(X64(&f, 0x40000000u + 515, 0, 0, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, 0x40000000u + 5000, 0, 0, 0), ERRNO(ENOSYS));
	assert_int_equal(X64(&f, UINT32_MAX, 0, 0, 0), ERRNO(ENOSYS));
	assert_int_equal(verdict(&f, AUDIT_ARCH_ARM, 20, 0, 0, 0),
			 KILL); /* does not run on this machine */
	assert_int_equal(verdict(&f, AUDIT_ARCH_AARCH64, 172, 0, 0, 0), KILL);
	filter_done(&f);
}

/* socketcall(2) and ipc(2) are the other way in. */
static void i386_multiplexers(void **state)
{
	struct spec_seccomp s = {
		.present = true,
		.default_action = SECCOMP_RET_ERRNO,
		.architectures = LIST("SCMP_ARCH_X86"),
		RULES({ .names = LIST("connect", "semget", "accept"), .action = ALLOW },
		      { .names = LIST("socket"), .action = ALLOW, ARGS(ARG(0, NE, 40)) })
	};
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 362, 0, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 102, 3, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 102, 5, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 102, 2, 0, 0), ERRNO(EPERM));
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 359, 2, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 359, 40, 0, 0), ERRNO(EPERM));
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 102, 1, 0, 0), ERRNO(EPERM));
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 117, 2, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 117, 0x10002, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 117, 3, 0, 0), ERRNO(EPERM));
	filter_done(&f);

	s.default_action = ALLOW;
	s.rules[0].action = s.rules[1].action = SECCOMP_RET_ERRNO;
	s.rules[1].args[0].op = EQ;
	f = compile(&s);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 359, 40, 0, 0), ERRNO(EPERM));
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 359, 2, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 102, 1, 0, 0), ERRNO(EPERM));
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 117, 0x30002, 0, 0), ERRNO(EPERM));
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 102, 4, 0, 0), ALLOW);
	filter_done(&f);
}

static void numbers_newer_than_the_profile(void **state)
{
	struct spec_seccomp s = { .present = true,
				  .default_action = SECCOMP_RET_ERRNO,
				  RULES({ .names = LIST("read", "faccessat2"), .action = ALLOW }) };
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_faccessat2, 0, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_ptrace, 0, 0, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_clone3, 0, 0, 0),
			 ERRNO(EPERM)); /* older than what the profile names */
	assert_int_equal(X64(&f, SYS_faccessat2 + 1, 0, 0, 0), ERRNO(ENOSYS));
	assert_int_equal(X64(&f, 100000, 0, 0, 0), ERRNO(ENOSYS));
	filter_done(&f);

	s.rules[0].names = (struct spec_string_list)LIST("read");
	s.default_action = SECCOMP_RET_KILL_PROCESS;
	f = compile(&s);
	assert_int_equal(X64(&f, 423, 0, 0, 0), KILL);
	assert_int_equal(X64(&f, SYS_clone3, 0, 0, 0), ERRNO(ENOSYS));
	filter_done(&f);

	s.default_action = SECCOMP_RET_LOG;
	f = compile(&s);
	assert_int_equal(X64(&f, 100000, 0, 0, 0), SECCOMP_RET_LOG);
	filter_done(&f);
}

static void names_and_actions(void **state)
{
	struct spec_seccomp s = { .present = true,
				  .default_action = SECCOMP_RET_ERRNO,
				  RULES({ .names = LIST("read", "no_such_call"), .action = ALLOW },
					{ .names = LIST("write"),
					  .action = SECCOMP_RET_ERRNO }, /* the default again */
					{ .names = LIST("getpid"),
					  .action = SECCOMP_RET_TRACE,
					  .errno_ret_set = true,
					  .errno_ret = 7 }) };
	struct error err = { 0 };
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_read, 0, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_write, 0, 0, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_getpid, 0, 0, 0), SECCOMP_RET_TRACE | 7);
	assert_false(f.listener);
	filter_done(&f);
	assert_true(filter_compile(&s, -EBADF, true, &f, &err) < 0);
	assert_non_null(strstr(err.text, "no_such_call"));

	s.rules[0].errno_ret_set = true; /* with allow */
	assert_true(filter_compile(&s, -EBADF, false, &f, &err) < 0);
	assert_int_equal(err.class, ERROR_CONFIG);
	s.rules[0].errno_ret_set = false;
	s.rules[1].errno_ret_set = true;
	s.rules[1].errno_ret = 5000;
	assert_true(filter_compile(&s, -EBADF, false, &f, &err) < 0);
	s.rules[1].errno_ret_set = false;
	s.rules[2].action = SECCOMP_RET_USER_NOTIF;
	s.rules[2].errno_ret_set = false;
	s.flags = 1u << 5; /* WAIT_KILLABLE_RECV */
	if (filter_flag_supported("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")) {
		f = compile(&s);
		assert_true(f.listener);
		assert_int_equal(f.flags, 1u << 5);
		filter_done(&f);
		s.rules[2].action = SECCOMP_RET_LOG;
		f = compile(&s);
		assert_false(f.listener);
		assert_int_equal(f.flags, 0);
		filter_done(&f);
	}
}

/* ---- random profiles against their plain meaning ----------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

struct known_call {
	const char *name;
	uint32_t nr;
	unsigned narrow;
};
static const struct known_call calls[] = {
	{ "socket", SYS_socket, 7 },
	{ "ioctl", SYS_ioctl, 3 },
	{ "mmap", SYS_mmap, 0 },
	{ "kill", SYS_kill, 3 },
	{ "mremap", SYS_mremap, 0 },
	{ "prctl", SYS_prctl, 1 },
	{ "lseek", SYS_lseek, 5 },
	{ "ptrace", SYS_ptrace, 0 },
	{ "personality", SYS_personality, 1 },
};

static uint64_t pick_value(uint32_t *seed)
{
	static const uint64_t values[] = { 0,
					   1,
					   2,
					   5,
					   0x5412,
					   0x7fffffff,
					   0x80000000,
					   0xffffffff,
					   0x100000000ull,
					   0x100000001ull,
					   0x100000005ull,
					   0xffffffff00000005ull,
					   UINT64_MAX };

	return values[next_random(seed) % ARRAY_SIZE(values)];
}

static bool holds(const struct spec_seccomp_arg *a, uint64_t v, bool narrow)
{
	uint64_t value = a->value, two = a->value_two;

	if (narrow) {
		v &= UINT32_MAX;
		if (value >> 32 == UINT32_MAX && (a->op != MASKED_EQ || two >> 32 == UINT32_MAX)) {
			value &= UINT32_MAX; /* a negative number */
			two &= UINT32_MAX;
		}
	}
	switch (a->op) {
	case NE:
		return v != value;
	case LT:
		return v < value;
	case LE:
		return v <= value;
	case EQ:
		return v == value;
	case GE:
		return v >= value;
	case GT:
		return v > value;
	default:
		return (v & value) ==
		       (two & value); /* what the mask does not cover cannot be asked for */
	}
}

/* So many that code becomes longer than a conditional jump reaches. */
#define RULE_COUNT 60

static void random_profiles(void **state)
{
	uint32_t seed = 12345;

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		struct spec_seccomp_arg args[RULE_COUNT][3];
		const char *names[RULE_COUNT][2];
		struct spec_seccomp_rule rules[RULE_COUNT] = { 0 };
		unsigned rule_call[RULE_COUNT];
		bool allow = round % 2;
		uint32_t yes = allow ? ALLOW : ERRNO(EPERM), no = allow ? ERRNO(EPERM) : ALLOW;
		struct spec_seccomp s = { .present = true,
					  .default_action = allow ? SECCOMP_RET_ERRNO : ALLOW,
					  .rules = rules,
					  .rule_count = RULE_COUNT };
		struct filter f;

		for (unsigned i = 0; i < RULE_COUNT; i++) {
			rule_call[i] = next_random(&seed) % ARRAY_SIZE(calls);
			names[i][0] = calls[rule_call[i]].name;
			names[i][1] = NULL;
			rules[i].names = (struct spec_string_list){ names[i], 1, NULL };
			rules[i].action = allow ? ALLOW : SECCOMP_RET_ERRNO;
			rules[i].args = args[i];
			rules[i].arg_count = 1 + next_random(&seed) % 3;
			for (unsigned a = 0; a < rules[i].arg_count; a++) {
				uint64_t v = pick_value(&seed), w = pick_value(&seed);

				args[i][a] =
					(struct spec_seccomp_arg){ .index = a,
								   .op = 1 + next_random(&seed) % 7,
								   .value = v,
								   .value_two = w };
			}
		}
		f = compile(&s);
		for (unsigned t = 0; t < 3000; t++) {
			const struct known_call *c = &calls[next_random(&seed) % ARRAY_SIZE(calls)];
			uint64_t v[3] = { pick_value(&seed), pick_value(&seed), pick_value(&seed) };
			bool matched = false;

			for (unsigned i = 0; i < RULE_COUNT && !matched; i++) {
				matched = calls[rule_call[i]].nr == c->nr;
				for (unsigned a = 0; a < rules[i].arg_count && matched; a++)
					matched = holds(&args[i][a], v[a], c->narrow & (1u << a));
			}
			if (X64(&f, c->nr, v[0], v[1], v[2]) != (matched ? yes : no))
				fail_msg("round %u: %s(0x%llx, 0x%llx, 0x%llx) should %smatch",
					 round, c->name, (unsigned long long)v[0],
					 (unsigned long long)v[1], (unsigned long long)v[2],
					 matched ? "" : "not ");
		}
		filter_done(&f);
	}
}

/* ---- the kernel ---------------------------------------------------------------------------------------- */

static void kernel_agrees(void **state)
{
	const struct spec_seccomp s = { .present = true,
					.default_action = ALLOW,
					.architectures = LIST("SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
							      "SCMP_ARCH_X32"),
					RULES({ .names = LIST("personality"),
						.action = SECCOMP_RET_ERRNO,
						.errno_ret_set = true,
						.errno_ret = EXDEV,
						ARGS(ARG(0, NE, 0xffffffff)) },
					      { .names = LIST("getsid"),
						.action = SECCOMP_RET_ERRNO,
						.errno_ret_set = true,
						.errno_ret = ENOANO }) };
	struct filter f = compile(&s);
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct sock_fprog prog = { .len = (unsigned short)f.count, .filter = f.insns };

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    sys_seccomp(SECCOMP_SET_MODE_FILTER, f.flags, &prog) < 0)
			_exit(1);
		if (syscall(SYS_getsid, 0) != -1 || errno != ENOANO)
			_exit(2);
		if (syscall(SYS_personality, 0x100000000ul) != -1 || errno != EXDEV)
			_exit(3);
		if (syscall(SYS_personality, 0xfffffffffffffffful) < 0)
			_exit(4);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	filter_done(&f);
}

static void features(void **state)
{
	struct library_facts facts = { .seccomp = "" };

	(void)state;
	assert_null(filter_actions(&facts)[0]);
	assert_int_equal(library_facts(&facts), 0);
	assert_true(facts.seccomp[0] == '2' && facts.seccomp[1] == '.');
	assert_string_equal(filter_actions(&facts)[0], "SCMP_ACT_ALLOW");
	assert_string_equal(filter_archs(&facts)[0], "SCMP_ARCH_AARCH64");
	assert_true(filter_flag_supported("SECCOMP_FILTER_FLAG_LOG"));
	assert_false(filter_flag_supported("SECCOMP_FILTER_FLAG_NONSENSE"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upper_bits_do_not_pass_a_denied_value),
		cmocka_unit_test(orderings_and_ne_look_at_32_bits),
		cmocka_unit_test(long_arguments_keep_64_bits),
		cmocka_unit_test(masks_and_negative_numbers),
		cmocka_unit_test(one_argument_twice_is_either),
		cmocka_unit_test(other_architectures),
		cmocka_unit_test(i386_multiplexers),
		cmocka_unit_test(numbers_newer_than_the_profile),
		cmocka_unit_test(names_and_actions),
		cmocka_unit_test(random_profiles),
		cmocka_unit_test(kernel_agrees),
		cmocka_unit_test(features),
	};

#ifndef __x86_64__
	return 77; /* numbers and architectures of this file are those of x86_64 */
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
