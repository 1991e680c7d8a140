/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan as text: what would happen, in order, one line an op. Host half, pure. The text is
 * stable; tests and people compare it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "knarr/plan.h"
#include "knarr/uapi.h"

struct word {
	uint64_t bit;
	const char *name;
};

static const struct word namespace_words[] = {
	{ CLONE_NEWUSER, "user" },     { CLONE_NEWNS, "mount" },  { CLONE_NEWPID, "pid" },
	{ CLONE_NEWNET, "network" },   { CLONE_NEWIPC, "ipc" },   { CLONE_NEWUTS, "uts" },
	{ CLONE_NEWCGROUP, "cgroup" }, { CLONE_NEWTIME, "time" },
};
static const struct word plan_words[] = {
	{ PLAN_USERNS, "userns" },         { PLAN_ROOTLESS, "rootless" },
	{ PLAN_NEW_PIDNS, "new-pidns" },   { PLAN_HAS_FORK, "fork" },
	{ PLAN_NEW_USERNS, "new-userns" }, { PLAN_TIMING, "timing" },
	{ PLAN_LATE_FORK, "late-fork" },   { PLAN_KEEP_GROUPS, "keep-groups" },
};
static const struct word op_words[] = {
	{ PLAN_OP_OPEN_HERE, "open-here" },
	{ PLAN_OP_IGNORE_MISSING, "ignore-missing" },
	{ PLAN_OP_IGNORE_DENIED, "ignore-denied" },
	{ PLAN_OP_OPTIONAL, "optional" },
};
static const struct word mount_words[] = {
	{ PLAN_MOUNT_RECURSIVE, "recursive" },
	{ PLAN_MOUNT_COPY_UP, "copy-up" },
	{ PLAN_MOUNT_SRC_NOFOLLOW, "src-nofollow" },
	{ PLAN_MOUNT_DEST_NOFOLLOW, "dest-nofollow" },
	{ PLAN_MOUNT_COPY_SYMLINK, "copy-symlink" },
	{ PLAN_MOUNT_IDMAP, "idmap" },
	{ PLAN_MOUNT_RIDMAP, "ridmap" },
	{ PLAN_MOUNT_FALLBACK_BIND, "else-bind" },
	{ PLAN_MOUNT_INHERIT_MODE, "inherit-mode" },
	{ PLAN_MOUNT_SOURCE_LATE, "source-late" },
	{ PLAN_MOUNT_NOTIFY, "own-notify" },
	{ PLAN_MOUNT_GID_DROPPED, "gid-dropped" },
	{ PLAN_MOUNT_READONLY_LATE, "readonly-late" },
};
/* The atime modes are one field: first the whole of it, as in a mask to clear. */
static const struct word attr_words[] = {
	{ MOUNT_ATTR_RDONLY, "ro" },
	{ MOUNT_ATTR_NOSUID, "nosuid" },
	{ MOUNT_ATTR_NODEV, "nodev" },
	{ MOUNT_ATTR_NOEXEC, "noexec" },
	{ MOUNT_ATTR__ATIME, "atime" },
	{ MOUNT_ATTR_NOATIME, "noatime" },
	{ MOUNT_ATTR_STRICTATIME, "strictatime" },
	{ MOUNT_ATTR_NODIRATIME, "nodiratime" },
	{ MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow" },
};
static const struct word identity_words[] = {
	{ PLAN_IDENTITY_KEEP_GROUPS, "keep-groups" },
	{ PLAN_IDENTITY_NO_SETGROUPS, "no-setgroups" },
	{ PLAN_IDENTITY_KEEP_SYS_ADMIN, "keep-sys-admin" },
};
static const char *const rlimit_names[] = {
	[RLIMIT_AS] = "as",
	[RLIMIT_CORE] = "core",
	[RLIMIT_CPU] = "cpu",
	[RLIMIT_DATA] = "data",
	[RLIMIT_FSIZE] = "fsize",
	[RLIMIT_LOCKS] = "locks",
	[RLIMIT_MEMLOCK] = "memlock",
	[RLIMIT_MSGQUEUE] = "msgqueue",
	[RLIMIT_NICE] = "nice",
	[RLIMIT_NOFILE] = "nofile",
	[RLIMIT_NPROC] = "nproc",
	[RLIMIT_RSS] = "rss",
	[RLIMIT_RTPRIO] = "rtprio",
	[RLIMIT_RTTIME] = "rttime",
	[RLIMIT_SIGPENDING] = "sigpending",
	[RLIMIT_STACK] = "stack",
};

/*
 * " KEY=a,b" for the set bits; nothing if none is set. Bits without a name are shown as a number.
 */
static void print_words(struct buf *out, const char *key, uint64_t bits, const struct word *words,
			size_t count)
{
	const char *separator = "";

	if (bits == 0)
		return;
	buf_printf(out, " %s=", key);
	for (size_t i = 0; i < count; i++) {
		if ((bits & words[i].bit) != words[i].bit)
			continue;
		buf_printf(out, "%s%s", separator, words[i].name);
		separator = ",";
		bits &= ~words[i].bit;
	}
	if (bits)
		buf_printf(out, "%s0x%" PRIx64, separator, bits);
}
#define PRINT_WORDS(out, key, bits, words) \
	print_words((out), (key), (bits), (words), ARRAY_SIZE(words))

/* A value in one piece: what would break the line or the columns is escaped. */
static void print_text(struct buf *out, const char *s)
{
	if (*s == '\0')
		buf_add_str(out, "\"\"");
	while (*s != '\0') {
		size_t n = text_character(s);

		if (n == 0 || *s == ' ' || *s == '\\' || *s == '"')
			buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*s);
		else
			buf_add(out, s, n);
		s += n ? n : 1;
	}
}

