/* SPDX-License-Identifier: Apache-2.0 */
/* plan_build: what the slices of the builder share. Host half, pure. */
#ifndef KNARR_PLAN_BUILD_H
#define KNARR_PLAN_BUILD_H

#include <stdarg.h>

#include "knarr/plan.h"
#include "knarr/spec.h"
#include "plan/plan_buffer.h"

struct late_readonly { /* a filled tmpfs that becomes read-only when everything below it is in place */
	char *path;
	const struct jnode *node;
};

struct builder {
	const struct spec *spec;
	const struct spec_process *process;
	const struct plan_host *host;
	const struct plan_options *opt;
	struct error *err;
	struct plan_buffer buf;

	uint64_t ns_new, ns_joined; /* CLONE_NEW* of the config */
	bool userns;    /* the container is in a user namespace that is not the caller's */
	bool live;      /* mounts add: the container runs already */
	bool late_fork; /* exec: into the pid namespace after the drop to the program's identity */
	uint64_t ns_unshared; /* new ones that the container half makes for itself */
	bool netns_late; /* the host half makes the network namespace after the clone: OP_NETNS */
	bool netns_planned; /* what a new network namespace needs is in the plan */
	bool dev_ready; /* /dev is a bind mount of the config: its content is the caller's business */
	char *root;     /* absolute, cleaned */
	char **destinations; /* cleaned, one a mount */
	struct late_readonly *late;
	size_t late_count;
	uint32_t origin_default; /* string "default" */
};

int builder_init(struct builder *b, const struct spec *spec, const struct plan_host *host,
		 const struct plan_options *opt, struct error *err);
int builder_finish(struct builder *b, struct plan *ret);
void builder_done(struct builder *b);

/* The origin string of a node: its JSON pointer, or "default" for NULL. */
uint32_t builder_origin(struct builder *b, const struct jnode *node);
/* Appends an op whose argument (NULL, 0: none) has its strings in the buffer already. */
void builder_op(struct builder *b, enum plan_op_type type, unsigned flags, uint32_t origin,
		const void *arg, size_t size);
/* Fills the error with class, sentence and place; returns a negative errno. */
int builder_refuse(struct builder *b, enum error_class class, const struct jnode *node,
		   const char *fmt, ...) _printf_(4, 5);

/* plan_namespaces.c: phase 1, and what is set in the namespaces before any mount. */
int namespaces_plan(struct builder *b);
int namespaces_plan_settings(struct builder *b);
/* The new network namespace, if there is one and it is not planned yet. */
void namespaces_plan_network(struct builder *b);
void namespaces_plan_exec(struct builder *b);
void namespaces_plan_exec_fork(struct builder *b); /* the fork of exec, where it is a late one */
/* plan_sysctl.c */
int sysctls_plan(struct builder *b);
/* plan_mounts.c */
int mounts_prepare(struct builder *b);
size_t mounts_before_devices(const struct builder *b); /* how many */
int mounts_plan(struct builder *b, size_t from, size_t to);
/* plan_notify.c */
int notify_plan(struct builder *b);
/* plan_paths.c */
char *path_clean(const char *path); /* malloc'd: absolute, without ".", "..", "//" */
char *path_join_clean(const char *base, const char *path); /* path itself where it is absolute */
/* "" for base itself, "x/y" for what is below it, NULL for anything else; both cleaned. */
const char *path_below(const char *path, const char *base);
int root_plan(struct builder *b);
void root_plan_exec(
	struct builder *b); /* with the console; for a container without a mount namespace */
int paths_plan(
	struct builder *b); /* masked, read-only, late read-only, the root itself, the switch */
/* plan_devices.c */
int devices_plan(struct builder *b);
/* plan_hooks.c */
int hooks_plan_runtime(struct builder *b);
int hooks_plan(struct builder *b, enum spec_hook_kind kind);
/* plan_process.c */
void console_plan(struct builder *b, bool bind_console);
int process_plan(struct builder *b, bool exec);  /* phase 3; without what a late fork moves back */
int process_plan_late(struct builder *b);        /* that: the limits and the session */
void process_plan_make_place(struct builder *b); /* make-cwd */
void process_plan_place(struct builder *b);      /* cwd, lookup */
void process_plan_gate(struct builder *b, enum plan_gate_kind kind);
int process_plan_final(struct builder *b);             /* seccomp, exec */
struct plan_array process_plan_env(struct builder *b); /* what the program gets */
/* plan_identity.c */
int identity_plan(struct builder *b);
uint32_t id_maps_add(struct builder *b, const struct spec_id_maps *maps);
void identity_setup_ids(struct builder *b);

/* plan_rootless.c: every concession to missing privilege. */
int rootless_check(struct builder *b);
unsigned rootless_open_flags(const struct builder *b);
unsigned rootless_device_flags(const struct builder *b, char type);
unsigned rootless_mount_fallback(const struct builder *b, const char *fstype);
bool rootless_drops_word(const struct builder *b, const char *fstype, const char *word);
int rootless_check_idmap(struct builder *b, const struct spec_mount *m);
int rootless_check_live_bind(struct builder *b, const struct spec_mount *m);
bool rootless_single_gid(const struct builder *b);
int rootless_check_groups(struct builder *b, size_t additional);
bool rootless_user_first(const struct builder *b);

#endif
