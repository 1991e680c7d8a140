/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pty: runs a command on a terminal of its own, as a person's terminal would.
 *
 *   pty ROWS COLS COMMAND...
 *
 * What the command writes goes to stdout, what comes in on stdin is typed. A line "RESIZE ROWS COLS" on stdin sets
 * the size instead (the kernel sends SIGWINCH). After the command the settings that it left are printed as
 * "terminal echo=X canon=X", and its exit status is ours.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void set_size(int fd, int rows, int cols)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	(void)ioctl(fd, TIOCSWINSZ, &size);
}

static void run(int slave, char **argv)
{
	setsid();
	ioctl(slave, TIOCSCTTY, 0);
	dup2(slave, 0);
	dup2(slave, 1);
	dup2(slave, 2);
	if (slave > 2)
		close(slave);
	execvp(argv[0], argv);
	fprintf(stderr, "pty: cannot run '%s': %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* One read is one line here: the tests write line by line. */
static int typed(int master)
{
	char buf[4096];
	ssize_t n = read(0, buf, sizeof(buf) - 1);
	int rows, cols;

	if (n <= 0)
		return 0;
	buf[n] = '\0';
	if (sscanf(buf, "RESIZE %d %d", &rows, &cols) == 2)
		set_size(master, rows, cols);
	else
		return write(master, buf, (size_t)n) == n;
	return 1;
}

static int shown(int master)
{
	char buf[4096];
	ssize_t n = read(master, buf, sizeof(buf));

	return n > 0 && write(1, buf, (size_t)n) == n;
}

int main(int argc, char **argv)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .fd = 0, .events = POLLIN } };
	struct termios t;
	int master, slave, status = 0;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: pty ROWS COLS COMMAND...\n");
		return 2;
	}
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return 2;
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return 2;
	set_size(master, atoi(argv[1]), atoi(argv[2]));
	pid = fork();
	if (pid == 0)
		run(slave, argv + 3);
	p[0].fd = master;
	for (;;) {
		int n = poll(p, 2, 100);

		if (n > 0 && p[0].revents && !shown(master))
			break;
		if (n > 0 && p[1].revents && !typed(master))
			p[1].fd = -1;
		if (n == 0 && waitpid(pid, &status, WNOHANG) == pid) {
			pid = 0;
			break;
		}
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (tcgetattr(slave, &t) == 0)
		printf("terminal echo=%d canon=%d\n", !!(t.c_lflag & ECHO), !!(t.c_lflag & ICANON));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
