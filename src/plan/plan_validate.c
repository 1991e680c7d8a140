/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check that stands before every use of a plan, in both halves; no allocation, no system call.
 *
 * All offsets are 32-bit and relative to the start, so a check is "offset <= size and length <=
 * size - offset", which cannot overflow. The last byte of a plan is NUL: a string that starts
 * inside the buffer ends inside it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <stddef.h>

#include "knarr/base.h"
#include "knarr/plan.h"
#include "knarr/uapi.h"

#define FORKABLE_NAMESPACES                                                                    \
	((uint64_t)(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | \
		    CLONE_NEWUTS | CLONE_NEWTIME))
#define ALL_NAMESPACES (FORKABLE_NAMESPACES | (uint64_t)CLONE_NEWCGROUP)
#define KNOWN_PLAN_FLAGS ((PLAN_KEEP_GROUPS << 1) - 1)
#define KNOWN_OP_FLAGS ((PLAN_OP_OPTIONAL << 1) - 1)
#define HOOK_KINDS 6u /* HOOK_KIND_COUNT of spec.h, which the container half does not see */
#define MAX_FILTER_INSNS 4096u /* BPF_MAXINSNS */
#define FILTER_INSN_SIZE 8u    /* struct sock_filter */

struct view {
	const char *base;
	size_t size;
};

enum field_kind {
	FIELD_END,
	FIELD_TEXT,
	FIELD_TEXT_NEEDED,
	FIELD_ARRAY,
	FIELD_ARRAY_NEEDED,
	FIELD_ID_MAPS
};

struct field {
	uint16_t kind, offset;
};

/* What an op's argument looks like, and how often the op may stand in a plan. */
struct shape {
	uint16_t size;
	bool once;
	struct field fields[3];
};

#define ARG(name) .size = sizeof(struct plan_arg_##name)
#define FIELD(k, name, member)                                      \
	{                                                           \
		FIELD_##k, offsetof(struct plan_arg_##name, member) \
	}

static const struct shape shapes[OP_TYPE_COUNT] = {
	[OP_JOIN] = { ARG(join), .fields = { FIELD(TEXT, join, path) } },
	[OP_TIME_OFFSETS] = { ARG(time_offsets), .once = true },
	[OP_FORK] = { ARG(fork), .once = true },
	[OP_UNSHARE] = { ARG(unshare), .once = true },
	[OP_NETNS] = { ARG(netns), .once = true },
	[OP_LOOPBACK] = { .once = true },
	[OP_SYSCTL] = { ARG(sysctl),
			.fields = { FIELD(TEXT_NEEDED, sysctl, key), FIELD(TEXT, sysctl, value) } },
	[OP_HOSTNAME] = { ARG(name), .once = true, .fields = { FIELD(TEXT_NEEDED, name, name) } },
	[OP_DOMAINNAME] = { ARG(name), .once = true, .fields = { FIELD(TEXT_NEEDED, name, name) } },
	[OP_ROOT] = { ARG(root), .once = true, .fields = { FIELD(TEXT_NEEDED, root, path) } },
	[OP_MOUNT] = { ARG(mount),
		       .fields = { FIELD(TEXT_NEEDED, mount, fstype), FIELD(TEXT, mount, source),
				   FIELD(ARRAY, mount, data) } }, /* and target, below */
	[OP_BIND] = { ARG(bind),
		      .fields = { FIELD(TEXT, bind, source), FIELD(ID_MAPS, bind, uid_maps),
				  FIELD(ID_MAPS, bind, gid_maps) } }, /* and target, below */
	[OP_DEVICE] = { ARG(device), .fields = { FIELD(TEXT_NEEDED, device, path) } },
	[OP_SYMLINK] = { ARG(symlink), .fields = { FIELD(TEXT_NEEDED, symlink, target),
						   FIELD(TEXT_NEEDED, symlink, path) } },
	[OP_HOOKS_RUNTIME] = { .once = true },
	[OP_HOOKS] = { ARG(hooks), .once = true, .fields = { FIELD(TEXT, hooks, state) } },
	[OP_CONSOLE] = { ARG(console), .once = true },
	[OP_MAKE_CWD] = { ARG(path), .once = true, .fields = { FIELD(TEXT_NEEDED, path, path) } },
	[OP_MASK] = { ARG(path), .fields = { FIELD(TEXT_NEEDED, path, path) } },
	[OP_READONLY] = { ARG(path), .fields = { FIELD(TEXT_NEEDED, path, path) } },
	[OP_ROOT_READONLY] = { ARG(root_readonly), .once = true },
	[OP_UNMOUNT] = { ARG(path), .fields = { FIELD(TEXT_NEEDED, path, path) } },
	[OP_PIVOT] = { .once = true },
	[OP_SESSION] = { ARG(session), .once = true },
	[OP_KEYRING] = { .once = true },
	[OP_RLIMIT] = { ARG(rlimit) },
	[OP_SCHEDULER] = { ARG(scheduler), .once = true },
	[OP_IO_PRIORITY] = { ARG(io_priority), .once = true },
	[OP_MEMORY_POLICY] = { ARG(memory_policy), .once = true,
			       .fields = { FIELD(TEXT, memory_policy, nodes) } },
	[OP_AFFINITY] = { ARG(affinity), .fields = { FIELD(TEXT, affinity, cpus) } },
	[OP_PERSONALITY] = { ARG(personality), .once = true },
	[OP_LABEL] = { ARG(label), .fields = { FIELD(TEXT_NEEDED, label, label) } },
	[OP_UMASK] = { ARG(umask), .once = true },
	[OP_NO_NEW_PRIVS] = { .once = true },
	[OP_IDENTITY] = { ARG(identity), .once = true, .fields = { FIELD(TEXT, identity, user) } },
	[OP_CWD] = { ARG(path), .once = true, .fields = { FIELD(TEXT_NEEDED, path, path) } },
	[OP_LOOKUP] = { ARG(lookup), .once = true,
			.fields = { FIELD(TEXT_NEEDED, lookup, program),
				    FIELD(TEXT, lookup, path_env) } },
	[OP_GATE] = { ARG(gate), .once = true },
	[OP_HOOKS_START] = { ARG(hooks), .once = true, .fields = { FIELD(TEXT, hooks, state) } },
	[OP_SECCOMP] = { ARG(seccomp), .once = true },
	[OP_EXEC] = { ARG(exec), .once = true,
		      .fields = { FIELD(ARRAY_NEEDED, exec, args), FIELD(ARRAY, exec, env) } },
};

