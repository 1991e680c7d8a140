/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify: sd_notify(3) messages of the container's program, handed on to the caller's NOTIFY_SOCKET. Host half.
 *
 * The service manager knows us and not the program: it takes messages of its service's main process alone, and a pid
 * of the container's namespace means somebody else to it. So the program sends to a socket of ours, and we repeat what
 * says how it is. We do not repeat what names processes or hands over descriptors: MAINPID=, FDSTORE=, NOTIFYACCESS=
 * and their kin would let the container speak for the service. BARRIER=1 needs no answer either: recv(2) without room
 * for descriptors closes the one that came along, and that is the answer.
 *
 * The socket lies in a directory that only we can reach, and the container's processes through their mount (R21).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "knarr/plan.h"
#include "knarr/supervise.h"

enum {
	MESSAGE_MAX = 4096, /* a service manager reads no more of one message */
	/* One that has stopped reading must not stop us: it is waited for once. */
	SEND_TIMEOUT_S = 5,
	BARRIER_TIMEOUT_MS = SEND_TIMEOUT_S * 1000, /* as systemd-notify(1) does */
	WITHOUT_PIDFD_MS = 100,
	/* Above net.unix.max_dgram_qlen, 10 by default and 512 under systemd. */
	LAST_WORDS_MAX = 1024,
};

#define DIR_NAME "notify"

static const char *const handed_on[] = {
	"READY=", "STATUS=",   "RELOADING=", "STOPPING=",      "MONOTONIC_USEC=",
	"ERRNO=", "BUSERROR=", "WATCHDOG=",  "WATCHDOG_USEC=", "EXTEND_TIMEOUT_USEC=",
};

const char *notify_address(void)
{
	const char *address = getenv("NOTIFY_SOCKET");
	int fd;

	if (!address || !address[0])
		return NULL;
	if ((address[0] != '/' && address[0] != '@') || !address[1]) {
		log_warning("NOTIFY_SOCKET is '%s', which is no address of a socket here, ignoring",
			    address);
		return NULL;
	}
	fd = sock_connect_address(SOCK_DGRAM, address);
	if (fd < 0) {
		log_warning("nobody listens at NOTIFY_SOCKET '%s': %s, ignoring", address,
			    errno_text(-fd));
		return NULL;
	}
	fd_close(fd);
	return address;
}

