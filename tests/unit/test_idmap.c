/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps: their arithmetic, and written for real where the user may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/kernel.h"
#include "knarr/namespaces.h"

#define M(c, h, s)                                         \
	{                                                  \
		.container = (c), .host = (h), .size = (s) \
	}
#define MAPS(...)                                                        \
	(struct spec_id_maps)                                            \
	{                                                                \
		.items = (struct spec_id_map[]){ __VA_ARGS__ },          \
		.count = sizeof((struct spec_id_map[]){ __VA_ARGS__ }) / \
			 sizeof(struct spec_id_map),                     \
	}

static void check(void **state)
{
	struct spec_id_map many[341];
	struct spec_id_maps maps = { .items = many, .count = 341 };
	struct error err = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 341; i++)
		many[i] = (struct spec_id_map){ .container = 2 * i, .host = 3 * i, .size = 2 };
	assert_true(idmap_check(&maps, &err) < 0);
	maps.count = 340;
	assert_int_equal(idmap_check(&maps, &err), 0);
	assert_int_equal(idmap_check(&MAPS(M(0, 0, UINT32_MAX)), &err), 0);
	assert_true(idmap_check(&MAPS(M(0, 5, 0)), &err) < 0);
	assert_true(idmap_check(&MAPS(M(1, 0, UINT32_MAX)), &err) < 0);
	assert_true(idmap_check(&MAPS(M(0, 1, UINT32_MAX)), &err) < 0);
	assert_true(idmap_check(&MAPS(M(UINT32_MAX, 0, 1)), &err) < 0);
	assert_true(idmap_check(&MAPS(M(0, 100, 10), M(9, 200, 10)), &err) < 0);
	assert_non_null(strstr(err.text, "container"));
	assert_true(idmap_check(&MAPS(M(0, 100, 10), M(10, 109, 10)), &err) < 0);
	assert_non_null(strstr(err.text, "host"));
	assert_int_equal(idmap_check(&MAPS(M(10, 110, 10), M(0, 100, 10)), &err), 0);
	assert_int_equal(err.class, ERROR_CONFIG);
}

static void to_host(void **state)
{
	const struct spec_id_maps maps = MAPS(M(0, 1000, 1), M(1, 100000, 65535));
	uint32_t id = 7;

	(void)state;
	assert_true(spec_id_to_host(&maps, 0, &id));
	assert_int_equal(id, 1000);
	assert_true(spec_id_to_host(&maps, 65535, &id));
	assert_int_equal(id, 165534);
	assert_false(spec_id_to_host(&maps, 65536, &id));
	assert_int_equal(id, 165534);
}

static void read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, buf, size - 1);
	assert_true(n >= 0);
	buf[n] = '\0';
	close(fd);
}

/* A child in a user namespace of its own; 0 if there can be none here. */
static pid_t start_child(void)
{
	int p[2];
	pid_t pid;
	char c = 'n';

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		c = unshare(CLONE_NEWUSER) == 0 ? 'y' : 'n';
		(void)!write(p[1], &c, 1);
		close(p[0]);
		pause();
		_exit(0);
	}
	close(p[1]);
	assert_int_equal(read(p[0], &c, 1), 1);
	close(p[0]);
	if (c == 'y')
		return pid;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void own_id_without_privilege(void **state)
{
	char buf[256];
	int status;
	pid_t worker = fork();

	(void)state;
	if (worker == 0) {
		struct error err = { 0 };
		const struct spec_id_maps uids = MAPS(M(0, 1234, 1)), gids = MAPS(M(0, 2345, 1));
		int procfd;
		pid_t pid;

		if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(2345, 2345, 2345) < 0 ||
				       setresuid(1234, 1234, 1234) < 0))
			_exit(1);
		if (geteuid() != 1234)
			_exit(77);
		(void)prctl(PR_SET_DUMPABLE,
			    1); /* the change of ids has taken it, and /proc/PID would be root's */
		procfd = procfs_open();
		pid = start_child();
		if (pid == 0)
			_exit(77); /* user namespaces are not for everybody here */
		if (idmap_write(procfd, pid, &uids, &gids, &err) < 0) {
			fprintf(stderr, "%s: %s\n", err.text, strerror(err.code));
			_exit(2);
		}
		read_proc(pid, "setgroups", buf, sizeof(buf));
		if (strcmp(buf, "deny\n") != 0)
			_exit(3);
		read_proc(pid, "gid_map", buf, sizeof(buf));
		end_child(pid);
		_exit(strstr(buf, "2345") ? 0 : 4);
	}
	assert_int_equal(waitpid(worker, &status, 0), worker);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static void with_privilege(void **state)
{
	const struct spec_id_maps uids = MAPS(M(0, 100000, 65536), M(70000, 0, 1)),
				  gids = MAPS(M(0, 200000, 10));
	struct error err = { 0 };
	int procfd = procfs_open();
	char buf[256];
	pid_t pid;

	(void)state;
	if (geteuid() != 0 || (pid = start_child()) == 0) {
		print_message("needs root and user namespaces\n");
		skip();
		return;
	}
	if (idmap_write(procfd, pid, &uids, &gids, &err) < 0)
		fail_msg("%s: %s", err.text, strerror(err.code));
	read_proc(pid, "uid_map", buf, sizeof(buf));
	assert_non_null(strstr(buf, "100000"));
	assert_non_null(strstr(buf, "70000"));
	read_proc(pid, "setgroups", buf, sizeof(buf));
	assert_string_equal(buf, "allow\n");
	/* Maps are written once. */
	assert_int_equal(idmap_write(procfd, pid, &uids, &gids, &err), -EPERM);
	assert_non_null(strstr(err.text, "uid_map"));
	end_child(pid);
	close(procfd);
}

