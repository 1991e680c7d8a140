/* SPDX-License-Identifier: Apache-2.0 */
/* supervise: a process in the foreground: signals forwarded, terminal relayed, orphans reaped, exit status. Host half. */
#ifndef KNARR_SUPERVISE_H
#define KNARR_SUPERVISE_H

#include "knarr/base.h"
#include "knarr/kernel.h"

/* ---- notify.c: sd_notify(3) messages of the container's program, handed on to the caller's NOTIFY_SOCKET ---- */

struct notify {
	const char *address; /* of the caller's socket; NULL: nothing is handed on */
	int fd;              /* the socket that the container sends to, or -EBADF */
	pid_t main_pid;      /* told as MAINPID= after READY=1 */
	bool ready, told;    /* READY=1 was handed on; anything was */
	bool stuck;          /* the caller's side has stopped reading: it is not waited for again */
};
/*
 * The caller's NOTIFY_SOCKET. NULL if there is none, it is no address, or nobody listens there any more, as in a shell
 * that outlived the service it came from.
 */
const char *notify_address(void);
/* Makes the directory of the container's socket below the state directory and opens it. */
int notify_make_dir(int state_dirfd, int *ret_fd, struct error *err);
/* Binds the socket: before the program starts. -ENOENT without an error: the container was made without a directory. */
int notify_bind(struct notify *n, int state_dirfd, struct error *err);
/* Hands one waiting message on; false: there is none. */
bool notify_relay(struct notify *n);
/* Hands on until the program is ready or has ended, and until the caller's side has taken it all. */
int notify_wait(struct notify *n, const struct pidref *process, struct error *err);
void notify_close(struct notify *n);

/* ---- supervise.c ---- */

struct supervise {
	const struct pidref *process; /* our child, or a child of ours by CLONE_PARENT */
	struct notify *notify;        /* handed on while it runs; NULL: none */
	int console_master; /* relay between it and stdin/stdout; -EBADF without a terminal */
};
/* Must be called before the process starts: blocks the signals that will be forwarded, becomes subreaper. */
int supervise_prepare(struct error *err);
/* Runs until the process ends; *ret_status = exit code, or 128+n for signal n. */
int supervise_run(const struct supervise *s, int *ret_status, struct error *err);

#endif
