/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check: would `run` get as far as the program? Every problem of the config and of this host at once, without a side
 * effect. Host half.
 *
 * The config's own problems come from the spec folder. What only the host can say is asked here, in the order in which
 * `run` would meet it; each question is one function, so that one failing does not hide the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/capability.h>

#include "container/check_mount.h"
#include "container/check_op.h"
#include "container/check_program.h"
#include "container/container_private.h"
#include "knarr/namespaces.h"

struct check {
	const struct container_context *ctx;
	struct setup setup; /* as far as it can be prepared */
	struct spec_findings *findings;
	bool failed;
};

static struct spec_finding *add_finding(struct check *c)
{
	struct spec_findings *f = c->findings;

	f->items = mem_grow(f->items, f->count + 1, sizeof(*f->items));
	return &f->items[f->count++];
}

static void add(struct check *c, const struct error *err)
{
	struct spec_finding *item = add_finding(c);

	item->warning = false;
	item->error = *err;
	error_locate(&item->error, c->setup.spec->doc);
	c->failed = true;
}

static void add_at(struct check *c, struct error *err, const struct jnode *node)
{
	if (node)
		error_at_node(err, c->setup.spec->doc, node);
	add(c, err);
}

static void check_annotations(struct check *c, const struct spec *spec)
{
	for (size_t i = 0; i < spec->annotations.count; i++) {
		const struct spec_key_value *a = &spec->annotations.items[i];
		struct spec_finding *item;

		if (!a->off)
			continue;
		item = add_finding(c);
		item->warning = true;
		annotation_explain_off(a, spec->doc, &item->error);
	}
}

/* What --require names and this host lacks, as far as it can be asked without a container. */
static void check_required(struct check *c)
{
	uint32_t missing = c->ctx->require ? c->ctx->require & mechanisms_missing() : 0;

	for (unsigned i = 0; fallback_word(i); i++) {
		struct error err;

		if (!(missing & (1u << i)))
			continue;
		error_fail(&err, ERROR_UNSUPPORTED, 0, "'%s' is missing, which --require names",
			   fallback_word(i));
		error_add_origin(&err, "--require");
		add(c, &err);
	}
}

static void check_rootfs(struct check *c)
{
	const struct spec *spec = c->setup.spec;
	const char *path = c->setup.state.rootfs;
	struct error err;
	struct stat st;

	if (stat(path, &st) < 0) {
		error_set(&err, errno,
			  errno == ENOENT ? "rootfs '%s' does not exist"
					  : "cannot open rootfs '%s'",
			  path);
		add_at(c, &err, spec->root.path_node);
	} else if (!S_ISDIR(st.st_mode)) {
		error_fail(&err, ERROR_CONFIG, ENOTDIR, "rootfs '%s' is no directory", path);
		add_at(c, &err, spec->root.path_node);
	} else if (access(path, X_OK) < 0) {
		error_set(&err, errno, "cannot look into rootfs '%s'", path);
		add_at(c, &err, spec->root.path_node);
	}
}

static void check_namespaces(struct check *c)
{
	for (enum spec_ns ns = 0; ns < NS_COUNT; ns++) {
		const struct spec_namespace *n = &c->setup.spec->namespaces[ns];
		_cleanup_close_ int fd = -EBADF;
		const char *change;
		struct error err;

		if (!n->present || !n->path)
			continue;
		change = c->setup.launch.plan.header
				 ? plan_change_in(c->setup.launch.plan.header, ns)
				 : NULL;
		if (namespace_open(n->path, ns, &fd, &err) < 0 ||
		    (change && namespace_refuse_own(fd, ns, change, &err) < 0))
			add_at(c, &err, n->node);
	}
}

/* A throw-away user namespace with the config's maps tells whether this user may have one. */
static void check_user_namespace(struct check *c)
{
	const struct spec *spec = c->setup.spec;
	const struct spec_namespace *n = &spec->namespaces[NS_USER];
	_cleanup_close_ int fd = -EBADF;
	struct error err;

	if (!n->present || n->path)
		return;
	fd = idmap_namespace(&spec->uid_maps, &spec->gid_maps, &err);
	if (fd < 0)
		add_at(c, &err, spec->uid_maps.node ? spec->uid_maps.node : n->node);
}