static void print_field(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, " %s=", key);
	print_text(out, value);
}

static void print_array(struct buf *out, const char *key, const struct plan_header *p,
			const struct plan_array *a)
{
	buf_printf(out, " %s=[", key);
	for (uint32_t i = 0; i < a->count; i++) {
		if (i > 0)
			buf_add_str(out, " ");
		print_text(out, plan_array_item(p, a, i));
	}
	buf_add_str(out, "]");
}

static void print_maps(struct buf *out, const char *key, const struct plan_header *p,
		       uint32_t offset)
{
	const struct plan_id_maps *maps = plan_at(p, offset);

	buf_printf(out, " %s=", key);
	if (!maps)
		buf_add_str(out, "container");
	for (uint32_t i = 0; maps && i < maps->count; i++)
		buf_printf(out, "%s%u:%u:%u", i > 0 ? "," : "", maps->items[i].container,
			   maps->items[i].host, maps->items[i].size);
}

static const char *propagation_word(uint64_t propagation)
{
	switch (propagation) {
	case MS_SHARED:
		return "shared";
	case MS_SLAVE:
		return "slave";
	case MS_UNBINDABLE:
		return "unbindable";
	case MS_PRIVATE:
		return "private";
	default:
		return "unchanged";
	}
}

static void print_propagation(struct buf *out, uint64_t propagation, bool recursive)
{
	if (propagation)
		buf_printf(out, " propagation=%s%s", recursive ? "r" : "",
			   propagation_word(propagation));
}

static void print_attrs(struct buf *out, uint64_t set, uint64_t clear, uint64_t rec_set,
			uint64_t rec_clear)
{
	PRINT_WORDS(out, "set", set, attr_words);
	PRINT_WORDS(out, "clear", clear, attr_words);
	PRINT_WORDS(out, "rec-set", rec_set, attr_words);
	PRINT_WORDS(out, "rec-clear", rec_clear, attr_words);
}

static void print_mount(struct buf *out, const struct plan_header *p,
			const struct plan_arg_mount *a)
{
	buf_add_str(out, " ");
	print_text(out, plan_string(p, a->target));
	print_field(out, "type", plan_string(p, a->fstype));
	print_field(out, "source", plan_string(p, a->source));
	if (a->data.count)
		print_array(out, "data", p, &a->data);
	print_attrs(out, a->attr_set, a->attr_clear, a->rec_attr_set, a->rec_attr_clear);
	print_propagation(out, a->propagation, a->flags & PLAN_MOUNT_PROPAGATION_REC);
	PRINT_WORDS(out, "flags", a->flags & ~PLAN_MOUNT_PROPAGATION_REC, mount_words);
}

static void print_bind(struct buf *out, const struct plan_header *p, const struct plan_arg_bind *a)
{
	buf_add_str(out, " ");
	print_text(out, plan_string(p, a->target));
	if (!(a->flags & PLAN_MOUNT_NOTIFY))
		print_field(out, "source", plan_string(p, a->source));
	print_attrs(out, a->attr_set, a->attr_clear, a->rec_attr_set, a->rec_attr_clear);
	print_propagation(out, a->propagation, a->flags & PLAN_MOUNT_PROPAGATION_REC);
	PRINT_WORDS(out, "flags", a->flags & ~PLAN_MOUNT_PROPAGATION_REC, mount_words);
	if (a->flags & PLAN_MOUNT_IDMAP) {
		print_maps(out, "uids", p, a->uid_maps);
		print_maps(out, "gids", p, a->gid_maps);
	}
}

