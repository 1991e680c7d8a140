/* SPDX-License-Identifier: Apache-2.0 */
/* spec_flags.c: values of the flags of `spec` that are right, and those that are refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cli/spec_flags.h"

static void refuse(struct spec_flags flags, const char *part)
{
	_cleanup_(spec_template_done) struct spec_template t = { 0 };
	struct error err = { 0 };

	assert_int_equal(spec_flags_apply(&flags, NULL, &t, &err), -EINVAL);
	assert_int_equal(err.class, ERROR_USAGE);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
}

static uint64_t quota(const char *cpus)
{
	struct spec_template t = { 0 };

	return spec_flags_apply(&(struct spec_flags){ .cpus = cpus }, NULL, &t, NULL) < 0
		       ? 0
		       : t.cpu_quota_us;
}

static void test_cpus(void **state)
{
	(void)state;
	assert_int_equal(quota("1"), 100000);
	assert_int_equal(quota("0.5"), 50000);
	assert_int_equal(quota("0.05"), 5000);
	assert_int_equal(quota("1.50"), 150000);
	assert_int_equal(quota("2.00001"), 200001);
	assert_int_equal(quota("0.01"), 1000);
	assert_int_equal(quota("0.009"), 0);
	assert_int_equal(quota("0"), 0);
	assert_int_equal(quota("1."), 0);
	assert_int_equal(quota(".5"), 0);
	assert_int_equal(quota("1.000001"), 0);
	assert_int_equal(quota("-1"), 0);
	assert_int_equal(quota("1e3"), 0);
	assert_int_equal(quota("1.-5"), 0);
	assert_int_equal(quota("99999999999999999999"), 0);
}

static void test_refused(void **state)
{
	const char *env[] = { "=x", NULL }, *caps[] = { "CAP_NO_SUCH", NULL },
		   *args[] = { "a", NULL };
	const char *mounts[] = { "/a:/b", "/a:b", NULL }, *no_source[] = { ":/b", NULL };
	struct spec_template t = { 0 };
	struct error err = { 0 };

	(void)state;
	refuse((struct spec_flags){ .user = "root" }, "--user");
	refuse((struct spec_flags){ .user = "1:" }, "--user");
	refuse((struct spec_flags){ .user = "4294967295" }, "--user");
	refuse((struct spec_flags){ .memory = "0" }, "--memory");
	refuse((struct spec_flags){ .memory = "-1" }, "--memory");
	refuse((struct spec_flags){ .pids = "0" }, "--pids");
	refuse((struct spec_flags){ .net = "bridge" }, "--net");
	refuse((struct spec_flags){ .seccomp = "no" }, "--seccomp");
	refuse((struct spec_flags){ .cwd = "tmp" }, "--cwd");
	refuse((struct spec_flags){ .env = { env, 1 } }, "--env");
	refuse((struct spec_flags){ .caps = { caps, 1 } }, "--cap");
	refuse((struct spec_flags){ .mounts = { mounts, 2 } }, "--mount");
	refuse((struct spec_flags){ .mounts = { no_source, 1 } }, "--mount");
	assert_int_equal(
		spec_flags_apply(&(struct spec_flags){ .args = { args, 1 } }, args, &t, &err),
		-EINVAL);
}

static void test_program(void **state)
{
	const char *operands[] = { "echo", "hi", NULL };
	struct spec_template t = { 0 };

	(void)state;
	assert_int_equal(spec_flags_apply(&(struct spec_flags){ 0 }, operands, &t, NULL), 0);
	assert_ptr_equal(t.args, operands);
	assert_false(t.host_network);
	assert_true(t.seccomp && t.readonly && t.terminal);
	assert_int_equal(spec_flags_apply(&(struct spec_flags){ .rootless = true, .net = "none" },
					  NULL, &t, NULL),
			 0);
	assert_false(t.host_network);
	assert_int_equal(spec_flags_apply(&(struct spec_flags){ .rootless = true }, NULL, &t, NULL),
			 0);
	assert_true(t.host_network);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
