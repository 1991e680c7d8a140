/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of the config, in its order: what is a new filesystem, what is a tree of the host, and
 * what is refused. Host half, pure.
 *
 * What shaped it: nothing may cover procfs but a few files that carry no authority (R3); proc and
 * sysfs are attached without following a link (T1, T2); the cgroup tree is writable only where the
 * container has a cgroup namespace of its own (R12); a tmpfs is filled before it becomes read-only.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <string.h>

#include "knarr/uapi.h"
#include "plan/plan_build.h"

#define PROC_COVERABLE_MAX 10
static const char *const proc_coverable[PROC_COVERABLE_MAX] = {
	"cpuinfo",
	"diskstats",
	"meminfo",
	"stat",
	"swaps",
	"uptime",
	"loadavg",
	"slabinfo",
	"sys/kernel/ns_last_pid",
	"sys/crypto/fips_enabled",
};

static const struct {
	uint64_t flag;
	const char *word;
} superblock_words[] = {
	{ MS_RDONLY, "ro" },     { MS_SYNCHRONOUS, "sync" },  { MS_DIRSYNC, "dirsync" },
	{ MS_MANDLOCK, "mand" }, { MS_LAZYTIME, "lazytime" }, { MS_I_VERSION, "iversion" },
};

/*
 * Filesystems whose superblock is shared or made by the kernel, or that is filled later: read-only
 * is the mount's.
 */
static const char *const readonly_by_mount[] = { "proc",    "sysfs", "mqueue", "devpts",
						 "cgroup2", "tmpfs", "ramfs" };

static bool word_in(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (STREQ(word, list[i]))
			return true;
	return false;
}

static bool is_cgroup(const struct spec_mount *m)
{
	return STREQ(m->type, "cgroup") || STREQ(m->type, "cgroup2");
}

static bool is_bind(const struct spec_mount *m)
{
	return (m->flags & SPEC_MOUNT_BIND) != 0 || STREQ(m->type, "bind");
}

/* Destinations as text, known before the first op: slices ask what lies on or below what. */
int mounts_prepare(struct builder *b)
{
	const struct spec *s = b->spec;

	b->root = path_join_clean(b->host->bundle, s->root.path ? s->root.path : "");
	b->destinations = mem_alloc_array(s->mount_count, sizeof(*b->destinations));
	for (size_t i = 0; i < s->mount_count; i++) {
		const struct spec_mount *m = &s->mounts[i];

		b->destinations[i] = path_join_clean("/", m->destination);
		if (STREQ(b->destinations[i], "/"))
			return builder_refuse(b, ERROR_UNSUPPORTED,
					      m->destination_node ? m->destination_node : m->node,
					      "cannot mount over the container's root '%s'",
					      m->destination);
		if (STREQ(b->destinations[i], "/dev"))
			b->dev_ready = is_bind(m);
	}
	return 0;
}

/*
 * R3: only files that are known to carry no authority may be covered; and the procfs itself by a
 * procfs.
 */
static int check_proc(struct builder *b, const struct spec_mount *m, const char *dest)
{
	const char *below = path_below(dest, "/proc");
	const struct jnode *node = m->destination_node ? m->destination_node : m->node;

	if (!below)
		return 0;
	if (below[0] != '\0') {
		if (is_bind(m) && word_in(below, proc_coverable, PROC_COVERABLE_MAX))
			return 0;
		return builder_refuse(b, ERROR_CONFIG, node,
				      "cannot mount on '%s': it is inside the container's procfs",
				      m->destination);
	}
	if (!is_bind(m) && STREQ(m->type, "proc"))
		return 0;
	if (is_bind(m) && m->source && (m->flags & SPEC_MOUNT_RECURSIVE) && !b->live) {
		_cleanup_free_ char *source = path_join_clean(b->host->bundle, m->source);

		/* The procfs of the pid namespace that the container shares. */
		if (STREQ(source, "/proc") && !(b->ns_new & CLONE_NEWPID))
			return 0;
	}
	return builder_refuse(b, ERROR_CONFIG, node,
			      "cannot mount on '%s': only a filesystem of type 'proc' may be there",
			      m->destination);
}

static unsigned common_flags(const struct spec_mount *m)
{
	unsigned flags = 0;

	if (m->flags & SPEC_MOUNT_SRC_NOFOLLOW)
		flags |= PLAN_MOUNT_SRC_NOFOLLOW;
	if (m->flags & SPEC_MOUNT_DEST_NOFOLLOW)
		flags |= PLAN_MOUNT_DEST_NOFOLLOW;
	if (m->propagation && m->propagation_recursive)
		flags |= PLAN_MOUNT_PROPAGATION_REC;
	return flags;
}

