/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks. Runs in the container half: createContainer before the root switch, startContainer after
 * it; for those of the host half it only asks. A hook is a process of its own with three
 * descriptors and its own environment. Its input and output are served together, so that neither
 * side waits for the other; it is waited for by pidfd, so that what it leaves behind in the
 * background holds nobody up (T40).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/init.h"

enum { MESSAGE_TAIL = 400 };

/*
 * The state as it is written: with our pid as the container sees it (runtime.md, "State").
 */
struct state_text {
	const char *parts[3];
	size_t lengths[3];
	unsigned part;
	size_t done; /* of that part */
	char pid[24];
};

struct hook_run {
	const struct plan_hook *hook;
	const char *kind, *path;
	pid_t pid;
	int pidfd, input, output;
	int exec_errno;
	int lost; /* errno: it could not be waited for */
	int status;
	bool timed_out;
	struct tail said;
	struct state_text state;
};

static void state_init(struct state_text *s, const char *text, pid_t pid)
{
	static const char token[] = "\"pid\":0";
	const char *found = pid > 0 ? strstr(text, token) : NULL;
	char after = found ? found[sizeof(token) - 1] : '\0';

	memset(s, 0, sizeof(*s));
	if (!found || (after >= '0' && after <= '9')) {
		s->parts[0] = text;
		s->lengths[0] = strlen(text);
		return;
	}
	(void)text_format(s->pid, sizeof(s->pid), "\"pid\":%d", (int)pid);
	s->parts[0] = text;
	s->lengths[0] = (size_t)(found - text);
	s->parts[1] = s->pid;
	s->lengths[1] = strlen(s->pid);
	s->parts[2] = found + sizeof(token) - 1;
	s->lengths[2] = strlen(s->parts[2]);
}

/*
 * ---- in the hook's process --------------------------------------------------------------------
 */

static _noreturn_ void hook_child(struct init *in, const struct plan_hook *hook, int input,
				  int output, int report)
{
	char **args = init_vector(in, &hook->args, 0), **env = init_vector(in, &hook->env, 1);
	int failed;

	if (env && (hook->flags & PLAN_HOOK_PROCESS_ENV) && in->home[0])
		env[hook->env.count] = in->home;

	/* A session of its own: a timeout ends it with whatever it forked. */
	if (!args || !env || setsid() < 0)
		goto fail;
	if (in->root_fd >= 0 && fchdir(in->root_fd) < 0)
		goto fail;
	/* The numbers may overlap with 0 to 3. */
	input = fcntl(input, F_DUPFD, 10);
	output = fcntl(output, F_DUPFD, 10);
	report = fcntl(report, F_DUPFD, 10);
	if (input < 0 || output < 0 || report < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 ||
	    dup2(output, 2) < 0 || dup3(report, 3, O_CLOEXEC) < 0)
		goto fail;
	report = 3;
	if (sys_close_range(4, ~0u, 0) < 0)
		goto fail;
	sys_reset_signals();
	(void)umask(0022);
	/* A startContainer hook comes from the container's file system. */
	if (in->identity && seccomp_load_for_hook(in) < 0)
		goto fail;
	(void)execve(init_string(in, hook->path), args, env);
fail:
	failed = errno;
	(void)!write(report, &failed, sizeof(failed));
	_exit(127);
}

/*
 * ---- serving it ---------------------------------------------------------------------------------
 */

