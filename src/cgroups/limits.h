/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CGROUPS_LIMITS_H
#define KNARR_CGROUPS_LIMITS_H

#include "knarr/base.h"
#include "knarr/spec.h"

enum limit_flags {
	LIMIT_OPTIONAL = 1u << 0, /* nothing is lost when the kernel has no such file */
	LIMIT_LATE =
		1u
		<< 1, /* the file's value must wait until init is in the cgroup: early is written before */
	LIMIT_UNIFIED = 1u << 2, /* from linux.resources.unified: written line by line */
	LIMIT_DROPPED = 1u << 3, /* --limits=best: cannot be had, has been said, is not tried */
};

/* One write to one file. */
struct limit {
	const char *controller; /* "memory" */
	const char *file;       /* "memory.max" */
	const char *value;
	const char *early;    /* with LIMIT_LATE: what is written at first */
	const char *alt_file; /* written instead, with alt_value, when the cgroup has it; or NULL */
	const char *alt_value;
	unsigned flags;
	char origin[192];
};

struct limits {
	struct arena *arena;
	struct limit *items;
	size_t count;
};
void limits_done(struct limits *l);

/* Values in force that a partial update has to be merged with; NULL at create. */
struct limits_current {
	char cpu_max[64];    /* "max 100000", "" if unknown */
	uint64_t memory_max; /* UINT64_MAX: none or unknown */
};

/* Pure. Refuses what cgroup v2 has no file for, with the reason. */
int limits_build(const struct spec_resources *res, const struct limits_current *current,
		 struct limits *ret, struct error *err);

/* ---- limits_write.c ---- */

/* Which of the limit's files and values the cgroup takes. */
void limit_target(const struct limit *l, int dirfd, const char **ret_file, const char **ret_value);
/* Can every limit be written to dirfd? best: those that cannot are warnings. */
int limits_check(const struct limits *l, int dirfd, const char *path, bool best, struct error *err);
/* Writes all of them (early values where there are any). */
int limits_write(const struct limits *l, int dirfd, const char *path, bool best, struct error *err);
/* Writes the values that had to wait for a process. best: what is missing was said with the early ones, other failures are warnings. */
int limits_write_late(const struct limits *l, int dirfd, const char *path, bool best,
		      struct error *err);
/* Into a cgroup below the one where they hold, so that they are read there, too; what cannot be written is left out. */
void limits_repeat(const struct limits *l, int dirfd, const char *path);
/* For update: final values, all or nothing. */
int limits_replace(const struct limits *l, int dirfd, const char *path, struct error *err);

#endif