static bool range_ok(const struct view *v, uint32_t offset, uint64_t len, unsigned align)
{
	return offset >= sizeof(struct plan_header) && offset % align == 0 && offset <= v->size &&
	       len <= v->size - offset;
}

static bool text_ok(const struct view *v, uint32_t offset)
{
	return offset == 0 || range_ok(v, offset, 1, 1);
}

static bool text_present(const struct view *v, uint32_t offset)
{
	return offset != 0 && text_ok(v, offset);
}

static bool array_ok(const struct view *v, const struct plan_array *a)
{
	if (a->count == 0)
		return a->items == 0;
	if (!range_ok(v, a->items, (uint64_t)a->count * sizeof(uint32_t), sizeof(uint32_t)))
		return false;
	const uint32_t *items = (const void *)(v->base + a->items);

	for (uint32_t i = 0; i < a->count; i++)
		if (!text_present(v, items[i]))
			return false;
	return true;
}

static bool id_maps_ok(const struct view *v, uint32_t offset)
{
	if (offset == 0)
		return true;
	if (!range_ok(v, offset, sizeof(struct plan_id_maps), 8))
		return false;
	const struct plan_id_maps *maps = (const void *)(v->base + offset);

	return maps->count > 0 &&
	       range_ok(v, offset, sizeof(*maps) + (uint64_t)maps->count * sizeof(maps->items[0]),
			8);
}

static bool field_ok(const struct view *v, const char *arg, const struct field *f)
{
	const void *member = arg + f->offset;

	switch (f->kind) {
	case FIELD_TEXT:
		return text_ok(v, *(const uint32_t *)member);
	case FIELD_TEXT_NEEDED:
		return text_present(v, *(const uint32_t *)member);
	case FIELD_ARRAY:
		return array_ok(v, member);
	case FIELD_ARRAY_NEEDED:
		return ((const struct plan_array *)member)->count > 0 && array_ok(v, member);
	case FIELD_ID_MAPS:
		return id_maps_ok(v, *(const uint32_t *)member);
	default:
		return true;
	}
}

static bool hooks_ok(const struct view *v, const struct plan_arg_hooks *h)
{
	if (h->kind >= HOOK_KINDS || h->count == 0 ||
	    !range_ok(v, h->hooks, (uint64_t)h->count * sizeof(struct plan_hook), 8))
		return false;
	const struct plan_hook *items = (const void *)(v->base + h->hooks);

	for (uint32_t i = 0; i < h->count; i++) {
		const struct plan_hook *k = &items[i];

		if (!text_present(v, k->path) || k->args.count == 0 || !array_ok(v, &k->args) ||
		    !array_ok(v, &k->env) || !text_ok(v, k->origin))
			return false;
	}
	return true;
}

static bool identity_ok(const struct view *v, const struct plan_arg_identity *id)
{
	if (id->group_count == 0)
		return id->groups == 0;
	return range_ok(v, id->groups, (uint64_t)id->group_count * sizeof(uint32_t),
			sizeof(uint32_t));
}

