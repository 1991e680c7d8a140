/* SPDX-License-Identifier: Apache-2.0 */
/* spec_template: the config.json that `spec` writes, as a pure function of what its flags say. */
#ifndef KNARR_CLI_SPEC_TEMPLATE_H
#define KNARR_CLI_SPEC_TEMPLATE_H

#include "knarr/base.h"

struct spec_template_mount {
	char *source, *destination, *options; /* options: comma-separated words */
};

/* Strings are borrowed, mounts are owned: spec_template_done(). */
struct spec_template {
	const char *const *args; /* NULL-terminated */
	const char *const *env;  /* added behind the default variables, NULL-terminated or NULL */
	struct spec_template_mount *mounts;
	size_t mount_count;
	const char *cwd, *hostname, *rootfs;
	uint32_t uid, gid;     /* of the program */
	uint64_t capabilities; /* bit n = capability number n */
	bool terminal, readonly, seccomp, host_network;
	bool rootless;
	uint32_t host_uid, host_gid; /* rootless: who runs the container */
	bool keep_groups;            /* rootless: its supplementary groups, which it cannot drop */
	int64_t memory, pids;        /* 0 = no limit written */
	uint64_t cpu_quota_us;       /* per 100 ms; 0 = no limit written */
};

#define SPEC_TEMPLATE_CAPABILITIES \
	((1ull << 5) | (1ull << 10) | (1ull << 29)) /* KILL, NET_BIND_SERVICE, AUDIT_WRITE */
#define SPEC_TEMPLATE_CPU_PERIOD_US 100000u

/* JSON text, malloc'd, without a newline at the end. Same input, same bytes. */
char *spec_template_text(const struct spec_template *t);
void spec_template_done(struct spec_template *t);

/*
 * spec_seccomp.c: the default system call profile for a process with these capabilities: an allow list. What is not
 * on it fails with EPERM; what has a well-known substitute fails with ENOSYS, so that libraries take that.
 */
struct jwrite *spec_seccomp_profile(uint64_t capabilities);

#endif
