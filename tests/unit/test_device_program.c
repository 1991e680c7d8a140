/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "cgroups/device.h"
#include "knarr/cgroups.h"
#include "knarr/kernel.h"
#include "device_model.h"

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

static struct spec_device_rule random_rule(uint32_t *seed)
{
	static const int64_t majors[] = { -1, 1, 10, 136, 4294967295 },
			     minors[] = { -1, 3, 229, 2147483648 };

	return (struct spec_device_rule){
		.allow = next_random(seed) % 2,
		.type = "abc"[next_random(seed) % 3],
		.major = majors[next_random(seed) % ARRAY_SIZE(majors)],
		.minor = minors[next_random(seed) % ARRAY_SIZE(minors)],
		.access = 1 + next_random(seed) % 7,
	};
}

static void compare_all(const struct spec_resources *res)
{
	static const uint32_t majors[] = { 1, 10, 136, 8, 4294967295u },
			      minors[] = { 3, 229, 200, 2147483648u };
	struct error err = { 0 };
	unsigned count = 0;
	void *insns = NULL;

	assert_int_equal(cgroup_device_program(res, &insns, &count, &err), 0);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(majors) * ARRAY_SIZE(minors) * 7; i++) {
		struct access a = {
			.type = "bc"[i % 2],
			.major = majors[i / 2 % ARRAY_SIZE(majors)],
			.minor = minors[i / 2 / ARRAY_SIZE(majors) % ARRAY_SIZE(minors)],
			.access = 1 + (unsigned)(i / 2 / ARRAY_SIZE(majors) / ARRAY_SIZE(minors)),
		};
		uint64_t verdict = run(insns, count, &a);

		if (verdict != oracle(res, &a))
			fail_msg("%c %u:%u access %u: program says %llu", a.type, a.major, a.minor,
				 a.access, (unsigned long long)verdict);
	}
	free(insns);
}

static void agrees_with_the_rules_for_random_lists(void **state)
{
	uint32_t seed = 20240817;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct spec_device_rule rules[7];
		struct spec_resources res = { .devices = rules,
					      .device_count = next_random(&seed) % 8 };

		for (size_t i = 0; i < res.device_count; i++)
			rules[i] = random_rule(&seed);
		compare_all(&res);
	}
}

#define RULE(allows, t, maj, min, accesses)            \
	((struct spec_device_rule){ .allow = (allows), \
				    .type = (t),       \
				    .major = (maj),    \
				    .minor = (min),    \
				    .access = (accesses) })

static uint64_t verdict(struct spec_device_rule *rules, size_t count, struct access a)
{
	struct spec_resources res = { .devices = rules, .device_count = count };
	unsigned insn_count;
	void *insns;
	uint64_t r;

	assert_int_equal(cgroup_device_program(&res, &insns, &insn_count, NULL), 0);
	r = run(insns, insn_count, &a);
	free(insns);
	return r;
}

static void the_last_matching_rule_wins(void **state)
{
	struct spec_device_rule rules[] = {
		{ .allow = false, .type = 'a', .major = -1, .minor = -1, .access = 7 },
		{ .allow = true, .type = 'c', .major = 10, .minor = -1, .access = 7 },
		{ .allow = false, .type = 'c', .major = 10, .minor = 229, .access = W },
	};

	(void)state;
	assert_int_equal(verdict(rules, 3, (struct access){ 'c', 10, 229, R }), 1);
	assert_int_equal(verdict(rules, 3, (struct access){ 'c', 10, 229, R | W }), 0);
	assert_int_equal(verdict(rules, 3, (struct access){ 'c', 10, 228, R | W }), 1);
	assert_int_equal(verdict(rules, 3, (struct access){ 'b', 10, 228, R }), 0);
}

static const struct spec_device_rule deny_all = {
	.allow = false, .type = 'a', .major = -1, .minor = -1, .access = R | W | M
};

static void a_deny_rule_with_numbers_outranks_the_default_devices(void **state)
{
	struct spec_device_rule rules[] = { deny_all, RULE(false, 'c', 1, 3, W) };
	struct spec_device_rule before[] = { RULE(false, 'c', 1, -1, R | W | M), deny_all };

	(void)state;
	assert_int_equal(verdict(rules, 2, (struct access){ 'c', 1, 3, R | M }), 1);
	assert_int_equal(verdict(rules, 2, (struct access){ 'c', 1, 3, W }), 0);
	assert_int_equal(verdict(rules, 2, (struct access){ 'c', 1, 5, R | W | M }), 1);
	assert_int_equal(verdict(before, 2, (struct access){ 'c', 1, 3, R }), 0);
	assert_int_equal(verdict(before, 2, (struct access){ 'c', 5, 0, R | W }), 1);
}

static void a_deny_rule_without_numbers_spares_the_default_devices(void **state)
{
	struct spec_device_rule rules[] = { RULE(true, 'a', -1, -1, R | W | M),
					    RULE(false, 'c', -1, -1, R | W | M) };

	(void)state;
	assert_int_equal(verdict(rules, 2, (struct access){ 'c', 1, 3, R | W | M }), 1);
	assert_int_equal(verdict(rules, 2, (struct access){ 'c', 1, 11, R }), 0);
	assert_int_equal(verdict(rules, 2, (struct access){ 'c', 1, 11, M }), 1);
	assert_int_equal(verdict(rules, 2, (struct access){ 'b', 8, 0, R }), 1);
}