static bool seccomp_ok(const struct view *v, const struct plan_arg_seccomp *s)
{
	return s->insn_count > 0 && s->insn_count <= MAX_FILTER_INSNS &&
	       range_ok(v, s->insns, (uint64_t)s->insn_count * FILTER_INSN_SIZE, 8);
}

/* A set of namespaces that is not empty and holds nothing else. */
static bool namespaces_ok(uint64_t set, uint64_t allowed)
{
	return set != 0 && (set & ~allowed) == 0;
}

/* What the table cannot say. */
static bool arg_ok(const struct view *v, unsigned type, const void *arg)
{
	switch (type) {
	case OP_JOIN: {
		const struct plan_arg_join *a = arg;

		/* One namespace by path; only a pidfd takes a set. */
		return namespaces_ok(a->nstype, ALL_NAMESPACES) &&
		       (a->path == 0 || v->base[a->path] == '\0' ||
			(a->nstype & (a->nstype - 1)) == 0);
	}
	case OP_FORK:
		return (((const struct plan_arg_fork *)arg)->clone_flags & ~FORKABLE_NAMESPACES) ==
		       0;
	case OP_UNSHARE:
		return namespaces_ok(((const struct plan_arg_unshare *)arg)->clone_flags,
				     ALL_NAMESPACES);
	case OP_TIME_OFFSETS: {
		const struct plan_arg_time_offsets *a = arg;

		return a->monotonic_nsecs < 1000000000u && a->boottime_nsecs < 1000000000u;
	}
	case OP_MOUNT:
		return text_present(v, ((const struct plan_arg_mount *)arg)->target);
	case OP_BIND:
		return text_present(v, ((const struct plan_arg_bind *)arg)->target);
	case OP_DEVICE: {
		uint32_t t = ((const struct plan_arg_device *)arg)->type;

		return t == 'c' || t == 'b' || t == 'p';
	}
	case OP_HOOKS:
	case OP_HOOKS_START:
		return hooks_ok(v, arg);
	case OP_LABEL: {
		uint32_t lsm = ((const struct plan_arg_label *)arg)->lsm;

		return lsm >= PLAN_LSM_APPARMOR && lsm <= PLAN_LSM_SELINUX_KEYCREATE;
	}
	case OP_IDENTITY:
		return identity_ok(v, arg);
	case OP_GATE: {
		uint32_t kind = ((const struct plan_arg_gate *)arg)->kind;

		return kind >= PLAN_GATE_SOCKET && kind <= PLAN_GATE_NONE;
	}
	case OP_SECCOMP:
		return seccomp_ok(v, arg);
	default:
		return true;
	}
}

static bool op_ok(const struct view *v, const struct plan_op *op)
{
	if (op->type == OP_INVALID || op->type >= OP_TYPE_COUNT ||
	    (op->flags & ~KNOWN_OP_FLAGS) != 0 || op->fd < -1 || !text_ok(v, op->origin))
		return false;
	const struct shape *shape = &shapes[op->type];

	if (shape->size == 0)
		return op->arg == 0;
	if (!range_ok(v, op->arg, shape->size, 8))
		return false;
	const char *arg = v->base + op->arg;

	for (size_t i = 0; i < sizeof(shape->fields) / sizeof(shape->fields[0]); i++)
		if (!field_ok(v, arg, &shape->fields[i]))
			return false;
	return arg_ok(v, op->type, arg);
}

/* What a late fork moves behind OP_IDENTITY. */
static bool is_late(unsigned type)
{
	return type == OP_FORK || type == OP_RLIMIT || type == OP_SESSION;
}

static unsigned op_phase(unsigned type, bool late_fork)
{
	if (late_fork && is_late(type))
		return 4;
	if (type <= OP_FORK)
		return 1;
	if (type <= OP_PIVOT)
		return 2;
	if (type <= OP_NO_NEW_PRIVS)
		return 3;
	return type <= OP_LOOKUP ? 4 : 5;
}

/* Within the last phases: the enum's order, but for a late fork. */
static unsigned op_rank(unsigned type, bool late_fork)
{
	if (late_fork && is_late(type))
		return OP_IDENTITY * 4 + (type == OP_FORK ? 1 : type == OP_RLIMIT ? 2 : 3);
	return type * 4;
}

/*
 * Phases never go back; identity and everything after it stand in the order of the enum, because
 * each of them gives something up that the one before needs.
 */
