/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled filters, judged by the simulator: which of several rules decides, and how many bits of an argument count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/syscall.h>

#include "knarr/seccomp.h"
#include "filter_profile.h"
#include "filter_simulator.h"

#define ERRNO(e) (SECCOMP_RET_ERRNO | (e))

static struct filter compile(const struct spec_seccomp *s)
{
	struct filter f = { 0 };
	struct error err = { 0 };

	if (filter_compile(s, -EBADF, false, &f, &err) < 0)
		fail_msg("compile: %s", err.text);
	assert_in_range(f.count, 1, BPF_MAXINSNS);
	return f;
}

/* A rule for one value, a rule for a range, whichever stands first; and each pair of actions. */
static void strictest_rule_wins(void **state)
{
	static const uint32_t strict_first[] = {
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
		SECCOMP_RET_TRAP,         ERRNO(EPERM),
		SECCOMP_RET_USER_NOTIF,   SECCOMP_RET_TRACE | EPERM,
		SECCOMP_RET_LOG,          SECCOMP_RET_ALLOW,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strict_first); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(strict_first); k++) {
			const uint32_t full = SECCOMP_RET_ACTION_FULL;
			const struct spec_seccomp s = { .present = true,
							.default_action = SECCOMP_RET_ERRNO,
							.default_errno_set = true,
							.default_errno = ENOANO,
							RULES({ .names = LIST("prctl"),
								.action = strict_first[i] & full,
								ARGS(ARG(0, LT, 40)) },
							      { .names = LIST("prctl"),
								.action = strict_first[k] & full,
								ARGS(ARG(0, EQ, 22)) }) };
			struct filter f = compile(&s);

			assert_int_equal(X64(&f, SYS_prctl, 22, 0, 0), strict_first[i < k ? i : k]);
			assert_int_equal(X64(&f, SYS_prctl, 21, 0, 0), strict_first[i]);
			assert_int_equal(X64(&f, SYS_prctl, 40, 0, 0), ERRNO(ENOANO));
			filter_done(&f);
		}
	}
}

static void default_action_counts_with_conditions(void **state)
{
	struct spec_seccomp s = {
		.present = true,
		.default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("prctl"), .action = ALLOW, ARGS(ARG(0, LT, 40)) },
		      { .names = LIST("prctl"), .action = SECCOMP_RET_ERRNO, ARGS(ARG(0, EQ, 22)) },
		      { .names = LIST("socket"), .action = SECCOMP_RET_ERRNO },
		      { .names = LIST("socket"), .action = ALLOW },
		      { .names = LIST("socket"),
			.action = SECCOMP_RET_KILL_PROCESS,
			ARGS(ARG(0, EQ, 16)) })
	};
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_prctl, 22, 0, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_prctl, 21, 0, 0), ALLOW);
	/* Without conditions: the first that is not the default action decides alone. */
	assert_int_equal(X64(&f, SYS_socket, 16, 0, 0), ALLOW);
	filter_done(&f);
}

static void deny_chmod(struct filter *f, const char *const *archs, size_t count)
{
	struct spec_seccomp s = {
		.present = true,
		.default_action = ALLOW,
		.architectures = { (const char **)(uintptr_t)archs, count, NULL },
		RULES({ .names = LIST("chmod", "fchmod", "creat", "mkdir", "mknod"),
			.action = SECCOMP_RET_ERRNO,
			ARGS(ARG(1, EQ, 04755)) },
		      { .names = LIST("fchmodat", "fchmodat2", "mkdirat", "mknodat", "open",
				      "mq_open"),
			.action = SECCOMP_RET_ERRNO,
			ARGS(ARG2(2, MASKED_EQ, 04000, 04000)) },
		      { .names = LIST("setuid"), .action = SECCOMP_RET_ERRNO, ARGS(ARG(0, EQ, 0)) })
	};

	*f = compile(&s);
}