static void check_cgroup(struct check *c)
{
	struct error err;

	if (cgroup_check(&c->setup.cgroup_host, &c->setup.request, &err) < 0)
		add(c, &err);
}

static void check_ops(struct check *c)
{
	const struct plan_header *p = c->setup.launch.plan.header;
	_cleanup_close_ int root = open(c->setup.state.rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (uint32_t i = 0; i < p->op_count; i++) {
		const struct plan_op *op = &plan_ops(p)[i];
		struct error err;

		if (check_op(p, op, &err) < 0)
			add(c, &err);
		if (check_mount_source(p, op, &err) < 0)
			add(c, &err);
		if (root >= 0 && check_mount_place(p, op, root, &err) < 0)
			add(c, &err);
	}
}

static void check_system_calls(struct check *c)
{
	const struct filter *f = &c->setup.filter;

	for (size_t i = 0; i < f->unknown_count; i++) {
		struct spec_finding *item = add_finding(c);

		item->warning = true;
		error_fail(&item->error, ERROR_CONFIG, 0,
			   "unknown system call '%s' in a seccomp rule that refuses it",
			   f->unknown[i].name);
		error_add_subject(&item->error, f->unknown[i].name);
		error_add_remedy(
			&item->error,
			"correct the name; a call that libseccomp does not know is not refused");
		if (f->unknown[i].node)
			error_at_node(&item->error, c->setup.spec->doc, f->unknown[i].node);
	}
}

/* The agent is not connected to, as that would be its one connection. */
static void check_listener(struct check *c)
{
	const struct spec *spec = c->setup.spec;
	const char *path = c->setup.filter.listener ? listener_receiver(spec) : NULL;
	struct error err;

	if (!path || faccessat(AT_FDCWD, path, F_OK, 0) == 0)
		return;
	error_set(&err, errno, "cannot connect to the seccomp agent '%s'", path);
	add_at(c, &err, spec->seccomp.node);
}

static void check_hooks(struct check *c)
{
	for (enum spec_hook_kind kind = 0; kind < HOOK_KIND_COUNT; kind++) {
		const struct spec_hook_list *list = &c->setup.spec->hooks[kind];

		for (size_t i = 0; i < list->count; i++) {
			struct error err;

			if (kind == HOOK_START_CONTAINER) {
				if (check_hook_in_rootfs(c->setup.spec, c->setup.state.rootfs,
							 &list->items[i], &err) < 0)
					add_at(c, &err, list->items[i].node);
				continue;
			}
			if (access(list->items[i].path, X_OK) == 0)
				continue;
			error_set(&err, errno, "%s hook '%s' cannot be executed",
				  spec_hook_name(kind), list->items[i].path);
			add_at(c, &err, list->items[i].node);
		}
	}
}

static bool has_capability(int cap)
{
	uint64_t effective = 0, permitted, inheritable;

	return sys_capget(&effective, &permitted, &inheritable) >= 0 && (effective & (1ull << cap));
}

static void check_rlimits(struct check *c)
{
	const struct spec_process *p = &c->setup.spec->process;

	if (c->setup.host.in_userns ? false : has_capability(CAP_SYS_RESOURCE))
		return;
	for (size_t i = 0; i < p->rlimit_count; i++) {
		struct rlimit now;
		struct error err;

		if (getrlimit((unsigned)p->rlimits[i].resource, &now) < 0 ||
		    p->rlimits[i].hard <= now.rlim_max)
			continue;
		error_fail(&err, ERROR_PERMISSION, EPERM,
			   "cannot set %s above the hard limit of the caller (%llu)",
			   p->rlimits[i].name, (unsigned long long)now.rlim_max);
		add_at(c, &err, p->rlimits[i].node);
	}
}

static void check_oom_score(struct check *c)
{
	const struct spec_process *p = &c->setup.spec->process;
	char text[16];
	int64_t now;
	struct error err;

	if (!p->oom_score_adj_set || has_capability(CAP_SYS_RESOURCE))
		return;
	if (io_read_small_at(AT_FDCWD, "/proc/self/oom_score_adj", text, sizeof(text)) < 0 ||
	    num_parse_i64(text, &now) < 0 || p->oom_score_adj >= now)
		return;
	error_fail(&err, ERROR_PERMISSION, EACCES, "cannot set oom_score_adj to %d",
		   p->oom_score_adj);
	error_add_remedy(&err, "a value below the caller's own (%lld) needs CAP_SYS_RESOURCE",
			 (long long)now);
	add_at(c, &err, p->oom_node);
}

static void check_net_devices(struct check *c)
{
	const struct spec *spec = c->setup.spec;

	for (size_t i = 0; i < spec->net_device_count; i++) {
		struct error err;

		if (if_nametoindex(spec->net_devices[i].host_name))
			continue;
		error_fail(&err, ERROR_NOT_FOUND, ENODEV, "network device '%s' does not exist",
			   spec->net_devices[i].host_name);
		add_at(c, &err, spec->net_devices[i].node);
	}
}

static void check_rdt(struct check *c)
{
	struct error err;
	_cleanup_close_ int fd = -EBADF;

	if (!c->setup.spec->intel_rdt.present)
		return;
	fd = resctrl_root_open(&err);
	if (fd < 0)
		add(c, &err);
}

static void check_program(struct check *c)
{
	struct error err;

	if (access(c->setup.state.rootfs, X_OK) < 0)
		return; /* said above */
	if (check_program_in_rootfs(c->setup.spec, c->setup.state.rootfs, &err) < 0)
		add(c, &err);
	if (check_cwd_in_rootfs(c->setup.spec, c->setup.state.rootfs, &err) < 0)
		add(c, &err);
}

static void check_host(struct check *c)
{
	check_required(c);
	check_rootfs(c);
	check_namespaces(c);
	check_user_namespace(c);
	check_cgroup(c);
	if (c->setup.launch.plan.header)
		check_ops(c);
	check_system_calls(c);
	check_listener(c);
	check_hooks(c);
	check_rlimits(c);
	check_oom_score(c);
	check_net_devices(c);
	check_rdt(c);
	check_program(c);
}

static int load(struct check *c, struct error *err)
{
	struct create_options const *opt = c->setup.opt;
	_cleanup_close_ int bundle =
		open(opt->bundle ? opt->bundle : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct spec *spec = NULL;
	int r;

	if (bundle < 0)
		return error_set(err, errno,
				 errno == ENOENT ? "bundle '%s' does not exist"
						 : "cannot open bundle '%s'",
				 opt->bundle ? opt->bundle : ".");
	r = spec_load(opt->config ? AT_FDCWD : bundle, opt->config ? opt->config : "config.json",
		      &spec, c->findings, err);
	if (r >= 0) {
		annotations_restrict(spec, c->ctx);
		check_annotations(c, spec);
		r = listener_check(spec, err);
		c->setup.spec = spec;
		if (r < 0)
			add(c, err);
		c->setup.spec = NULL;
	}
	spec = spec_free(spec);
	return r;
}

int container_check(const struct container_context *ctx, const char *bundle, const char *config,
		    struct spec_findings *ret, struct error *err)
{
	struct create_options opt = { .id = "check", .bundle = bundle, .config = config };
	struct check c = { .ctx = ctx,
			   .findings = ret,
			   .setup = { .ctx = ctx, .opt = &opt, .gate = PLAN_GATE_NONE } };
	struct error problem;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = load(&c, err);
	if (r < 0)
		return r;
	/* The config is sound by now; what setup finds is the host's refusal, or a combination that no plan can honour. */
	if (log_level() == LOG_LEVEL_WARNING)
		log_set_level(LOG_LEVEL_ERROR); /* setup's warnings are findings here */
	r = setup_prepare(&c.setup, &problem);
	if (c.setup.spec && c.setup.state.rootfs) {
		if (r < 0)
			add(&c, &problem);
		check_host(&c);
	} else if (r < 0) {
		*err = problem;
		setup_done(&c.setup);
		return r;
	}
	setup_done(&c.setup);
	if (c.failed)
		return error_fail(err, ERROR_CONFIG, 0, "the bundle cannot be run");
	return 0;
}