static bool order_ok(const struct plan_op *last, const struct plan_op *op, uint64_t seen,
		     bool late_fork)
{
	unsigned phase = op_phase(op->type, late_fork);

	if (shapes[op->type].once && (seen & (1ull << op->type)) != 0)
		return false;
	if ((seen & (1ull << OP_EXEC)) != 0)
		return false;
	if (phase == 2 && (seen & (1ull << OP_PIVOT)) != 0)
		return false;
	if (op->type == OP_PIVOT && (seen & (1ull << OP_ROOT)) == 0)
		return false;
	if (!last)
		return true;
	if (phase >= 4)
		return op_rank(op->type, late_fork) > op_rank(last->type, late_fork) ||
		       (op->type == OP_RLIMIT && last->type == OP_RLIMIT);
	return phase >= op_phase(last->type, late_fork);
}

static bool header_ok(const struct view *v, const struct plan_header *h)
{
	if (h->magic != PLAN_MAGIC || h->version != PLAN_VERSION || h->size != v->size ||
	    v->base[v->size - 1] != '\0')
		return false;
	if ((h->flags & ~KNOWN_PLAN_FLAGS) != 0 || (h->clone_flags & ~FORKABLE_NAMESPACES) != 0)
		return false;
	if (h->require >> FALLBACK_COUNT != 0)
		return false;
	if (h->socket_fd < -1 || h->pad != 0 || h->preserve_fds > INT32_MAX)
		return false;
	if (!text_present(v, h->id) || !id_maps_ok(v, h->uid_maps) || !id_maps_ok(v, h->gid_maps))
		return false;
	return h->op_count > 0 &&
	       range_ok(v, h->ops, (uint64_t)h->op_count * sizeof(struct plan_op), 8);
}

/*
 * What the plan must hold as a whole, by its kind; fork_flags are those of OP_FORK, 0 without one.
 */
static bool whole_ok(const struct plan_header *h, uint64_t seen, uint64_t fork_flags,
		     bool shared_root)
{
	const uint64_t runs = 1ull << OP_IDENTITY | 1ull << OP_LOOKUP | 1ull << OP_GATE |
			      1ull << OP_EXEC;
	const uint64_t roots = 1ull << OP_ROOT | 1ull << OP_PIVOT;
	bool first_user = (h->clone_flags & CLONE_NEWUSER) != 0,
	     fork_user = (fork_flags & CLONE_NEWUSER) != 0;

	if ((h->flags & PLAN_LATE_FORK) != 0 && (~h->flags & (PLAN_EXEC | PLAN_HAS_FORK)) != 0)
		return false;
	if (((h->flags & PLAN_HAS_FORK) != 0) != ((seen & (1ull << OP_FORK)) != 0))
		return false;
	if (first_user && fork_user)
		return false;
	if (((h->flags & PLAN_NEW_USERNS) != 0) != (first_user || fork_user))
		return false;
	/* One maker only, and never of a namespace that a new user namespace is to own. */
	if ((seen & (1ull << OP_NETNS)) != 0 &&
	    ((h->clone_flags & CLONE_NEWNET) != 0 ||
	     (h->flags & (PLAN_HAS_FORK | PLAN_NEW_USERNS | PLAN_EXEC | PLAN_MOUNTS)) != 0))
		return false;
	if ((h->flags & PLAN_MOUNTS) != 0)
		return (seen & (1ull << OP_GATE)) != 0 &&
		       (seen & ((runs | roots) & ~(1ull << OP_GATE))) == 0;
	if ((seen & runs) != runs)
		return false;
	return (seen & roots) == ((h->flags & PLAN_EXEC) != 0 && !shared_root ? 0 : roots);
}

int plan_validate(const void *buf, size_t size, int *ret_op)
{
	const struct view v = { .base = buf, .size = size };
	const struct plan_header *h = buf;
	const struct plan_op *last = NULL;
	uint64_t seen = 0, fork_flags = 0;
	bool shared_root = false;

	*ret_op = -1;
	if (!buf || (uintptr_t)buf % 8 != 0 || size < sizeof(*h) || size > PLAN_MAX_SIZE ||
	    !header_ok(&v, h))
		return -EINVAL;
	const struct plan_op *ops = plan_ops(h);

	for (uint32_t i = 0; i < h->op_count; i++) {
		const struct plan_op *op = &ops[i];

		if (!op_ok(&v, op) || !order_ok(last, op, seen, (h->flags & PLAN_LATE_FORK) != 0)) {
			*ret_op = (int)i;
			return -EINVAL;
		}
		if (op->type == OP_FORK)
			fork_flags =
				((const struct plan_arg_fork *)plan_at(h, op->arg))->clone_flags;
		if (op->type == OP_ROOT)
			shared_root = ((const struct plan_arg_root *)plan_at(h, op->arg))->flags &
				      PLAN_ROOT_SHARED;
		seen |= 1ull << op->type;
		last = op;
	}
	return whole_ok(h, seen, fork_flags, shared_root) ? 0 : -EINVAL;
}
