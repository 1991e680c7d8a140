/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a container: struct state <-> state.json. Host half.
 *
 * Members that this build does not know are ignored, so an older knarr can end what a newer one of the
 * same version began; a higher version number is refused. An empty or torn file (a crash on a file
 * system without ordered renames) is an error here and no obstacle to state_dir_remove().
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knarr/state.h"
#include "record.h"

enum field_type { FIELD_TEXT, FIELD_BOOL, FIELD_U64, FIELD_INT };

/* In the order in which they are written. "version", "id", "pid" and "annotations" are handled apart. */
static const struct field {
	const char *name;
	enum field_type type;
	size_t offset;
} fields[] = {
	{ "ociVersion", FIELD_TEXT, offsetof(struct state, oci_version) },
	{ "bundle", FIELD_TEXT, offsetof(struct state, bundle) },
	{ "rootfs", FIELD_TEXT, offsetof(struct state, rootfs) },
	{ "owner", FIELD_TEXT, offsetof(struct state, owner) },
	{ "created", FIELD_TEXT, offsetof(struct state, created) },
	{ "bootId", FIELD_TEXT, offsetof(struct state, boot_id) },
	{ "startTime", FIELD_U64, offsetof(struct state, start_time) },
	{ "cgroupDriver", FIELD_INT, offsetof(struct state, cgroup_driver) },
	{ "cgroupPath", FIELD_TEXT, offsetof(struct state, cgroup_path) },
	{ "cgroupLeaf", FIELD_TEXT, offsetof(struct state, cgroup_leaf) },
	{ "cgroupScope", FIELD_TEXT, offsetof(struct state, cgroup_scope) },
	{ "cgroupInode", FIELD_U64, offsetof(struct state, cgroup_inode) },
	{ "creating", FIELD_BOOL, offsetof(struct state, creating) },
	{ "namespaces", FIELD_U64, offsetof(struct state, namespaces) },
	{ "namespaceInodeUser", FIELD_U64, offsetof(struct state, namespace_inodes[0]) },
	{ "namespaceInodeMount", FIELD_U64, offsetof(struct state, namespace_inodes[1]) },
	{ "namespaceInodePid", FIELD_U64, offsetof(struct state, namespace_inodes[2]) },
	{ "namespaceInodeNetwork", FIELD_U64, offsetof(struct state, namespace_inodes[3]) },
	{ "namespaceInodeIpc", FIELD_U64, offsetof(struct state, namespace_inodes[4]) },
	{ "namespaceInodeUts", FIELD_U64, offsetof(struct state, namespace_inodes[5]) },
	{ "namespaceInodeCgroup", FIELD_U64, offsetof(struct state, namespace_inodes[6]) },
	{ "namespaceInodeTime", FIELD_U64, offsetof(struct state, namespace_inodes[7]) },
	{ "intelRdt", FIELD_TEXT, offsetof(struct state, intel_rdt) },
	{ "allowedAnnotations", FIELD_TEXT, offsetof(struct state, allowed_annotations) },
	{ "rootMountNamespace", FIELD_U64, offsetof(struct state, root_mount.mount_namespace) },
	{ "rootMountId", FIELD_U64, offsetof(struct state, root_mount.id) },
	{ "rootMountUniqueId", FIELD_U64, offsetof(struct state, root_mount.unique_id) },
	{ "rootMountDevice", FIELD_U64, offsetof(struct state, root_mount.device) },
	{ "rootMountInode", FIELD_U64, offsetof(struct state, root_mount.inode) },
};

static void *field_at(struct state *s, const struct field *f)
{
	return (char *)s + f->offset;
}

void state_done(struct state *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].type == FIELD_TEXT)
			free(*(char **)field_at(s, &fields[i]));
	}
	free(s->id);
	for (size_t i = 0; i < s->annotations.count; i++) {
		free((char *)s->annotations.items[i].key);
		free((char *)s->annotations.items[i].value);
	}
	free(s->annotations.items);
	memset(s, 0, sizeof(*s));
}

static void write_field(struct jwrite *o, const struct field *f, const void *at)
{
	switch (f->type) {
	case FIELD_TEXT:
		if (*(char *const *)at)
			jwrite_string(o, f->name, *(char *const *)at);
		break;
	case FIELD_BOOL:
		jwrite_bool(o, f->name, *(const bool *)at);
		break;
	case FIELD_U64:
		jwrite_uint(o, f->name, *(const uint64_t *)at);
		break;
	case FIELD_INT:
		jwrite_int(o, f->name, *(const int *)at);
		break;
	}
}