/* ---- a new filesystem ---------------------------------------------------------------- */

struct words {
	const char **items; /* borrowed from text */
	size_t count;
	char *text;
	char *label;
};

static void words_done(struct words *w)
{
	free(w->items);
	free(w->text);
	free(w->label);
}

static void words_add(struct words *w, const char *word)
{
	w->items = mem_grow(w->items, w->count + 1, sizeof(*w->items));
	w->items[w->count++] = word;
}

/* Cuts filesystem options at commas; a quoted value ("context="a,b"") keeps its own. */
static unsigned words_split(struct builder *b, struct words *w, const char *fstype,
			    const char *data)
{
	unsigned flags = 0;
	bool quoted = false;
	char *start;

	w->text = mem_strdup(data ? data : "");
	start = w->text;
	for (char *p = w->text;; p++) {
		bool end = *p == '\0';

		if (*p == '"')
			quoted = !quoted;
		if (!end && (*p != ',' || quoted))
			continue;
		*p = '\0';
		if (start[0] != '\0') {
			if (rootless_drops_word(b, fstype, start))
				flags |= PLAN_MOUNT_GID_DROPPED;
			else
				words_add(w, start);
		}
		if (end)
			return flags;
		start = p + 1;
	}
}

static bool words_have(const struct words *w, const char *prefix)
{
	for (size_t i = 0; i < w->count; i++)
		if (text_has_prefix(w->items[i], prefix))
			return true;
	return false;
}

/* linux.mountLabel: the SELinux context of what the container mounts itself. */
static int words_label(struct builder *b, struct words *w, const char *fstype)
{
	const char *key = spec_annotation(b->spec, "run.oci.mount_context_type");

	if (!b->spec->mount_label || !b->spec->mount_label[0])
		return 0;
	if (!b->host->selinux)
		return builder_refuse(
			b, ERROR_UNSUPPORTED, b->spec->mount_label_node,
			"'linux.mountLabel' is given, but SELinux is not enabled on this host");
	if (STREQ(fstype, "proc") || STREQ(fstype, "sysfs") || STREQ(fstype, "mqueue") ||
	    words_have(w, "context=") || words_have(w, "fscontext=") ||
	    words_have(w, "defcontext=") || words_have(w, "rootcontext="))
		return 0;
	if (!key)
		key = "context";
	if (!STREQ(key, "context") && !STREQ(key, "fscontext") && !STREQ(key, "defcontext") &&
	    !STREQ(key, "rootcontext"))
		return builder_refuse(
			b, ERROR_CONFIG, NULL,
			"annotation 'run.oci.mount_context_type' has an unknown value '%s'", key);
	w->label = text_printf("%s=%s", key, b->spec->mount_label);
	words_add(w, w->label);
	return 0;
}

/*
 * A read-only tmpfs that something of this container goes into later, a mount point or the device
 * nodes, is made read-only when all of it is there (C9).
 */
static bool is_filled_later(const struct builder *b, size_t index)
{
	const char *dest = b->destinations[index];

	if (b->live)
		return false;
	if (b->spec->mounts[index].flags & SPEC_MOUNT_COPY_UP)
		return true;
	if (STREQ(dest, "/dev") && !b->dev_ready)
		return true;
	for (size_t i = index + 1; i < b->spec->mount_count; i++)
		if (path_below(b->destinations[i], dest))
			return true;
	if (b->opt->notify_dir && path_below(PLAN_NOTIFY_DIR, dest))
		return true;
	for (size_t i = 0; i < b->spec->device_count; i++)
		if (path_below(b->spec->devices[i].path, dest))
			return true;
	return false;
}

static void readonly_later(struct builder *b, size_t index)
{
	b->late = mem_grow(b->late, b->late_count + 1, sizeof(*b->late));
	b->late[b->late_count++] = (struct late_readonly){
		.path = mem_strdup(b->destinations[index]),
		.node = b->spec->mounts[index].node,
	};
}

