/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that cannot be confused with another (R22). Host half. A pid number is reused; a pidfd
 * never, but it does not survive us. So what is stored is the pid with the start time of its
 * process, and what is used is a pidfd that was checked against it. Where pidfds are filtered, the
 * start time is checked again before each signal.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

enum { START_TIME_FIELD = 22, WITHOUT_PIDFD_POLL_MS = 5 };

/* A file below /proc, if that is procfs. */
static ssize_t read_proc(const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	struct statfs fs;
	size_t len = 0;

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != UAPI_PROC_MAGIC)
		return -ENOTSUP;
	while (len < size - 1) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

/*
 * "PID (COMM) STATE ..."; COMM is any text, with spaces and parentheses, so counting starts behind
 * the last ')'.
 */
int pidref_stat(pid_t pid, char *ret_state, uint64_t *ret_start_time)
{
	char path[32], buf[1024];
	const char *p;
	uint64_t start;
	ssize_t n;
	int r;

	if (pid <= 0)
		return -ESRCH;
	r = text_format(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (r < 0)
		return r;
	n = read_proc(path, buf, sizeof(buf));
	if (n < 0)
		return (int)n;
	p = strrchr(buf, ')');
	if (!p || p[1] != ' ' || p[2] == '\0' || p[3] != ' ')
		return -EIO;
	p += 2; /* field 3 */
	*ret_state = p[0];
	for (int field = 3; field < START_TIME_FIELD; field++) {
		p = strchr(p, ' ');
		if (!p)
			return -EIO;
		p++;
	}
	r = num_parse_u64_len(p, strcspn(p, " \n"), &start);
	if (r < 0)
		return -EIO;
	*ret_start_time = start;
	return 0;
}

void pidref_close(struct pidref *p)
{
	p->fd = fd_close(p->fd);
}

int pidref_open(pid_t pid, uint64_t start_time, struct pidref *ret)
{
	_cleanup_close_ int fd = -EBADF;
	uint64_t start;
	char state;
	int r;

	if (pid <= 0)
		return -ESRCH;
	fd = sys_pidfd_open(pid, 0);
	if (fd < 0 && fd != -ENOSYS && fd != -EPERM)
		return fd == -EINVAL ? -ESRCH : fd;
	if (fd < 0 && !fallback_take(FALLBACK_PIDFD))
		return fd;
	r = pidref_stat(pid, &state, &start);
	if (r < 0)
		return r;
	if (start_time != 0 && start != start_time)
		return -ESRCH;
	/*
	 * Still there under this number: so what was read belongs to what was opened. A stranger's
	 * process counts too.
	 */
	if (fd >= 0) {
		r = sys_pidfd_send_signal(fd, 0);
		if (r < 0 && r != -EPERM)
			return r;
	}
	*ret = (struct pidref){ .pid = pid,
				.fd = fd < 0 ? -EBADF : TAKE_FD(fd),
				.start_time = start };
	return 0;
}

enum pidref_state pidref_state(pid_t pid, uint64_t start_time)
{
	uint64_t start;
	char state;
	int r = pidref_stat(pid, &state, &start);

	/* A process that cannot be looked at may live: only the kernel's word says that it does not. */
	if (r < 0 && r != -ESRCH)
		return PIDREF_ALIVE;
	if (r < 0 || (start_time != 0 && start != start_time))
		return PIDREF_GONE;
	if (state == 'Z')
		return PIDREF_ZOMBIE;
	return state == 'X' || state == 'x' ? PIDREF_GONE : PIDREF_ALIVE;
}

int pidref_signal(const struct pidref *p, int sig)
{
	if (p->fd >= 0)
		return sys_pidfd_send_signal(p->fd, sig);
	if (pidref_state(p->pid, p->start_time) == PIDREF_GONE)
		return -ESRCH;
	return kill(p->pid, sig) < 0 ? -errno : 0;
}

int pidref_wait(const struct pidref *p, int timeout_ms)
{
	int64_t deadline = timeout_ms < 0 ? -1 : clock_ms() + timeout_ms;

	for (;;) {
		struct pollfd poll_fd = { .fd = p->fd, .events = POLLIN };
		int64_t left = deadline < 0 ? -1 : deadline - clock_ms();
		int r;

		if (deadline >= 0 && left < 0)
			left = 0;
		if (p->fd < 0) {
			if (pidref_state(p->pid, p->start_time) != PIDREF_ALIVE)
				return 0;
			if (left == 0)
				return -ETIMEDOUT;
			left = left < 0 || left > WITHOUT_PIDFD_POLL_MS ? WITHOUT_PIDFD_POLL_MS
									: left;
		}
		r = poll(&poll_fd, p->fd >= 0 ? 1 : 0, (int)left);
		if (r > 0)
			return poll_fd.revents & POLLNVAL ? -EBADF : 0;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0 && p->fd >= 0)
			return -ETIMEDOUT;
	}
}

int boot_id_read(char buf[37])
{
	char text[64];
	ssize_t n = read_proc("/proc/sys/kernel/random/boot_id", text, sizeof(text));

	if (n < 0)
		return n == -ESRCH ? -ENOENT : (int)n;
	if (n < 36)
		return -EIO;
	memcpy(buf, text, 36);
	buf[36] = '\0';
	return 0;
}
