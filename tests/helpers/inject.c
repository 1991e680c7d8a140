/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inject [-r REPORT] [-t SECONDS] [-f ROLE:N:FAULT] COMMAND... [++ COMMAND...]: runs commands one after the other under
 * ptrace and makes the N-th system call of one role fail. FAULT is an errno's number, or "kill": SIGKILL in its place.
 *
 *   host    the command itself
 *   init    the container half, from its clone to the exec of the user's program; its forks count with it
 *   loader  the program that loads libraries
 *
 * A new process belongs to "init" until it executes something. A program that is none of the three is left alone.
 * With several commands the calls of all count on, so that "create ++ start" shows init behind its gate.
 * Without -f nothing fails, and the report says how many calls there are. Calls that cannot fail are not counted; see
 * counts(). close() is done all the same, as the kernel does it whatever it answers. The report has lines of words:
 *
 *   calls ROLE N         how many calls the role made
 *   hit ROLE N NAME-NR   the call that failed
 *   died ROLE SIGNAL     a signal ended a process of the role
 *   exit STATUS          of a command; 128+N for a signal
 *   timeout              the commands did not end
 *
 * The exit status is the last command's. The first command that fails is the last one that runs.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum role { HOST, INIT, LOADER, ROLES };
static const char *const role_names[] = { "host", "init", "loader" };

struct process {
	pid_t pid; /* 0: free */
	enum role role;
	bool skipped; /* the call it is in fails */
};

#define MAX 64
static struct process processes[MAX];
static unsigned long counted[ROLES];
static enum role fault_role = ROLES;
static unsigned long fault_at;
static int fault; /* errno, or -1 for SIGKILL */
static FILE *report;
static volatile sig_atomic_t timed_out;

static void on_alarm(int number)
{
	(void)number;
	timed_out = 1;
}

static struct process *find(pid_t pid)
{
	struct process *room = NULL;

	for (int i = 0; i < MAX; i++) {
		if (processes[i].pid == pid)
			return &processes[i];
		if (!processes[i].pid && !room)
			room = &processes[i];
	}
	if (!room)
		exit(125);
	*room = (struct process){ .pid = pid, .role = INIT };
	return room;
}

/*
 * Not counted: what returns no error by its contract (identity, clock and mask calls, brk), what does not return, and
 * the two calls of a C library's start without which it ends itself by a trap.
 */
static bool counts(long nr)
{
	switch (nr) {
	case SYS_exit:
	case SYS_exit_group:
	case SYS_rt_sigreturn:
	case SYS_restart_syscall:
	case SYS_brk:
	case SYS_getpid:
	case SYS_gettid:
	case SYS_getppid:
	case SYS_getuid:
	case SYS_geteuid:
	case SYS_getgid:
	case SYS_getegid:
	case SYS_umask:
	case SYS_set_tid_address:
	case SYS_clock_gettime:
	case SYS_rt_sigprocmask:
#ifdef SYS_arch_prctl
	case SYS_arch_prctl:
#endif
		return false;
	default:
		return nr >= 0;
	}
}

#if defined(__x86_64__)
static void set_registers(pid_t pid, bool skip, long result)
{
	struct user_regs_struct regs;

	ptrace(PTRACE_GETREGS, pid, NULL, &regs);
	if (skip)
		regs.orig_rax = (unsigned long long)-1;
	regs.rax = (unsigned long long)result;
	ptrace(PTRACE_SETREGS, pid, NULL, &regs);
}
#elif defined(__aarch64__)
static void set_registers(pid_t pid, bool skip, long result)
{
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };
	int none = -1;
	struct iovec call = { &none, sizeof(none) };

	if (skip)
		ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &call);
	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov);
	regs.regs[0] = (unsigned long long)result;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov);
}
#else
#error "which registers hold the number and the result of a system call?"
#endif

static void on_syscall(struct process *p)
{
	struct ptrace_syscall_info info;

	if (ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && p->skipped) {
		p->skipped = false;
		set_registers(p->pid, false, -fault);
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !counts((long)info.entry.nr))
		return;
	if (++counted[p->role] != fault_at || p->role != fault_role)
		return;
	fprintf(report, "hit %s %lu %ld\n", role_names[p->role], fault_at, (long)info.entry.nr);
	if (fault < 0) {
		kill(p->pid, SIGKILL);
		return;
	}
	p->skipped = true;
	if (info.entry.nr != SYS_close)
		set_registers(p->pid, true, -fault);
}

