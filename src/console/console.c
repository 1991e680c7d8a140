/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminals as the host sees them: handing the master to whoever asked for it, and our own terminal in
 * the foreground. Host half. No host terminal ever becomes the container's: bytes are relayed (R9).
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "knarr/console.h"

/* Receivers read less than this in one go. */
#define CONSOLE_NAME_MAX 4095

/*
 * At least one byte of data, because a control message on a stream needs one to travel with, and exactly one
 * descriptor. Some callers accept only after we have exited, so nothing is waited for: the bytes lie in the socket's
 * queue, and a full one is an error.
 */
static int send_fd(int sock, const char *name, int fd)
{
	size_t len = strnlen(name, CONSOLE_NAME_MAX);

	return sock_send(sock, len ? name : " ", len ? len : 1, &fd, 1);
}

int console_send(const char *socket_path, const char *name, int master_fd, struct error *err)
{
	/* Non-blocking: connect on a full backlog, and sending, say EAGAIN instead of waiting. */
	_cleanup_close_ int sock = sock_connect_path(SOCK_STREAM | SOCK_NONBLOCK, socket_path);
	int r = sock;

	if (r >= 0) {
		r = send_fd(sock, name ? name : "", master_fd);
		if (r < 0) {
			r = error_set(err, -r,
				      "cannot send the terminal over the console socket '%s'",
				      socket_path);
			error_add_syscall(err, "sendmsg");
		}
	} else {
		r = error_set(err, -r, "cannot connect to the console socket '%s'", socket_path);
		error_add_syscall(err, "connect");
	}
	if (r < 0) {
		error_add_subject(err, socket_path);
		error_add_origin(err, "--console-socket");
		return r;
	}
	return 0;
}

/* A background process that changes its terminal is stopped by SIGTTOU, unless that signal is blocked. */
static int set_attributes(int fd, const struct termios *attrs)
{
	sigset_t ttou, old;
	int r;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &ttou, &old);
	do {
		r = tcsetattr(fd, TCSANOW, attrs);
	} while (r < 0 && errno == EINTR);
	r = r < 0 ? -errno : 0;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

int console_raw(int tty_fd, struct console_saved *saved)
{
	struct termios raw;
	int r;

	saved->fd = tty_fd;
	saved->active = false;
	if (tcgetattr(tty_fd, &saved->attrs) < 0)
		return -errno;
	/* The container's terminal translates and echoes; twice would show. */
	raw = saved->attrs;
	cfmakeraw(&raw);
	r = set_attributes(tty_fd, &raw);
	saved->active = r == 0;
	return r;
}

void console_restore(struct console_saved *saved)
{
	if (!saved->active)
		return;
	/* The terminal may have been hung up meanwhile: there is nothing left to restore then. */
	(void)set_attributes(saved->fd, &saved->attrs);
	saved->active = false;
}

/* Our terminal is raw in the meantime, so there it is the container's that adds the CR; in a file nobody wants it. */
void console_relay_to(int master_fd, int out_fd)
{
	struct termios attrs;

	if (isatty(out_fd) || tcgetattr(master_fd, &attrs) < 0)
		return;
	attrs.c_oflag &= ~(tcflag_t)ONLCR;
	(void)set_attributes(master_fd, &attrs);
}

int console_copy_size(int from_tty, int master_fd)
{
	struct winsize size;

	if (ioctl(from_tty, TIOCGWINSZ, &size) < 0)
		return -errno;
	return ioctl(master_fd, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}
