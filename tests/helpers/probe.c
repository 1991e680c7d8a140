/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe: a static program that looks from inside a container, for the tests. Each verb prints plain text.
 *
 *   fds            one line an open descriptor above 2: N DEV INO TYPE
 *   stdio          the same for 0 to 2
 *   inode PATH     MAJOR:MINOR INO of what the path leads to
 *   write PATH TEXT   "written" or the errno name
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
 *   mnt PATH       options, propagation, type and superblock options of the topmost mount on PATH
 *   die NR [A0 ...]   like syscall, in a child: "signal N", or the result
 *   call32 NR [A0]    like syscall, by the 32 bit entry of x86
 *   symlink PATH   what a link holds
 *   device PATH... for each node what the device rules let through: r, w, b (r and w at once), m (another node made)
 *   netdev NAME    flags and addresses of a network device
 *   sleep SECONDS
 *   spy SECONDS    what new processes show of themselves: a directory that is none of the container's, "attached"
 *                  to one that does not run the container's program yet
 *   all [PATH...]  what confines this process, without numbers that differ from run to run; for each PATH its kind,
 *                  and whether it can be opened for reading and for writing
 *   overwrite SECONDS   tries to write to the program file of every process that is not the container's own
 *
 * It is longer than a source file of the runtime may be and stays one file: a container's rootfs gets one program, and
 * every helper is built from the one file of its name, by hand as well. The verbs know nothing of each other.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef __GLIBC__
/* Other C libraries have texts, but no names. */
static const char *strerrorname_np(int number)
{
#define N(name)             \
	{                   \
		name, #name \
	}
	static const struct {
		int number;
		const char *name;
	} table[] = {
		N(EPERM),     N(ENOENT),      N(ESRCH),        N(EINTR),     N(EIO),
		N(ENXIO),     N(E2BIG),       N(ENOEXEC),      N(EBADF),     N(ECHILD),
		N(EAGAIN),    N(ENOMEM),      N(EACCES),       N(EFAULT),    N(EBUSY),
		N(EEXIST),    N(EXDEV),       N(ENODEV),       N(ENOTDIR),   N(EISDIR),
		N(EINVAL),    N(ENFILE),      N(EMFILE),       N(ENOTTY),    N(ETXTBSY),
		N(EFBIG),     N(ENOSPC),      N(ESPIPE),       N(EROFS),     N(EMLINK),
		N(EPIPE),     N(EDOM),        N(ERANGE),       N(EDEADLK),   N(ENAMETOOLONG),
		N(ENOLCK),    N(ENOSYS),      N(ENOTEMPTY),    N(ELOOP),     N(ENODATA),
		N(EOVERFLOW), N(EOPNOTSUPP),  N(EAFNOSUPPORT), N(ETIMEDOUT), N(ECONNREFUSED),
		N(ENOKEY),    N(EKEYREVOKED), N(EXFULL),
	};
#undef N
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].number == number)
			return table[i].name;
	return "unknown";
}
#endif

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
	return S_ISREG(mode)    ? "file"
	       : S_ISDIR(mode)  ? "dir"
	       : S_ISCHR(mode)  ? "char"
	       : S_ISBLK(mode)  ? "block"
	       : S_ISFIFO(mode) ? "fifo"
	       : S_ISSOCK(mode) ? "socket"
	       : S_ISLNK(mode)  ? "link"
				: "other";
}

static int verb_fds(int first, int end)
{
	for (int fd = first; fd < end; fd++) {
		struct stat st;

		if (fstat(fd, &st) == 0)
			printf("%d %u:%u %lu %s\n", fd, major(st.st_dev), minor(st.st_dev),
			       (unsigned long)st.st_ino, type_of(st.st_mode));
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

struct attr {
	unsigned size, policy;
	unsigned long long flags;
	int nice;
	unsigned priority;
	unsigned long long runtime, deadline, period;
};

static int verb_sched(void)
{
	struct attr a = { .size = sizeof(a) };

	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) < 0)
		return 1;
	printf("policy=%u nice=%d priority=%u flags=%llu runtime=%llu deadline=%llu period=%llu\n",
	       a.policy, a.nice, a.priority, a.flags, a.runtime, a.deadline, a.period);
	return 0;
}

