/* SPDX-License-Identifier: Apache-2.0 */
/* spec_template.c: what `spec` writes is what the reader of config.json takes, and safe as it stands. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cli/spec_flags.h"

static struct spec *parse(const struct spec_template *t)
{
	_cleanup_free_ char *text = spec_template_text(t);
	struct spec_findings findings = { 0 };
	struct spec *spec = NULL;
	struct error err = { 0 };

	if (spec_parse(text, strlen(text), "config.json", &spec, &findings, &err) < 0)
		fail_msg("%s", findings.count ? findings.items[0].error.text : err.text);
	/* A warning would be an unknown property. */
	assert_int_equal(findings.count, 0);
	spec_findings_done(&findings);
	return spec;
}

static struct spec *template(const struct spec_flags *flags)
{
	_cleanup_(spec_template_done) struct spec_template t = { 0 };
	struct error err = { 0 };

	if (spec_flags_apply(flags, NULL, &t, &err) < 0)
		fail_msg("%s", err.text);
	t.host_uid = 1001;
	t.host_gid = 1002;
	return parse(&t);
}

static bool has(const struct spec_string_list *l, const char *word)
{
	for (size_t i = 0; i < l->count; i++) {
		if (STREQ(l->items[i], word))
			return true;
	}
	return false;
}

static const struct spec_mount *mount_at(const struct spec *s, const char *destination)
{
	for (size_t i = 0; i < s->mount_count; i++) {
		if (STREQ(s->mounts[i].destination, destination))
			return &s->mounts[i];
	}
	return NULL;
}

static void test_default(void **state)
{
	_cleanup_(spec_freep) struct spec *s = template(&(struct spec_flags){ 0 });
	const uint64_t caps = (1ull << 5) | (1ull << 10) | (1ull << 29);

	(void)state;
	assert_string_equal(s->oci_version, "1.3.0");
	assert_string_equal(s->process.args.items[0], "sh");
	assert_string_equal(s->process.cwd, "/");
	assert_true(s->process.terminal);
	assert_true(s->process.no_new_privileges);
	assert_true(s->root.readonly);
	assert_string_equal(s->root.path, "rootfs");
	assert_string_equal(s->hostname, "knarr");
	assert_true(s->process.capabilities.bounding == caps &&
		    s->process.capabilities.effective == caps &&
		    s->process.capabilities.permitted == caps);
	assert_true(s->process.capabilities.ambient == 0 &&
		    s->process.capabilities.inheritable == 0);
	for (int ns = 0; ns < NS_COUNT; ns++)
		assert_int_equal(s->namespaces[ns].present, ns != NS_USER && ns != NS_TIME);
	assert_true(s->seccomp.present);
	assert_true(has(&s->masked_paths, "/proc/kcore") && has(&s->masked_paths, "/sys/firmware"));
	assert_true(has(&s->readonly_paths, "/proc/sys") &&
		    has(&s->readonly_paths, "/proc/sysrq-trigger"));
	assert_int_equal(s->resources.device_count, 1);
	assert_false(s->resources.devices[0].allow);
	assert_int_equal(s->resources.devices[0].type, 'a');
	assert_non_null(mount_at(s, "/proc"));
	assert_true(has(&mount_at(s, "/sys")->options, "ro"));
	assert_true(has(&mount_at(s, "/sys/fs/cgroup")->options, "ro"));
	assert_true(has(&mount_at(s, "/dev/pts")->options, "gid=5"));
}

static void test_rootless(void **state)
{
	_cleanup_(spec_freep) struct spec *s = template(&(struct spec_flags){ .rootless = true });

	(void)state;
	assert_true(s->namespaces[NS_USER].present);
	assert_false(s->namespaces[NS_NETWORK].present);
	assert_int_equal(s->uid_maps.count, 1);
	assert_int_equal(s->uid_maps.items[0].host, 1001);
	assert_int_equal(s->uid_maps.items[0].container, 0);
	assert_int_equal(s->gid_maps.items[0].host, 1002);
	assert_false(s->resources.present);
	assert_false(has(&mount_at(s, "/dev/pts")->options, "gid=5"));
	/* The host's sysfs: read-only all the way down. */
	assert_string_equal(mount_at(s, "/sys")->source, "/sys");
	assert_true(has(&mount_at(s, "/sys")->options, "rro"));
}

static void test_flags(void **state)
{
	const char *env[] = { "TERM=dumb", "A=b=c", NULL }, *args[] = { "ls", "-l", NULL },
		   *caps[] = { "sys_time", NULL };
	const char *mounts[] = { "/src:/dst:ro,nosuid", "rel:/plain", NULL };
	struct spec_flags flags = {
		.env = { env, 2 },
		.args = { args, 2 },
		.caps = { caps, 1 },
		.mounts = { mounts, 2 },
		.terminal = TRISTATE_FALSE,
		.read_only = TRISTATE_FALSE,
		.user = "1000:100",
		.cwd = "/tmp",
		.hostname = "box",
		.memory = "64m",
		.cpus = "1.5",
		.pids = "10",
		.net = "host",
		.seccomp = "none",
		.rootfs = "/images/one",
	};
	_cleanup_(spec_freep) struct spec *s = template(&flags);

	(void)state;
	assert_int_equal(s->process.args.count, 2);
	assert_int_equal(s->process.env.count, 3);
	assert_false(has(&s->process.env, "TERM=xterm"));
	assert_true(has(&s->process.env, "A=b=c"));
	assert_true(s->process.capabilities.bounding & (1ull << 25));
	assert_false(s->process.terminal || s->root.readonly || s->seccomp.present);
	assert_int_equal(s->process.user.uid, 1000);
	assert_int_equal(s->process.user.gid, 100);
	assert_string_equal(s->process.cwd, "/tmp");
	assert_string_equal(s->hostname, "box");
	assert_string_equal(s->root.path, "/images/one");
	assert_false(s->namespaces[NS_NETWORK].present);
	assert_int_equal(s->resources.memory.limit.value, 64 << 20);
	assert_int_equal(s->resources.cpu.quota.value, 150000);
	assert_int_equal(s->resources.cpu.period.value, 100000);
	assert_int_equal(s->resources.pids_limit.value, 10);
	assert_string_equal(mount_at(s, "/dst")->source, "/src");
	assert_true(mount_at(s, "/dst")->flags & SPEC_MOUNT_BIND);
	assert_true(mount_at(s, "/dst")->flags & SPEC_MOUNT_RECURSIVE);
	assert_string_equal(mount_at(s, "/plain")->source, "rel");
}

static void test_same_bytes(void **state)
{
	struct spec_template t = { 0 };
	_cleanup_free_ char *a = NULL, *b = NULL;

	(void)state;
	assert_int_equal(spec_flags_apply(&(struct spec_flags){ 0 }, NULL, &t, NULL), 0);
	a = spec_template_text(&t);
	b = spec_template_text(&t);
	assert_string_equal(a, b);
	assert_non_null(strstr(a, "\n    \"process\": {"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_rootless),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
