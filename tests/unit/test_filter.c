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
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/kernel.h"
#include "knarr/seccomp.h"
#include "seccomp/cache.h"

#define ALLOW SECCOMP_RET_ALLOW
#define ERRNO(e) (SECCOMP_RET_ERRNO | (e))
#define KILL SECCOMP_RET_KILL_PROCESS
#define NE 1
#define LT 2
#define LE 3
#define EQ 4
#define GE 5
#define GT 6
#define MASKED_EQ 7

/* ---- simulator ---------------------------------------------------------------------------------- */

static uint32_t load_word(const struct seccomp_data *d, uint32_t k)
{
	uint32_t v;

	assert_true(k % 4 == 0 && k + 4 <= sizeof(*d));
	memcpy(&v, (const char *)d + k, 4);
	return v;
}

static uint32_t simulate(const struct filter *f, const struct seccomp_data *d)
{
	const struct sock_filter *p = f->insns;
	uint32_t a = 0, x = 0, mem[BPF_MEMWORDS] = { 0 };

	for (uint32_t pc = 0; pc < f->count; pc++) {
		const struct sock_filter *i = &p[pc];
		bool t;

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load_word(d, i->k);
			continue;
		case BPF_LD | BPF_IMM:
			a = i->k;
			continue;
		case BPF_LD | BPF_MEM:
			a = mem[i->k];
			continue;
		case BPF_ST:
			mem[i->k] = a;
			continue;
		case BPF_LDX | BPF_IMM:
			x = i->k;
			continue;
		case BPF_MISC | BPF_TAX:
			x = a;
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		}
		assert_int_equal(BPF_CLASS(i->code), BPF_JMP);
		assert_int_equal(BPF_SRC(i->code), BPF_K);
		switch (BPF_OP(i->code)) {
		case BPF_JEQ:
			t = a == i->k;
			break;
		case BPF_JGT:
			t = a > i->k;
			break;
		case BPF_JGE:
			t = a >= i->k;
			break;
		case BPF_JSET:
			t = a & i->k;
			break;
		default:
			fail_msg("instruction %u: code 0x%x", pc, i->code);
			return 0;
		}
		pc += t ? i->jt : i->jf;
	}
	(void)x;
	fail_msg("ran off the end");
	return 0;
}

static uint32_t verdict(const struct filter *f, uint32_t arch, uint32_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct seccomp_data d = { .nr = (int)nr, .arch = arch, .args = { a0, a1, a2 } };

	return simulate(f, &d);
}

#define X64(f, nr, ...) verdict((f), AUDIT_ARCH_X86_64, (nr), __VA_ARGS__)

/* ---- profiles ----------------------------------------------------------------------------------- */

#define LIST(...) { (const char *[]){ __VA_ARGS__, NULL }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), NULL }
#define ARG(i, o, v) { .index = (i), .op = (o), .value = (v) }
#define ARG2(i, o, v, w) { .index = (i), .op = (o), .value = (v), .value_two = (w) }
#define ARGS(...)                                                                                                            \
	.args = (struct spec_seccomp_arg[]){ __VA_ARGS__ },                                                                  \
	.arg_count = sizeof((struct spec_seccomp_arg[]){ __VA_ARGS__ }) / sizeof(struct spec_seccomp_arg)
#define RULES(...)                                                                                                           \
	.rules = (struct spec_seccomp_rule[]){ __VA_ARGS__ },                                                                \
	.rule_count = sizeof((struct spec_seccomp_rule[]){ __VA_ARGS__ }) / sizeof(struct spec_seccomp_rule)

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
	const struct spec_seccomp s = { .present = true, .default_action = ALLOW,
		RULES({ .names = LIST("ioctl"), .action = SECCOMP_RET_ERRNO, ARGS(ARG(1, EQ, TIOCSTI)) }) };
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_ioctl, 0, TIOCSTI, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_ioctl, 0, 0x100000000ull | TIOCSTI, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_ioctl, 0, 0xffffffff00000000ull | TIOCSTI, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_ioctl, 0, TIOCSTI + 1, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_read, 0, TIOCSTI, 0), ALLOW);
	assert_int_equal(X64(&f, 5000, 0, 0, 0), ALLOW); /* allowed by default: no ENOSYS in front */
	filter_done(&f);
}