/* A helper of our own in PATH stands for newuidmap: its words come through, and what it was given. */
static void helpers(void **state)
{
	char dir[] = "/tmp/knarr-idmap-XXXXXX", path[64], command[96];
	int status;
	pid_t worker;
	FILE *f;

	(void)state;
	if (geteuid() != 0) {
		print_message("needs root, to drop it\n");
		skip();
		return;
	}
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	snprintf(path, sizeof(path), "%s/newuidmap", dir);
	f = fopen(path, "we");
	fprintf(f, "#!/bin/sh\nshift\necho \"no: $*\" >&2\nexit 1\n");
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
	worker = fork();
	if (worker == 0) {
		const struct spec_id_maps uids = MAPS(M(0, 1234, 1), M(1, 100000, 5)),
					  gids = MAPS(M(0, 2345, 1));
		struct error err = { 0 };

		if (setgroups(0, NULL) < 0 || setresgid(2345, 2345, 2345) < 0 ||
		    setresuid(1234, 1234, 1234) < 0)
			_exit(1);
		setenv("PATH", "relative:", 1);
		if (idmap_write(-EBADF, getpid(), &uids, &gids, &err) >= 0 ||
		    !strstr(err.text, "newuidmap") || !strstr(err.remedy, "uidmap"))
			_exit(2);
		memset(&err, 0, sizeof(err));
		setenv("PATH", dir, 1);
		if (idmap_write(-EBADF, getpid(), &uids, &gids, &err) >= 0)
			_exit(3);
		fprintf(stderr, "%s; %s\n", err.text, err.remedy);
		if (!strstr(err.text, "no: 0 1234 1 1 100000 5"))
			_exit(4);
		if (!strstr(err.remedy, "/etc/subuid has no range for user '1234'"))
			_exit(5);
		_exit(0);
	}
	assert_int_equal(waitpid(worker, &status, 0), worker);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(status, 0);
}

static void namespace_without_processes(void **state)
{
	const struct spec_id_maps maps = MAPS(M(0, 100000, 10));
	struct error err = { 0 };
	struct stat own, st;
	int fd;

	(void)state;
	if (geteuid() != 0) {
		print_message("needs root\n");
		skip();
		return;
	}
	fd = idmap_namespace(&maps, &maps, &err);
	if (fd < 0)
		fail_msg("%s: %s", err.text, strerror(err.code));
	assert_int_equal(ioctl(fd, NS_GET_NSTYPE), CLONE_NEWUSER);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(stat("/proc/self/ns/user", &own), 0);
	assert_true(st.st_ino != own.st_ino);
	close(fd);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	assert_int_equal(errno, ECHILD);
}

static void namespace_files(void **state)
{
	struct error err = { 0 };
	int fd;

	(void)state;
	assert_int_equal(namespace_open("/proc/self/ns/uts", NS_UTS, &fd, &err), 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_true(namespace_open("/proc/self/ns/uts", NS_NETWORK, &fd, &err) < 0);
	assert_string_equal(err.text,
			    "'/proc/self/ns/uts' is a uts namespace, not a network namespace");
	assert_true(namespace_open("/etc/passwd", NS_NETWORK, &fd, &err) < 0);
	assert_non_null(strstr(err.text, "not a namespace file"));
	assert_int_equal(namespace_open("/nonexistent", NS_PID, &fd, &err), -ENOENT);
	assert_int_equal(namespace_open("/proc/self/ns/time", NS_TIME, &fd, &err), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check),
		cmocka_unit_test(to_host),
		cmocka_unit_test(own_id_without_privilege),
		cmocka_unit_test(with_privilege),
		cmocka_unit_test(helpers),
		cmocka_unit_test(namespace_without_processes),
		cmocka_unit_test(namespace_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
