/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe: a static program that looks from inside a container, for the tests. Each verb prints plain text.
 *
 *   fds            one line an open descriptor above 2: N DEV INO TYPE
 *   cwd            the kernel's name of the current directory
 *   caps           the capability lines of /proc/self/status
 *   ids            uid gid groups
 *   attr           the LSM label
 *   open-r PATH    "open" or the errno name; open-w likewise for writing
 *   mounts         mountinfo
 *   exe            what /proc/self/exe is
 *   tiocsti        pushes a byte into the terminal on stdin
 *   syscall NR [A0 ...]   result or errno of a raw system call
 *   status KEY     a line of /proc/self/status
 *   sched          policy, nice, priority of this process
 *   ioprio         class and level
 *   personality    persona in hex
 *   mempolicy      NUMA mode
 *   rlimit NAME    soft and hard
 *   umask          octal
 *   keyring        id of the session keyring and what it holds
 *   winsize        rows and columns of stdin
 *   sigmask        blocked and ignored signals
 *   stat PATH      type mode uid gid major:minor size
 *   clock          offsets of the time namespace
 *   affinity       list of allowed CPUs
 *   sleep SECONDS
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static int print_file(const char *path)
{
	char buf[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY);

	if (fd < 0) {
		printf("%s\n", strerrorname_np(errno));
		return 1;
	}
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, (size_t)n, stdout);
	close(fd);
	return n < 0;
}

static int print_status_lines(const char *prefix)
{
	char line[4096];
	FILE *f = fopen("/proc/self/status", "re");
	int found = 0;

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, prefix, strlen(prefix)) == 0) {
			fputs(line, stdout);
			found = 1;
		}
	if (f)
		fclose(f);
	return !found;
}

static const char *type_of(mode_t mode)
{
	return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "dir" : S_ISCHR(mode) ? "char" : S_ISBLK(mode) ? "block" :
	       S_ISFIFO(mode) ? "fifo" : S_ISSOCK(mode) ? "socket" : S_ISLNK(mode) ? "link" : "other";
}

static int verb_fds(void)
{
	for (int fd = 3; fd < 4096; fd++) {
		struct stat st;

		if (fstat(fd, &st) == 0)
			printf("%d %u:%u %lu %s\n", fd, major(st.st_dev), minor(st.st_dev), (unsigned long)st.st_ino, type_of(st.st_mode));
	}
	return 0;
}

static int verb_cwd(void)
{
	char buf[4096];
	long n = syscall(SYS_getcwd, buf, sizeof(buf));

	if (n < 0)
		printf("%s\n", strerrorname_np(errno));
	else
		printf("%s\n", buf);
	return n < 0;
}

static int verb_ids(void)
{
	gid_t groups[256];
	int n = getgroups(256, groups);
	uid_t r, e, s;
	gid_t gr, ge, gs;

	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	printf("uid=%u,%u,%u gid=%u,%u,%u groups=", r, e, s, gr, ge, gs);
	for (int i = 0; i < n; i++)
		printf("%s%u", i ? "," : "", groups[i]);
	printf("\n");
	return 0;
}

static int verb_open(const char *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);

	printf("%s\n", fd >= 0 ? "open" : strerrorname_np(errno));
	return fd < 0;
}

static int verb_exe(void)
{
	char buf[4096];
	ssize_t n = readlink("/proc/self/exe", buf, sizeof(buf) - 1);

	if (n < 0)
		return 1;
	buf[n] = '\0';
	printf("%s\n", buf);
	return 0;
}

static int verb_syscall(int argc, char **argv)
{
	long a[6] = { 0 };
	long r;

	for (int i = 0; i < 6 && i + 3 < argc; i++)
		a[i] = (long)strtoull(argv[i + 3], NULL, 0);
	errno = 0;
	r = syscall(strtol(argv[2], NULL, 0), a[0], a[1], a[2], a[3], a[4], a[5]);
	if (r < 0)
		printf("%s\n", strerrorname_np(errno) ? strerrorname_np(errno) : "unknown");
	else
		printf("%ld\n", r);
	return 0;
}

struct attr { unsigned size, policy; unsigned long long flags; int nice; unsigned priority; unsigned long long runtime, deadline, period; };

static int verb_sched(void)
{
	struct attr a = { .size = sizeof(a) };

	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) < 0)
		return 1;
	printf("policy=%u nice=%d priority=%u flags=%llu runtime=%llu deadline=%llu period=%llu\n", a.policy, a.nice, a.priority,
	       a.flags, a.runtime, a.deadline, a.period);
	return 0;
}