static int check_new(struct builder *b, const struct spec_mount *m)
{
	const struct jnode *node = m->type_node ? m->type_node : m->node;

	if (m->type[0] == '\0' || STREQ(m->type, "none"))
		return builder_refuse(
			b, ERROR_CONFIG, node,
			"the mount on '%s' has no filesystem type and is no bind mount",
			m->destination);
	if (m->flags & (SPEC_MOUNT_IDMAP | SPEC_MOUNT_RIDMAP) || m->uid_maps.count ||
	    m->gid_maps.count)
		return builder_refuse(
			b, ERROR_UNSUPPORTED, m->node,
			"the mount on '%s' is not a bind mount: id mappings of a new filesystem are not "
			"supported yet",
			m->destination);
	if ((m->flags & SPEC_MOUNT_COPY_UP) && !STREQ(m->type, "tmpfs"))
		return builder_refuse(b, ERROR_CONFIG, m->node,
				      "option 'tmpcopyup' of '%s' is for tmpfs only",
				      m->destination);
	if (m->flags & SPEC_MOUNT_COPY_SYMLINK)
		return builder_refuse(b, ERROR_CONFIG, m->node,
				      "option 'copy-symlink' of '%s' is for bind mounts only",
				      m->destination);
	return 0;
}

static int mount_new(struct builder *b, size_t index)
{
	const struct spec_mount *m = &b->spec->mounts[index];
	bool is_tmpfs = STREQ(m->type, "tmpfs");
	bool by_mount = word_in(m->type, readonly_by_mount, ARRAY_SIZE(readonly_by_mount));
	_cleanup_(words_done) struct words words = { 0 };
	unsigned flags = common_flags(m);
	uint64_t attr_set = m->attr_set, rec_attr_set = m->rec_attr_set;
	int r = check_new(b, m);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(superblock_words); i++)
		if ((m->sb_flags_set & superblock_words[i].flag) &&
		    !(by_mount && superblock_words[i].flag == MS_RDONLY))
			words_add(&words, superblock_words[i].word);
	flags |= words_split(b, &words, m->type, m->data);
	if ((r = words_label(b, &words, m->type)) < 0)
		return r;
	if (m->sb_flags_set & MS_RDONLY)
		attr_set |= MOUNT_ATTR_RDONLY;
	if (is_tmpfs && (attr_set & MOUNT_ATTR_RDONLY) && is_filled_later(b, index)) {
		attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		flags |= PLAN_MOUNT_READONLY_LATE;
		readonly_later(b, index);
	}
	if (is_tmpfs && !words_have(&words, "mode="))
		flags |= PLAN_MOUNT_INHERIT_MODE;
	if (m->flags & SPEC_MOUNT_COPY_UP)
		flags |= PLAN_MOUNT_COPY_UP;
	if (STREQ(m->type, "proc") || STREQ(m->type, "sysfs"))
		flags |= PLAN_MOUNT_DEST_NOFOLLOW;
	flags |= rootless_mount_fallback(b, m->type);
	/*
	 * What a bound /sys carries along, the cgroup tree above all, must not be more writable
	 * than /sys (C10, R12).
	 */
	if ((flags & PLAN_MOUNT_FALLBACK_BIND) && (attr_set & MOUNT_ATTR_RDONLY))
		rec_attr_set |= MOUNT_ATTR_RDONLY;
	struct plan_arg_mount arg = {
		.fstype = plan_buffer_string(&b->buf, m->type),
		.source = plan_buffer_string(&b->buf, m->source ? m->source : m->type),
		.target = plan_buffer_string(&b->buf, b->destinations[index]),
		.data = plan_buffer_array(&b->buf, words.items, words.count),
		.flags = flags,
		.mode = 0755,
		.attr_set = attr_set,
		.attr_clear = m->attr_clear,
		.rec_attr_set = rec_attr_set,
		.rec_attr_clear = m->rec_attr_clear,
		.propagation = m->propagation,
	};

	builder_op(b, OP_MOUNT, (flags & PLAN_MOUNT_FALLBACK_BIND) ? rootless_open_flags(b) : 0,
		   builder_origin(b, m->node), &arg, sizeof(arg));
	return 0;
}

/* ---- the cgroup tree ------------------------------------------------------------------- */

/*
 * With a cgroup namespace the kernel shows the container's part of the tree and no more. Without one, the host's tree is
 * bound, so that the paths in /proc/PID/cgroup lead somewhere in it; read-only, since write access would reach what
 * the host set (CVE-2023-25809). Only the machine's root can have it writable, and only with the word "rw": so do
 * privileged containers that run an engine of their own.
 */
static bool is_host_tree_writable(const struct builder *b, const struct spec_mount *m)
{
	if (!(m->attr_clear & MOUNT_ATTR_RDONLY))
		return false;
	if (b->host->privileged && !b->host->in_userns && !b->spec->namespaces[NS_USER].present)
		return true;
	log_warning(
		"the cgroup tree on '%s' is read-only although config.json says rw: the container has a user namespace and no cgroup namespace, ignoring",
		m->destination);
	return false;
}

