/* SPDX-License-Identifier: Apache-2.0 */
/* State root, directories, records and what the kernel says about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/kernel.h"
#include "knarr/state.h"

struct place {
	char dir[32], path[64];
	struct state_root root;
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/knarr-state-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/a/root", p->dir);
	assert_int_equal(state_root_open(p->path, true, &p->root, NULL), 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[64];

	state_root_close(&p->root);
	snprintf(command, sizeof(command), "rm -rf %s", p->dir);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

static void root_is_made_private(void **state)
{
	struct place *p = *state;
	struct state_root again;
	char with_slash[80];
	struct stat st;

	assert_int_equal(fstat(p->root.fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_string_equal(p->root.path, p->path);
	snprintf(with_slash, sizeof(with_slash), "%s//", p->path);
	assert_int_equal(state_root_open(with_slash, false, &again, NULL), 0);
	assert_string_equal(again.path, p->path);
	state_root_close(&again);
}

static void root_of_others_is_refused(void **state)
{
	struct place *p = *state;
	struct state_root r;
	struct error err = { 0 };
	char path[80];

	snprintf(path, sizeof(path), "%s/link", p->dir);
	assert_int_equal(symlink(p->path, path), 0);
	assert_true(state_root_open(path, true, &r, &err) < 0);
	assert_non_null(strstr(err.text, "link"));
	strcat(path, "/");
	assert_true(state_root_open(path, true, &r, &err) < 0);

	assert_int_equal(chmod(p->path, 0777), 0);
	assert_true(state_root_open(p->path, true, &r, &err) < 0);
	assert_non_null(strstr(err.text, "0777"));
	assert_int_equal(chmod(p->path, 0770), 0);
	assert_true(state_root_open(p->path, true, &r, &err) < 0);
	assert_int_equal(chmod(p->path, 0755), 0);
	assert_int_equal(state_root_open(p->path, true, &r, &err), 0);
	state_root_close(&r);
	if (geteuid() == 0) {
		assert_int_equal(chown(p->path, 1234, 0), 0);
		assert_true(state_root_open(p->path, true, &r, &err) < 0);
		assert_int_equal(err.class, ERROR_PERMISSION);
		assert_int_equal(chown(p->path, 0, 0), 0);
	}
	assert_true(state_root_open("/", true, &r, &err) < 0);
	snprintf(path, sizeof(path), "%s/none", p->dir);
	assert_int_equal(state_root_open(path, false, &r, &err), -ENOENT);
	assert_non_null(strstr(err.text, "does not exist"));
}

static void default_root_follows_the_user(void **state)
{
	char buf[256];

	(void)state;
	setenv("XDG_RUNTIME_DIR", "", 1);
	assert_true(state_root_default(buf, sizeof(buf)) > 0);
	if (geteuid() == 0) {
		assert_string_equal(buf, "/run/knarr");
	} else {
		setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
		assert_true(state_root_default(buf, sizeof(buf)) > 0);
		assert_string_equal(buf, "/run/user/7/knarr");
	}
	unsetenv("XDG_RUNTIME_DIR");
}

static void one_create_wins(void **state)
{
	struct place *p = *state;
	struct state_dir d, other;
	struct error err = { 0 };
	struct stat st;

	assert_int_equal(state_dir_open(&p->root, "c1", false, &other, &err), -ENOENT);
	assert_non_null(strstr(err.text, "container does not exist"));
	assert_int_equal(state_dir_make(&p->root, "c1", &d, &err), 0);
	assert_int_equal(fstat(d.fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(state_dir_make(&p->root, "c1", &other, &err), -EEXIST);
	assert_non_null(strstr(err.text, "container with given ID already exists"));
	assert_int_equal(err.class, ERROR_CONFLICT);
	assert_true(state_dir_make(&p->root, "../c2", &other, &err) < 0);
	assert_true(state_dir_open(&p->root, "..", false, &other, &err) < 0);
	assert_int_equal(state_dir_remove(&d, &err), 0);
	state_dir_close(&d);
	assert_int_equal(state_dir_open(&p->root, "c1", true, &other, &err), -ENOENT);
}

/* Two processes make one id: exactly one gets it. */
static void race_of_creates(void **state)
{
	struct place *p = *state;

	for (unsigned round = 0; round < 20; round++) {
		unsigned winners = 0;
		pid_t pids[4];
		char id[16];

		snprintf(id, sizeof(id), "r%u", round);
		for (unsigned i = 0; i < 4; i++) {
			pids[i] = fork();
			if (pids[i] == 0) {
				struct state_dir d;

				_exit(state_dir_make(&p->root, id, &d, NULL) == 0 ? 0 : 1);
			}
		}
		for (unsigned i = 0; i < 4; i++) {
			int status;

			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			winners += status == 0;
		}
		assert_int_equal(winners, 1);
	}
}

