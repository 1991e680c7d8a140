/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container: the verbs. One file a verb, each readable as a story; no argv, no stdout. Host half.
 */
#ifndef KNARR_CONTAINER_H
#define KNARR_CONTAINER_H

#include "knarr/base.h"
#include "knarr/cgroups.h"
#include "knarr/spec.h"
#include "knarr/state.h"

/* What the global flags say. */
struct container_context {
	const char *root; /* --root or NULL */
	enum cgroup_driver driver;
	bool driver_set;
	bool limits_best;
	bool timing;
	uint32_t annotations; /* --annotations: bit n is container_annotation_word(n) */
	uint32_t require;     /* --require: bits (1 << enum fallback) */
};

/*
 * Annotations that widen what a container may do are honoured only when the caller names them, since engines let their
 * users write some (R16). The n-th of their names; NULL behind the last.
 */
const char *container_annotation_word(unsigned n);

struct create_options {
	const char *id;
	const char *bundle; /* NULL: current directory */
	const char *config; /* NULL: config.json */
	const char *console_socket, *pidfd_socket,
		*pid_file; /* pid_file: relative to the caller's cwd */
	bool no_pivot, no_new_keyring;
	uint32_t preserve_fds;
	/* run only */
	bool detach, keep;
};
int container_create(const struct container_context *ctx, const struct create_options *opt,
		     struct error *err);
/* *ret_status: the program's exit status in the foreground; 0 when detached. */
int container_run(const struct container_context *ctx, const struct create_options *opt,
		  int *ret_status, struct error *err);
int container_start(const struct container_context *ctx, const char *id, struct error *err);
int container_kill(const struct container_context *ctx, const char *id, int signal, bool all,
		   struct error *err);
int container_delete(const struct container_context *ctx, const char *id, bool force,
		     struct error *err);
/* malloc'd JSON text. */
int container_state(const struct container_context *ctx, const char *id, char **ret_json,
		    struct error *err);
struct container_entry {
	struct state state;
	enum state_status status;
};
struct container_list {
	struct container_entry *items;
	size_t count;
};
int container_list(const struct container_context *ctx, struct container_list *ret,
		   struct error *err); /* unreadable entries: a warning each, skipped */
void container_list_done(struct container_list *l);
/* The printed plan (malloc'd); changes nothing. */
int container_plan(const struct container_context *ctx, const struct create_options *opt,
		   char **ret_text, struct error *err);

int container_pause(const struct container_context *ctx, const char *id, struct error *err);
int container_resume(const struct container_context *ctx, const char *id, struct error *err);
int container_pids(const struct container_context *ctx, const char *id, pid_t **ret,
		   size_t *ret_count, struct error *err);
int container_update(const struct container_context *ctx, const char *id,
		     const struct spec_resources *res, struct error *err);
/* Calls emit for each JSON line; once with stats_only. */
int container_events(const struct container_context *ctx, const char *id, bool stats_only,
		     uint64_t interval_ns, int (*emit)(const char *line), struct error *err);

struct exec_options {
	const char *id;
	const char *process_file; /* process.json or NULL */
	const char *const *args;  /* NULL-terminated, when no process_file */
	const char *cwd, *user, *apparmor, *process_label, *cgroup;
	const char *const *env; /* NULL-terminated or NULL */
	const char *const *caps;
	const uint32_t *additional_gids;
	size_t additional_gid_count;
	bool tty, tty_set, detach, no_new_privs, ignore_paused;
	const char *console_socket, *pidfd_socket, *pid_file;
	uint32_t preserve_fds;
};
int container_exec(const struct container_context *ctx, const struct exec_options *opt,
		   int *ret_status, struct error *err);
int container_mounts(const struct container_context *ctx, const char *id, bool add,
		     const char *mounts_file, struct error *err);
/* features document, malloc'd. */
int container_features(char **ret_json, struct error *err);
/* check: all findings of config and host; returns -EINVAL if any is an error. */
int container_check(const struct container_context *ctx, const char *bundle, const char *config,
		    struct spec_findings *ret, struct error *err);

#endif
