/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervise: a process in the foreground. Host half.
 *
 * Signals that reach us are passed on to the container's first process; SIGKILL and SIGSTOP cannot be, SIGCHLD is ours,
 * and SIGWINCH turns into the size of the container's terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/console.h"
#include "knarr/supervise.h"
#include "supervise/input_end.h"
#include "supervise/relay.h"

/* Above net.unix.max_dgram_qlen, 10 by default and 512 under systemd. */
enum { NOTIFY_QUEUE = 1024 };

/* Faults of our own must still end us. */
static void forwarded_signals(sigset_t *set)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE,  SIGILL, SIGABRT,
				   SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU };

	sigfillset(set);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		sigdelset(set, own[i]);
}

int supervise_prepare(struct error *err)
{
	sigset_t set;

	forwarded_signals(&set);
	interrupt_prepare();
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return error_set(err, errno, "cannot block signals");
	/* Orphans of a container without a pid namespace of its own come to us and are reaped. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return error_set(err, errno, "cannot become the reaper of orphans");
	return 0;
}

struct loop {
	const struct supervise *s;
	int signal_fd;
	int slave_fd; /* keeps the terminal from hanging up; -EBADF: none */
	bool ended;
	int status;
	struct console_saved terminal;
	struct input_end input_end;
	struct relay input, output;
};

/* A shell that we were stopped under has set its own mode; in the background the terminal is not ours to set. */
static void renew_terminal(const struct loop *l)
{
	struct console_saved shells;

	if (!l->terminal.active || tcgetpgrp(STDIN_FILENO) != getpgrp())
		return;
	(void)console_raw(STDIN_FILENO, &shells);
	(void)console_copy_size(STDIN_FILENO, l->s->console_master);
}

static void forward(struct loop *l, const struct signalfd_siginfo *info)
{
	switch (info->ssi_signo) {
	case SIGCHLD:
		return;
	case SIGWINCH:
		if (l->s->console_master >= 0) {
			(void)console_copy_size(STDIN_FILENO, l->s->console_master);
			return;
		}
		break;
	case SIGCONT:
		renew_terminal(l);
		break;
	case SIGPIPE:
		return; /* our own: a reader of the relay went away */
	default:
		break;
	}
	(void)pidref_signal(l->s->process, (int)info->ssi_signo);
}

static void read_signals(struct loop *l)
{
	struct signalfd_siginfo info[8];
	ssize_t n = read(l->signal_fd, info, sizeof(info));

	for (ssize_t i = 0; i * (ssize_t)sizeof(info[0]) < n; i++)
		forward(l, &info[i]);
}

/* Takes every child that has ended; ours is one of them. */
static void reap(struct loop *l)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			return;
		if (pid != l->s->process->pid)
			continue;
		l->ended = true;
		l->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

static int open_loop(struct loop *l, struct error *err)
{
	sigset_t set;

	forwarded_signals(&set);
	l->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (l->signal_fd < 0)
		return error_set(err, errno, "cannot open a signal descriptor");
	relay_init(&l->input, STDIN_FILENO, l->s->console_master);
	relay_init(&l->output, l->s->console_master, STDOUT_FILENO);
	l->terminal.active = false;
	input_end_init(&l->input_end);
	if (l->s->console_master < 0)
		return 0;
	/*
	 * A program may close its terminal and open /dev/console again, as service managers do. Between the two the master
	 * would report a hangup; while we hold the other side it does not.
	 */
	l->slave_fd = ioctl(l->s->console_master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (isatty(STDIN_FILENO)) {
		(void)console_copy_size(STDIN_FILENO, l->s->console_master);
		if (console_raw(STDIN_FILENO, &l->terminal) < 0)
			log_warning("cannot set the terminal to raw mode, ignoring");
	}
	return 0;
}

/* What the program said last. Who shares its pid namespace may go on for ever; the socket's queue is not longer. */
static void drain_notify(const struct loop *l)
{
	for (unsigned i = 0; l->s->notify && i < NOTIFY_QUEUE; i++)
		if (!notify_relay(l->s->notify))
			return;
}

static void close_loop(struct loop *l)
{
	drain_notify(l);
	if (l->s->console_master >= 0)
		relay_drain(&l->output);
	console_restore(&l->terminal);
	l->signal_fd = fd_close(l->signal_fd);
	l->slave_fd = fd_close(l->slave_fd);
}

enum {
	POLL_SIGNAL,
	POLL_PROCESS,
	POLL_IN_FROM,
	POLL_IN_TO,
	POLL_OUT_FROM,
	POLL_OUT_TO,
	POLL_NOTIFY,
	POLL_COUNT
};

static int wait_once(struct loop *l, struct error *err)
{
	struct pollfd p[POLL_COUNT];
	int timeout = -1;

	if (l->slave_fd >= 0 && !l->terminal.active && !relay_is_open(&l->input))
		timeout = input_end_type(&l->input_end, l->s->console_master, l->slave_fd);
	p[POLL_SIGNAL] = (struct pollfd){ .fd = l->signal_fd, .events = POLLIN };
	p[POLL_PROCESS] = (struct pollfd){ .fd = l->s->process->fd, .events = POLLIN };
	relay_poll(&l->input, &p[POLL_IN_FROM], &p[POLL_IN_TO]);
	relay_poll(&l->output, &p[POLL_OUT_FROM], &p[POLL_OUT_TO]);
	p[POLL_NOTIFY] =
		(struct pollfd){ .fd = l->s->notify ? l->s->notify->fd : -1, .events = POLLIN };
	if (poll(p, POLL_COUNT, timeout) < 0) {
		if (errno == EINTR)
			return 0;
		return error_set(err, errno, "cannot wait for the container's process");
	}
	if (p[POLL_SIGNAL].revents)
		read_signals(l);
	relay_move(&l->input, &p[POLL_IN_FROM], &p[POLL_IN_TO]);
	relay_move(&l->output, &p[POLL_OUT_FROM], &p[POLL_OUT_TO]);
	if (p[POLL_NOTIFY].revents)
		(void)notify_relay(l->s->notify);
	if (p[POLL_SIGNAL].revents || p[POLL_PROCESS].revents)
		reap(l);
	return 0;
}

int supervise_run(const struct supervise *s, int *ret_status, struct error *err)
{
	struct loop
		l; /* no initialiser: it would clear the buffers of the relays, eight pages that most runs never touch */
	int r;

	l.s = s;
	l.slave_fd = -EBADF;
	l.ended = false;
	l.status = 0;
	r = open_loop(&l, err);
	while (r >= 0 && !l.ended)
		r = wait_once(&l, err);
	close_loop(&l);
	if (r < 0)
		return r;
	*ret_status = l.status;
	return 0;
}
