/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hook's process: clone, watch with a deadline, capture of output, end. Host half; the code after the
 * clone runs in the hook's process up to its execve.
 *
 * - The state is on stdin as a sealed memfd: there is nothing to write while the hook runs, so a hook
 *   that never reads cannot block us, and no SIGPIPE exists.
 * - Output goes to one pipe that is drained while we wait. When the hook has ended we take what is in
 *   the pipe and leave: a daemon it started may hold the other end for ever.
 * - The hook leads a session, so that a timeout can kill it together with what it forked.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/kernel.h"
#include "process.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* What the child reports through a CLOEXEC pipe when it does not reach the program. */
struct exec_failure {
	int errnum;
	char step[16];
};

/* Everything the child needs, prepared before the clone: it calls nothing that allocates. */
struct child_plan {
	int stdin_fd, stdout_fd, stderr_fd, report_fd, cwd_fd;
	const char *path;
	char *const *argv;
	char *const *envp;
};

/* ---- in the hook's process ------------------------------------------------------------- */

static _noreturn_ void report_failure_child(int report_fd, const char *step)
{
	struct exec_failure failure = { .errnum = errno };

	text_copy(failure.step, sizeof(failure.step), step);
	(void)io_write_all(report_fd, &failure, sizeof(failure));
	_exit(127);
}

static void close_from_child(unsigned first)
{
	struct rlimit limit;

	if (sys_close_range(first, ~0u, 0) >= 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > 65536)
		limit.rlim_cur = 65536;
	for (unsigned fd = first; fd < limit.rlim_cur; fd++)
		(void)close((int)fd);
}

static _noreturn_ void run_child(const struct child_plan *p)
{
	int report_fd = p->report_fd;

	sys_reset_signals(); /* what the caller ignores (SIGPIPE under some monitors) would survive execve */
	if (setsid() < 0)
		report_failure_child(report_fd, "setsid");
	if (p->cwd_fd >= 0 && fchdir(p->cwd_fd) < 0)
		report_failure_child(report_fd, "fchdir");
	/* All of them are above 2, so no dup2 closes another's source. */
	if (dup2(p->stdin_fd, 0) < 0 || dup2(p->stdout_fd, 1) < 0 || dup2(p->stderr_fd, 2) < 0)
		report_failure_child(report_fd, "dup2");
	if (report_fd != 3) {
		if (dup3(report_fd, 3, O_CLOEXEC) < 0)
			report_failure_child(report_fd, "dup3");
		report_fd = 3;
	}
	close_from_child(4);
	execve(p->path, p->argv, p->envp);
	report_failure_child(report_fd, "execve");
}

/* ---- in knarr --------------------------------------------------------------------------- */

/* Our own stdio may be closed; a descriptor below 3 would be overwritten in the child. */
static int above_stdio(int fd)
{
	int up;

	if (fd < 0 || fd > 2)
		return fd;
	up = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (up < 0)
		up = -errno;
	fd_close(fd);
	return up;
}

static int make_pipe(int ret_fds[2], int flags)
{
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC | flags) < 0)
		return -errno;
	fds[0] = above_stdio(fds[0]);
	fds[1] = above_stdio(fds[1]);
	if (fds[0] < 0 || fds[1] < 0) {
		r = fds[0] < 0 ? fds[0] : fds[1];
		fd_close(fds[0]);
		fd_close(fds[1]);
		return r;
	}
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return 0;
}

static int make_stdin(const char *text)
{
	int fd = sys_memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL), r;

	/* MFD_NOEXEC_SEAL: Linux 6.3, and demanded from then on where vm.memfd_noexec is 2. */
	if (fd == -EINVAL)
		fd = sys_memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	fd = above_stdio(fd);
	if (fd < 0)
		return fd;
	r = io_write_all(fd, text, strlen(text));
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		r = -errno;
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	return fd;
}

static int open_output(const char *path, struct error *err)
{
	/* O_NONBLOCK: a FIFO without a reader must not hold us. The hook gets a blocking descriptor. */
	int fd =
		open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);

	if (fd >= 0)
		(void)fcntl(fd, F_SETFL, O_APPEND);
	fd = fd < 0 ? -errno : above_stdio(fd);
	if (fd < 0) {
		fd = error_set(err, -fd, "cannot open '%s' for the output of hooks", path);
		error_add_subject(err, path);
	}
	return fd;
}

/* Takes what is there, at most 1 MiB a call; false at EOF. */
static bool drain(int fd, struct hook_result *res)
{
	char buf[16384];

	for (unsigned i = 0; i < 64; i++) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		if (n == 0)
			return false;
		tail_keep(&res->output, buf, (size_t)n);
	}
	return true;
}