static int open_dir(int state_dirfd)
{
	int fd = openat(state_dirfd, DIR_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int notify_make_dir(int state_dirfd, int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r = mkdirat(state_dirfd, DIR_NAME, 0700) < 0 ? -errno : 0;

	if (r == 0)
		r = fd = open_dir(state_dirfd);
	/* Whoever the program is, it has to get through; nobody has to list it. Not mkdirat's mode: the umask cuts that. */
	if (r >= 0 && fchmod(fd, 0711) < 0)
		r = -errno;
	if (r < 0)
		return error_set(err, -r, "cannot make the directory of the notify socket");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int notify_bind(struct notify *n, int state_dirfd, struct error *err)
{
	_cleanup_close_ int dir = open_dir(state_dirfd);

	if (dir == -ENOENT)
		return dir;
	if (dir < 0)
		return error_set(err, -dir, "cannot open the directory of the notify socket");
	/* One that is there is of a start that was killed before it started anything. */
	(void)unlinkat(dir, PLAN_NOTIFY_NAME, 0);
	n->fd = sock_bind_at(SOCK_DGRAM, dir, PLAN_NOTIFY_NAME, 0666);
	if (n->fd < 0)
		return error_set(err, -n->fd, "cannot make the notify socket of the container");
	return 0;
}

static int tell(struct notify *n, const char *text, size_t len, int fd)
{
	static const struct timeval timeout = { .tv_sec = SEND_TIMEOUT_S };
	const int type = SOCK_DGRAM | (n->stuck ? SOCK_NONBLOCK : 0);
	_cleanup_close_ int to = sock_connect_address(type, n->address);
	int r = to;

	if (r >= 0) {
		(void)setsockopt(to, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
		r = sock_send(to, text, len, &fd, fd >= 0);
	}
	/* Until it reads again; else a container could keep us for as long as it has something to say. */
	n->stuck = r == -EAGAIN;
	if (r < 0)
		log_warning("cannot send to NOTIFY_SOCKET '%s': %s, ignoring", n->address,
			    errno_text(-r));
	else
		n->told = true;
	return r;
}

static bool is_handed_on(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(handed_on); i++)
		if (text_has_prefix(line, handed_on[i]))
			return true;
	return false;
}

/* Keeps the lines that are handed on, in place; returns their length. */
static size_t keep_lines(char *message, bool *ret_ready)
{
	size_t kept = 0;

	*ret_ready = false;
	for (char *save = NULL, *line = strtok_r(message, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		size_t len = strlen(line);

		if (!is_handed_on(line))
			continue;
		*ret_ready |= STREQ(line, "READY=1");
		if (kept)
			message[kept++] = '\n';
		memmove(message + kept, line, len);
		kept += len;
	}
	return kept;
}

static void tell_main_pid(struct notify *n)
{
	char text[32];
	int len = text_format(text, sizeof(text), "MAINPID=%d", n->main_pid);

	(void)tell(n, text, (size_t)len, -EBADF);
}

bool notify_relay(struct notify *n)
{
	char message[MESSAGE_MAX + 1];
	ssize_t len;
	size_t kept;
	bool ready;

	len = recv(n->fd, message, MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
	if (len < 0)
		return false;
	if (len > MESSAGE_MAX || memchr(message, '\0', (size_t)len)) {
		log_info("a notify message of the container is too long or no text, ignoring");
		return true;
	}
	message[len] = '\0';
	kept = keep_lines(message, &ready);
	if (kept)
		(void)tell(n, message, kept, -EBADF);
	/* After READY=1: from then on the manager may take messages of the new main process alone. */
	if (ready && !n->ready)
		tell_main_pid(n);
	n->ready |= ready;
	return true;
}

/*
 * The manager finds out who sent a message by the sender's cgroup: we must not end before it has read it. One that reads
 * no more, or keeps the descriptors that it is sent, is waited for as long as one that does not take a message.
 */
static void wait_for_barrier(struct notify *n)
{
	static const char text[] = "BARRIER=1";
	struct pollfd p = { .events = POLLHUP };
	int pipe_fds[2], r;

	if (!n->told || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return;
	r = tell(n, text, strlen(text), pipe_fds[1]);
	fd_close(pipe_fds[1]);
	p.fd = pipe_fds[0];
	if (r >= 0 && poll(&p, 1, BARRIER_TIMEOUT_MS) == 0)
		log_warning("nobody at NOTIFY_SOCKET '%s' answers a barrier, ignoring", n->address);
	fd_close(pipe_fds[0]);
}

int notify_wait(struct notify *n, const struct pidref *process, struct error *err)
{
	/* Others may hold the socket as well, and have no end. */
	for (unsigned last_words = 0; !n->ready && last_words < LAST_WORDS_MAX;) {
		struct pollfd p[] = {
			{ .fd = n->fd, .events = POLLIN },
			{ .fd = process->fd, .events = POLLIN },
		};
		bool ended;

		if (poll(p, ARRAY_SIZE(p), process->fd < 0 ? WITHOUT_PIDFD_MS : -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_set(err, errno, "cannot wait for the program to be ready");
		}
		/* Looked at first: what it sent before it ended is there then. */
		ended = pidref_wait(process, 0) == 0;
		if (!notify_relay(n) && ended)
			break;
		last_words += ended;
	}
	wait_for_barrier(n);
	return 0;
}

void notify_close(struct notify *n)
{
	n->fd = fd_close(n->fd);
}