static void orderings_and_ne_look_at_32_bits(void **state)
{
	const struct spec_seccomp s = { .present = true, .default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("socket"), .action = ALLOW, ARGS(ARG(0, NE, 40)) },
		      { .names = LIST("personality"), .action = ALLOW, ARGS(ARG(0, LE, 8)) },
		      { .names = LIST("setpriority"), .action = ALLOW, ARGS(ARG(2, GE, 10), ARG(0, EQ, 0)) }) };
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
	const struct spec_seccomp s = { .present = true, .default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("mmap"), .action = ALLOW, ARGS(ARG(1, LT, 0x200000000ull)) },
		      { .names = LIST("munmap"), .action = ALLOW, ARGS(ARG(1, EQ, 0x100000001ull)) },
		      /* Shares its comparison with socket's, if libseccomp can. */
		      { .names = LIST("mremap"), .action = ALLOW, ARGS(ARG(0, NE, 40)) },
		      { .names = LIST("getsockname"), .action = ALLOW, ARGS(ARG(1, NE, 40)) }) };
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
	const struct spec_seccomp s = { .present = true, .default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("clone"), .action = ALLOW, ARGS(ARG2(0, MASKED_EQ, 0x7e020000, 0)) },
		      { .names = LIST("openat"), .action = ALLOW, ARGS(ARG(0, EQ, (uint64_t)-100)) }) };
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
	const struct spec_seccomp s = { .present = true, .default_action = SECCOMP_RET_ERRNO, .default_errno_set = true,
		.default_errno = EACCES,
		RULES({ .names = LIST("socket"), .action = ALLOW, ARGS(ARG(0, EQ, 1), ARG(0, EQ, 2), ARG(1, EQ, 9)) }) };
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
	struct spec_seccomp s = { .present = true, .default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("getpid", "socket"), .action = ALLOW }) };
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_getpid, 0, 0, 0), ALLOW);
	assert_int_equal(verdict(&f, AUDIT_ARCH_I386, 20, 0, 0, 0), KILL);
	assert_int_equal(verdict(&f, AUDIT_ARCH_AARCH64, 172, 0, 0, 0), KILL);
	assert_int_equal(X64(&f, 0x40000000u + SYS_getpid, 0, 0, 0), KILL);
	assert_int_equal(X64(&f, 0x40000000u + 5000, 0, 0, 0), KILL);
	filter_done(&f);

	s.architectures = (struct spec_string_list)LIST("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_ARM",
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
	assert_int_equal(verdict(&f, AUDIT_ARCH_ARM, 20, 0, 0, 0), KILL); /* does not run on this machine */
	assert_int_equal(verdict(&f, AUDIT_ARCH_AARCH64, 172, 0, 0, 0), KILL);
	filter_done(&f);
}

/* socketcall(2) and ipc(2) are the other way in. */
static void i386_multiplexers(void **state)
{
	struct spec_seccomp s = { .present = true, .default_action = SECCOMP_RET_ERRNO, .architectures = LIST("SCMP_ARCH_X86"),
		RULES({ .names = LIST("connect", "semget", "accept"), .action = ALLOW },
		      { .names = LIST("socket"), .action = ALLOW, ARGS(ARG(0, NE, 40)) }) };
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

static void overlapping_rules(void **state)
{
	const struct spec_seccomp s = { .present = true, .default_action = SECCOMP_RET_KILL_PROCESS,
		RULES({ .names = LIST("prctl"), .action = SECCOMP_RET_ERRNO, ARGS(ARG(0, GE, 10)) },
		      { .names = LIST("prctl"), .action = ALLOW, ARGS(ARG(0, NE, 20)) },
		      { .names = LIST("socket"), .action = SECCOMP_RET_ERRNO, ARGS(ARG(0, EQ, 16)) },
		      { .names = LIST("socket"), .action = ALLOW },
		      { .names = LIST("socket"), .action = SECCOMP_RET_LOG }) };
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_prctl, 15, 0, 0), ERRNO(EPERM)); /* the first that fits */
	assert_int_equal(X64(&f, SYS_prctl, 5, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_prctl, 20, 0, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_socket, 16, 0, 0), ALLOW); /* without conditions: alone */
	filter_done(&f);
}

static void numbers_newer_than_the_profile(void **state)
{
	struct spec_seccomp s = { .present = true, .default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("read", "faccessat2"), .action = ALLOW }) };
	struct filter f = compile(&s);

	(void)state;
	assert_int_equal(X64(&f, SYS_faccessat2, 0, 0, 0), ALLOW);
	assert_int_equal(X64(&f, SYS_ptrace, 0, 0, 0), ERRNO(EPERM));
	assert_int_equal(X64(&f, SYS_clone3, 0, 0, 0), ERRNO(EPERM));     /* older than what the profile names */
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
	struct spec_seccomp s = { .present = true, .default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("read", "no_such_call"), .action = ALLOW },
		      { .names = LIST("write"), .action = SECCOMP_RET_ERRNO },  /* the default again */
		      { .names = LIST("getpid"), .action = SECCOMP_RET_TRACE, .errno_ret_set = true, .errno_ret = 7 }) };
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
	{ "socket", SYS_socket, 7 }, { "ioctl", SYS_ioctl, 3 },     { "mmap", SYS_mmap, 0 },
	{ "kill", SYS_kill, 3 },     { "mremap", SYS_mremap, 0 },   { "prctl", SYS_prctl, 1 },
	{ "lseek", SYS_lseek, 5 },   { "ptrace", SYS_ptrace, 0 },   { "personality", SYS_personality, 1 },
};

