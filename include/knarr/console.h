/* SPDX-License-Identifier: Apache-2.0 */
/* console: terminals on the host side. Host half. */
#ifndef KNARR_CONSOLE_H
#define KNARR_CONSOLE_H

#include <termios.h>

#include "knarr/base.h"

/* Sends the pty master over an AF_UNIX stream socket: name as data, one SCM_RIGHTS fd; never waits for the peer. */
int console_send(const char *socket_path, const char *name, int master_fd, struct error *err);
/* Foreground: raw mode on our terminal, and back. */
struct console_saved {
	int fd;
	struct termios attrs;
	bool active;
};
int console_raw(int tty_fd, struct console_saved *saved);
void console_restore(struct console_saved *saved);
int console_copy_size(int from_tty, int master_fd);
/* Foreground: what the program writes is relayed to out_fd; a terminal there ends lines with CR LF, a file or pipe does not. */
void console_relay_to(int master_fd, int out_fd);

#endif