static char *record_text(const struct state_dir *d, const struct state *s)
{
	struct jwrite *o = jwrite_object(), *annotations;

	jwrite_uint(o, "version", STATE_VERSION);
	jwrite_string(o, "id", s->id ? s->id : d->id);
	jwrite_int(o, "pid", s->pid);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		write_field(o, &fields[i], (const char *)s + fields[i].offset);
	annotations = jwrite_object();
	for (size_t i = 0; i < s->annotations.count; i++)
		jwrite_string(annotations, s->annotations.items[i].key,
			      s->annotations.items[i].value);
	jwrite_put(o, "annotations", annotations);
	return jwrite_text(o, 0);
}

int state_save(const struct state_dir *d, const struct state *s, struct error *err)
{
	_cleanup_free_ char *text = record_text(d, s);

	return state_save_file(d, STATE_FILE_RECORD, text, strlen(text), err);
}

int state_stage(const struct state_dir *d, const struct state *s, struct error *err)
{
	_cleanup_free_ char *text = record_text(d, s);

	return state_file_written(
		d, STATE_FILE_RECORD,
		io_stage_volatile_at(d->fd, STATE_FILE_RECORD, 0600, text, strlen(text)), err);
}

int state_commit(const struct state_dir *d, struct error *err)
{
	return state_file_written(d, STATE_FILE_RECORD, io_commit_at(d->fd, STATE_FILE_RECORD),
				  err);
}

static int read_u64(const struct jnode *n, uint64_t *ret)
{
	return n->type == JNUMBER ? num_parse_u64_len(n->text, n->text_len, ret) : -EINVAL;
}

static int read_int(const struct jnode *n, int *ret)
{
	int64_t value;
	int r = n->type == JNUMBER ? num_parse_i64_len(n->text, n->text_len, &value) : -EINVAL;

	if (r < 0)
		return r;
	if (value < INT_MIN || value > INT_MAX)
		return -ERANGE;
	*ret = (int)value;
	return 0;
}

/* 0 or -errno; an absent member leaves the zero of an empty record. */
static int read_field(const struct jnode *root, const struct field *f, void *at)
{
	const struct jnode *n = jnode_get(root, f->name);

	if (!n || n->type == JNULL)
		return 0;
	switch (f->type) {
	case FIELD_TEXT:
		if (n->type != JSTRING)
			return -EINVAL;
		*(char **)at = mem_strdup(n->text);
		return 0;
	case FIELD_BOOL:
		if (n->type != JBOOL)
			return -EINVAL;
		*(bool *)at = n->boolean;
		return 0;
	case FIELD_U64:
		return read_u64(n, at);
	case FIELD_INT:
		return read_int(n, at);
	}
	return -EINVAL;
}

static int read_annotations(const struct jnode *root, struct spec_map *ret)
{
	const struct jnode *n = jnode_get(root, "annotations");

	if (!n)
		return 0;
	if (n->type != JOBJECT)
		return -EINVAL;
	ret->items = mem_alloc_array(n->count ? n->count : 1, sizeof(*ret->items));
	for (const struct jnode *m = n->first; m; m = m->next) {
		if (m->type != JSTRING)
			return -EINVAL;
		ret->items[ret->count].key = mem_strdup(m->key);
		ret->items[ret->count++].value = mem_strdup(m->text);
	}
	return 0;
}

static int damaged(const struct state_dir *d, const char *member, struct error *err)
{
	int r = error_fail(err, ERROR_SYSTEM, 0,
			   "the record '%s/%s/%s' is damaged: bad or missing '%s'", d->root->path,
			   d->id, STATE_FILE_RECORD, member);

	error_add_subject(err, d->id);
	error_add_remedy(err, "remove the container with delete --force");
	return r;
}

static int read_record(const struct state_dir *d, const struct jnode *root, struct state *s,
		       struct error *err)
{
	const struct jnode *n = jnode_get(root, "version");
	uint64_t version;
	int r;

