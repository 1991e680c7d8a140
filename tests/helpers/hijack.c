/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile container, for tests/attack/handshake.bats: it stops a process that enters it, takes the socket of its handshake
 * and speaks in its place. It needs CAP_SYS_PTRACE in the container.
 *
 *   hijack MODE RESULT   until one process was caught; RESULT is "caught", and then how the victim is: "alive OOM_SCORE_ADJ"
 *
 * MODE: forked (a terminal, the pidfd of the victim, a failure), console (a directory as the terminal), failed (a failure with
 * a descriptor), shut (the end of the handshake), flood (remarks without end), stop (nothing: the process is kept stopped).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "knarr/handshake.h"

enum { LIFETIME_S = 60, KEEP_S = 30, FDS = 64 };

static void say(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(3);
	close(fd);
}

static int take_socket(int pidfd)
{
	for (int n = 3; n < FDS; n++) {
		int fd = (int)syscall(SYS_pidfd_getfd, pidfd, n, 0), type = 0;
		socklen_t size = sizeof(type);

		if (fd < 0)
			continue;
		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
		    type == SOCK_SEQPACKET)
			return fd;
		close(fd);
	}
	return -1;
}

static int send_step(int sock, enum handshake_step step, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct handshake_packet packet = { .version = HANDSHAKE_VERSION, .step = step };
	struct iovec iov = { .iov_base = &packet, .iov_len = sizeof(packet) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (step == STEP_FAILED)
		snprintf(packet.error.text, sizeof(packet.error.text), "forged");
	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.room);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static void attack(const char *mode, int sock, int victim)
{
	int dir = open("/", O_RDONLY | O_DIRECTORY),
	    terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY);

	if (strcmp(mode, "forked") == 0) {
		(void)send_step(sock, STEP_CONSOLE, terminal >= 0 ? terminal : dir);
		(void)send_step(sock, STEP_FORKED, victim);
		(void)send_step(sock, STEP_FAILED, -1);
	} else if (strcmp(mode, "console") == 0) {
		(void)send_step(sock, STEP_CONSOLE, dir);
	} else if (strcmp(mode, "failed") == 0) {
		(void)send_step(sock, STEP_FAILED, dir);
	} else if (strcmp(mode, "shut") == 0) {
		(void)shutdown(sock, SHUT_RDWR);
	} else if (strcmp(mode, "flood") == 0) {
		while (send_step(sock, STEP_DEBUG, -1) == 0)
			;
	}
}

/* A process that enters runs the container half until it executes its program. */
static bool enters(int pid)
{
	static const char name[] = "knarr-init";
	char path[32], exe[256];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	len = readlink(path, exe, sizeof(exe));
	return len > 0 && memmem(exe, (size_t)len, name, sizeof(name) - 1);
}

/* Caught before it executes its program: stopped, with the socket in our hands. */
static bool catch (int pid, const char *mode, const char *result, int victim)
{
	int pidfd, sock;

	if (!enters(pid) || ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return false;
	if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 || waitpid(pid, NULL, __WALL) != pid)
		return false;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	sock = pidfd < 0 ? -1 : take_socket(pidfd);
	if (sock < 0) {
		(void)ptrace(PTRACE_DETACH, pid, 0, 0);
		return false;
	}
	say(result, "caught\n");
	attack(mode, sock, victim);
	return true;
}

static pid_t start_victim(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void report(pid_t victim, const char *result)
{
	char path[48], score[16] = "", text[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", victim);
	f = fopen(path, "r");
	if (f && !fgets(score, sizeof(score), f))
		score[0] = '\0';
	if (f)
		fclose(f);
	snprintf(text, sizeof(text), "%s %s",
		 waitpid(victim, NULL, WNOHANG) == 0 ? "alive" : "dead", score);
	say(result, text);
}

int main(int argc, char *argv[])
{
	time_t end = time(NULL) + LIFETIME_S;
	pid_t victim = start_victim();
	int victim_fd = (int)syscall(SYS_pidfd_open, victim, 0);

	if (argc != 3 || victim_fd < 0)
		return 1;
	say(argv[2], "ready\n");
	while (time(NULL) < end) {
		/* Numbers go up: the next ones are of who enters. */
		for (int pid = 1; pid < 400; pid++) {
			if (pid == getpid() || pid == victim ||
			    !catch (pid, argv[1], argv[2], victim_fd))
				continue;
			sleep(2);
			report(victim, argv[2]);
			sleep(KEEP_S); /* a process that was killed is not taken note of: nobody can reap it */
			return 0;
		}
	}
	return 2;
}