static void print_hooks(struct buf *out, const struct plan_header *p,
			const struct plan_arg_hooks *a)
{
	const struct plan_hook *hooks = plan_at(p, a->hooks);

	buf_printf(out, " %s count=%u", spec_hook_name((enum spec_hook_kind)a->kind), a->count);
	for (uint32_t i = 0; i < a->count; i++) {
		buf_add_str(out, "\n        ");
		print_text(out, plan_string(p, hooks[i].path));
		print_array(out, "args", p, &hooks[i].args);
		print_array(out, "env", p, &hooks[i].env);
		if (hooks[i].flags & PLAN_HOOK_PROCESS_ENV)
			buf_add_str(out, " of-the-program");
		if (hooks[i].timeout_s)
			buf_printf(out, " timeout=%us", hooks[i].timeout_s);
		buf_printf(out, "  # %s", plan_string(p, hooks[i].origin));
	}
}

static void print_caps(struct buf *out, const char *key, uint64_t set)
{
	const char *separator = "";

	buf_printf(out, " %s=", key);
	if (set == 0)
		buf_add_str(out, "none");
	for (int i = 0; i < 64; i++) {
		const char *name = (set & (1ull << i)) ? spec_capability_name(i) : NULL;

		if (!(set & (1ull << i)))
			continue;
		if (name)
			buf_printf(out, "%s%s", separator,
				   text_has_prefix(name, "CAP_") ? name + 4 : name);
		else
			buf_printf(out, "%s%d", separator, i);
		separator = ",";
	}
}

static void print_identity(struct buf *out, const struct plan_header *p,
			   const struct plan_arg_identity *a)
{
	const uint32_t *groups = plan_at(p, a->groups);

	if (a->user)
		print_field(out, "user", plan_string(p, a->user));
	else
		buf_printf(out, " uid=%u gid=%u", a->uid, a->gid);
	buf_add_str(out, " groups=");
	if (a->group_count == 0)
		buf_add_str(out, "unchanged");
	for (uint32_t i = 0; i < a->group_count; i++)
		buf_printf(out, "%s%u", i > 0 ? "," : "", groups[i]);
	PRINT_WORDS(out, "flags", a->flags & ~(uint32_t)PLAN_IDENTITY_SET_CAPS, identity_words);
	print_caps(out, "bounding", a->bounding);
	print_caps(out, "permitted", a->permitted);
	print_caps(out, "effective", a->effective);
	print_caps(out, "inheritable", a->inheritable);
	print_caps(out, "ambient", a->ambient);
}

static void print_limit(struct buf *out, const char *key, uint64_t value)
{
	if (value == UINT64_MAX)
		buf_printf(out, " %s=unlimited", key);
	else
		buf_printf(out, " %s=%" PRIu64, key, value);
}

static void print_time(struct buf *out, const struct plan_arg_time_offsets *a)
{
	if (a->has_monotonic)
		buf_printf(out, " monotonic=%" PRId64 "s+%uns", a->monotonic_secs,
			   a->monotonic_nsecs);
	if (a->has_boottime)
		buf_printf(out, " boottime=%" PRId64 "s+%uns", a->boottime_secs, a->boottime_nsecs);
}