/* True: it is a program of knarr's, and goes on under our eyes. */
static bool on_exec(struct process *p)
{
	char name[64], text[32] = "";
	int fd;

	if (p->role == HOST)
		return true;
	snprintf(name, sizeof(name), "/proc/%d/cmdline", (int)p->pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	if (strcmp(text, "knarr-loader") == 0)
		p->role = LOADER;
	return p->role == LOADER || strcmp(text, "knarr-init") == 0;
}

static void resume(struct process *p, int status)
{
	int event = status >> 16, number = WSTOPSIG(status);

	if (number == (SIGTRAP | 0x80)) {
		on_syscall(p);
		number = 0;
	} else if (event == PTRACE_EVENT_EXEC && !on_exec(p)) {
		ptrace(PTRACE_DETACH, p->pid, NULL, NULL);
		p->pid = 0;
		return;
	} else if (event == PTRACE_EVENT_STOP && number != SIGTRAP) {
		ptrace(PTRACE_LISTEN, p->pid, NULL, NULL); /* a group stop */
		return;
	} else if (event) {
		number = 0;
	}
	ptrace(PTRACE_SYSCALL, p->pid, NULL, (void *)(long)number);
}

static pid_t start(char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		raise(SIGSTOP);
		execvp(argv[0], argv);
		_exit(125);
	}
	if (pid < 0 || waitpid(pid, &status, WUNTRACED) < 0 ||
	    ptrace(PTRACE_SEIZE, pid, NULL, options) < 0)
		exit(125);
	find(pid)->role = HOST;
	kill(pid, SIGCONT);
	/* Stops until the exec are the fork's, not the command's. */
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		if (status >> 16 == PTRACE_EVENT_EXEC) {
			ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
			return pid;
		}
		ptrace(PTRACE_CONT, pid, NULL, NULL);
	}
	exit(125);
}

static int run(char **argv)
{
	pid_t command = start(argv), pid;
	int status;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct process *p = find(pid);

		if (WIFSTOPPED(status)) {
			resume(p, status);
			continue;
		}
		if (WIFSIGNALED(status))
			fprintf(report, "died %s %d\n", role_names[p->role], WTERMSIG(status));
		p->pid = 0;
		if (pid != command)
			continue;
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		fprintf(report, "exit %d\n", status);
		return status;
	}
	return 124; /* the alarm */
}

/* What is still traced lives on: a container of create, or a process whose command was killed. */
static void let_go(void)
{
	for (int i = 0; i < MAX; i++) {
		pid_t pid = processes[i].pid;
		int status;

		if (!pid || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
			continue;
		while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
			int number = WSTOPSIG(status);

			if (number == (SIGTRAP | 0x80) || status >> 16)
				number = 0;
			ptrace(PTRACE_DETACH, pid, NULL, (void *)(long)number);
			break;
		}
	}
}

static void parse_fault(const char *text)
{
	char role[16], what[16];

	if (sscanf(text, "%15[a-z]:%lu:%15s", role, &fault_at, what) != 3)
		exit(125);
	for (int i = 0; i < ROLES; i++)
		if (strcmp(role, role_names[i]) == 0)
			fault_role = (enum role)i;
	fault = strcmp(what, "kill") == 0 ? -1 : atoi(what);
	if (fault_role == ROLES || !fault)
		exit(125);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int option, status = 0;
	unsigned seconds = 10;

	report = stderr;
	while ((option = getopt(argc, argv, "+r:t:f:")) != -1) {
		if (option == 'r')
			report = fopen(optarg, "we");
		else if (option == 't')
			seconds = (unsigned)atoi(optarg);
		else if (option == 'f')
			parse_fault(optarg);
		else
			return 125;
	}
	if (!report || optind == argc)
		return 125;
	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
	for (char **next = argv + optind; next && *next && status == 0;) {
		char **command = next;

		while (*next && strcmp(*next, "++") != 0)
			next++;
		next = *next ? (*next = NULL, next + 1) : NULL;
		status = run(command);
	}
	if (timed_out)
		fprintf(report, "timeout\n");
	for (int i = 0; i < ROLES; i++)
		fprintf(report, "calls %s %lu\n", role_names[i], counted[i]);
	if (!timed_out)
		let_go();
	fclose(report);
	return status; /* the kernel kills what is still traced */
}