static uint64_t pick_value(uint32_t *seed)
{
	static const uint64_t values[] = { 0, 1, 2, 5, 0x5412, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000ull,
					   0x100000001ull, 0x100000005ull, 0xffffffff00000005ull, UINT64_MAX };

	return values[next_random(seed) % ARRAY_SIZE(values)];
}

static bool holds(const struct spec_seccomp_arg *a, uint64_t v, bool narrow)
{
	uint64_t value = a->value, two = a->value_two;

	if (narrow) {
		v &= UINT32_MAX;
		if (value >> 32 == UINT32_MAX) /* a negative number */
			value &= UINT32_MAX;
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
		return (v & value) == (two & value); /* what the mask does not cover cannot be asked for */
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
		struct spec_seccomp s = { .present = true, .default_action = allow ? SECCOMP_RET_ERRNO : ALLOW, .rules = rules,
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

				args[i][a] = (struct spec_seccomp_arg){ .index = a, .op = 1 + next_random(&seed) % 7, .value = v,
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
				fail_msg("round %u: %s(0x%llx, 0x%llx, 0x%llx) should %smatch", round, c->name,
					 (unsigned long long)v[0], (unsigned long long)v[1], (unsigned long long)v[2],
					 matched ? "" : "not ");
		}
		filter_done(&f);
	}
}

/* ---- cache ----------------------------------------------------------------------------------------- */

static int make_cache(char dir[32])
{
	int fd;

	strcpy(dir, "/tmp/knarr-filter-XXXXXX");
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static unsigned list_cache(int fd, char name[256], bool remove)
{
	DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	unsigned n = 0;
	struct dirent *e;

	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, 256, "%s", e->d_name);
		if (remove)
			unlinkat(fd, e->d_name, 0);
		n++;
	}
	closedir(dir);
	return n;
}

static ino_t inode_of(int fd, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_ino;
}

static void cache_is_used_and_not_believed(void **state)
{
	const struct spec_seccomp s = { .present = true, .default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("getpid"), .action = ALLOW }) };
	struct filter first = { 0 }, f = { 0 };
	char dir[32], name[256];
	struct stat st;
	ino_t inode;
	int cache = make_cache(dir), fd;
	struct sock_filter bad = { .code = BPF_RET | BPF_K, .k = ALLOW };

	(void)state;
	assert_int_equal(filter_compile(&s, cache, false, &first, NULL), 0);
	assert_int_equal(list_cache(cache, name, false), 1);
	assert_int_equal(strlen(name), 64);
	assert_int_equal(fstatat(cache, name, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	inode = st.st_ino;

	assert_int_equal(filter_compile(&s, cache, false, &f, NULL), 0);
	assert_int_equal(inode_of(cache, name), inode); /* a miss would have replaced it */
	assert_int_equal(f.count, first.count);
	assert_memory_equal(f.insns, first.insns, f.count * sizeof(struct sock_filter));
	filter_done(&f);

	/* One instruction changed. */
	fd = openat(cache, name, O_WRONLY);
	assert_int_equal(pwrite(fd, &bad, sizeof(bad), st.st_size - (off_t)sizeof(bad)), sizeof(bad));
	close(fd);
	assert_int_equal(filter_compile(&s, cache, false, &f, NULL), 0);
	assert_memory_equal(f.insns, first.insns, f.count * sizeof(struct sock_filter));
	assert_int_not_equal(inode_of(cache, name), inode);
	filter_done(&f);

	/* Cut, readable for others, a link, another profile's entry. */
	assert_int_equal(fstatat(cache, name, &st, 0), 0);
	fd = openat(cache, name, O_WRONLY);
	assert_int_equal(ftruncate(fd, st.st_size - 8), 0);
	close(fd);
	assert_int_equal(filter_file_read(cache, name, NULL, &f), -EINVAL);
	assert_int_equal(filter_compile(&s, cache, false, &f, NULL), 0);
	filter_done(&f);
	assert_int_equal(fchmodat(cache, name, 0644, 0), 0);
	assert_int_equal(filter_file_read(cache, name, NULL, &f), -EPERM);
	assert_int_equal(fchmodat(cache, name, 0600, 0), 0);
	assert_int_equal(symlinkat(name, cache, "link"), 0);
	assert_int_equal(filter_file_read(cache, "link", NULL, &f), -ELOOP);
	assert_int_equal(filter_file_read(cache, name, (const uint8_t[SHA256_SIZE]){ 1 }, &f), -EINVAL);
	assert_int_equal(filter_file_read(cache, name, NULL, &f), 0);
	filter_done(&f);

	/* As a container keeps it. */
	assert_int_equal(filter_save(cache, "filter", &first, NULL), 0);
	assert_int_equal(filter_load(cache, "filter", &f, NULL), 0);
	assert_memory_equal(f.insns, first.insns, f.count * sizeof(struct sock_filter));
	filter_done(&f);
	filter_done(&first);
	(void)list_cache(cache, name, true);
	close(cache);
	rmdir(dir);
}

static void cache_differs_by_meaning(void **state)
{
	struct spec_seccomp s = { .present = true, .default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("getpid", "socket"), .action = ALLOW, ARGS(ARG(0, EQ, 1)) }) };
	char dir[32], name[256];
	int cache = make_cache(dir);
	struct filter f;
	unsigned entries = 0;

	(void)state;