/* Phases 1 and 2, but for mounts. Returns false for an op that is not of them. */
static bool print_build_op(struct buf *out, const struct plan_header *p, unsigned type,
			   const void *arg)
{
	switch (type) {
	case OP_JOIN: {
		const struct plan_arg_join *a = arg;

		PRINT_WORDS(out, "type", a->nstype, namespace_words);
		if (a->path)
			print_field(out, "path", plan_string(p, a->path));
		else
			buf_add_str(out, " of=container");
		buf_add_str(out, a->deferrable ? " deferrable" : "");
		return true;
	}
	case OP_TIME_OFFSETS:
		print_time(out, arg);
		return true;
	case OP_FORK:
	case OP_UNSHARE:
		PRINT_WORDS(out, "new", ((const struct plan_arg_fork *)arg)->clone_flags,
			    namespace_words);
		return true;
	case OP_NETNS:
		buf_add_str(out, ((const struct plan_arg_netns *)arg)->flags & PLAN_NETNS_LOOPBACK
					 ? " loopback"
					 : "");
		return true;
	case OP_SYSCTL: {
		const struct plan_arg_sysctl *a = arg;

		print_field(out, plan_string(p, a->key), plan_string(p, a->value));
		return true;
	}
	case OP_HOSTNAME:
	case OP_DOMAINNAME:
		print_field(out, "name", plan_string(p, ((const struct plan_arg_name *)arg)->name));
		return true;
	case OP_ROOT: {
		const struct plan_arg_root *a = arg;

		print_field(out, "path", plan_string(p, a->path));
		print_propagation(out, a->propagation, a->propagation_recursive);
		buf_add_str(out, (a->flags & PLAN_ROOT_NO_PIVOT) ? " no-pivot" : "");
		buf_add_str(out, (a->flags & PLAN_ROOT_IN_PLACE) ? " in-place" : "");
		buf_add_str(out, (a->flags & PLAN_ROOT_SHARED) ? " shared" : "");
		return true;
	}
	case OP_DEVICE: {
		const struct plan_arg_device *a = arg;

		buf_add_str(out, " ");
		print_text(out, plan_string(p, a->path));
		buf_printf(out, " %c %u:%u mode=%04o owner=%u:%u%s", (char)a->type, a->major,
			   a->minor, a->mode, a->uid, a->gid,
			   (a->flags & PLAN_DEVICE_BIND) ? " bind" : "");
		return true;
	}
	case OP_SYMLINK: {
		const struct plan_arg_symlink *a = arg;

		buf_add_str(out, " ");
		print_text(out, plan_string(p, a->path));
		print_field(out, "to", plan_string(p, a->target));
		return true;
	}
	case OP_CONSOLE: {
		const struct plan_arg_console *a = arg;

		buf_printf(out, " size=%ux%u uid=%u%s", a->width, a->height, a->uid,
			   a->bind_console ? " bind=/dev/console" : "");
		return true;
	}
	case OP_ROOT_READONLY: {
		const struct plan_arg_root_readonly *a = arg;

		print_attrs(out, a->attr_set, 0, 0, 0);
		print_propagation(out, a->propagation, a->propagation_recursive);
		return true;
	}
	default:
		return false;
	}
}

/* Phases 3 to 5. */
static void print_process_op(struct buf *out, const struct plan_header *p, unsigned type,
			     const void *arg)
{
	switch (type) {
	case OP_SESSION:
		buf_add_str(out,
			    ((const struct plan_arg_session *)arg)->terminal ? " terminal" : "");
		break;
	case OP_RLIMIT: {
		const struct plan_arg_rlimit *a = arg;

		buf_printf(out, " %s",
			   a->resource < ARRAY_SIZE(rlimit_names) && rlimit_names[a->resource]
				   ? rlimit_names[a->resource]
				   : "unknown");
		print_limit(out, "soft", a->soft);
		print_limit(out, "hard", a->hard);
		break;
	}
	case OP_SCHEDULER: {
		const struct plan_arg_scheduler *a = arg;

		buf_printf(out,
			   " policy=%u nice=%d priority=%d flags=0x%" PRIx64 " runtime=%" PRIu64
			   " deadline=%" PRIu64 " period=%" PRIu64,
			   a->policy, a->nice, a->priority, a->flags, a->runtime, a->deadline,
			   a->period);
		break;
	}
	case OP_IO_PRIORITY: {
		const struct plan_arg_io_priority *a = arg;

		buf_printf(out, " class=%u priority=%u", a->class, a->priority);
		break;
	}
	case OP_MEMORY_POLICY: {
		const struct plan_arg_memory_policy *a = arg;

		buf_printf(out, " mode=%u flags=0x%x", a->mode, a->flags);
		print_field(out, "nodes", plan_string(p, a->nodes));
		break;
	}
	case OP_AFFINITY: {
		const char *cpus = plan_string(p, ((const struct plan_arg_affinity *)arg)->cpus);

		print_field(out, "cpus", cpus[0] ? cpus : "all");
		break;
	}
	case OP_PERSONALITY:
		buf_printf(out, " domain=0x%" PRIx64,
			   ((const struct plan_arg_personality *)arg)->domain);
		break;
	case OP_LABEL: {
		const struct plan_arg_label *a = arg;

		print_field(out,
			    a->lsm == PLAN_LSM_APPARMOR  ? "apparmor"
			    : a->lsm == PLAN_LSM_SELINUX ? "selinux"
							 : "keycreate",
			    plan_string(p, a->label));
		break;
	}
	case OP_UMASK:
		buf_printf(out, " %04o", ((const struct plan_arg_umask *)arg)->mask);
		break;
	case OP_IDENTITY:
		print_identity(out, p, arg);
		break;
	case OP_LOOKUP: {
		const struct plan_arg_lookup *a = arg;

		print_field(out, "program", plan_string(p, a->program));
		print_field(out, "path", a->path_env ? plan_string(p, a->path_env) : "default");
		break;
	}
	case OP_GATE: {
		uint32_t kind = ((const struct plan_arg_gate *)arg)->kind;

		buf_printf(out, " %s",
			   kind == PLAN_GATE_SOCKET      ? "socket"
			   : kind == PLAN_GATE_HANDSHAKE ? "handshake"
							 : "none");
		break;
	}
	case OP_SECCOMP: {
		const struct plan_arg_seccomp *a = arg;

		buf_printf(out, " instructions=%u flags=0x%x%s", a->insn_count, a->filter_flags,
			   (a->flags & PLAN_SECCOMP_LISTENER) ? " listener" : "");
		break;
	}
	case OP_EXEC: {
		const struct plan_arg_exec *a = arg;

		print_array(out, "args", p, &a->args);
		print_array(out, "env", p, &a->env);
		buf_add_str(out, (a->flags & PLAN_EXEC_SET_HOME) ? " set-home" : "");
		break;
	}
	default:
		break;
	}
}