/* Until the process has ended or the deadline (0: none) has passed: -ETIMEDOUT, -EINTR when the caller is to end. */
static int watch(int pidfd, int output_fd, uint64_t deadline_ms, struct hook_result *res)
{
	struct pollfd fds[2] = { { .fd = pidfd, .events = POLLIN },
				 { .fd = output_fd, .events = POLLIN } };

	for (;;) {
		uint64_t now = (uint64_t)clock_ms();
		int wait_ms = -1, r;

		if (deadline_ms && now >= deadline_ms)
			return -ETIMEDOUT;
		if (deadline_ms)
			wait_ms = deadline_ms - now > 3600000 ? 3600000 : (int)(deadline_ms - now);
		r = interrupt_poll(fds, 2, wait_ms);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (fds[1].revents && !drain(output_fd, res))
			fds[1].fd = -1;
		if (fds[0].revents) {
			(void)drain(output_fd, res);
			return 0;
		}
	}
}

static void kill_group(pid_t pid, int pidfd)
{
	/* The group exists as soon as the child has called setsid; before that there is only the child. */
	(void)kill(-pid, SIGKILL);
	(void)sys_pidfd_send_signal(pidfd, SIGKILL);
}

static pid_t start(const struct child_plan *plan, int *ret_pidfd)
{
	int pidfd = -EBADF;
	struct uapi_clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = sys_clone3(&args);

	if (pid == 0)
		run_child(plan);
	*ret_pidfd = pidfd;
	return pid;
}

/* Waits for a started hook; afterwards no child of ours is left. */
static int finish(pid_t pid, int pidfd, int output_fd, int report_fd, uint64_t deadline_ms,
		  struct hook_result *res)
{
	struct exec_failure failure = { 0 };
	int r = watch(pidfd, output_fd, deadline_ms, res);

	if (r < 0) {
		kill_group(pid, pidfd);
		res->timed_out = r == -ETIMEDOUT;
	}
	while (waitpid(pid, &res->wait_status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (res->timed_out)
		(void)drain(output_fd, res);
	else if (r < 0)
		return r;
	/* Non-blocking: a forked grandchild cannot hold it (CLOEXEC), one that never execs could. */
	if (read(report_fd, &failure, sizeof(failure)) == (ssize_t)sizeof(failure)) {
		res->exec_errno = failure.errnum ? failure.errnum : EIO;
		text_copy(res->exec_step, sizeof(res->exec_step), failure.step);
	}
	return 0;
}

int hook_process_run(const struct spec_hook *hook, const char *state_json, int cwd_fd,
		     const struct hook_output *out, struct hook_result *ret, struct error *err)
{
	static char *const no_env[] = { NULL };
	_cleanup_close_ int stdin_fd = -EBADF, stdout_fd = -EBADF, stderr_fd = -EBADF,
			    pidfd = -EBADF;
	_cleanup_close_ int out_r = -EBADF, out_w = -EBADF, report_r = -EBADF, report_w = -EBADF;
	char *const path_argv[] = { (char *)hook->path, NULL };
	uint64_t begin;
	int fds[2], r;
	pid_t pid;

	memset(ret, 0, sizeof(*ret));
	stdin_fd = make_stdin(state_json);
	if (stdin_fd < 0)
		return error_set(err, -stdin_fd, "cannot prepare the state for a hook's stdin");
	r = make_pipe(fds, 0);
	if (r < 0)
		return error_set(err, -r, "cannot make a pipe for a hook");
	out_r = fds[0];
	out_w = fds[1];
	r = make_pipe(fds, O_NONBLOCK);
	if (r < 0)
		return error_set(err, -r, "cannot make a pipe for a hook");
	report_r = fds[0];
	report_w = fds[1];
	/* Only our end: the hook must find blocking descriptors, as every program expects. */
	if (fcntl(out_r, F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, errno, "cannot prepare a hook's output pipe");
	if (out && out->stdout_path && (stdout_fd = open_output(out->stdout_path, err)) < 0)
		return stdout_fd;
	if (out && out->stderr_path && (stderr_fd = open_output(out->stderr_path, err)) < 0)
		return stderr_fd;

	begin = (uint64_t)clock_ms();
	pid = start(&(struct child_plan){ .stdin_fd = stdin_fd,
					  .stdout_fd = stdout_fd >= 0 ? stdout_fd : out_w,
					  .stderr_fd = stderr_fd >= 0 ? stderr_fd : out_w,
					  .report_fd = report_w,
					  .cwd_fd = cwd_fd,
					  .path = hook->path,
					  .argv = hook->args.count ? (char *const *)hook->args.items
								   : path_argv,
					  .envp = hook->env.count ? (char *const *)hook->env.items
								  : no_env },
		    &pidfd);
	if (pid < 0)
		return error_set(err, (int)-pid, "cannot start a process for a hook");
	out_w = fd_close(out_w);
	report_w = fd_close(report_w);
	r = finish(pid, pidfd, out_r, report_r,
		   hook->timeout_s ? begin + (uint64_t)hook->timeout_s * 1000 : 0, ret);
	ret->duration_ms = (uint64_t)clock_ms() - begin;
	if (r == -EINTR)
		return error_fail(err, ERROR_SYSTEM, EINTR, "a signal ended us while a hook ran");
	if (r < 0)
		return error_set(err, -r, "cannot wait for a hook");
	return 0;
}