static int verb_rlimit(const char *name)
{
	static const struct { const char *name; int resource; } table[] = {
		{ "NOFILE", RLIMIT_NOFILE }, { "CORE", RLIMIT_CORE }, { "NPROC", RLIMIT_NPROC }, { "STACK", RLIMIT_STACK },
		{ "AS", RLIMIT_AS }, { "CPU", RLIMIT_CPU }, { "FSIZE", RLIMIT_FSIZE }, { "MEMLOCK", RLIMIT_MEMLOCK },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rlimit l;

		if (strcmp(table[i].name, name) != 0)
			continue;
		getrlimit(table[i].resource, &l);
		printf("%llu %llu\n", (unsigned long long)l.rlim_cur, (unsigned long long)l.rlim_max);
		return 0;
	}
	return 1;
}

static int verb_keyring(void)
{
	long id = syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -3 /* session */, 0);
	int keys[64];
	long n = syscall(SYS_keyctl, 11 /* READ */, id, keys, sizeof(keys));

	printf("%ld keys=%ld\n", id, n < 0 ? -1 : n / (long)sizeof(int));
	return 0;
}

static int verb_tiocsti(void)
{
	char c = 'x';
	int r = ioctl(0, TIOCSTI, &c);

	printf("%s\n", r == 0 ? "pushed" : strerrorname_np(errno));
	return 0;
}

static int verb_winsize(void)
{
	struct winsize w;

	if (ioctl(0, TIOCGWINSZ, &w) < 0)
		return 1;
	printf("%u %u\n", w.ws_row, w.ws_col);
	return 0;
}

static int verb_stat(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		printf("%s\n", strerrorname_np(errno));
		return 1;
	}
	printf("%s %04o %u %u %u:%u %lld\n", type_of(st.st_mode), st.st_mode & 07777, st.st_uid, st.st_gid, major(st.st_rdev),
	       minor(st.st_rdev), (long long)st.st_size);
	return 0;
}

static int verb_affinity(void)
{
	return print_status_lines("Cpus_allowed_list:");
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	const char *arg = argc > 2 ? argv[2] : "";

	if (!strcmp(verb, "fds")) return verb_fds();
	if (!strcmp(verb, "cwd")) return verb_cwd();
	if (!strcmp(verb, "caps")) return print_status_lines("Cap");
	if (!strcmp(verb, "ids")) return verb_ids();
	if (!strcmp(verb, "attr")) return print_file("/proc/self/attr/current");
	if (!strcmp(verb, "open-r")) return verb_open(arg, O_RDONLY);
	if (!strcmp(verb, "open-w")) return verb_open(arg, O_WRONLY);
	if (!strcmp(verb, "mounts")) return print_file("/proc/self/mountinfo");
	if (!strcmp(verb, "exe")) return verb_exe();
	if (!strcmp(verb, "tiocsti")) return verb_tiocsti();
	if (!strcmp(verb, "syscall") && argc > 2) return verb_syscall(argc, argv);
	if (!strcmp(verb, "status")) return print_status_lines(arg);
	if (!strcmp(verb, "sched")) return verb_sched();
	if (!strcmp(verb, "ioprio")) { long p = syscall(SYS_ioprio_get, 1, 0); printf("%ld %ld\n", p >> 13, p & 0x1fff); return 0; }
	if (!strcmp(verb, "personality")) { printf("%#x\n", (unsigned)personality(0xffffffff)); return 0; }
	if (!strcmp(verb, "mempolicy")) { int mode = -1; unsigned long mask[16] = { 0 }; syscall(SYS_get_mempolicy, &mode, mask, 1024, 0, 0); printf("%d %#lx\n", mode, mask[0]); return 0; }
	if (!strcmp(verb, "rlimit")) return verb_rlimit(arg);
	if (!strcmp(verb, "umask")) { printf("%04o\n", umask(0)); return 0; }
	if (!strcmp(verb, "keyring")) return verb_keyring();
	if (!strcmp(verb, "winsize")) return verb_winsize();
	if (!strcmp(verb, "sigmask")) return print_status_lines("SigBlk") + print_status_lines("SigIgn");
	if (!strcmp(verb, "stat")) return verb_stat(arg);
	if (!strcmp(verb, "clock")) return print_file("/proc/self/timens_offsets");
	if (!strcmp(verb, "affinity")) return verb_affinity();
	if (!strcmp(verb, "sleep")) { sleep((unsigned)atoi(arg)); return 0; }
	fprintf(stderr, "probe: no verb '%s'\n", verb);
	return 2;
}