/* Non-blocking; the descriptor is closed at its end. */
static void read_output(struct hook_run *run)
{
	char buf[4096];
	ssize_t n = read(run->output, buf, sizeof(buf));

	if (n > 0)
		tail_keep(&run->said, buf, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		run->output = fd_close(run->output);
}

static void write_state(struct hook_run *run)
{
	struct state_text *s = &run->state;

	while (s->part < ARRAY_SIZE(s->parts)) {
		size_t left = s->lengths[s->part] - s->done;
		ssize_t n = left ? write(run->input, s->parts[s->part] + s->done, left) : 0;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			break; /* it does not care to read it */
		s->done += (size_t)n;
		if (s->done < s->lengths[s->part])
			continue;
		s->part++;
		s->done = 0;
	}
	run->input = fd_close(run->input);
}

/* With what it forked, unless that has left its session. */
static void end_hook(const struct hook_run *run)
{
	(void)kill(-run->pid, SIGKILL);
	(void)sys_pidfd_send_signal(run->pidfd, SIGKILL);
}

static void serve(struct hook_run *run)
{
	uint64_t deadline = (uint64_t)clock_ms() + (uint64_t)run->hook->timeout_s * 1000;
	bool ended = false;

	while (!ended) {
		struct pollfd fds[] = {
			{ .fd = run->pidfd, .events = POLLIN },
			{ .fd = run->output, .events = POLLIN },
			{ .fd = run->input, .events = POLLOUT },
		};
		uint64_t now = (uint64_t)clock_ms();
		int timeout = -1;

		if (run->hook->timeout_s && !run->timed_out) {
			if (now >= deadline) {
				run->timed_out = true;
				end_hook(run);
			} else {
				timeout = deadline - now > INT_MAX ? INT_MAX
								   : (int)(deadline - now);
			}
		}
		if (poll(fds, ARRAY_SIZE(fds), timeout) < 0) {
			if (errno == EINTR)
				continue;
			run->lost = errno;
			end_hook(run);
			break;
		}
		if (fds[1].revents)
			read_output(run);
		if (fds[2].revents)
			write_state(run);
		ended = fds[0].revents != 0;
	}
	/* What it said last; children that it left behind may keep the pipe open. */
	for (size_t i = 0; i < 64 && run->output >= 0; i++) {
		size_t before = run->said.len;

		read_output(run);
		if (run->said.len == before && before < TAIL_SIZE)
			break;
	}
	while (waitpid(run->pid, &run->status, 0) < 0) {
		if (errno == EINTR)
			continue;
		run->lost = errno;
		break;
	}
}

/*
 * The first process of a pid namespace inherits orphans, and the program is not to find their
 * remains.
 */
static void reap_orphans(void)
{
	while (getpid() == 1 && waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static int start(struct init *in, struct hook_run *run, struct error *err)
{
	int input[2], output[2], report[2], failed = 0;
	struct uapi_clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&run->pidfd,
		.exit_signal = SIGCHLD,
	};

	if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0 ||
	    pipe2(report, O_CLOEXEC) < 0 || fcntl(input[1], F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(output[0], F_SETFL, O_NONBLOCK) < 0)
		return init_fail(err, -errno, "pipe2", run->path, "cannot make pipes for hook '%s'",
				 run->path);
	run->pid = sys_clone3(&args);
	if (run->pid < 0)
		return init_fail(err, run->pid, "clone3", run->path, "cannot start hook '%s'",
				 run->path);
	if (run->pid == 0)
		hook_child(in, run->hook, input[0], output[1], report[1]);
	fd_close(input[0]);
	fd_close(output[1]);
	fd_close(report[1]);
	run->input = input[1];
	run->output = output[0];
	if (io_read_all(report[0], &failed, sizeof(failed)) == 0)
		run->exec_errno = failed ? failed : EINVAL;
	fd_close(report[0]);
	return 0;
}

/*
 * ---- telling what went wrong
 * ----------------------------------------------------------------------
 */

static int hook_failed(const struct init *in, const struct hook_run *run, uint64_t ms,
		       struct error *err)
{
	const struct plan_hook *hook = run->hook;
	char output[MESSAGE_TAIL], end[96];
	int r;

	tail_line(&run->said, output, sizeof(output));
	if (run->timed_out)
		(void)text_format(end, sizeof(end), "killed after its timeout of %u s",
				  hook->timeout_s);
	else if (WIFSIGNALED(run->status))
		(void)text_format(end, sizeof(end), "killed by signal %d after %llu ms",
				  WTERMSIG(run->status), (unsigned long long)ms);
	else
		(void)text_format(end, sizeof(end), "exit status %d after %llu ms",
				  WEXITSTATUS(run->status), (unsigned long long)ms);
	if (run->exec_errno)
		r = error_fail(err, ERROR_HOOK, run->exec_errno,
			       "error running %s hook #%u: '%s': cannot execute", run->kind,
			       hook->index, run->path);
	else if (run->lost)
		r = error_fail(err, ERROR_HOOK, run->lost,
			       "error running %s hook #%u: '%s': cannot wait for it", run->kind,
			       hook->index, run->path);
	else
		r = error_fail(err, ERROR_HOOK, 0, "error running %s hook #%u: '%s': %s%s%s",
			       run->kind, hook->index, run->path, end, output[0] ? ": " : "",
			       output);
	error_add_subject(err, run->path);
	error_add_origin(err, init_string(in, hook->origin));
	return r;
}

static int run_hook(struct init *in, const struct plan_hook *hook, const char *kind,
		    const char *state, struct error *err)
{
	struct hook_run run = {
		.hook = hook,
		.kind = kind,
		.path = init_string(in, hook->path),
		.pidfd = -EBADF,
		.input = -EBADF,
		.output = -EBADF,
	};
	uint64_t begin = (uint64_t)clock_ms(), ms;
	int r;

	state_init(&run.state, state, getpid());
	r = start(in, &run, err);
	if (r < 0)
		return r;
	serve(&run);
	ms = (uint64_t)clock_ms() - begin;
	fd_close(run.pidfd);
	fd_close(run.input);
	fd_close(run.output);
	reap_orphans();
	channel_debug(in, "%s hook #%u '%s' took %llu ms", kind, hook->index, run.path,
		      (unsigned long long)ms);
	if (run.exec_errno || run.lost || run.timed_out || run.status != 0)
		return hook_failed(in, &run, ms, err);
	return 0;
}

static int run_hooks(struct init *in, const struct plan_op *op, const char *kind, struct error *err)
{
	const struct plan_arg_hooks *arg = init_arg(in, op);
	const struct plan_hook *hooks = plan_at(in->plan, arg->hooks);
	int r = 0;

	/*
	 * A caller that ignores SIGCHLD would have our children vanish; a hook that does not read
	 * would kill us.
	 */
	sys_reset_signals();
	(void)signal(SIGPIPE, SIG_IGN);
	for (uint32_t i = 0; r >= 0 && i < arg->count; i++)
		r = run_hook(in, &hooks[i], kind, init_string(in, arg->state), err);
	(void)signal(SIGPIPE, SIG_DFL);
	return r;
}

int op_hooks(struct init *in, const struct plan_op *op, struct error *err)
{
	return run_hooks(in, op, "createContainer", err);
}

int op_hooks_start(struct init *in, const struct plan_op *op, struct error *err)
{
	return run_hooks(in, op, "startContainer", err);
}

int op_hooks_runtime(struct init *in, const struct plan_op *op, struct error *err)
{
	int r = channel_send(in, STEP_HOOKS, 0, NULL, -1);

	(void)op;
	if (r >= 0)
		r = channel_expect(in, STEP_HOOKS_DONE);
	if (r < 0)
		return init_fail(err, r, "recv", NULL, "the host half did not run its hooks");
	return 0;
}
