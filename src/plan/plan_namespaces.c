/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces: which the first clone makes, which are joined, and whether the process that joined
 * them has to fork. Host half, pure.
 *
 * Kernel rules behind it: setns(2) into a pid namespace, and an unshared time namespace with
 * offsets, take effect for children only; a namespace belongs to the user namespace in which its
 * maker was, so everything new is made after the user namespace was entered; joining what belongs
 * to the host needs the caller's privilege, so it is done before a new user namespace takes that
 * away. CLONE_NEWCGROUP is never a clone flag: the root of the new cgroup namespace is the cgroup
 * that the process is in, hence OP_UNSHARE when it has arrived there.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <string.h>

#include "knarr/uapi.h"
#include "plan/plan_build.h"

/* The mount namespace is left for the end: it takes the caller's view of the filesystem with it. */
static const enum spec_ns join_order[] = { NS_NETWORK, NS_IPC, NS_UTS,   NS_CGROUP,
					   NS_TIME,    NS_PID, NS_MOUNT, NS_USER };

static void collect(struct builder *b)
{
	for (int ns = 0; ns < NS_COUNT; ns++) {
		const struct spec_namespace *n = &b->spec->namespaces[ns];

		if (!n->present)
			continue;
		if (n->path)
			b->ns_joined |= spec_ns_clone_flag((enum spec_ns)ns);
		else
			b->ns_new |= spec_ns_clone_flag((enum spec_ns)ns);
	}
	b->userns = ((b->ns_new | b->ns_joined) & CLONE_NEWUSER) != 0;
}

static bool has_offsets(const struct builder *b)
{
	return b->spec->time_monotonic.present || b->spec->time_boottime.present;
}

/*
 * The container mounts in the caller's mount namespace, which belongs to the caller's user namespace. What is more than a
 * mount below the rootfs would change what the caller sees.
 */
static int check_shared_mounts(struct builder *b)
{
	const struct spec *s = b->spec;

	if (b->userns)
		return builder_refuse(
			b, ERROR_UNSUPPORTED, s->namespaces[NS_USER].node,
			"a container in a user namespace needs a mount namespace of its own: in the "
			"caller's it may mount nothing, not even its devices");
	if (s->rootfs_propagation)
		return builder_refuse(
			b, ERROR_CONFIG, jnode_get(s->linux_node, "rootfsPropagation"),
			"'linux.rootfsPropagation' would change the caller's mounts: 'linux.namespaces' "
			"has no mount namespace");
	if (STREQ(b->root, "/"))
		return builder_refuse(
			b, ERROR_UNSUPPORTED, s->root.path_node ? s->root.path_node : s->root.node,
			"the caller's root cannot be the rootfs of a container without a mount namespace "
			"of its own: what is mounted in it would be the caller's");
	return 0;
}

/* Set-up runs as uid 0 and gid 0 of the user namespace: the files that it makes belong to the container's root. */
static int check_root_mapped(struct builder *b)
{
	const struct spec *s = b->spec;
	bool uid = spec_id_to_host(&s->uid_maps, 0, NULL);

	if (uid && spec_id_to_host(&s->gid_maps, 0, NULL))
		return 0;
	return builder_refuse(b, ERROR_CONFIG, uid ? s->gid_maps.node : s->uid_maps.node,
			      "'linux.%s' does not map container id 0",
			      uid ? "gidMappings" : "uidMappings");
}

static int check(struct builder *b)
{
	const struct spec *s = b->spec;
	int r;
	const struct spec_time_offset *offset = s->time_monotonic.present ? &s->time_monotonic
									  : &s->time_boottime;

	if (b->spec->net_device_count && !b->spec->namespaces[NS_NETWORK].present)
		return builder_refuse(
			b, ERROR_CONFIG, b->spec->net_devices[0].node,
			"linux.netDevices needs a network namespace of the container's own");
	if (!s->namespaces[NS_MOUNT].present && (r = check_shared_mounts(b)) < 0)
		return r;
	if ((b->ns_new & CLONE_NEWUSER) && (s->uid_maps.count == 0 || s->gid_maps.count == 0))
		return builder_refuse(
			b, ERROR_CONFIG, s->namespaces[NS_USER].node,
			"a new user namespace needs 'linux.uidMappings' and 'linux.gidMappings'");
	if ((b->ns_new & CLONE_NEWUSER) && (r = check_root_mapped(b)) < 0)
		return r;
	if (!b->userns && (s->uid_maps.count > 0 || s->gid_maps.count > 0))
		return builder_refuse(
			b, ERROR_CONFIG, s->uid_maps.count ? s->uid_maps.node : s->gid_maps.node,
			"id mappings are given, but 'linux.namespaces' has no user namespace");
	if (has_offsets(b) && !(b->ns_new & CLONE_NEWTIME))
		return builder_refuse(
			b, ERROR_CONFIG, offset->node,
			"'linux.timeOffsets' needs a new time namespace in 'linux.namespaces'");
	if ((b->ns_new & CLONE_NEWCGROUP) && !b->host->cgroup_ns_supported)
		return builder_refuse(b, ERROR_UNSUPPORTED, s->namespaces[NS_CGROUP].node,
				      "this kernel has no cgroup namespaces");
	return 0;
}