static void mknod_is_denied_where_it_was_granted_or_is_named_alone(void **state)
{
	struct spec_device_rule docker[] = { deny_all, RULE(false, 'c', 10, 229, R | W | M) };
	struct spec_device_rule alone[] = { deny_all, RULE(false, 'c', 10, 229, M) };
	struct spec_device_rule granted[] = { RULE(true, 'a', -1, -1, R | W | M),
					      RULE(false, 'c', 10, 229, R | W | M) };

	(void)state;
	assert_int_equal(verdict(docker, 2, (struct access){ 'c', 10, 229, M }), 1);
	assert_int_equal(verdict(docker, 2, (struct access){ 'c', 10, 229, R }), 0);
	assert_int_equal(verdict(alone, 2, (struct access){ 'c', 10, 229, M }), 0);
	assert_int_equal(verdict(granted, 2, (struct access){ 'c', 10, 229, M }), 0);
}

static void denying_everything_denies_every_access(void **state)
{
	struct spec_device_rule rules[] = { RULE(true, 'a', -1, -1, R | W | M),
					    RULE(false, 'a', -1, -1, R) };

	(void)state;
	assert_int_equal(verdict(rules, 2, (struct access){ 'b', 8, 0, W }), 0);
}

static void without_rules_only_the_usual_devices_open(void **state)
{
	(void)state;
	assert_int_equal(verdict(NULL, 0, (struct access){ 'c', 1, 3, R | W | M }), 1);
	assert_int_equal(verdict(NULL, 0, (struct access){ 'c', 136, 77, R | W }), 1);
	assert_int_equal(verdict(NULL, 0, (struct access){ 'c', 10, 200, R | W }), 1);
	assert_int_equal(verdict(NULL, 0, (struct access){ 'c', 5, 1, R }), 0);
	assert_int_equal(verdict(NULL, 0, (struct access){ 'b', 8, 0, R }), 0);
	assert_int_equal(verdict(NULL, 0, (struct access){ 'b', 8, 0, M }), 1);
}

static void an_absent_access_means_all(void **state)
{
	struct spec_device_rule rule = {
		.allow = true, .type = 'b', .major = 8, .minor = -1, .access = 0
	};

	(void)state;
	assert_int_equal(verdict(&rule, 1, (struct access){ 'b', 8, 1, R | W }), 1);
}

static void allowing_everything_is_recognised(void **state)
{
	struct spec_device_rule all[] = {
		{ .allow = false, .type = 'a', .major = -1, .minor = -1, .access = 7 },
		{ .allow = true, .type = 'a', .major = -1, .minor = -1, .access = R | W },
	};
	struct spec_resources res = { .devices = all, .device_count = 2 };
	struct device_rules rules;

	(void)state;
	assert_int_equal(device_rules_build(&res, &rules, NULL), 0);
	assert_true(device_rules_allow_all(&rules));
	device_rules_done(&rules);
	all[1].access = R;
	assert_int_equal(device_rules_build(&res, &rules, NULL), 0);
	assert_false(device_rules_allow_all(&rules));
	device_rules_done(&rules);
	res.device_count = 0;
	assert_int_equal(device_rules_build(&res, &rules, NULL), 0);
	assert_false(device_rules_allow_all(&rules));
	device_rules_done(&rules);
}

static void too_many_rules_are_refused(void **state)
{
	struct spec_resources res = { .device_count = 5000 };
	struct device_rules rules;
	struct error err = { 0 };

	(void)state;
	assert_true(device_rules_build(&res, &rules, &err) < 0);
	assert_int_equal(err.class, ERROR_CONFIG);
}

static void the_kernel_accepts_every_program(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct spec_device_rule list[7];
		struct spec_resources res = { .devices = list, .device_count = round % 8 };
		unsigned count;
		void *insns;
		int fd;

		for (size_t i = 0; i < res.device_count; i++)
			list[i] = random_rule(&seed);
		assert_int_equal(cgroup_device_program(&res, &insns, &count, NULL), 0);
		fd = bpf_prog_load_cgroup_device(insns, count, NULL, 0);
		free(insns);
		if (fd == -EPERM || fd == -ENOSYS)
			skip();
		assert_true(fd >= 0);
		fd_close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_rules_for_random_lists),
		cmocka_unit_test(the_last_matching_rule_wins),
		cmocka_unit_test(a_deny_rule_with_numbers_outranks_the_default_devices),
		cmocka_unit_test(a_deny_rule_without_numbers_spares_the_default_devices),
		cmocka_unit_test(mknod_is_denied_where_it_was_granted_or_is_named_alone),
		cmocka_unit_test(denying_everything_denies_every_access),
		cmocka_unit_test(without_rules_only_the_usual_devices_open),
		cmocka_unit_test(an_absent_access_means_all),
		cmocka_unit_test(allowing_everything_is_recognised),
		cmocka_unit_test(too_many_rules_are_refused),
		cmocka_unit_test(the_kernel_accepts_every_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
