/* SPDX-License-Identifier: Apache-2.0 */
/* annotations.c: what is off until the caller allows it, and that it is off for everybody who asks. */
#include <unistd.h>

#include "container/container_private.h"
#include "spec_text.h"

static const char all[] =
	",\"annotations\":{\"run.oci.hooks.stdout\":\"/o\",\"run.oci.hooks.stderr\":\"/e\","
	"\"run.oci.delegate-cgroup\":\"d\",\"run.oci.pidfd_receiver\":\"/p\","
	"\"run.oci.seccomp.receiver\":\"/s\",\"run.oci.keep_original_groups\":\"1\","
	"\"run.oci.systemd.subgroup\":\"g\",\"run.oci.mount_context_type\":\"context\","
	"\"org.systemd.property.X\":\"1\",\"org.example\":\"x\"}";

static unsigned count_on(const struct spec *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->annotations.count; i++)
		n += spec_annotation(s, s->annotations.items[i].key) != NULL;
	return n;
}

static void off_by_default(void **state)
{
	_cleanup_(spec_freep) struct spec *s = spec_good(all);
	struct container_context ctx = { 0 };
	unsigned words = 0;

	(void)state;
	annotations_restrict(s, &ctx);
	while (container_annotation_word(words)) {
		assert_null(spec_annotation(s, container_annotation_word(words)));
		words++;
	}
	assert_int_equal(words, 7);
	assert_int_equal(count_on(s), s->annotations.count - words + (geteuid() != 0));
	assert_null(hook_output_of(s).stdout_path);
	assert_null(hook_output_of(s).stderr_path);
	assert_null(spec_seccomp_receiver(s));
	/* An ordinary user gives its own groups. */
	assert_int_equal(annotation_is_on(s, "run.oci.keep_original_groups"), geteuid() != 0);
}

static void each_by_its_word(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		_cleanup_(spec_freep) struct spec *s = spec_good(all);
		struct container_context ctx = { .annotations = 1u << i };

		annotations_restrict(s, &ctx);
		assert_non_null(spec_annotation(s, container_annotation_word(i)));
		assert_int_equal(count_on(s), s->annotations.count - 6 + (geteuid() != 0));
	}
}

static void unit_properties_of_the_scope_alone_are_free(void **state)
{
	_cleanup_(spec_freep) struct spec *s =
		spec_good(",\"annotations\":{\"org.systemd.property.KillSignal\":\"9\","
			  "\"org.systemd.property.TimeoutStopUSec\":\"uint64 1\","
			  "\"org.systemd.property.After\":\"['crio.service']\","
			  "\"org.systemd.property.DefaultDependencies\":\"true\","
			  "\"org.systemd.property.Wants\":\"['x.service']\","
			  "\"org.systemd.property.Conflicts\":\"['x.service']\","
			  "\"org.systemd.property.OnSuccess\":\"['x.service']\","
			  "\"org.systemd.property.MemoryMin\":\"uint64 1\"}");
	struct container_context ctx = { 0 };

	(void)state;
	annotations_restrict(s, &ctx);
	for (size_t i = 0; i < s->annotations.count; i++)
		assert_int_equal(s->annotations.items[i].off, i >= 4);
	assert_false(
		cgroup_annotation_is_harmless("org.systemd.property.After", "['shutdown.target']"));
	assert_false(cgroup_annotation_is_harmless("org.systemd.property.After", "'a.service'"));
}

static void all_of_them(void **state)
{
	_cleanup_(spec_freep) struct spec *s = spec_good(all);
	struct container_context ctx = { .annotations = UINT32_MAX };

	(void)state;
	annotations_restrict(s, &ctx);
	assert_int_equal(count_on(s), s->annotations.count);
	assert_string_equal(hook_output_of(s).stdout_path, "/o");
	assert_string_equal(hook_output_of(s).stderr_path, "/e");
}

static void the_state_shows_those_that_are_off(void **state)
{
	_cleanup_(spec_freep) struct spec *s = spec_good(all);
	struct container_context ctx = { 0 };
	struct state record = { 0 };

	(void)state;
	annotations_restrict(s, &ctx);
	state_copy_annotations(&record, &s->annotations);
	assert_int_equal(record.annotations.count, s->annotations.count);
	assert_string_equal(record.annotations.items[0].key, "run.oci.hooks.stdout");
	assert_string_equal(record.annotations.items[0].value, "/o");
	state_done(&record);
}

/* Each is listed with its exact name, so that a caller can tell which to keep from its users. */
static void features_list(void **state)
{
	_cleanup_free_ char *text = jwrite_text(annotations_list(), 0);

	(void)state;
	assert_non_null(strstr(text, "\"org.systemd.property.\""));
	assert_non_null(strstr(text, "\"run.oci.seccomp_fail_unknown_syscall\""));
	for (unsigned i = 0; container_annotation_word(i); i++) {
		_cleanup_free_ char *quoted = text_printf("\"%s\"", container_annotation_word(i));

		assert_non_null(strstr(text, quoted));
	}
}

static void a_receiver_that_is_off_is_explained(void **state)
{
	_cleanup_(spec_freep) struct spec *s = spec_good(
		",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"bind\"],"
		"\"action\":\"SCMP_ACT_NOTIFY\"}]}},\"annotations\":{\"run.oci.seccomp.receiver\":\"/s\"}");
	struct container_context ctx = { 0 };
	struct error err;

	(void)state;
	(void)unsetenv("RUN_OCI_SECCOMP_RECEIVER");
	assert_int_equal(listener_check(s, &err), 0);
	annotations_restrict(s, &ctx);
	assert_true(listener_check(s, &err) < 0);
	assert_non_null(strstr(err.remedy, "--annotations=run.oci.seccomp.receiver"));
}

static void what_was_allowed_is_remembered_by_name(void **state)
{
	(void)state;
	for (uint32_t allowed = 0; allowed < 1u << 7; allowed++) {
		struct state record = { .allowed_annotations = annotations_allowed_text(allowed) };

		assert_int_equal(annotations_allowed_by(&record), allowed);
		state_done(&record);
	}
	/* One of another build, and no half of a name. */
	struct state record = { .allowed_annotations =
					mem_strdup("run.oci.new,run.oci.hooks.std") };

	assert_int_equal(annotations_allowed_by(&record), 0);
	state_done(&record);
	assert_int_equal(annotations_allowed_by(&record), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(off_by_default),
		cmocka_unit_test(each_by_its_word),
		cmocka_unit_test(unit_properties_of_the_scope_alone_are_free),
		cmocka_unit_test(all_of_them),
		cmocka_unit_test(the_state_shows_those_that_are_off),
		cmocka_unit_test(features_list),
		cmocka_unit_test(what_was_allowed_is_remembered_by_name),
		cmocka_unit_test(a_receiver_that_is_off_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