static void plan_joins(struct builder *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(join_order); i++) {
		enum spec_ns ns = join_order[i];
		const struct spec_namespace *n = &b->spec->namespaces[ns];

		if (!n->present || !n->path)
			continue;
		struct plan_arg_join arg = {
			.nstype = spec_ns_clone_flag(ns),
			.path = plan_buffer_string(&b->buf, n->path),
			.deferrable = ns != NS_USER && (b->ns_joined & CLONE_NEWUSER),
		};

		builder_op(b, OP_JOIN, 0, builder_origin(b, jnode_get(n->node, "path")), &arg,
			   sizeof(arg));
	}
}

static void plan_offsets(struct builder *b)
{
	const struct spec_time_offset *m = &b->spec->time_monotonic, *t = &b->spec->time_boottime;
	struct plan_arg_time_offsets arg = {
		.monotonic_secs = m->secs,
		.boottime_secs = t->secs,
		.monotonic_nsecs = m->nanosecs,
		.boottime_nsecs = t->nanosecs,
		.has_monotonic = m->present,
		.has_boottime = t->present,
	};

	builder_op(b, OP_TIME_OFFSETS, 0, builder_origin(b, m->present ? m->node : t->node), &arg,
		   sizeof(arg));
}

/*
 * A network namespace takes the kernel longer than everything else that a clone makes. Where nothing needs it at once,
 * the host half makes it after the clone, while the container half mounts. It belongs to the user namespace of its maker,
 * so the container must be in ours; devices are moved, and sysctls written (R14), before the first mount.
 */
static bool netns_can_wait(const struct builder *b, uint64_t first)
{
	return (first & CLONE_NEWNET) && !b->userns && b->host->privileged &&
	       b->spec->net_device_count == 0 && b->spec->sysctl.count == 0;
}

/*
 * One clone does, where nothing speaks against it. A fork after the joins is for: a joined pid or
 * user namespace, time offsets, and a new user namespace next to joins, since these need the
 * privilege that it takes away. An unprivileged caller has nothing to lose: its user namespace
 * comes with the first clone.
 */
int namespaces_plan(struct builder *b)
{
	uint64_t rest, first;
	bool fork;
	int r;

	collect(b);
	if ((r = check(b)) < 0)
		return r;
	rest = b->ns_new & ~(uint64_t)CLONE_NEWCGROUP;
	fork = (b->ns_joined & (CLONE_NEWPID | CLONE_NEWUSER)) || has_offsets(b) ||
	       ((b->ns_new & CLONE_NEWUSER) && b->ns_joined && !rootless_user_first(b));
	if (!fork)
		first = rest;
	else
		first = rootless_user_first(b) ? rest & CLONE_NEWUSER : 0;
	b->netns_late = !fork && netns_can_wait(b, first);
	if (b->netns_late) {
		/* The sooner the clone returns, the sooner the host half can make it. */
		b->ns_unshared = first & (CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS);
		first &= ~(b->ns_unshared | CLONE_NEWNET);
	}
	b->ns_unshared |= b->ns_new & CLONE_NEWCGROUP;
	plan_joins(b);
	if (has_offsets(b)) {
		plan_offsets(b);
		rest &= ~(uint64_t)CLONE_NEWTIME;
	}
	if (fork) {
		struct plan_arg_fork arg = { .clone_flags = rest & ~first };

		builder_op(b, OP_FORK, 0, b->origin_default, &arg, sizeof(arg));
	}
	if (b->ns_new & CLONE_NEWUSER) {
		uint32_t uids = id_maps_add(b, &b->spec->uid_maps),
			 gids = id_maps_add(b, &b->spec->gid_maps);

		plan_buffer_header(&b->buf)->uid_maps = uids;
		plan_buffer_header(&b->buf)->gid_maps = gids;
	}
	struct plan_header *h = plan_buffer_header(&b->buf);

	h->clone_flags = first;
	h->flags |= (fork ? PLAN_HAS_FORK : 0) | (b->userns ? PLAN_USERNS : 0);
	h->flags |= (b->ns_new & CLONE_NEWUSER) ? PLAN_NEW_USERNS : 0;
	h->flags |= (b->ns_new & CLONE_NEWPID) ? PLAN_NEW_PIDNS : 0;
	identity_setup_ids(b);
	return 0;
}