/* The kernel cuts a umode_t to 16 bits, and the ids of i386's oldest calls. */
static void arguments_of_16_bits(void **state)
{
	static const char *const archs[] = { "SCMP_ARCH_X86", "SCMP_ARCH_X32" };
	static const int plain[] = { SYS_chmod, SYS_fchmod, SYS_creat, SYS_mkdir, SYS_mknod };
	static const int masked[] = { SYS_fchmodat, 452,      SYS_mkdirat,
				      SYS_mknodat,  SYS_open, SYS_mq_open };
	const struct spec_seccomp allow = {
		.present = true,
		.default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("chmod"), .action = ALLOW, ARGS(ARG(1, EQ, 0755)) },
		      { .names = LIST("mkdir"), .action = ALLOW, ARGS(ARG(1, EQ, 0x10000 | 0755)) })
	};
	struct filter f;

	(void)state;
	deny_chmod(&f, archs, 2);
	for (unsigned x32 = 0; x32 < 2; x32++) {
		for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
			uint32_t nr = (uint32_t)plain[i] + x32 * 0x40000000u;

			assert_int_equal(X64(&f, nr, 0, 04755, 0), ERRNO(EPERM));
			assert_int_equal(X64(&f, nr, 0, 0x10000 | 04755, 0), ERRNO(EPERM));
			assert_int_equal(X64(&f, nr, 0, 0x100000000ull | 04755, 0), ERRNO(EPERM));
			assert_int_equal(X64(&f, nr, 0, 0755, 0), ALLOW);
		}
		for (size_t i = 0; i < ARRAY_SIZE(masked); i++)
			assert_int_equal(X64(&f, (uint32_t)masked[i] + x32 * 0x40000000u, 0, 0,
					     0x30000 | 04711),
					 ERRNO(EPERM));
		/* All 32 bits of it count. */
		assert_int_equal(X64(&f, SYS_setuid + x32 * 0x40000000u, 0x10000, 0, 0), ALLOW);
	}
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 15, 0, 0x10000 | 04755, 0), ERRNO(EPERM));
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 23, 0, 0, 0), ERRNO(EPERM));
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 23, 0x10000, 0, 0), ERRNO(EPERM));
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 23, 1, 0, 0), ALLOW);
	filter_done(&f);

	f = compile(&allow);
	assert_int_equal(X64(&f, SYS_chmod, 0, 0755, 0), ALLOW);
	/* The same call to the kernel, so the same verdict. */
	assert_int_equal(X64(&f, SYS_chmod, 0, 0x10000 | 0755, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_chmod, 0, 0x8000 | 0755, 0), ERRNO(EPERM));
	/* A value that the kernel never sees permits nothing. */
	assert_int_equal(X64(&f, SYS_mkdir, 0, 0755, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_mkdir, 0, 0x10000 | 0755, 0), ERRNO(EPERM));
	filter_done(&f);
}

/* A call that is decided alone is so behind the multiplexer, too; other rules for the multiplexer stay. */
static void i386_multiplexers_overlap(void **state)
{
	const struct spec_seccomp s = {
		.present = true,
		.default_action = SECCOMP_RET_ERRNO,
		.architectures = LIST("SCMP_ARCH_X86"),
		RULES({ .names = LIST("connect"),
			.action = SECCOMP_RET_KILL_PROCESS,
			ARGS(ARG(0, EQ, 7)) },
		      { .names = LIST("connect", "bind"), .action = ALLOW },
		      { .names = LIST("connect"), .action = SECCOMP_RET_TRAP, ARGS(ARG(0, EQ, 8)) },
		      { .names = LIST("socketcall"),
			.action = SECCOMP_RET_TRAP,
			ARGS(ARG(0, EQ, 2)) })
	};
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 362, 7, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 102, 3, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 361, 7, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 102, 2, 0, 0), SECCOMP_RET_TRAP);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 102, 1, 0, 0), ERRNO(EPERM));
	filter_done(&f);
}

static void overlapping_rules(void **state)
{
	const struct spec_seccomp s = {
		.present = true,
		.default_action = SECCOMP_RET_KILL_PROCESS,
		RULES({ .names = LIST("prctl"), .action = SECCOMP_RET_ERRNO, ARGS(ARG(0, GE, 10)) },
		      { .names = LIST("prctl"), .action = ALLOW, ARGS(ARG(0, NE, 20)) },
		      { .names = LIST("socket"),
			.action = SECCOMP_RET_ERRNO,
			ARGS(ARG(0, EQ, 16)) },
		      { .names = LIST("socket"), .action = ALLOW },
		      { .names = LIST("socket"), .action = SECCOMP_RET_LOG })
	};
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_prctl, 15, 0, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_prctl, 5, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_prctl, 20, 0, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_socket, 16, 0, 0), ALLOW); /* without conditions: alone */
	filter_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overlapping_rules),
		cmocka_unit_test(strictest_rule_wins),
		cmocka_unit_test(default_action_counts_with_conditions),
		cmocka_unit_test(arguments_of_16_bits),
		cmocka_unit_test(i386_multiplexers_overlap),
	};

#ifndef __x86_64__
	return 77; /* numbers and architectures of this file are those of x86_64 */
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