static int verb_rlimit(const char *name)
{
	static const struct {
		const char *name;
		int resource;
	} table[] = {
		{ "NOFILE", RLIMIT_NOFILE }, { "CORE", RLIMIT_CORE },
		{ "NPROC", RLIMIT_NPROC },   { "STACK", RLIMIT_STACK },
		{ "AS", RLIMIT_AS },         { "CPU", RLIMIT_CPU },
		{ "FSIZE", RLIMIT_FSIZE },   { "MEMLOCK", RLIMIT_MEMLOCK },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rlimit l;

		if (strcmp(table[i].name, name) != 0)
			continue;
		getrlimit(table[i].resource, &l);
		printf("%llu %llu\n", (unsigned long long)l.rlim_cur,
		       (unsigned long long)l.rlim_max);
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
	printf("%s %04o %u %u %u:%u %lld\n", type_of(st.st_mode), st.st_mode & 07777, st.st_uid,
	       st.st_gid, major(st.st_rdev), minor(st.st_rdev), (long long)st.st_size);
	return 0;
}

static int verb_inode(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		printf("%s\n", strerrorname_np(errno));
		return 1;
	}
	printf("%u:%u %lu\n", major(st.st_dev), minor(st.st_dev), (unsigned long)st.st_ino);
	return 0;
}

static int verb_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	printf("%s\n", n >= 0 ? "written" : strerrorname_np(errno));
	return n < 0;
}

/* ---- looking at processes that enter --------------------------------------------------- */

typedef void visit_pid(int pid);

static void for_each_pid(visit_pid *visit)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		int pid = atoi(entry->d_name);

		if (pid > 1 && pid != getpid())
			visit(pid);
	}
	if (proc)
		closedir(proc);
}

/* Does it run a file of ours? The runtime's own lies elsewhere, or nowhere. */
static int runs_our_program(int pid)
{
	char path[64];
	struct stat theirs, mine;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &theirs) < 0)
		return 1; /* gone, or closed to us */
	if (stat("/proc/self/exe", &mine) == 0 && theirs.st_dev == mine.st_dev &&
	    theirs.st_ino == mine.st_ino)
		return 1;
	return stat("/bin/busybox", &mine) == 0 && theirs.st_dev == mine.st_dev &&
	       theirs.st_ino == mine.st_ino;
}

static void judge_directory(int pid, const char *what, const char *path)
{
	static const char *const own[] = { "/",        "/bin", "/dev",  "/dev/pts",
					   "/dev/shm", "/etc", "/root", "/tmp" };
	struct stat theirs, mine;
	struct statfs fs;
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return;
	if (fstat(fd, &theirs) < 0 || !S_ISDIR(theirs.st_mode) || fstatfs(fd, &fs) < 0) {
		close(fd);
		return;
	}
	close(fd);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (stat(own[i], &mine) == 0 && theirs.st_dev == mine.st_dev &&
		    theirs.st_ino == mine.st_ino)
			return;
	printf("directory %s of %d: %u:%u %lu type %#lx\n", what, pid, major(theirs.st_dev),
	       minor(theirs.st_dev), (unsigned long)theirs.st_ino, (unsigned long)fs.f_type);
}

static int seen_pids, attached_pids;

static void spy_on(int pid)
{
	char path[128], name[32];
	struct dirent *entry;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	judge_directory(pid, "root", path);
	snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
	judge_directory(pid, "cwd", path);
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	fds = opendir(path);
	while (fds && (entry = readdir(fds)))
		if (entry->d_name[0] != '.') {
			snprintf(name, sizeof(name), "fd %.20s", entry->d_name);
			snprintf(path, sizeof(path), "/proc/%d/fd/%.20s", pid, entry->d_name);
			judge_directory(pid, name, path);
		}
	if (fds)
		closedir(fds);
	seen_pids++;
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
		if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0 && waitpid(pid, NULL, __WALL) == pid) {
			if (!runs_our_program(pid) && attached_pids++ == 0)
				printf("attached to %d\n", pid);
			ptrace(PTRACE_DETACH, pid, 0, 0);
		}
	}
}

static int verb_spy(int seconds)
{
	time_t end = time(NULL) + seconds;

	while (time(NULL) < end && access("/tmp/enough", F_OK) < 0) {
		for_each_pid(spy_on);
		fflush(stdout);
	}
	printf("seen %d\n", seen_pids);
	return 0;
}

static void overwrite(int pid)
{
	char path[64], again[64];
	int fd, w;

	if (runs_our_program(pid))
		return;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	seen_pids++;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
	for (int i = 0; i < 200; i++) {
		w = open(again, O_WRONLY | O_CLOEXEC);
		if (w < 0)
			continue;
		if (pwrite(w, "evil", 4, 0) > 0)
			printf("overwritten\n");
		close(w);
		break;
	}
	close(fd);
}

static int verb_overwrite(int seconds)
{
	time_t end = time(NULL) + seconds;

	while (time(NULL) < end && access("/tmp/enough", F_OK) < 0) {
		for_each_pid(overwrite);
		fflush(stdout);
	}
	printf("seen %d\n", seen_pids);
	return 0;
}

