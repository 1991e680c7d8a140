/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup: from a bundle to a process that waits at its start gate. Host half.
 *
 * setup_prepare() reads and decides and changes nothing (`plan` stops there). setup_execute() makes the effects; each is
 * pushed on the undo stack when it exists. The record "creating" is written before the first of them, so that
 * `delete --force` can clean up after a SIGKILL at any point (R23).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "container/container_private.h"
#include "knarr/console.h"
#include "knarr/fault.h"
#include "knarr/hooks.h"
#include "knarr/namespaces.h"
#include "knarr/network.h"

static int open_bundle(struct setup *s, struct error *err)
{
	const char *path = s->opt->bundle ? s->opt->bundle : ".";

	s->bundle_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->bundle_fd < 0) {
		error_set(err, errno,
			  errno == ENOENT ? "bundle '%s' does not exist"
					  : "cannot open bundle '%s'",
			  path);
		error_add_subject(err, path);
		return -err->code;
	}
	if (!realpath(path, s->bundle))
		return error_set(err, errno, "cannot resolve the path of bundle '%s'", path);
	return 0;
}

static const char *config_name(const struct setup *s)
{
	return s->opt->config ? s->opt->config : "config.json";
}

/* A config file elsewhere than in the bundle is relative to the caller's directory. */
static int load_config(struct setup *s, struct error *err)
{
	const char *name = config_name(s);
	int dirfd = s->opt->config ? AT_FDCWD : s->bundle_fd;
	int r;

	r = spec_load(dirfd, name, &s->spec, NULL, err);
	if (r == -ENOENT && !s->opt->config)
		error_add_remedy(err, "`knarr spec` writes one");
	if (r < 0)
		return r;
	annotations_restrict(s->spec, s->ctx);
	return listener_check(s->spec, err);
}

static int check_terminal(const struct setup *s, struct error *err)
{
	bool terminal = s->spec->process.present && s->spec->process.terminal;
	bool detached = s->gate == PLAN_GATE_SOCKET || s->opt->detach;

	if (s->opt->console_socket && !terminal)
		return error_fail(err, ERROR_USAGE, 0,
				  "--console-socket is given but process.terminal is not set");
	if (terminal && detached && !s->opt->console_socket) {
		error_fail(
			err, ERROR_USAGE, 0,
			"process.terminal is set and the process will be detached: --console-socket is needed");
		error_add_origin(err, "/process/terminal");
		error_locate(err, s->spec->doc);
		return -EINVAL;
	}
	return 0;
}

static bool asks_writable_cgroup(const struct spec *spec)
{
	if (!spec->namespaces[NS_CGROUP].present || spec->namespaces[NS_CGROUP].path)
		return false;
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct spec_mount *m = &spec->mounts[i];

		if ((STREQ(m->type, "cgroup") || STREQ(m->type, "cgroup2")) &&
		    !(m->attr_set & MOUNT_ATTR_RDONLY))
			return true;
	}
	return false;
}

static void request_cgroup(struct setup *s)
{
	const struct spec *spec = s->spec;
	uint32_t uid = spec->process.user.uid, gid = spec->process.user.gid;
	struct cgroup_request *req = &s->request;

	*req = (struct cgroup_request){
		.driver = s->ctx->driver_set ? s->ctx->driver : CGROUP_FS,
		.id = s->opt->id,
		.cgroups_path = spec->cgroups_path,
		.resources = &spec->resources,
		.annotations = &spec->annotations,
		.rootless = !s->host.privileged || s->host.in_userns,
		.limits_best = s->ctx->limits_best,
		.has_nodes = spec->device_count || ((spec->process.capabilities.bounding |
						     spec->process.capabilities.permitted) &
						    (1ull << CAP_MKNOD)),
		/* These hooks run in the container, and nothing makes them wait for us. */
		.devices_first = spec->hooks[HOOK_CREATE_CONTAINER].count > 0,
		.devices_last = spec->device_count > 0 &&
				spec->hooks[HOOK_CREATE_CONTAINER].count == 0,
	};
	if (!asks_writable_cgroup(spec))
		return;
	req->owner_set = true;
	req->owner_uid = uid;
	req->owner_gid = gid;
	if (spec->namespaces[NS_USER].present)
		req->owner_set = spec_id_to_host(&spec->uid_maps, uid, &req->owner_uid) &&
				 spec_id_to_host(&spec->gid_maps, gid, &req->owner_gid);
}

