/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader: a program of the system's C library that does one thing with a shared library and ends. See
 * knarr/library.h for who asks, and for the values of each question.
 */
#ifndef KNARR_LOADER_LOADER_H
#define KNARR_LOADER_LOADER_H

#include "knarr/library.h"

struct loader_call {
	struct wire in;
	int fds[LIBRARY_FDS_MAX]; /* closed by main.c */
	unsigned nfds;
	struct buf out;
};
/* One for each enum library_question: 0, or a negative value with err filled. Without words: the question is malformed. */
int loader_syscalls(struct loader_call *c, struct error *err);
int loader_devices(struct loader_call *c, struct error *err);
int loader_scope(struct loader_call *c, struct error *err);
int loader_stop(struct loader_call *c, struct error *err);
int loader_properties(struct loader_call *c, struct error *err);

/* For LIBRARY_FACTS. version: "" without the library. */
void loader_seccomp_facts(char *version, size_t size, bool *ret_2_6_archs);
bool loader_has_mnl(void);
bool loader_has_systemd(void);

/* log.c: log_debug() and log_warning() of this program collect; the reply takes it along. */
void loader_log_level(enum log_level level);
const struct buf *loader_log(void);

#endif