static int verb_affinity(void)
{
	return print_status_lines("Cpus_allowed_list:");
}

/* mountinfo: ID PARENT DEV ROOT POINT OPTIONS [OPTIONAL...] - TYPE SOURCE SUPER */
static int verb_mnt(const char *path)
{
	static char line[65536], found[65536];
	FILE *f = fopen("/proc/self/mountinfo", "re");

	while (f && fgets(line, sizeof(line), f)) {
		char point[4096], options[4096];
		int at = 0;

		if (sscanf(line, "%*s %*s %*s %*s %4095s %4095s %n", point, options, &at) < 2 ||
		    strcmp(point, path) != 0)
			continue;
		snprintf(found, sizeof(found), "%s %s", options, line + at);
	}
	if (f)
		fclose(f);
	fputs(found[0] ? found : "none\n", stdout);
	return found[0] == '\0';
}

static int verb_die(int argc, char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		verb_syscall(argc, argv);
		exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	return 0;
}

static int verb_call32(int argc, char **argv)
{
#ifdef __x86_64__
	long r, nr = strtol(argv[2], NULL, 0), a0 = argc > 3 ? (long)strtoull(argv[3], NULL, 0) : 0;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(a0), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	r = (int)r;
	if (r < 0 && r > -4096)
		printf("%s\n", strerrorname_np((int)-r) ? strerrorname_np((int)-r) : "unknown");
	else
		printf("%ld\n", r);
	return 0;
#else
	(void)argc;
	(void)argv;
	printf("unsupported\n");
	return 1;
#endif
}

static int verb_symlink(const char *path)
{
	char buf[4096];
	ssize_t n = readlink(path, buf, sizeof(buf) - 1);

	printf("%.*s\n", n < 0 ? 0 : (int)n, buf);
	return n < 0;
}

static int verb_netdev(const char *name)
{
	struct ifaddrs *all = NULL;
	int found = 0;

	getifaddrs(&all);
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		char text[INET6_ADDRSTRLEN] = "";

		if (strcmp(i->ifa_name, name) != 0)
			continue;
		if (!found++)
			printf("%s\n", i->ifa_flags & IFF_UP ? "up" : "down");
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET)
			printf("%s\n",
			       inet_ntop(AF_INET,
					 &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr,
					 text, sizeof(text)));
		else if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET6)
			printf("%s\n",
			       inet_ntop(AF_INET6,
					 &((struct sockaddr_in6 *)(void *)i->ifa_addr)->sin6_addr,
					 text, sizeof(text)));
	}
	freeifaddrs(all);
	if (!found)
		printf("none\n");
	return !found;
}

static int is_let_open(const char *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return errno != EPERM; /* without a driver: ENXIO, ENODEV */
	close(fd);
	return 1;
}

static int verb_device(char **paths)
{
	for (; *paths; paths++) {
		char copy[4096];
		struct stat st;

		if (lstat(*paths, &st) < 0) {
			printf("%s %s\n", *paths, strerrorname_np(errno));
			continue;
		}
		snprintf(copy, sizeof(copy), "%s.made", *paths);
		printf("%c %u:%u %s%s%s%s\n", S_ISBLK(st.st_mode) ? 'b' : 'c', major(st.st_rdev),
		       minor(st.st_rdev), is_let_open(*paths, O_RDONLY) ? "r" : "-",
		       is_let_open(*paths, O_WRONLY) ? "w" : "-",
		       is_let_open(*paths, O_RDWR) ? "b" : "-",
		       mknod(copy, st.st_mode, st.st_rdev) == 0 || errno != EPERM ? "m" : "-");
		unlink(copy);
	}
	return 0;
}

/* Mount points, options and types; no ids, and no sources. */
static void show_mounts(void)
{
	char line[8192], point[2048], options[1024], type[1024], rest[4096];
	FILE *f = fopen("/proc/self/mountinfo", "re");

	while (f && fgets(line, sizeof(line), f)) {
		const char *end = strstr(line, " - ");

		if (!end || sscanf(line, "%*s %*s %*s %*s %2047s %1023s", point, options) != 2 ||
		    sscanf(end, " - %1023s %*s %4095s", type, rest) != 2)
			continue;
		printf("mount %s %s %s%s %s\n", point, options,
		       strstr(line, "shared:")   ? "shared "
		       : strstr(line, "master:") ? "slave "
						 : "",
		       type, rest);
	}
	if (f)
		fclose(f);
}

