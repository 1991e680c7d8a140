/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <unistd.h>

static int parse(const char *text, struct spec **ret, struct error *err)
{
	return spec_parse(text, strlen(text), "config.json", ret, NULL, err);
}

static void refused(const char *text, const char *sentence, const char *origin, unsigned line,
		    unsigned column)
{
	struct spec *s = NULL;
	struct error err = { .text = "" };

	assert_int_equal(parse(text, &s, &err), -EINVAL);
	assert_null(s);
	if (!strstr(err.text, sentence))
		fail_msg("says: %s\nshould say: %s", err.text, sentence);
	assert_string_equal(err.origin, origin);
	assert_string_equal(err.file, "config.json");
	assert_int_equal(err.line, line);
	assert_int_equal(err.column, column);
}

static void the_smallest_config(void **state)
{
	_cleanup_(spec_freep) struct spec *s = spec_good("");

	(void)state;
	assert_string_equal(s->oci_version, "1.3.0");
	assert_string_equal(s->root.path, "rootfs");
	assert_false(s->root.readonly);
	assert_non_null(s->root.node);
	assert_non_null(s->root.path_node);
	assert_null(s->root.readonly_node);
	assert_false(s->process.present);
	assert_false(s->resources.present);
	assert_null(s->hostname);
	assert_int_equal(s->mount_count, 0);
}