static int decide_cgroup(struct setup *s, struct error *err)
{
	int r;

	r = cgroup_host_open(&s->cgroup_host, err);
	if (r < 0)
		return r;
	text_copy(s->host.cgroup_root, sizeof(s->host.cgroup_root), s->cgroup_host.mount_point);
	request_cgroup(s);
	return cgroup_resolve(&s->cgroup_host, &s->request, &s->cgroup, err);
}

static int compile_filter(struct setup *s, struct error *err)
{
	_cleanup_close_ int cache = -EBADF;

	if (!s->spec->seccomp.present)
		return 0;
	if (s->root.fd >= 0)
		cache = openat(s->root.fd, ".cache",
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (cache < 0 && s->root.fd >= 0 && mkdirat(s->root.fd, ".cache", 0700) == 0)
		cache = openat(s->root.fd, ".cache",
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return filter_compile(&s->spec->seccomp, cache,
			      annotation_is_on(s->spec, "run.oci.seccomp_fail_unknown_syscall"),
			      &s->filter, err);
}

static void describe(struct setup *s)
{
	struct state *st = &s->state;
	struct timespec now;
	char boot_id[37] = "", text[TEXT_UTC_SIZE];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)boot_id_read(boot_id);
	st->created = text_printf("%s.%09ldZ", text_utc(text, now.tv_sec), now.tv_nsec);
	st->id = mem_strdup(s->opt->id);
	st->bundle = mem_strdup(s->bundle);
	st->rootfs = s->spec->root.path[0] == '/'
			     ? mem_strdup(s->spec->root.path)
			     : text_printf("%s/%s", s->bundle, s->spec->root.path);
	st->oci_version = mem_strdup(s->spec->oci_version);
	st->boot_id = mem_strdup(boot_id);
	st->owner = text_printf("%u", s->host.euid);
	st->creating = true;
	for (enum spec_ns ns = 0; ns < NS_COUNT; ns++)
		if (s->spec->namespaces[ns].present)
			st->namespaces |= spec_ns_clone_flag(ns);
	st->cgroup_driver = s->cgroup.driver;
	st->cgroup_path = mem_strdup(s->cgroup.path);
	st->cgroup_leaf = mem_strdup(s->cgroup.leaf);
	st->cgroup_scope = mem_strdup(s->cgroup.scope);
	if (s->ctx->annotations)
		st->allowed_annotations = annotations_allowed_text(s->ctx->annotations);
	state_copy_annotations(st, &s->spec->annotations);
}

static bool has_hooks(const struct spec *spec)
{
	for (size_t i = 0; i < ARRAY_SIZE(spec->hooks); i++)
		if (spec->hooks[i].count)
			return true;
	return false;
}

static int build_plan(struct setup *s, struct error *err)
{
	/* The container half fills the pid in: hooks in the container see it as the container does (runtime.md, "State"). */
	_cleanup_free_ char *hook_state =
		has_hooks(s->spec) ? state_json(&s->state, STATUS_CREATING, false) : NULL;
	_cleanup_free_ char *hook_state_created =
		has_hooks(s->spec) ? state_json(&s->state, STATUS_CREATED, false) : NULL;
	_cleanup_free_ char *notify_dir =
		s->notify.address ? text_printf("%s/%s/notify", s->root.path, s->opt->id) : NULL;
	struct plan_options options = {
		.id = s->opt->id,
		.no_pivot = s->opt->no_pivot,
		.no_new_keyring = s->opt->no_new_keyring,
		.preserve_fds = s->opt->preserve_fds,
		.listen_fds = s->listen_fds,
		.notify_dir = notify_dir,
		.gate = s->gate,
		.timing = s->ctx->timing,
		.log_level = log_level(),
		.require = s->ctx->require,
		.filter = s->filter.insns,
		.filter_count = s->filter.count,
		.filter_flags = s->filter.flags,
		.filter_listener = s->filter.listener,
		.hook_state = hook_state,
		.hook_state_created = hook_state_created,
		.keep_groups = annotation_is_on(s->spec, "run.oci.keep_original_groups"),
	};

	return plan_build_create(s->spec, &s->host, &options, &s->launch.plan, err);
}

int setup_prepare(struct setup *s, struct error *err)
{
	int r;

	s->bundle_fd = s->root.fd = s->dir.fd = s->cgroup.fd = s->cgroup_host.root_fd = -EBADF;
	s->notify.fd = s->launch.notify_dir = -EBADF;
	s->notify.address = notify_address();
	s->console_master = s->launch.gate_fd = s->launch.join_fd = s->launch.socket =
		s->launch.process.fd = -EBADF;
	s->listen_fds = listen_fds_inherited();
	r = spec_check_id(s->opt->id, err);
	if (r >= 0)
		r = open_bundle(s, err);
	if (r >= 0)
		r = load_config(s, err);
	if (r >= 0 && s->gate != PLAN_GATE_NONE)
		r = check_terminal(s, err);
	if (r >= 0 && s->gate != PLAN_GATE_NONE)
		r = state_root_open(s->ctx->root, true, &s->root, err);
	if (r < 0)
		return r;
	r = launch_host_facts(s->spec, s->bundle, &s->host, err);
	if (r >= 0)
		r = decide_cgroup(s, err);
	if (r >= 0)
		r = compile_filter(s, err);
	if (r >= 0) {
		describe(s);
		r = build_plan(s, err);
	}
	if (r < 0)
		error_locate(err, s->spec->doc);
	return r;
}

/* ---- effects ---- */

static void undo_state_dir(void *arg)
{
	struct setup *s = arg;
	struct error err;

	if (state_dir_remove(&s->dir, &err) < 0)
		log_warning("%s", err.text);
}

static void undo_cgroup(void *arg)
{
	struct setup *s = arg;
	struct error err;

	(void)cgroup_kill(&s->cgroup, NULL);
	if (cgroup_remove(&s->cgroup_host, &s->cgroup, KILL_TIMEOUT_MS, &err) < 0)
		log_warning("%s", err.text);
}

static void undo_process(void *arg)
{
	struct setup *s = arg;

	if (s->launch.process.pid <= 0)
		return;
	(void)pidref_signal(&s->launch.process, SIGKILL);
	(void)pidref_wait(&s->launch.process, KILL_TIMEOUT_MS);
}

static void undo_hooks(void *arg)
{
	struct setup *s = arg;

	undo_process(s); /* they are told that the container has stopped */
	poststop_run(s->spec, &s->state);
}

/* From the first hook on, and for every finished container, poststop hooks are due: they undo what others did. */
static void owe_poststop(struct setup *s)
{
	if (s->owes_poststop)
		return;
	s->owes_poststop = true;
	undo_push(&s->undo, undo_hooks, s);
}

static int record(struct setup *s, struct error *err)
{
	int r;

	r = state_dir_make(&s->root, s->opt->id, &s->dir, err);
	if (r < 0)
		return r;
	fault_point("made");
	undo_push(&s->undo, undo_state_dir, s);
	r = state_save(&s->dir, &s->state, err);
	fault_point("recorded");
	if (r >= 0 && s->notify.address)
		r = notify_make_dir(s->dir.fd, &s->launch.notify_dir, err);
	if (r >= 0 && s->notify.address && s->gate != PLAN_GATE_SOCKET)
		r = notify_bind(&s->notify, s->dir.fd, err);
	if (r < 0 || s->gate != PLAN_GATE_SOCKET)
		return r;
	s->launch.gate_fd = sock_listen_at(SOCK_SEQPACKET, s->dir.fd, "gate");
	if (s->launch.gate_fd < 0)
		return error_set(err, -s->launch.gate_fd, "cannot make the start gate below '%s'",
				 s->root.path);
	return 0;
}

static void undo_root(void *arg)
{
	struct setup *s = arg;
	struct error err;

	if (shared_root_detach(s->state.rootfs, &s->state.root_mount, &err) < 0)
		log_warning("%s", err.text);
}

/* From here on there may be a mount in the caller's own mount namespace. */
static int on_root(struct launch *l, const struct mount_identity *root, struct error *err)
{
	struct setup *s = l->context;

	s->state.root_mount = *root;
	undo_push(&s->undo, undo_root, s);
	return state_save(&s->dir, &s->state, err);
}

static int make_cgroup(struct setup *s, struct error *err)
{
	int r;

	r = cgroup_create(&s->cgroup_host, &s->request, &s->cgroup, err);
	if (r < 0) {
		error_add_step(err, "cgroup-create");
		return r;
	}
	if (s->cgroup.driver != CGROUP_NONE)
		undo_push(&s->undo, undo_cgroup, s);
	fault_point("cgroup");
	return 0;
}

static int move_devices(struct setup *s, pid_t pid, struct error *err)
{
	_cleanup_close_ int netns = -EBADF;
	const char *joined = s->spec->namespaces[NS_NETWORK].path;
	char path[64];
	int r;

	(void)text_format(path, sizeof(path), "/proc/%d/ns/net", pid);
	r = namespace_open(joined ? joined : path, NS_NETWORK, &netns, err);
	if (r >= 0)
		r = network_move_devices(s->spec->net_devices, s->spec->net_device_count, netns,
					 err);
	return r;
}

static void undo_resctrl(void *arg)
{
	struct setup *s = arg;
	_cleanup_close_ int root = resctrl_root_open(NULL);

	if (root >= 0)
		resctrl_remove(root, s->state.intel_rdt);
}

static int assign_resctrl(struct setup *s, pid_t pid, struct error *err)
{
	_cleanup_close_ int root = resctrl_root_open(err);
	struct resctrl resctrl;
	int r = root;

	if (r >= 0)
		r = resctrl_create(root, &s->spec->intel_rdt, s->opt->id, &resctrl, err);
	if (r < 0)
		return r;
	s->state.intel_rdt = mem_strdup(resctrl.remove);
	undo_push(&s->undo, undo_resctrl, s);
	return resctrl_assign(root, &resctrl, pid, err);
}

/* systemd decides the path when the scope is made, and a user without a place for cgroups runs without one. */
static void record_cgroup(struct setup *s)
{
	struct state *st = &s->state;

	free(st->cgroup_path);
	free(st->cgroup_leaf);
	st->cgroup_driver = s->cgroup.driver;
	st->cgroup_path = mem_strdup(s->cgroup.path);
	st->cgroup_leaf = mem_strdup(s->cgroup.leaf);
	st->cgroup_inode = cgroup_inode(&s->cgroup);
}

/* The next record differs by one word. It is written while C is at work, and counts from hand_over() on. */
static int stage_created(struct setup *s, struct error *err)
{
	int r;

	s->state.creating = false;
	r = state_stage(&s->dir, &s->state, err);
	s->state.creating = true;
	return r;
}

/* P knows the process; C still waits if something has to be done first. */
static int on_process(struct launch *l, struct error *err)
{
	struct setup *s = l->context;
	int r;

	undo_push(&s->undo, undo_process, s);
	record_cgroup(s);
	s->state.pid = l->process.pid;
	s->state.start_time = l->process.start_time;
	identity_record_namespaces(&s->state, s->spec, l->process.pid);
	if (s->spec->intel_rdt.present) {
		r = assign_resctrl(s, l->process.pid, err);
		if (r < 0)
			return r;
	}
	r = state_save(&s->dir, &s->state, err);
	/* Later verbs take the config as it was. It is written now since C works on the mounts meanwhile. */
	if (r >= 0)
		r = state_save_file(&s->dir, "config.json", s->spec->doc->source,
				    s->spec->doc->source_len, err);
	if (r >= 0)
		r = stage_created(s, err);
	fault_point("process");
	if (r >= 0 && s->spec->net_device_count)
		r = move_devices(s, l->process.pid, err);
	return r;
}

static int on_hooks(struct launch *l, struct error *err)
{
	struct setup *s = l->context;
	_cleanup_free_ char *json = state_json(&s->state, STATUS_CREATING, false);
	struct hook_output output = hook_output_of(s->spec);
	int r;

	owe_poststop(s);
	r = hooks_run(&s->spec->hooks[HOOK_PRESTART], HOOK_PRESTART, json, s->bundle_fd, &output,
		      err);
	if (r >= 0)
		r = hooks_run(&s->spec->hooks[HOOK_CREATE_RUNTIME], HOOK_CREATE_RUNTIME, json,
			      s->bundle_fd, &output, err);
	fault_point("hooks");
	return r;
}

static int on_console(struct launch *l, int master, const char *name, struct error *err)
{
	struct setup *s = l->context;

	if (s->opt->console_socket)
		return console_send(s->opt->console_socket, name, master, err);
	s->console_master = fcntl(master, F_DUPFD_CLOEXEC, 3);
	if (s->console_master < 0)
		return error_set(err, errno, "cannot keep the terminal");
	/* The program runs before supervise_run() is there, and it may ask at once. */
	(void)console_copy_size(STDIN_FILENO, s->console_master);
	console_relay_to(s->console_master, STDOUT_FILENO);
	return 0;
}

static int on_listener(struct launch *l, int fd, struct error *err)
{
	struct setup *s = l->context;

	return listener_deliver(s->spec, &s->state, l->process.pid, fd, err);
}

static const char *pidfd_receiver(const struct setup *s)
{
	const char *receiver = s->opt->pidfd_socket;

	if (!receiver)
		receiver = spec_annotation(s->spec, "run.oci.pidfd_receiver");
	return receiver && receiver[0] ? receiver : NULL;
}

/* hand_over() and on_console() owe something to somebody before the program may run; hooks are told states in order. */
static bool may_start_early(const struct setup *s)
{
	return s->gate == PLAN_GATE_HANDSHAKE && !s->opt->pid_file && !pidfd_receiver(s) &&
	       !s->spec->process.terminal && !has_hooks(s->spec) && !s->request.devices_last &&
	       !(s->launch.plan.header->flags & PLAN_HAS_FORK);
}

static int start_process(struct setup *s, struct error *err)
{
	struct launch *l = &s->launch;

	l->spec = s->spec;
	l->cgroup_host = &s->cgroup_host;
	l->cgroup_request = &s->request;
	l->cgroup = &s->cgroup;
	l->on_root = on_root;
	l->on_process = on_process;
	l->on_hooks = on_hooks;
	l->on_console = on_console;
	l->on_listener = on_listener;
	l->context = s;
	l->oom_score_adj = s->spec->process.oom_score_adj_set ? s->spec->process.oom_score_adj
							      : INT_MIN;
	l->hold = s->cgroup.driver == CGROUP_SYSTEMD || s->spec->net_device_count > 0 ||
		  s->spec->intel_rdt.present;
	l->start_early = may_start_early(s);
	return launch_start(l, err);
}

static int hand_over(struct setup *s, struct error *err)
{
	const char *receiver = pidfd_receiver(s);
	int r = 0;

	if (receiver)
		r = pidfd_send(receiver, s->launch.process.fd, "standard", err);
	fault_point("ready");
	s->state.creating = false;
	if (r >= 0)
		r = state_commit(&s->dir, err);
	fault_point("saved");
	if (r >= 0 && s->opt->pid_file)
		r = pid_file_write(s->opt->pid_file, s->state.pid, err);
	fault_point("pid-file");
	return r;
}

int setup_execute(struct setup *s, struct error *err)
{
	int r;

	/* The container's set-up process is our child until it is handed over; nobody may trace us meanwhile (R6). */
	launch_protect_memory();
	launch_raise_limits(&s->spec->process);
	r = launch_protect_fds(s->opt->preserve_fds + s->listen_fds, err);
	if (r >= 0)
		r = record(s, err);
	if (r >= 0)
		r = make_cgroup(s, err);
	if (r >= 0)
		r = start_process(s, err);
	if (r >= 0 || (err && err->class == ERROR_HOOK))
		owe_poststop(s);
	if (r >= 0)
		r = hand_over(s, err);
	if (r < 0)
		error_locate(err, s->spec->doc);
	return r;
}

void setup_done(struct setup *s)
{
	undo_run(&s->undo);
	launch_done(&s->launch);
	s->launch.gate_fd = fd_close(s->launch.gate_fd);
	s->launch.notify_dir = fd_close(s->launch.notify_dir);
	notify_close(&s->notify);
	s->console_master = fd_close(s->console_master);
	filter_done(&s->filter);
	cgroup_close(&s->cgroup);
	cgroup_host_close(&s->cgroup_host);
	state_dir_close(&s->dir);
	state_done(&s->state);
	state_root_close(&s->root);
	s->spec = spec_free(s->spec);
	s->bundle_fd = fd_close(s->bundle_fd);
}
