/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question to the loader: a process of its own, one message there, one back. Host half.
 *
 * It runs in the caller's namespaces with the caller's rights and environment (LD_LIBRARY_PATH counts as it would for
 * knarr), from a sealed memfd like the container half, and never enters a container. A knarr that is killed meanwhile
 * leaves it to finish what it does: its next read or write ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/kernel.h"
#include "knarr/library.h"

extern char **environ;

/* Far above any answer; what is longer is no answer of the loader's. */
enum { REPLY_MAX = 16 << 20 };

static _noreturn_ void run_loader(int image_fd, int socket, char *name, char *number)
{
	struct library_reply reply = { .len = 0 };
	char *argv[] = { name, number, NULL };
	sigset_t all;

	sys_reset_signals();
	/* What the terminal sends to the whole group is for knarr to hear: half of an answer could not be undone. */
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)fcntl(socket, F_SETFD, 0);
	reply.result = sys_execveat(image_fd, "", argv, environ, AT_EMPTY_PATH);
	error_set(&reply.error, -reply.result, "cannot execute the program that loads libraries");
	error_add_syscall(&reply.error, "execveat");
	if (reply.result == -ENOENT)
		error_add_remedy(&reply.error, "the system's C library has no loader: install it");
	(void)sock_send(socket, &reply, sizeof(reply), NULL, 0);
	_exit(1);
}

static int start_loader(int socket, pid_t *ret_pid)
{
	struct uapi_clone_args args = { .exit_signal = SIGCHLD };
	_cleanup_close_ int image = -EBADF;
	char name[] = "knarr-loader", number[12];
	pid_t pid;

	image = sealed_program(name, loader_image, (size_t)(loader_image_end - loader_image));
	if (image < 0)
		return image;
	(void)text_format(number, sizeof(number), "%d", socket);
	pid = sys_clone3(&args);
	if (pid == 0)
		run_loader(image, socket, name, number);
	*ret_pid = pid;
	return pid < 0 ? (int)pid : 0;
}

/* What the loader had to say, as if it had been said here. */
static void repeat_log(struct wire w)
{
	while (w.next < w.end && !w.broken) {
		enum log_level level = (enum log_level)wire_get_u64(&w);
		const char *text = wire_get_text(&w);

		if (level == LOG_LEVEL_WARNING)
			log_warning("%s", text);
		else
			log_debug("%s", text);
	}
}

static int read_reply(int fd, struct library_reply *reply, struct buf *answer)
{
	_cleanup_free_ char *log = NULL, *data = NULL;
	int r = io_read_all(fd, reply, sizeof(*reply));

	if (r < 0)
		return r;
	if (reply->log_len > REPLY_MAX || reply->len > REPLY_MAX)
		return -EPROTO;
	if (reply->result < 0)
		(void)error_received(&reply->error);
	log = mem_alloc(reply->log_len);
	r = io_read_all(fd, log, reply->log_len);
	if (r < 0)
		return r;
	repeat_log((struct wire){ .next = log, .end = log + reply->log_len });
	data = mem_alloc(reply->len);
	r = io_read_all(fd, data, reply->len);
	if (r == 0)
		buf_add(answer, data, reply->len);
	return r;
}

static int exchange(int fd, const struct library_head *head, const struct buf *asked,
		    const int *fds, unsigned nfds, struct library_reply *reply, struct buf *answer)
{
	/* A loader that cannot even start has its reason in the reply: that counts, not the failing write. */
	if (sock_send(fd, head, sizeof(*head), fds, nfds) == 0)
		(void)sock_send(fd, asked->data, asked->len, NULL, 0);
	return read_reply(fd, reply, answer);
}

static int wait_loader(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return status;
}

int library_ask(enum library_question question, const struct buf *asked, const int *fds,
		unsigned nfds, struct buf *answer, struct error *err)
{
	struct library_head head = { .question = question,
				     .log_level = log_level(),
				     .len = asked->len };
	_cleanup_close_ int mine = -EBADF, theirs = -EBADF;
	struct library_reply reply = { .len = 0 };
	int pair[2], r, status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(err, errno, "cannot make a socket pair");
	mine = pair[0];
	theirs = pair[1];
	r = start_loader(theirs, &pid);
	theirs = fd_close(theirs);
	if (r < 0)
		return error_set(err, -r, "cannot start the program that loads libraries");
	r = exchange(mine, &head, asked, fds, nfds, &reply, answer);
	mine = fd_close(mine);
	status = wait_loader(pid);
	if (r == 0 && reply.result < 0) {
		if (err)
			*err = reply.error;
		return reply.result;
	}
	if (r < 0) {
		r = error_set(err, -r, "the program that loads libraries ended without an answer");
		if (WIFSIGNALED(status))
			error_add_remedy(err, "it was ended by signal %d (%s)", WTERMSIG(status),
					 strsignal(WTERMSIG(status)));
	}
	return r;
}