#define EXPECT_NEW()                                                                                                         \
	do {                                                                                                                 \
		assert_int_equal(filter_compile(&s, cache, false, &f, NULL), 0);                                              \
		filter_done(&f);                                                                                             \
		assert_int_equal(list_cache(cache, name, false), ++entries);                                                  \
	} while (0)
	EXPECT_NEW();
	s.rules[0].args[0].value = 2;
	EXPECT_NEW();
	s.rules[0].args[0].op = NE;
	EXPECT_NEW();
	s.default_errno_set = true;
	s.default_errno = EPERM;
	EXPECT_NEW();
	s.flags = SECCOMP_FILTER_FLAG_LOG;
	EXPECT_NEW();
	s.architectures = (struct spec_string_list)LIST("SCMP_ARCH_X86");
	EXPECT_NEW();
	s.rules[0].names = (struct spec_string_list)LIST("getpid", "socketpair");
	EXPECT_NEW();
	(void)list_cache(cache, name, true);
	close(cache);
	rmdir(dir);
}

static void cache_is_bounded(void **state)
{
	struct sock_filter insn = { .code = BPF_RET | BPF_K, .k = ALLOW };
	struct filter f = { .insns = &insn, .count = 1 };
	char dir[32], name[256];
	int cache = make_cache(dir);

	(void)state;
	for (unsigned i = 0; i < FILTER_CACHE_ENTRIES + 5; i++) {
		snprintf(name, sizeof(name), "entry%u", i);
		filter_cache_trim(cache);
		assert_int_equal(filter_file_write(cache, name, NULL, "0", &f), 0);
	}
	assert_int_equal(faccessat(cache, "entry0", F_OK, 0), -1);
	assert_int_equal(faccessat(cache, name, F_OK, 0), 0);
	assert_int_equal(list_cache(cache, name, true), FILTER_CACHE_ENTRIES);
	close(cache);
	rmdir(dir);
}

/* ---- the kernel ---------------------------------------------------------------------------------------- */

static void kernel_agrees(void **state)
{
	const struct spec_seccomp s = { .present = true, .default_action = ALLOW,
		.architectures = LIST("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
		RULES({ .names = LIST("personality"), .action = SECCOMP_RET_ERRNO, .errno_ret_set = true, .errno_ret = EXDEV,
			ARGS(ARG(0, NE, 0xffffffff)) },
		      { .names = LIST("getsid"), .action = SECCOMP_RET_ERRNO, .errno_ret_set = true, .errno_ret = ENOANO }) };
	struct filter f = compile(&s);
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct sock_fprog prog = { .len = (unsigned short)f.count, .filter = f.insns };

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || sys_seccomp(SECCOMP_SET_MODE_FILTER, f.flags, &prog) < 0)
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
	char version[16];

	(void)state;
	assert_true(filter_library_version(version, sizeof(version)) >= 0);
	assert_true(version[0] == '2' && version[1] == '.');
	assert_string_equal(filter_actions()[0], "SCMP_ACT_ALLOW");
	assert_string_equal(filter_archs()[0], "SCMP_ARCH_AARCH64");
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
		cmocka_unit_test(overlapping_rules),
		cmocka_unit_test(numbers_newer_than_the_profile),
		cmocka_unit_test(names_and_actions),
		cmocka_unit_test(random_profiles),
		cmocka_unit_test(cache_is_used_and_not_believed),
		cmocka_unit_test(cache_differs_by_meaning),
		cmocka_unit_test(cache_is_bounded),
		cmocka_unit_test(kernel_agrees),
		cmocka_unit_test(features),
	};

#ifndef __x86_64__
	return 77; /* numbers and architectures of this file are those of x86_64 */
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