static int verb_all(int argc, char **argv)
{
	char host[256] = "";
	struct stat st;

	verb_ids();
	for (const char *const *p = (const char *const[]){ "Cap", "NoNewPrivs", "Seccomp:", "SigB",
							   "SigI", "Umask", NULL };
	     *p; p++)
		print_status_lines(*p);
	verb_cwd();
	gethostname(host, sizeof(host) - 1);
	printf("host %s\n", host);
	print_file("/proc/self/limits");
	print_file("/proc/self/oom_score_adj");
	for (int fd = 0; fd < 1024; fd++)
		if (fstat(fd, &st) == 0)
			printf("fd %d %s %u:%u\n", fd, type_of(st.st_mode), major(st.st_rdev),
			       minor(st.st_rdev));
	show_mounts();
	for (int i = 0; i < argc; i++) {
		printf("%s ", argv[i]);
		verb_stat(argv[i]);
		verb_open(argv[i], O_RDONLY | O_NONBLOCK);
		verb_open(argv[i], O_WRONLY | O_NONBLOCK);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	const char *arg = argc > 2 ? argv[2] : "";

	if (!strcmp(verb, "fds"))
		return verb_fds(3, 4096);
	if (!strcmp(verb, "stdio"))
		return verb_fds(0, 3);
	if (!strcmp(verb, "inode"))
		return verb_inode(arg);
	if (!strcmp(verb, "write") && argc > 3)
		return verb_write(arg, argv[3]);
	if (!strcmp(verb, "spy"))
		return verb_spy(atoi(arg));
	if (!strcmp(verb, "overwrite"))
		return verb_overwrite(atoi(arg));
	if (!strcmp(verb, "cwd"))
		return verb_cwd();
	if (!strcmp(verb, "caps"))
		return print_status_lines("Cap");
	if (!strcmp(verb, "ids"))
		return verb_ids();
	if (!strcmp(verb, "attr"))
		return print_file("/proc/self/attr/current");
	if (!strcmp(verb, "open-r"))
		return verb_open(arg, O_RDONLY);
	if (!strcmp(verb, "open-w"))
		return verb_open(arg, O_WRONLY);
	if (!strcmp(verb, "device"))
		return verb_device(argv + 2);
	if (!strcmp(verb, "mounts"))
		return print_file("/proc/self/mountinfo");
	if (!strcmp(verb, "exe"))
		return verb_exe();
	if (!strcmp(verb, "tiocsti"))
		return verb_tiocsti();
	if (!strcmp(verb, "syscall") && argc > 2)
		return verb_syscall(argc, argv);
	if (!strcmp(verb, "mnt"))
		return verb_mnt(arg);
	if (!strcmp(verb, "die") && argc > 2)
		return verb_die(argc, argv);
	if (!strcmp(verb, "call32") && argc > 2)
		return verb_call32(argc, argv);
	if (!strcmp(verb, "symlink"))
		return verb_symlink(arg);
	if (!strcmp(verb, "netdev"))
		return verb_netdev(arg);
	if (!strcmp(verb, "status"))
		return print_status_lines(arg);
	if (!strcmp(verb, "sched"))
		return verb_sched();
	if (!strcmp(verb, "ioprio")) {
		long p = syscall(SYS_ioprio_get, 1, 0);
		printf("%ld %ld\n", p >> 13, p & 0x1fff);
		return 0;
	}
	if (!strcmp(verb, "personality")) {
		printf("%#x\n", (unsigned)personality(0xffffffff));
		return 0;
	}
	if (!strcmp(verb, "mempolicy")) {
		int mode = -1;
		unsigned long mask[16] = { 0 };
		syscall(SYS_get_mempolicy, &mode, mask, 1024, 0, 0);
		printf("%d %#lx\n", mode, mask[0]);
		return 0;
	}
	if (!strcmp(verb, "rlimit"))
		return verb_rlimit(arg);
	if (!strcmp(verb, "umask")) {
		printf("%04o\n", umask(0));
		return 0;
	}
	if (!strcmp(verb, "keyring"))
		return verb_keyring();
	if (!strcmp(verb, "winsize"))
		return verb_winsize();
	if (!strcmp(verb, "sigmask"))
		return print_status_lines("SigBlk") + print_status_lines("SigIgn");
	if (!strcmp(verb, "stat"))
		return verb_stat(arg);
	if (!strcmp(verb, "clock"))
		return print_file("/proc/self/timens_offsets");
	if (!strcmp(verb, "affinity"))
		return verb_affinity();
	if (!strcmp(verb, "all"))
		return verb_all(argc - 2, argv + 2);
	if (!strcmp(verb, "sleep")) {
		sleep((unsigned)atoi(arg));
		return 0;
	}
	fprintf(stderr, "probe: no verb '%s'\n", verb);
	return 2;
}