static int mount_cgroup(struct builder *b, size_t index)
{
	const struct spec_mount *m = &b->spec->mounts[index];
	const uint64_t safe = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	bool readonly = (m->attr_set & MOUNT_ATTR_RDONLY) != 0 ||
			(m->sb_flags_set & MS_RDONLY) != 0 ||
			(!(b->ns_new & CLONE_NEWCGROUP) && !is_host_tree_writable(b, m));
	uint64_t attr_set = m->attr_set | safe | (readonly ? MOUNT_ATTR_RDONLY : 0);
	/* Only these: a set atime mode comes with the whole atime field to clear. */
	uint64_t attr_clear = m->attr_clear & ~(safe | MOUNT_ATTR_RDONLY);
	uint64_t rec_clear = m->rec_attr_clear & ~(safe | MOUNT_ATTR_RDONLY);
	uint32_t target = plan_buffer_string(&b->buf, b->destinations[index]);

	if ((b->ns_new | b->ns_joined) & CLONE_NEWCGROUP) {
		struct plan_arg_mount arg = {
			.fstype = plan_buffer_string(&b->buf, "cgroup2"),
			.source = plan_buffer_string(&b->buf, "cgroup"),
			.target = target,
			/* Live, the host's tree is out of view, and what is in view is the container's. */
			.flags = common_flags(m) | (b->live ? 0 : PLAN_MOUNT_FALLBACK_BIND),
			.mode = 0755,
			.attr_set = attr_set,
			.attr_clear = attr_clear,
			.rec_attr_set = m->rec_attr_set,
			.rec_attr_clear = rec_clear,
			.propagation = m->propagation,
		};

		builder_op(b, OP_MOUNT, rootless_open_flags(b), builder_origin(b, m->node), &arg,
			   sizeof(arg));
		return 0;
	}
	if (b->host->cgroup_root[0] == '\0')
		return builder_refuse(
			b, ERROR_UNSUPPORTED, m->node,
			"cannot mount the cgroup tree on '%s': this host has no cgroup2 mount",
			m->destination);
	struct plan_arg_bind arg = {
		.source = plan_buffer_string(&b->buf, b->host->cgroup_root),
		.target = target,
		.flags = common_flags(m) | PLAN_MOUNT_RECURSIVE,
		.attr_set = attr_set,
		.attr_clear = attr_clear,
		.rec_attr_set = m->rec_attr_set | (readonly ? MOUNT_ATTR_RDONLY : 0),
		.rec_attr_clear = rec_clear,
		.propagation = m->propagation,
	};

	builder_op(b, OP_BIND, rootless_open_flags(b), builder_origin(b, m->node), &arg,
		   sizeof(arg));
	return 0;
}

/* ---- a tree of the host ------------------------------------------------------------------ */

/*
 * The path inside the root, if the source lies on or below an earlier mount of this config; else
 * NULL.
 */
static const char *source_inside(const struct builder *b, const char *source, size_t index)
{
	const char *inside = path_below(source, b->root);

	if (!inside || b->live)
		return NULL;
	for (size_t i = 0; i < index; i++)
		if (path_below(inside, b->destinations[i] + 1))
			return inside;
	return NULL;
}

static int plan_idmap(struct builder *b, const struct spec_mount *m, struct plan_arg_bind *arg)
{
	bool own = m->uid_maps.count > 0 || m->gid_maps.count > 0;
	int r;

	if (!own && !(m->flags & (SPEC_MOUNT_IDMAP | SPEC_MOUNT_RIDMAP)))
		return 0;
	if (own && (m->uid_maps.count == 0 || m->gid_maps.count == 0))
		return builder_refuse(
			b, ERROR_CONFIG, m->node,
			"the mount on '%s' needs both 'uidMappings' and 'gidMappings', or none",
			m->destination);
	if (!own && !(b->ns_joined & CLONE_NEWUSER) &&
	    (b->spec->uid_maps.count == 0 || b->spec->gid_maps.count == 0))
		return builder_refuse(
			b, ERROR_CONFIG, m->node,
			"the mount on '%s' asks for an id mapping, but neither it nor the container has one",
			m->destination);
	if ((r = rootless_check_idmap(b, m)) < 0)
		return r;
	arg->flags |= (m->flags & SPEC_MOUNT_RIDMAP) ? PLAN_MOUNT_IDMAP | PLAN_MOUNT_RIDMAP
						     : PLAN_MOUNT_IDMAP;
	arg->uid_maps = id_maps_add(b, &m->uid_maps);
	arg->gid_maps = id_maps_add(b, &m->gid_maps);
	return 0;
}

/*
 * A read-only rbind of the host's /sys is read-only at its top alone, while the cgroup tree in it
 * stays writable (CVE-2023-25809). Nobody who writes "ro" means that.
 */