	if (!n || read_u64(n, &version) < 0 || version == 0)
		return damaged(d, "version", err);
	if (version > STATE_VERSION) {
		r = error_fail(
			err, ERROR_UNSUPPORTED, 0,
			"the record of container '%s' has version %llu, this build reads up to %u",
			d->id, (unsigned long long)version, STATE_VERSION);
		error_add_remedy(err, "use the knarr that made the container");
		return r;
	}
	n = jnode_get(root, "id");
	/* A record that was copied from elsewhere must not steer our signals. */
	if (!n || n->type != JSTRING || !STREQ(n->text, d->id))
		return damaged(d, "id", err);
	s->id = mem_strdup(n->text);
	n = jnode_get(root, "pid");
	if (!n || read_int(n, &s->pid) < 0 || s->pid < 0)
		return damaged(d, "pid", err);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (read_field(root, &fields[i], field_at(s, &fields[i])) < 0)
			return damaged(d, fields[i].name, err);
	}
	if (read_annotations(root, &s->annotations) < 0)
		return damaged(d, "annotations", err);
	return 0;
}

static int read_record_text(const struct state_dir *d, char **ret_text, size_t *ret_len)
{
	_cleanup_close_ int fd =
		openat(d->fd, STATE_FILE_RECORD, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return io_read_fd(fd, STATE_RECORD_MAX, ret_text, ret_len);
}

bool state_record_is_bad(int r)
{
	return r != -ENOMEM && r != -EMFILE && r != -ENFILE && r != -EIO && r != -EINTR &&
	       r != -EAGAIN && r != -EACCES && r != -EPERM;
}

int state_load(const struct state_dir *d, struct state *ret, struct error *err)
{
	_cleanup_(jdoc_freep) struct jdoc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	struct state s = { 0 };
	size_t len;
	int r;

	r = read_record_text(d, &text, &len);
	if (r < 0) {
		r = error_set(err, -r, "cannot read the record '%s/%s/%s'", d->root->path, d->id,
			      STATE_FILE_RECORD);
		error_add_subject(err, d->id);
		if (state_record_is_bad(r))
			error_add_remedy(
				err, "its create did not get far; remove it with delete --force");
		return r;
	}
	r = jread_parse(text, len, STATE_FILE_RECORD, &doc, err);
	if (r < 0) {
		error_prefix(err, "the record '%s/%s/%s' is damaged", d->root->path, d->id,
			     STATE_FILE_RECORD);
		error_add_remedy(err, "remove the container with delete --force");
		return r;
	}
	r = read_record(d, doc->root, &s, err);
	if (r < 0) {
		state_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

/* The first "name":VALUE of text, whole, as an object of its own. No string of JSON holds a quote that is not escaped. */
static char *find_member(const char *text, const char *name)
{
	_cleanup_free_ char *key = text_printf("\"%s\"", name);
	const char *p = strstr(text, key), *end;

	if (!p)
		return NULL;
	p += strlen(key);
	p += strspn(p, " \t\r\n");
	if (*p != ':')
		return NULL;
	p += 1 + strspn(p + 1, " \t\r\n");
	/* A number that is cut off would be another number. */
	end = *p == '"' ? p + 1 + strcspn(p + 1, "\"\\") : p + strcspn(p, ", \t\r\n}\"");
	if (!*end || *end == '\\')
		return NULL;
	if (*p == '"')
		end++;
	return text_printf("{%s:%.*s}", key, (int)(end - p), p);
}

static void salvage_member(const char *text, const struct field *f, struct state *s)
{
	_cleanup_(jdoc_freep) struct jdoc *doc = NULL;
	_cleanup_free_ char *member = find_member(text, f->name);
	struct error ignored;

	/* What is of another type stays unknown. */
	if (member && jread_parse(member, strlen(member), STATE_FILE_RECORD, &doc, &ignored) >= 0)
		(void)read_field(doc->root, f, field_at(s, f));
}

void state_salvage(const struct state_dir *d, struct state *ret)
{
	static const struct field id = { "id", FIELD_TEXT, offsetof(struct state, id) },
				  pid = { "pid", FIELD_INT, offsetof(struct state, pid) };
	_cleanup_free_ char *text = NULL;
	char *annotations;
	size_t len;

	memset(ret, 0, sizeof(*ret));
	if (read_record_text(d, &text, &len) < 0)
		return;
	/* Names in there are the container's own. They come last. */
	annotations = strstr(text, "\"annotations\"");
	if (annotations)
		*annotations = '\0';
	salvage_member(text, &id, ret);
	if (!ret->id || !STREQ(ret->id, d->id)) {
		state_done(ret);
		return;
	}
	salvage_member(text, &pid, ret);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		salvage_member(text, &fields[i], ret);
	if (ret->pid < 0)
		ret->pid = 0;
}
