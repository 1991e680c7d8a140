/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look: a static program for tests/policy. It prints many observations of one container in one start, each as
 * "KEY<TAB>VALUE". Its arguments are what to look at:
 *
 *   status         capabilities, no_new_privs and seccomp mode, from /proc/self/status
 *   ids            user, group, groups, umask
 *   env            each variable of the environment
 *   fds            the kind of each open descriptor above 2
 *   limits         each resource limit
 *   mounts         options of each mount, by mount point
 *   dev=NODE       opens a device node for reading, writing and both; the value has the letters that worked
 *   mknod=T:M:N    makes a device node in /tmp
 *   open=PATH      what opening for reading and for writing gives, and how many bytes or names there are to read
 *   cat=PATH       the first line
 *   call=NR[:A]... result of a system call, made in a child of its own
 *   sleep          waits for a signal, prints nothing
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void look_status(void)
{
	static const char *const wanted[] = { "Cap", "NoNewPrivs", "Seccomp:" };
	char line[4096], *colon;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (!strncmp(line, wanted[i], strlen(wanted[i])) &&
			    (colon = strchr(line, ':'))) {
				*colon = '\0';
				printf("%s\t%s", line, colon + 1 + strspn(colon + 1, " \t"));
			}
	if (f)
		fclose(f);
}

static void look_ids(void)
{
	gid_t groups[256];
	int n = getgroups(256, groups);
	mode_t mask = umask(0);

	printf("uid\t%u\ngid\t%u\numask\t%04o\n", getuid(), getgid(), mask);
	for (int i = 0; i < n; i++)
		printf("group %u\tyes\n", groups[i]);
}

static void look_env(void)
{
	for (char **e = environ; *e; e++) {
		char *equals = strchr(*e, '=');

		if (equals)
			printf("env %.*s\t%s\n", (int)(equals - *e), *e, equals + 1);
		else
			printf("env %s\t\n", *e);
	}
}

static void look_fds(void)
{
	for (int fd = 3; fd < 1024; fd++) {
		struct stat st;
		mode_t m;

		if (fstat(fd, &st) < 0)
			continue;
		m = st.st_mode;
		printf("fd %d\t%s\n", fd,
		       S_ISREG(m)    ? "file"
		       : S_ISDIR(m)  ? "directory"
		       : S_ISCHR(m)  ? "device"
		       : S_ISFIFO(m) ? "fifo"
		       : S_ISSOCK(m) ? "socket"
				     : "other");
	}
}

static void look_limits(void)
{
	static const char *const names[] = { "CPU",      "FSIZE", "DATA",   "STACK",
					     "CORE",     "RSS",   "NPROC",  "NOFILE",
					     "MEMLOCK",  "AS",    "LOCKS",  "SIGPENDING",
					     "MSGQUEUE", "NICE",  "RTPRIO", "RTTIME" };
	for (int i = 0; i < 16; i++) {
		struct rlimit l;

		if (getrlimit(i, &l) == 0)
			printf("limit %s\t%llu %llu\n", names[i], (unsigned long long)l.rlim_cur,
			       (unsigned long long)l.rlim_max);
	}
}

static void look_mounts(void)
{
	static char line[65536];
	FILE *f = fopen("/proc/self/mountinfo", "re");

	while (f && fgets(line, sizeof(line), f)) {
		char root[4096], point[4096], options[4096], type[256] = "", super[4096] = "";
		char *dash = strstr(line, " - ");

		if (sscanf(line, "%*s %*s %*s %4095s %4095s %4095s", root, point, options) == 3 &&
		    dash && sscanf(dash, " - %255s %*s %4095s", type, super) == 2)
			printf("mount %s\t%s %s %s %s\n", point, options, type, super, root);
	}
	if (f)
		fclose(f);
}

static int opens(const char *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		close(fd);
	/* The device program's answer is EPERM; any other error comes from the driver, after it said yes. */
	return fd >= 0 || errno != EPERM;
}

static void look_dev(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		printf("dev %s\tmissing\n", path);
	else
		printf("dev %s\t%s%s%s\n", path, opens(path, O_RDONLY) ? "r" : "",
		       opens(path, O_WRONLY) ? "w" : "", opens(path, O_RDWR) ? "+" : "");
}

static void look_mknod(const char *what)
{
	char type;
	unsigned major, minor;
	const char *node = "/tmp/look.node";
	int r;

	if (sscanf(what, "%c:%u:%u", &type, &major, &minor) != 3)
		return;
	r = mknod(node, (type == 'b' ? S_IFBLK : S_IFCHR) | 0600, makedev(major, minor));
	printf("mknod %s\t%s\n", what, r == 0 ? "yes" : strerrorname_np(errno));
	unlink(node);
}

static void look_open(const char *path)
{
	char buf[256];
	long n = -1;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const char *r = fd >= 0 ? "read" : strerrorname_np(errno);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		DIR *d = fdopendir(fd);

		for (n = -2; d && readdir(d);)
			n++;
		printf("open %s\t%s %ld names\n", path, r, n);
		if (d)
			closedir(d);
		return;
	}
	if (fd >= 0) {
		n = read(fd, buf, sizeof(buf));
		close(fd);
	}
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	printf("open %s\t%s %ld bytes, %s\n", path, r, n,
	       fd >= 0 ? "write" : strerrorname_np(errno));
	if (fd >= 0)
		close(fd);
}

static void look_cat(const char *path)
{
	char line[4096] = "";
	FILE *f = fopen(path, "re");

	if (!f) {
		printf("cat %s\t%s\n", path, strerrorname_np(errno));
		return;
	}
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	for (char *c = line; *c; c++)
		if (*c == '\t')
			*c = ' ';
	printf("cat %s\t%s\n", path, line);
	fclose(f);
}

static void look_call(const char *what)
{
	long a[7] = { 0 };
	char *end = (char *)what;
	int status;
	pid_t pid;

	for (int i = 0; i < 7; i++) {
		a[i] = (long)strtoull(end, &end, 0);
		if (*end++ != ':')
			break;
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		errno = 0;
		_exit(syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]) < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		printf("call %s\tno child\n", what);
	else if (WIFSIGNALED(status))
		printf("call %s\tsignal %d\n", what, WTERMSIG(status));
	else
		printf("call %s\t%s\n", what,
		       WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "done");
}

static void look(const char *word)
{
	static const struct {
		const char *name;
		void (*look)(void);
	} plain[] = {
		{ "status", look_status }, { "ids", look_ids },       { "env", look_env },
		{ "fds", look_fds },       { "limits", look_limits }, { "mounts", look_mounts },
	};
	static const struct {
		const char *name;
		void (*look)(const char *);
	} named[] = {
		{ "dev=", look_dev }, { "mknod=", look_mknod }, { "open=", look_open },
		{ "cat=", look_cat }, { "call=", look_call },
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (!strcmp(word, plain[i].name))
			plain[i].look();
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (!strncmp(word, named[i].name, strlen(named[i].name)))
			named[i].look(word + strlen(named[i].name));
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "sleep"))
		for (;;)
			pause();
	for (int i = 1; i < argc; i++)
		look(argv[i]);
	printf("end\tyes\n");
	return 0;
}
