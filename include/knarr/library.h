/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library: what knarr has done by shared libraries (libseccomp, libmnl, libsystemd). Host half.
 *
 * They belong to the system's C library, which costs more to start than everything else that a command does; knarr is
 * a static program and cannot load them. The loader is a second program, dynamic, linked into knarr as bytes. It is
 * started for one question and ends with its answer: for most containers never.
 *
 * A question and its answer are values one after the other, as the two programs of one build on one machine write
 * them: numbers in the machine's order. src/loader/ has the other end of each question.
 */
#ifndef KNARR_LIBRARY_H
#define KNARR_LIBRARY_H

#include "knarr/base.h"

/* The loader, as the build embeds it (src/loader/image.S): a program in [loader_image, loader_image_end). */
extern const unsigned char loader_image[];
extern const unsigned char loader_image_end[];

enum library_question {
	LIBRARY_FACTS,    /* -> what can be loaded */
	LIBRARY_SYSCALLS, /* names of architectures and system calls -> their numbers (libseccomp) */
	LIBRARY_DEVICES,  /* fd: network namespace; devices to move there -> nothing (libmnl) */
	LIBRARY_SCOPE, /* bus address, unit, properties: starts a scope -> nothing (libsystemd) */
	LIBRARY_STOP,  /* bus address, unit -> nothing (libsystemd) */
	LIBRARY_PROPERTIES, /* bus address, unit, properties: sets them -> nothing (libsystemd) */
	LIBRARY_QUESTION_COUNT
};

/*
 * Starts the loader, asks, and waits for it to end. Up to LIBRARY_FDS_MAX descriptors go along. *answer is appended to;
 * 0, or what the loader failed with, in its own words in err.
 */
#define LIBRARY_FDS_MAX 2
int library_ask(enum library_question question, const struct buf *asked, const int *fds,
		unsigned nfds, struct buf *answer, struct error *err);

/* What can be loaded on this machine. */
struct library_facts {
	char seccomp[16];       /* libseccomp's version, "2.5.4"; "" without it */
	bool seccomp_2_6_archs; /* it knows the architectures that 2.6 brought */
	bool mnl, systemd;
};
int library_facts(struct library_facts *ret);

/* ---- wire: values one after the other ------------------------------------------------- */

void wire_put_u64(struct buf *b, uint64_t value);
void wire_put_text(struct buf *b, const char *text); /* not NULL */
void wire_put_bytes(struct buf *b, const void *data, size_t len);

/* A reader. After a value that is not there `broken` is set and all that follows reads as 0 and "". */
struct wire {
	const char *next, *end;
	bool broken;
};
struct wire wire_of(const struct buf *b);
uint64_t wire_get_u64(struct wire *w);
const char *wire_get_text(struct wire *w);                   /* into the message */
const void *wire_get_bytes(struct wire *w, size_t *ret_len); /* into the message, unaligned */
/* 0 if everything was read and was there, else -EPROTO. */
int wire_end(const struct wire *w);

/* ---- between the two ends: call.c and src/loader/main.c -------------------------------- */

struct library_head {
	uint32_t question; /* enum library_question */
	uint32_t log_level;
	uint64_t len;
};

/* Followed by log_len bytes (level, text, ...: what the loader had to say) and len bytes of the answer. */
struct library_reply {
	int32_t result;
	uint32_t log_len;
	uint64_t len;
	struct error error; /* if result < 0 */
};

#endif