/* A command that waits for the lock of a container that is being deleted. */
static void waiter_sees_the_removal(void **state)
{
	struct place *p = *state;
	struct state_dir d;
	int status;
	pid_t pid;

	assert_int_equal(state_dir_make(&p->root, "c", &d, NULL), 0);
	pid = fork();
	if (pid == 0) {
		struct state_dir other;

		fd_close(d.fd); /* our copy of the lock */
		alarm(20);
		_exit(state_dir_open(&p->root, "c", true, &other, NULL) == -ENOENT ? 0 : 1);
	}
	usleep(100000);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	assert_int_equal(state_dir_remove(&d, NULL), 0);
	state_dir_close(&d);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void planted_things_are_not_followed(void **state)
{
	struct place *p = *state;
	struct state_dir d;
	struct state s;
	struct error err = { 0 };
	char target[80], link[96];

	snprintf(target, sizeof(target), "%s/target", p->dir);
	assert_int_equal(mkdir(target, 0700), 0);
	snprintf(link, sizeof(link), "%s/planted", p->path);
	assert_int_equal(symlink(target, link), 0);
	assert_true(state_dir_open(&p->root, "planted", false, &d, &err) < 0);
	assert_int_equal(state_dir_make(&p->root, "planted", &d, &err), -EEXIST);

	assert_int_equal(state_dir_make(&p->root, "c", &d, &err), 0);
	snprintf(target, sizeof(target), "%s/target/file", p->dir);
	assert_int_equal(close(open(target, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(symlinkat(target, d.fd, "state.json"), 0);
	assert_true(state_load(&d, &s, &err) < 0);
	assert_int_equal(unlinkat(d.fd, "state.json", 0), 0);
	assert_int_equal(mkfifoat(d.fd, "state.json", 0600), 0);
	assert_true(state_load(&d, &s, &err) < 0); /* and does not wait for a writer */
	assert_int_equal(symlinkat(target, d.fd, "gate"), 0);
	assert_int_equal(state_dir_remove(&d, &err), 0);
	state_dir_close(&d);
	assert_int_equal(access(target, F_OK), 0);
}

static struct state sample(void)
{
	struct state s = { .pid = 4711,
			   .start_time = UINT64_MAX,
			   .cgroup_driver = 2,
			   .creating = true,
			   .namespaces = 0x20000000 };

	s.id = strdup("c1");
	s.bundle = strdup("/b/\"x\"");
	s.rootfs = strdup("/b/rootfs");
	s.created = strdup("2026-01-02T03:04:05.000000006Z");
	s.oci_version = strdup("1.3.0");
	s.cgroup_path = strdup("/x");
	s.annotations.items = calloc(1, sizeof(*s.annotations.items));
	s.annotations.items[0] =
		(struct spec_key_value){ .key = strdup("a/b"), .value = strdup("\xc3\xa9/") };
	s.annotations.count = 1;
	return s;
}

static void record_round_trip(void **state)
{
	struct place *p = *state;
	struct state s = sample(), t = { 0 };
	struct state_dir d;
	struct error err = { 0 };
	struct stat st;

	assert_int_equal(state_dir_make(&p->root, "c1", &d, &err), 0);
	assert_int_equal(state_save(&d, &s, &err), 0);
	assert_int_equal(fstatat(d.fd, "state.json", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(state_load(&d, &t, &err), 0);
	assert_string_equal(t.id, "c1");
	assert_string_equal(t.bundle, s.bundle);
	assert_string_equal(t.created, s.created);
	assert_string_equal(t.cgroup_path, "/x");
	assert_null(t.cgroup_scope);
	assert_int_equal(t.pid, 4711);
	assert_true(t.start_time == UINT64_MAX);
	assert_int_equal(t.cgroup_driver, 2);
	assert_true(t.creating);
	assert_int_equal(t.annotations.count, 1);
	assert_string_equal(t.annotations.items[0].key, "a/b");
	assert_string_equal(t.annotations.items[0].value, "\xc3\xa9/");
	state_done(&s);
	state_done(&t);
	state_done(&t); /* an empty one may be ended again */
	state_dir_close(&d);
}

static void bad_records(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
		{ "", "damaged" },
		{ "{\"version\":1,\"id\":\"c\",\"pi", "damaged" },
		{ "{\"id\":\"c\",\"pid\":1}", "version" },
		{ "{\"version\":1,\"id\":\"other\",\"pid\":1}", "id" },
		{ "{\"version\":1,\"id\":\"c\",\"pid\":-1}", "pid" },
		{ "{\"version\":1,\"id\":\"c\",\"pid\":1,\"startTime\":-2}", "startTime" },
		{ "{\"version\":1,\"id\":\"c\",\"pid\":1,\"annotations\":{\"a\":1}}",
		  "annotations" },
		{ "{\"version\":2,\"id\":\"c\",\"pid\":1}", "version 2" },
		{ "[]", "damaged" },
	};
	struct place *p = *state;
	static const char newer[] = "{\"version\":1,\"id\":\"c\",\"pid\":5,\"new\":[1]}";
	struct state_dir d;
	struct state s;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = { 0 };

		assert_int_equal(state_dir_make(&p->root, "c", &d, &err), 0);
		assert_int_equal(state_save_file(&d, "state.json", cases[i].text,
						 strlen(cases[i].text), &err),
				 0);
		assert_true(state_load(&d, &s, &err) < 0);
		if (!strstr(err.text, cases[i].word))
			fail_msg("case %zu: %s", i, err.text);
		assert_int_equal(state_dir_remove(&d, &err), 0);
		state_dir_close(&d);
	}
	/* Without a record, as after a kill between mkdir and the first write; with a temp file of a killed writer. */
	assert_int_equal(state_dir_make(&p->root, "c", &d, NULL), 0);
	assert_true(state_load(&d, &s, NULL) < 0);
	close(openat(d.fd, ".state.json.123", O_CREAT | O_WRONLY, 0600));
	assert_int_equal(state_dir_remove(&d, NULL), 0);
	state_dir_close(&d);
	/* Members of a later build. */
	assert_int_equal(state_dir_make(&p->root, "c", &d, NULL), 0);
	assert_int_equal(state_save_file(&d, "state.json", newer, strlen(newer), NULL), 0);
	assert_int_equal(state_load(&d, &s, NULL), 0);
	assert_int_equal(s.pid, 5);
	state_done(&s);
	state_dir_close(&d);
}

static void status_asks_the_kernel(void **state)
{
	struct place *p = *state;
	struct state s = { 0 };
	struct state_dir d;
	char boot_id[37], task_state, nothing[1] = "";
	int status, sock;
	pid_t pid;

	assert_int_equal(state_dir_make(&p->root, "c", &d, NULL), 0);
	assert_true(boot_id_read(boot_id) >= 0);
	s.boot_id = boot_id;
	assert_int_equal(state_status(&d, &s), STATUS_STOPPED);
	s.creating = true;
	assert_int_equal(state_status(&d, &s), STATUS_CREATING);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	s.pid = pid;
	assert_true(pidref_stat(pid, &task_state, &s.start_time) >= 0);
	assert_int_equal(state_status(&d, &s), STATUS_CREATING);
	s.creating = false;
	assert_int_equal(state_status(&d, &s), STATUS_RUNNING);
	sock = sock_listen_at(SOCK_SEQPACKET, d.fd, "gate");
	assert_true(sock >= 0);
	assert_int_equal(state_status(&d, &s), STATUS_CREATED);
	assert_int_equal(unlinkat(d.fd, "gate", 0), 0);
	assert_int_equal(symlinkat("/", d.fd, "gate"), 0);
	assert_int_equal(state_status(&d, &s), STATUS_RUNNING);
	s.start_time++; /* the pid of somebody else */
	assert_int_equal(state_status(&d, &s), STATUS_STOPPED);
	s.start_time--;
	boot_id[0] = boot_id[0] == 'a' ? 'b' : 'a';
	assert_int_equal(state_status(&d, &s), STATUS_STOPPED);
	s.boot_id = NULL;
	assert_int_equal(state_status(&d, &s), STATUS_RUNNING);
	s.boot_id = nothing; /* it could not be read at create */
	assert_int_equal(state_status(&d, &s), STATUS_RUNNING);
	assert_int_equal(kill(pid, SIGKILL), 0);
	usleep(100000);
	assert_int_equal(state_status(&d, &s), STATUS_STOPPED); /* a zombie */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(state_status(&d, &s), STATUS_STOPPED);
	close(sock);
	state_dir_close(&d);
}

static void json_for_callers(void **state)
{
	struct state s = sample();
	char *text;

	(void)state;
	text = state_json(&s, STATUS_CREATED, false);
	assert_string_equal(
		text,
		"{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":4711,\"status\":\"created\",\"bundle\":\"/b/\\\"x\\\"\","
		"\"rootfs\":\"/b/rootfs\",\"created\":\"2026-01-02T03:04:05.000000006Z\","
		"\"annotations\":{\"a/b\":\"\xc3\xa9/\"},\"owner\":\"\"}");
	free(text);
	free((char *)s.annotations.items[0].key);
	free((char *)s.annotations.items[0].value);
	s.annotations.count = 0;
	text = state_json(&s, STATUS_STOPPED, true);
	assert_string_equal(
		text,
		"{\n  \"ociVersion\": \"1.3.0\",\n  \"id\": \"c1\",\n  \"pid\": 0,\n  \"status\": \"stopped\",\n"
		"  \"bundle\": \"/b/\\\"x\\\"\",\n  \"rootfs\": \"/b/rootfs\",\n"
		"  \"created\": \"2026-01-02T03:04:05.000000006Z\",\n  \"owner\": \"\"\n}");
	free(text);
	state_done(&s);
}

static void list_is_sorted(void **state)
{
	struct place *p = *state;
	struct state_root none = { .fd = -EBADF };
	struct state_dir d;
	char **ids;
	size_t n;

	for (const char *const *id = (const char *const[]){ "b", "a", "c", NULL }; *id; id++) {
		assert_int_equal(state_dir_make(&p->root, *id, &d, NULL), 0);
		state_dir_close(&d);
	}
	assert_int_equal(mkdirat(p->root.fd, ".cache", 0700), 0);
	close(openat(p->root.fd, "file", O_CREAT | O_WRONLY, 0600));
	for (unsigned twice = 0; twice < 2; twice++) {
		assert_int_equal(state_list(&p->root, &ids, &n, NULL), 0);
		assert_int_equal(n, 3);
		assert_string_equal(ids[0], "a");
		assert_string_equal(ids[2], "c");
		while (n)
			free(ids[--n]);
		free(ids);
	}
	assert_int_equal(state_list(&none, &ids, &n, NULL), 0);
	assert_int_equal(n, 0);
}

/* The notify socket's directory goes with its content, whatever a container made of it. */
static void directories_are_removed(void **state)
{
	struct place *p = *state;
	_cleanup_close_ int sub = -EBADF;
	struct state_dir d;

	assert_int_equal(state_dir_make(&p->root, "c", &d, NULL), 0);
	assert_int_equal(mkdirat(d.fd, "notify", 0711), 0);
	sub = openat(d.fd, "notify", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(sub >= 0);
	close(openat(sub, "notify.sock", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(symlinkat("/", sub, "link"), 0);
	assert_int_equal(mkdirat(sub, "deep", 0700), 0);
	assert_int_equal(mkdirat(sub, "deep/deeper", 0700), 0);
	assert_int_equal(mkdirat(sub, "deep/deeper/deepest", 0700), 0);
	assert_int_equal(mkdirat(sub, "deep/beside", 0700), 0);
	assert_int_equal(mkdirat(sub, "other", 0700), 0);
	close(openat(sub, "deep/deeper/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(symlinkat("/", sub, "deep/deeper/deepest/link"), 0);
	assert_int_equal(state_dir_remove(&d, NULL), 0);
	state_dir_close(&d);
	assert_int_equal(faccessat(p->root.fd, "c", F_OK, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(root_is_made_private, set_up, tear_down),
		cmocka_unit_test_setup_teardown(root_of_others_is_refused, set_up, tear_down),
		cmocka_unit_test(default_root_follows_the_user),
		cmocka_unit_test_setup_teardown(one_create_wins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(race_of_creates, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waiter_sees_the_removal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(planted_things_are_not_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(record_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_records, set_up, tear_down),
		cmocka_unit_test_setup_teardown(status_asks_the_kernel, set_up, tear_down),
		cmocka_unit_test(json_for_callers),
		cmocka_unit_test_setup_teardown(list_is_sorted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(directories_are_removed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