static void print_op(struct buf *out, const struct plan_header *p, const struct plan_op *op)
{
	const void *arg = plan_at(p, op->arg);

	switch (op->type) {
	case OP_MOUNT:
		print_mount(out, p, arg);
		return;
	case OP_BIND:
		print_bind(out, p, arg);
		return;
	case OP_HOOKS:
	case OP_HOOKS_START:
		print_hooks(out, p, arg);
		return;
	case OP_MAKE_CWD:
	case OP_MASK:
	case OP_READONLY:
	case OP_UNMOUNT:
	case OP_CWD: {
		const struct plan_arg_path *a = arg;

		buf_add_str(out, " ");
		print_text(out, plan_string(p, a->path));
		buf_add_str(out, (a->flags & PLAN_PATH_REMOUNT) ? " remount" : "");
		return;
	}
	default:
		if (!print_build_op(out, p, op->type, arg))
			print_process_op(out, p, op->type, arg);
	}
}

static void print_required(struct buf *out, uint32_t require)
{
	const char *separator = " require=";

	for (unsigned i = 0; fallback_word(i); i++) {
		if (!(require & (1u << i)))
			continue;
		buf_printf(out, "%s%s", separator, fallback_word(i));
		separator = ",";
	}
}

static void print_header(struct buf *out, const struct plan_header *p)
{
	const char *kind = (p->flags & PLAN_MOUNTS) ? "mounts"
			   : (p->flags & PLAN_EXEC) ? "exec"
						    : "create";

	buf_printf(out, "plan %s", kind);
	print_field(out, "id", plan_string(p, p->id));
	PRINT_WORDS(out, "flags", p->flags & ~(uint32_t)(PLAN_EXEC | PLAN_MOUNTS), plan_words);
	if (p->preserve_fds)
		buf_printf(out, " preserve-fds=%u", p->preserve_fds);
	print_required(out, p->require);
	buf_add_str(out, "\nclone");
	PRINT_WORDS(out, "new", p->clone_flags, namespace_words);
	buf_add_str(out, "\n");
	if (p->flags & PLAN_NEW_USERNS) {
		buf_add_str(out, "maps");
		print_maps(out, "uids", p, p->uid_maps);
		print_maps(out, "gids", p, p->gid_maps);
		buf_add_str(out, "\n");
	}
	if (p->setup_uid || p->setup_gid)
		buf_printf(out, "setup uid=%u gid=%u\n", p->setup_uid, p->setup_gid);
}

void plan_print(const struct plan_header *p, struct buf *out)
{
	const struct plan_op *ops = plan_ops(p);

	print_header(out, p);
	for (uint32_t i = 0; i < p->op_count; i++) {
		const struct plan_op *op = &ops[i];

		buf_printf(out, "  %02u  %s", i, plan_op_name((enum plan_op_type)op->type));
		print_op(out, p, op);
		PRINT_WORDS(out, "op", op->flags, op_words);
		/* A list of hooks has named the place of each of them. */
		if (op->type == OP_HOOKS || op->type == OP_HOOKS_START)
			buf_add_str(out, "\n");
		else
			buf_printf(out, "  # %s\n", plan_string(p, op->origin));
	}
}
