/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CONTAINER_PRIVATE_H
#define KNARR_CONTAINER_PRIVATE_H

#include "knarr/container.h"
#include "knarr/hooks.h"
#include "knarr/launch.h"
#include "knarr/seccomp.h"
#include "knarr/supervise.h"

/* How long a killed container may take to be gone before delete names what keeps it. */
#define KILL_TIMEOUT_MS 10000

/* ---- setup.c: the steps that create, run and plan share ---- */

struct setup {
	const struct container_context *ctx;
	const struct create_options *opt;
	enum plan_gate_kind gate;
	struct state_root root;
	char bundle[4096];
	int bundle_fd;
	uint32_t
		listen_fds; /* LISTEN_FDS of the caller's environment, passed beside the preserved ones */
	struct spec *spec;
	struct plan_host host;
	struct cgroup_host cgroup_host;
	struct cgroup_request request;
	struct cgroup cgroup;
	struct filter filter;
	struct state_dir dir;
	struct state state;
	struct launch launch;
	int console_master; /* run in the foreground */
	struct notify notify;
	bool owes_poststop;
	struct undo undo;
};
/* Reads and decides, without any effect: bundle, config, host facts, filter, plan. Always followed by setup_done(). */
int setup_prepare(struct setup *s, struct error *err);
/* The effects, in order: record, cgroup, process; up to its start gate. Undone by setup_done() unless disarmed. */
int setup_execute(struct setup *s, struct error *err);
void setup_done(struct setup *s);

/* ---- hand_over.c: what callers are given of a new process ---- */

/*
 * LISTEN_FDS of our environment; 0 without, if LISTEN_PID names another process, or if a directory or an O_PATH descriptor is among
 * them. Podman passes the same descriptors with --preserve-fds and a foreign LISTEN_PID: they are passed on by that option.
 */
uint32_t listen_fds_inherited(void);
/* Decimal pid without newline, by rename, so that an existing file is replaced as a whole. */
int pid_file_write(const char *path, pid_t pid, struct error *err);
/* Connects and sends the pidfd with the text ("standard" or "setns"). */
int pidfd_send(const char *socket_path, int pidfd, const char *text, struct error *err);

/* ---- annotations.c ---- */

/* After each reading of a config: what the context does not allow is off from then on, with a warning. */
void annotations_restrict(struct spec *spec, const struct container_context *ctx);
/* What the caller of create allowed holds for every later verb: for its record, malloc'd, and from there. */
char *annotations_allowed_text(uint32_t allowed);
uint32_t annotations_allowed_by(const struct state *state);
/* Every name that is acted upon, of whatever power, for features. */
struct jwrite *annotations_list(void);
/* The sentence about one that is off. */
void annotation_explain_off(const struct spec_key_value *a, const struct jdoc *doc,
			    struct error *ret);
bool annotation_is_on(const struct spec *spec, const char *key); /* present, not empty, not "0" */
struct hook_output hook_output_of(const struct spec *spec);
void state_copy_annotations(struct state *state, const struct spec_map *from);

/* ---- mechanisms.c ---- */

/* Bits (1 << enum fallback). Asks by trying, so only for verbs that end right after. */
uint32_t mechanisms_missing(void);

/* ---- listener.c: the seccomp listener's way to its receiver ---- */

/* As the configuration names it, or our environment; NULL if neither does. */
const char *listener_receiver(const struct spec *spec);
/* Refuses a profile that needs a receiver and has none. */
int listener_check(const struct spec *spec, struct error *err);
int listener_deliver(const struct spec *spec, const struct state *state, pid_t pid, int listener_fd,
		     struct error *err);

/* ---- find.c: a container that exists ---- */

struct found {
	const struct container_context *ctx;
	struct state_root root;
	struct state_dir dir;
	struct state state;
	struct cgroup_host cgroup_host;
	struct cgroup cgroup; /* fd < 0 if it has none or it is gone */
	bool cgroup_is_other; /* another cgroup has its path by now: its own is gone */
	int cgroup_error; /* -errno: it has one that cannot be opened, or another has its path */
	struct error cgroup_flaw; /* the sentence of cgroup_error */
	enum state_status status; /* STATUS_PAUSED: it is alive, and its processes stand still */
	bool waits_for_start;     /* created, paused or not */
};
/*
 * -ENOENT with "container does not exist". The record is locked; one whose creation has not finished is refused, since
 * the caller may be one of its hooks. Always followed by found_done().
 */
int found_open(const struct container_context *ctx, const char *id, struct found *ret,
	       struct error *err);
/* Opens the cgroup that the record names, or says in cgroup_error why it cannot: again, where it failed before. */
void found_open_cgroup(struct found *f);
/* found_open(), but waits for the end of the creation: for delete. */
int found_open_waiting(const struct container_context *ctx, const char *id, struct found *ret,
		       struct error *err);
/*
 * The same without the lock, for verbs that change no record: a hook may ask for the state of the container that is just
 * being created, and nobody waits for a slow one.
 */
int found_peek(const struct container_context *ctx, const char *id, struct found *ret,
	       struct error *err);
void found_done(struct found *f);
/* config.json as it was at create. */
int found_spec(const struct found *f, struct spec **ret, struct error *err);
/* "cannot exec in a stopped container" and its kin, when the status is not the wanted one. */
int found_require_running(const struct found *f, const char *verb, struct error *err);
/*
 * For verbs that act upon the cgroup: refused where it is not open, and the sentence tells what differs from the record.
 */
int found_require_cgroup(const struct found *f, struct error *err);
/* "cannot VERB a paused container", with what keeps it from running. */
int found_refuse_paused(const struct found *f, const char *verb, struct error *err);
/* pidfd of init, verified by its start time. */
int found_process(const struct found *f, struct pidref *ret, struct error *err);

/* ---- salvage.c ---- */

/*
 * For found_open()'s f whose record is damaged, loaded being the answer: finds for container_destroy() what is certainly
 * its, or refuses because something may be running. spec may be NULL (unreadable).
 */
int found_salvage(struct found *f, const struct spec *spec, int loaded, struct error *err);

/* ---- identity.c ---- */

/* At create, while nothing of the container's runs: the inodes of its namespaces, those that it joins by path among them. */
void identity_record_namespaces(struct state *state, const struct spec *spec, pid_t pid);

struct found_namespaces {
	uint64_t set;                /* CLONE_NEW* */
	uint64_t inodes[NSFS_KINDS]; /* of those in the set, for whoever enters them */
};
/*
 * The namespaces of the container's process that are not the caller's, compared with the record: -ESTALE where the process
 * has left them for what it had no privilege to make. The process has to be held by found_process(), so that its pid means
 * nobody else.
 */
int found_namespaces(const struct found *f, const struct spec *spec, struct found_namespaces *ret,
		     struct error *err);

/* ---- destroy.c: the end of a container ---- */

/*
 * Kills what is left, removes the cgroup, runs poststop hooks, unmounts what is in the caller's mount namespace, removes the
 * record. spec may be NULL (unreadable). By force it goes on where the mounts cannot be reached.
 */
int container_destroy(struct found *f, const struct spec *spec, bool force, struct error *err);
/* poststop hooks: each runs, whatever the others did; a failure is a warning (runtime.md, lifecycle step 13). */
void poststop_run(const struct spec *spec, const struct state *state);
/* poststart hooks: a failure stops the container (runtime.md, lifecycle step 9). */
int poststart_run(const struct spec *spec, const struct state *state, struct error *err);

#endif