void namespaces_plan_network(struct builder *b)
{
	struct plan_arg_netns arg = { 0 };
	uint32_t origin;

	if (!(b->ns_new & CLONE_NEWNET) || b->netns_planned)
		return;
	b->netns_planned = true;
	origin = builder_origin(b, b->spec->namespaces[NS_NETWORK].node);
	/* createContainer hooks are the one thing that nobody in the host half is asked about. */
	if (b->spec->hooks[HOOK_CREATE_CONTAINER].count == 0)
		arg.flags = PLAN_NETNS_LOOPBACK;
	if (b->netns_late)
		builder_op(b, OP_NETNS, 0, origin, &arg, sizeof(arg));
	if (!b->netns_late || !arg.flags)
		builder_op(b, OP_LOOPBACK, 0, origin, NULL, 0);
}

static int plan_name(struct builder *b, enum plan_op_type type, const char *property,
		     const char *name, const struct jnode *node)
{
	if (!name || name[0] == '\0')
		return 0;
	if (!b->spec->namespaces[NS_UTS].present)
		return builder_refuse(
			b, ERROR_CONFIG, node,
			"'%s' would change the host's: 'linux.namespaces' has no uts namespace",
			property);
	struct plan_arg_name arg = { .name = plan_buffer_string(&b->buf, name) };

	builder_op(b, type, 0, builder_origin(b, node), &arg, sizeof(arg));
	return 0;
}

/*
 * Everything that lives in the namespaces and needs no mount; no container mount exists yet (R14).
 */
int namespaces_plan_settings(struct builder *b)
{
	const struct spec *s = b->spec;
	int r;

	if (b->ns_unshared) {
		struct plan_arg_unshare arg = { .clone_flags = b->ns_unshared };
		const struct jnode *node = b->ns_unshared == CLONE_NEWCGROUP
						   ? s->namespaces[NS_CGROUP].node
						   : s->namespaces[NS_MOUNT].node;

		builder_op(b, OP_UNSHARE, 0, builder_origin(b, node), &arg, sizeof(arg));
	}
	if (!b->netns_late)
		namespaces_plan_network(b);
	if ((r = sysctls_plan(b)) < 0)
		return r;
	if ((r = plan_name(b, OP_HOSTNAME, "hostname", s->hostname, s->hostname_node)) < 0)
		return r;
	return plan_name(b, OP_DOMAINNAME, "domainname", s->domainname, s->domainname_node);
}

void namespaces_plan_exec_fork(struct builder *b)
{
	struct plan_arg_fork arg = { .clone_flags = 0 };

	builder_op(b, OP_FORK, 0, b->origin_default, &arg, sizeof(arg));
}

/* exec and mounts add: one setns on the pidfd that launch supplies. */
void namespaces_plan_exec(struct builder *b)
{
	const struct plan_options *opt = b->opt;
	bool fork = opt->exec_fork && (plan_buffer_header(&b->buf)->flags & PLAN_EXEC);
	/*
	 * A new filesystem shows the network, ipc, uts or cgroup namespace of its maker (R30). The pid namespace
	 * would need a fork into the container; a new procfs, which shows it, is refused.
	 */
	const uint64_t live =
		CLONE_NEWUSER |
		(opt->mounts_remove ? 0
				    : CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP);
	uint64_t set = (plan_buffer_header(&b->buf)->flags & PLAN_EXEC)
			       ? opt->exec_namespaces
			       : (opt->exec_namespaces & live) | CLONE_NEWNS;
	struct plan_header *h;

	if (set != 0) {
		struct plan_arg_join arg = { .nstype = set };

		for (size_t i = 0; opt->exec_inodes && i < PLAN_JOIN_KINDS; i++)
			arg.inodes[i] = opt->exec_inodes[i];

		builder_op(b, OP_JOIN, 0, b->origin_default, &arg, sizeof(arg));
	}
	if (fork && !b->late_fork)
		namespaces_plan_exec_fork(b);
	h = plan_buffer_header(&b->buf);
	h->flags |= (fork ? PLAN_HAS_FORK : 0) | (fork && b->late_fork ? PLAN_LATE_FORK : 0) |
		    (b->userns ? PLAN_USERNS : 0);
	identity_setup_ids(b);
}