static bool shows_cgroup_tree(const struct builder *b, const struct plan_arg_bind *arg,
			      const char *source, const char *dest)
{
	return (arg->flags & PLAN_MOUNT_RECURSIVE) && (arg->attr_set & MOUNT_ATTR_RDONLY) &&
	       path_below(dest, "/sys") &&
	       (path_below(b->host->cgroup_root, source) || path_below("/sys/fs/cgroup", source));
}

static int mount_bind(struct builder *b, size_t index)
{
	const struct spec_mount *m = &b->spec->mounts[index];
	struct plan_arg_bind arg = {
		.flags = common_flags(m),
		.attr_set = m->attr_set,
		.attr_clear = m->attr_clear,
		.rec_attr_set = m->rec_attr_set,
		.rec_attr_clear = m->rec_attr_clear,
		.propagation = m->propagation,
	};
	unsigned op_flags = rootless_open_flags(b);
	const char *inside;
	int r;

	if (!m->source || m->source[0] == '\0')
		return builder_refuse(b, ERROR_CONFIG, m->source_node ? m->source_node : m->node,
				      "the bind mount on '%s' has no source", m->destination);
	if (m->flags & SPEC_MOUNT_COPY_UP)
		return builder_refuse(b, ERROR_CONFIG, m->node,
				      "option 'tmpcopyup' of '%s' is for tmpfs only",
				      m->destination);
	_cleanup_free_ char *source = path_join_clean(b->host->bundle, m->source);

	if (m->flags & SPEC_MOUNT_RECURSIVE)
		arg.flags |= PLAN_MOUNT_RECURSIVE;
	if (m->flags & SPEC_MOUNT_COPY_SYMLINK)
		arg.flags |= PLAN_MOUNT_COPY_SYMLINK;
	if (m->sb_flags_set & MS_RDONLY)
		arg.attr_set |= MOUNT_ATTR_RDONLY;
	if (shows_cgroup_tree(b, &arg, source, b->destinations[index]))
		arg.rec_attr_set |= MOUNT_ATTR_RDONLY;
	if ((r = plan_idmap(b, m, &arg)) < 0)
		return r;
	inside = source_inside(b, source, index);
	if (inside) {
		_cleanup_free_ char *in_root = path_join_clean("/", inside);

		/* The container half would need power over the filesystem and over the user namespace with the maps. */
		if ((arg.flags & PLAN_MOUNT_IDMAP) && b->userns)
			return builder_refuse(
				b, ERROR_UNSUPPORTED, m->node,
				"the source of '%s' lies below an earlier mount: from within the container's "
				"user namespace it cannot be id-mapped",
				m->destination);
		arg.flags |= PLAN_MOUNT_SOURCE_LATE;
		op_flags = 0;
		arg.source = plan_buffer_string(&b->buf, in_root);
	} else {
		arg.source = plan_buffer_string(&b->buf, source);
	}
	arg.target = plan_buffer_string(&b->buf, b->destinations[index]);
	builder_op(b, OP_BIND, op_flags, builder_origin(b, m->node), &arg, sizeof(arg));
	return 0;
}

/* A new instance of any other filesystem may look at the network namespace of its maker, as sysfs does. */
static bool needs_network(const struct spec_mount *m)
{
	static const char *const blind[] = { "proc", "tmpfs", "ramfs", "devpts", "mqueue" };

	return !is_bind(m) && !is_cgroup(m) &&
	       !(m->type && word_in(m->type, blind, ARRAY_SIZE(blind)));
}

/*
 * The mounts at the end of the list that lie on or below /sys are the usual ones to need the network namespace. What
 * is done in /dev, where they are not seen, is done before them: the namespace is still being made.
 */
size_t mounts_before_devices(const struct builder *b)
{
	size_t split = b->spec->mount_count;

	if (!b->netns_late)
		return split;
	for (size_t i = 0; i < b->spec->device_count; i++)
		if (!text_has_prefix(b->spec->devices[i].path, "/dev/"))
			return split;
	while (split > 0 && path_below(b->destinations[split - 1], "/sys"))
		split--;
	return split;
}

int mounts_plan(struct builder *b, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct spec_mount *m = &b->spec->mounts[i];
		int r = check_proc(b, m, b->destinations[i]);

		if (r < 0)
			return r;
		if (needs_network(m))
			namespaces_plan_network(b);
		if (is_bind(m))
			r = mount_bind(b, i);
		else if (is_cgroup(m))
			r = mount_cgroup(b, i);
		else
			r = mount_new(b, i);
		if (r < 0)
			return r;
	}
	return 0;
}