static void versions(void **state)
{
	static const char *const good[] = { "1.0.0",         "1.3.0",
					    "1.0.2-dev",     "1.2.0-rc.1+build.5",
					    "1.0.0-rc5-dev", "1.99.7" };
	static const char *const bad[] = { "",       "1",          "1.0",    "1.0.0.0",
					   "01.0.0", "1.0.0-",     "1.0.0+", "v1.0.0",
					   "1.0.x",  "1.0.0-a..b", "1.0.0 " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_free_ char *text =
			text_printf("{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}", good[i]);
		_cleanup_(spec_freep) struct spec *s = NULL;

		assert_int_equal(parse(text, &s, NULL), 0);
		assert_string_equal(s->oci_version, good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_free_ char *text =
			text_printf("{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}", bad[i]);

		refused(text, "'ociVersion' must be a version such as 1.3.0", "/ociVersion", 1, 15);
	}
	refused("{\"ociVersion\":\"2.0.0\",\"root\":{\"path\":\"r\"}}",
		"versions 1.x.y are supported", "/ociVersion", 1, 15);
	refused("{\"ociVersion\":\"0.2.0\",\"root\":{\"path\":\"r\"}}",
		"versions 1.x.y are supported", "/ociVersion", 1, 15);
}

static void what_must_be_there(void **state)
{
	(void)state;
	refused("{\"root\":{\"path\":\"r\"}}", "'ociVersion' is missing", "", 1, 1);
	refused("\n {\"ociVersion\":\"1.0.0\"}", "'root' is missing", "", 2, 2);
	refused("{\"ociVersion\":\"1.0.0\",\"root\":null}", "'root' is missing", "", 1, 1);
	refused("{\"ociVersion\":\"1.0.0\",\"root\":{}}", "'root.path' is missing", "/root", 1, 30);
	refused("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}", "'root.path' is empty",
		"/root/path", 1, 38);
	refused("[]", "'config.json' must be an object, not an array", "", 1, 1);
	refused("{\"ociVersion\":1,\"root\":{\"path\":\"r\"}}",
		"'ociVersion' must be a string, not a number", "/ociVersion", 1, 15);
	refused("{\"ociVersion\":\"1.0.0\",\n\"root\":{\"path\":\"r\",\"readonly\":\"yes\"}}",
		"'root.readonly' must be true or false, not a string", "/root/readonly", 2, 31);
}

static void null_is_absent(void **state)
{
	_cleanup_(spec_freep) struct spec *s = spec_good(
		",\"mounts\":null,\"process\":null,\"linux\":{\"devices\":null,\"resources\":null},\"annotations\":null");

	(void)state;
	assert_int_equal(s->mount_count, 0);
	assert_false(s->process.present);
	assert_false(s->resources.present);
	assert_non_null(s->linux_node);
}

static void names_of_the_container(void **state)
{
	_cleanup_(spec_freep) struct spec *s =
		spec_good(",\"hostname\":\"h\",\"domainname\":\"d\"");
	_cleanup_(spec_freep) struct spec *none =
		spec_good(",\"hostname\":\"\",\"domainname\":\"\"");

	(void)state;
	assert_string_equal(s->hostname, "h");
	assert_string_equal(s->domainname, "d");
	assert_non_null(s->hostname_node);
	assert_null(none->hostname);
	assert_null(none->domainname);
	spec_bad_at(
		",\"hostname\":\"0123456789012345678901234567890123456789012345678901234567890123x\"",
		"'hostname' is 65 bytes long, 64 is the most", 2, 13);
	spec_bad(
		",\"domainname\":\"0123456789012345678901234567890123456789012345678901234567890123x\"",
		"'domainname' is 65 bytes long");
}

static void annotations(void **state)
{
	_cleanup_(spec_freep) struct spec *s =
		spec_good(",\"annotations\":{\"a.b\":\"1\",\"c\":\"\"}");

	(void)state;
	assert_int_equal(s->annotations.count, 2);
	assert_string_equal(spec_annotation(s, "a.b"), "1");
	assert_string_equal(spec_annotation(s, "c"), "");
	assert_null(spec_annotation(s, "d"));
	spec_bad_at(",\"annotations\":{\"a.b\":1}",
		    "'annotations[a.b]' must be a string, not a number", 2, 23);
	spec_bad(",\"annotations\":{\"\":\"1\"}", "'annotations' has a member with an empty name");
	spec_bad(",\"annotations\":[]", "'annotations' must be an object, not an array");
}

static void hooks(void **state)
{
	_cleanup_(spec_freep) struct spec *s = spec_good(
		",\"hooks\":{\"prestart\":[{\"path\":\"/a\"}],\"createRuntime\":[{\"path\":\"/b\",\"args\":[\"b\",\"-x\"],"
		"\"env\":[\"K=V\"],\"timeout\":7},{\"path\":\"/c\"}],\"createContainer\":[{\"path\":\"/d\"}],"
		"\"startContainer\":[{\"path\":\"/e\"}],\"poststart\":[{\"path\":\"/f\"}],\"poststop\":[]}");
	const struct spec_hook *b = &s->hooks[HOOK_CREATE_RUNTIME].items[0];

	(void)state;
	assert_int_equal(s->hooks[HOOK_PRESTART].count, 1);
	assert_int_equal(s->hooks[HOOK_CREATE_RUNTIME].count, 2);
	assert_string_equal(b->path, "/b");
	assert_int_equal(b->args.count, 2);
	assert_string_equal(b->args.items[1], "-x");
	assert_null(b->args.items[2]);
	assert_string_equal(b->env.items[0], "K=V");
	assert_int_equal(b->timeout_s, 7);
	assert_int_equal(b[1].timeout_s, 0);
	assert_int_equal(b[1].args.count, 0);
	assert_string_equal(s->hooks[HOOK_START_CONTAINER].items[0].path, "/e");
	assert_string_equal(s->hooks[HOOK_POSTSTART].items[0].path, "/f");
	assert_int_equal(s->hooks[HOOK_POSTSTOP].count, 0);
	spec_bad_at(",\"hooks\":{\"prestart\":[{\"path\":\"a\"}]}",
		    "'hooks.prestart[0].path' must be an absolute path, not 'a'", 2, 31);
	spec_bad(",\"hooks\":{\"poststop\":[{\"args\":[]}]}",
		 "'hooks.poststop[0].path' is missing");
	spec_bad(",\"hooks\":{\"poststop\":[{\"path\":\"/a\",\"timeout\":0}]}",
		 "'hooks.poststop[0].timeout' must be between 1 and");
	spec_bad(",\"hooks\":{\"poststop\":[{\"path\":\"/a\",\"timeout\":-1}]}",
		 "must be between 1 and");
	spec_bad(",\"hooks\":{\"poststop\":[{\"path\":\"/a\",\"env\":\"A=B\"}]}",
		 "must be an array of strings, not a string");
	spec_bad(",\"hooks\":{\"poststop\":{\"path\":\"/a\"}}",
		 "'hooks.poststop' must be an array of objects, not an object");
}

static void lone_sections(void **state)
{
	static const char process[] =
		"{\"cwd\":\"/\",\"args\":[\"a\"],\"user\":{\"uid\":1,\"gid\":2}}";
	static const char resources[] = "{\"memory\":{\"limit\":1000000},\"pids\":{\"limit\":5}}";
	static const char mounts[] =
		"[{\"destination\":\"/a\",\"type\":\"tmpfs\"},{\"destination\":\"/b\",\"source\":\"/x\",\"options\":[\"bind\"]}]";
	static const char unmounts[] = "[{\"destination\":\"/a\"}]";
	_cleanup_(spec_freep) struct spec *p = NULL, *r = NULL, *m = NULL, *u = NULL;
	struct spec *none = NULL;
	struct error err = { .text = "" };

	(void)state;
	assert_int_equal(spec_parse_process(process, strlen(process), "process.json", &p, &err), 0);
	assert_true(p->process.present);
	assert_int_equal(p->process.user.gid, 2);
	assert_int_equal(spec_parse_resources(resources, strlen(resources), "resources", &r, &err),
			 0);
	assert_true(r->resources.present);
	assert_int_equal(r->resources.pids_limit.value, 5);
	assert_int_equal(spec_parse_mounts(mounts, strlen(mounts), "mounts", &m, &err), 0);
	assert_int_equal(m->mount_count, 2);
	assert_int_equal(m->mounts[1].flags, SPEC_MOUNT_BIND);
	assert_int_equal(spec_parse_unmounts(unmounts, strlen(unmounts), "mounts", &u, &err), 0);
	assert_string_equal(u->mounts[0].destination, "/a");

	assert_int_equal(spec_parse_process("{\"args\":[\"a\"]}", 14, "process.json", &none, &err),
			 -EINVAL);
	assert_string_equal(err.text, "'cwd' is missing");
	assert_string_equal(err.file, "process.json");
	assert_int_equal(spec_parse_mounts("{}", 2, "mounts", &none, &err), -EINVAL);
	assert_string_equal(err.text, "'mounts' must be an array of objects, not an object");
	assert_int_equal(spec_parse_mounts("[{\"type\":\"x\"}]", 14, "mounts", &none, &err),
			 -EINVAL);
	assert_string_equal(err.text, "'[0].destination' is missing");
	assert_int_equal(spec_parse_unmounts("[{}]", 4, "mounts", &none, &err), -EINVAL);
	assert_string_equal(err.text, "'[0].destination' is missing");
	assert_int_equal(spec_parse_resources("7", 1, "resources", &none, NULL), -EINVAL);
	assert_null(none);
}

static void loading(void **state)
{
	static const char text[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}}";
	_cleanup_(spec_freep) struct spec *s = NULL;
	struct spec_findings findings = { .count = 0 };
	char dir[] = "/tmp/knarr-spec-XXXXXX";
	_cleanup_close_ int dirfd = -EBADF;
	struct error err = { .text = "" };

	(void)state;
	assert_non_null(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(spec_load(dirfd, "config.json", &s, NULL, &err), -ENOENT);
	assert_int_equal(err.class, ERROR_NOT_FOUND);
	assert_int_equal(spec_load(dirfd, "config.json", &s, &findings, NULL), -ENOENT);
	assert_int_equal(findings.count, 1);
	spec_findings_done(&findings);
	assert_int_equal(io_replace_file_at(dirfd, "config.json", 0600, text, strlen(text)), 0);
	assert_int_equal(spec_load(dirfd, "config.json", &s, NULL, &err), 0);
	assert_string_equal(s->root.path, "r");
	assert_int_equal(unlinkat(dirfd, "config.json", 0), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void ids(void **state)
{
	static const char *const good[] = { "a", "A9_+.-", "0", "_", "+x", "a..b", "podman-1" };
	static const char *const bad[] = { "",    ".",   "..",       ".a",  "-rf", "a/b", "../x",
					   "a\n", "a b", "\303\244", "a:b", "a@b", "a\\", "a\x7f" };
	char *longest = mem_alloc(1026);
	struct error err = { .text = "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(spec_check_id(good[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err.text[0] = '\0';
		assert_int_equal(spec_check_id(bad[i], &err), -EINVAL);
		assert_true(err.text[0]);
		assert_null(strchr(err.text, '\n'));
	}
	memset(longest, 'a', 1024);
	assert_int_equal(spec_check_id(longest, NULL), 0);
	longest[1024] = 'a';
	assert_int_equal(spec_check_id(longest, &err), -EINVAL);
	assert_non_null(strstr(err.text, "1025 bytes"));
	free(longest);
}

static void words(void **state)
{
	uint64_t all = 0;

	(void)state;
	for (int i = 0; i < NS_COUNT; i++)
		all |= spec_ns_clone_flag((enum spec_ns)i);
	assert_int_equal(all, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
				      CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |
				      CLONE_NEWTIME);
	assert_int_equal(spec_ns_clone_flag(NS_NETWORK), CLONE_NEWNET);
	assert_string_equal(spec_ns_name(NS_PID), "pid");
	assert_string_equal(spec_ns_name(NS_NETWORK), "network");
	assert_string_equal(spec_hook_name(HOOK_CREATE_RUNTIME), "createRuntime");
	assert_int_equal(spec_capability_number("CAP_SYS_ADMIN"), 21);
	assert_int_equal(spec_capability_number("sys_admin"), 21);
	assert_int_equal(spec_capability_number("cap_Chown"), 0);
	assert_int_equal(spec_capability_number("CAP_"), -1);
	assert_int_equal(spec_capability_number(""), -1);
	assert_int_equal(spec_capability_number("CAP_CAP_CHOWN"), -1);
	assert_string_equal(spec_capability_name(40), "CAP_CHECKPOINT_RESTORE");
	assert_null(spec_capability_name(41));
	assert_null(spec_capability_name(-1));
	for (int i = 0; i <= 40; i++)
		assert_int_equal(spec_capability_number(spec_capability_name(i)), i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_config),
		cmocka_unit_test(versions),
		cmocka_unit_test(what_must_be_there),
		cmocka_unit_test(null_is_absent),
		cmocka_unit_test(names_of_the_container),
		cmocka_unit_test(annotations),
		cmocka_unit_test(hooks),
		cmocka_unit_test(lone_sections),
		cmocka_unit_test(loading),
		cmocka_unit_test(ids),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
