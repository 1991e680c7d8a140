/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_options: the words of a mount (config.md, "Linux mount options") as what the kernel's mount API
 * takes. Host half; pure.
 *
 * mount_setattr(2) sets and clears attributes apart, so each word says which bits it sets and which it
 * clears; of words that contradict each other the last one wins. A recursive word takes the bits over from an
 * earlier plain one; a plain word after a recursive one holds for the top mount alone. So: apply rec_attr_*
 * first, then attr_*. The atime modes are one field of three values (MOUNT_ATTR__ATIME), which has to be
 * cleared to be set.
 *
 * Three rules are those of runc and crun, where both agree: "bind" does not take back "rbind", a plain word does not
 * loosen what a recursive one restricted, and of several atime modes the strictest wins. "ro" outlives "rrw" as
 * with crun.
 */
#include <errno.h>
#include <linux/mount.h>
#include <string.h>

#include "spec/sections.h"

enum option_kind {
	OPTION_ATTR,     /* value: bits of one attribute; `clear`: the word clears them */
	OPTION_ATIME,    /* value: the mode chosen */
	OPTION_NO_ATIME, /* value: the mode that is not wanted */
	OPTION_SUPER,    /* value: MS_* of the superblock */
	OPTION_PROPAGATION,
	OPTION_FLAG, /* value: enum spec_mount_flags */
	OPTION_NOTHING,
};

struct option {
	const char *name;
	enum option_kind kind;
	uint64_t value;
	bool clear, recursive;
};

/* clang-format off */
#define ATTR(word, bit, clear) \
	{ word, OPTION_ATTR, bit, clear, false }, { "r" word, OPTION_ATTR, bit, clear, true }
#define ATIME(word, kind, mode) \
	{ word, kind, mode, false, false }, { "r" word, kind, mode, false, true }
#define SUPER(word, bit, clear) { word, OPTION_SUPER, bit, clear, false }
#define PLAIN(word, kind, value) { word, kind, value, false, false }
/* clang-format on */

static const struct option options[] = {
	ATTR("ro", MOUNT_ATTR_RDONLY, false),
	ATTR("rw", MOUNT_ATTR_RDONLY, true),
	ATTR("suid", MOUNT_ATTR_NOSUID, true),
	ATTR("nosuid", MOUNT_ATTR_NOSUID, false),
	ATTR("dev", MOUNT_ATTR_NODEV, true),
	ATTR("nodev", MOUNT_ATTR_NODEV, false),
	ATTR("exec", MOUNT_ATTR_NOEXEC, true),
	ATTR("noexec", MOUNT_ATTR_NOEXEC, false),
	ATTR("diratime", MOUNT_ATTR_NODIRATIME, true),
	ATTR("nodiratime", MOUNT_ATTR_NODIRATIME, false),
	ATTR("symfollow", MOUNT_ATTR_NOSYMFOLLOW, true),
	ATTR("nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, false),
	ATIME("relatime", OPTION_ATIME, MOUNT_ATTR_RELATIME),
	ATIME("norelatime", OPTION_NO_ATIME, MOUNT_ATTR_RELATIME),
	ATIME("noatime", OPTION_ATIME, MOUNT_ATTR_NOATIME),
	ATIME("atime", OPTION_NO_ATIME, MOUNT_ATTR_NOATIME),
	ATIME("strictatime", OPTION_ATIME, MOUNT_ATTR_STRICTATIME),
	ATIME("nostrictatime", OPTION_NO_ATIME, MOUNT_ATTR_STRICTATIME),
	SUPER("sync", MS_SYNCHRONOUS, false),
	SUPER("async", MS_SYNCHRONOUS, true),
	SUPER("dirsync", MS_DIRSYNC, false),
	SUPER("mand", MS_MANDLOCK, false),
	SUPER("nomand", MS_MANDLOCK, true),
	SUPER("lazytime", MS_LAZYTIME, false),
	SUPER("nolazytime", MS_LAZYTIME, true),
	SUPER("silent", MS_SILENT, false),
	SUPER("loud", MS_SILENT, true),
	SUPER("iversion", MS_I_VERSION, false),
	SUPER("noiversion", MS_I_VERSION, true),
	PLAIN("shared", OPTION_PROPAGATION, MS_SHARED),
	PLAIN("rshared", OPTION_PROPAGATION, MS_SHARED | MS_REC),
	PLAIN("slave", OPTION_PROPAGATION, MS_SLAVE),
	PLAIN("rslave", OPTION_PROPAGATION, MS_SLAVE | MS_REC),
	PLAIN("private", OPTION_PROPAGATION, MS_PRIVATE),
	PLAIN("rprivate", OPTION_PROPAGATION, MS_PRIVATE | MS_REC),
	PLAIN("unbindable", OPTION_PROPAGATION, MS_UNBINDABLE),
	PLAIN("runbindable", OPTION_PROPAGATION, MS_UNBINDABLE | MS_REC),
	PLAIN("bind", OPTION_FLAG, SPEC_MOUNT_BIND),
	PLAIN("rbind", OPTION_FLAG, SPEC_MOUNT_BIND | SPEC_MOUNT_RECURSIVE),
	PLAIN("tmpcopyup", OPTION_FLAG, SPEC_MOUNT_COPY_UP),
	PLAIN("idmap", OPTION_FLAG, SPEC_MOUNT_IDMAP),
	PLAIN("ridmap", OPTION_FLAG, SPEC_MOUNT_RIDMAP),
	PLAIN("copy-symlink", OPTION_FLAG, SPEC_MOUNT_COPY_SYMLINK),
	PLAIN("src-nofollow", OPTION_FLAG, SPEC_MOUNT_SRC_NOFOLLOW),
	PLAIN("dest-nofollow", OPTION_FLAG, SPEC_MOUNT_DEST_NOFOLLOW),
	PLAIN("defaults", OPTION_NOTHING, 0),
	PLAIN("remount", OPTION_NOTHING, 0),
};

/* Words of engines and of mount(8), some of which are but a slip away from one of ours ("user", "suid"). */
static const char *const foreign[] = {
	"z",   "Z",     "U",    "cached", "delegated", "consistent", "nocopy", "copy",
	"acl", "noacl", "user", "users",  "owner",     "group",      "quiet",  NULL,
};

/* Words of mount(8) that never reach a kernel, and recursive forms of superblock words, which have no meaning. */
static const char *const ignored[] = {
	"auto",   "noauto",   "nouser", "nofail",  "_netdev", "rsync",
	"rasync", "rdirsync", "rmand",  "rnomand", NULL,
};

static const char *const option_names[] = {
	"async",
	"atime",
	"bind",
	"copy-symlink",
	"defaults",
	"dest-nofollow",
	"dev",
	"diratime",
	"dirsync",
	"exec",
	"idmap",
	"iversion",
	"lazytime",
	"loud",
	"mand",
	"noatime",
	"nodev",
	"nodiratime",
	"noexec",
	"noiversion",
	"nolazytime",
	"nomand",
	"norelatime",
	"nostrictatime",
	"nosuid",
	"nosymfollow",
	"private",
	"ratime",
	"rbind",
	"rdev",
	"rdiratime",
	"relatime",
	"remount",
	"rexec",
	"ridmap",
	"rnoatime",
	"rnodev",
	"rnodiratime",
	"rnoexec",
	"rnorelatime",
	"rnostrictatime",
	"rnosuid",
	"rnosymfollow",
	"ro",
	"rprivate",
	"rrelatime",
	"rro",
	"rrw",
	"rshared",
	"rslave",
	"rstrictatime",
	"rsuid",
	"rsymfollow",
	"runbindable",
	"rw",
	"shared",
	"silent",
	"slave",
	"src-nofollow",
	"strictatime",
	"suid",
	"symfollow",
	"sync",
	"tmpcopyup",
	"unbindable",
	NULL,
};

const char *const *spec_mount_option_names(void)
{
	return option_names;
}

/* ---- attributes ---------------------------------------------------------------------- */

static void change_bits(uint64_t *set, uint64_t *clear, uint64_t bits, bool off)
{
	*set = off ? *set & ~bits : *set | bits;
	*clear = off ? *clear | bits : *clear & ~bits;
}

static void apply_attr(struct spec_mount *m, const struct option *o)
{
	if (!o->recursive && o->clear && (m->rec_attr_set & o->value))
		return;
	if (o->recursive && o->clear && o->value == MOUNT_ATTR_RDONLY &&
	    (m->attr_set & MOUNT_ATTR_RDONLY)) {
		change_bits(&m->rec_attr_set, &m->rec_attr_clear, o->value, true);
		return;
	}
	if (o->recursive) {
		m->attr_set &= ~o->value;
		m->attr_clear &= ~o->value;
		change_bits(&m->rec_attr_set, &m->rec_attr_clear, o->value, o->clear);
	} else {
		change_bits(&m->attr_set, &m->attr_clear, o->value, o->clear);
	}
	/* a new filesystem is made read-only as a whole, as mount(2) does it */
	if (o->value == MOUNT_ATTR_RDONLY)
		change_bits(&m->sb_flags_set, &m->sb_flags_clear, MS_RDONLY, o->clear);
}

/* mount(2) takes MS_STRICTATIME before MS_NOATIME, and this before MS_RELATIME, whatever their order was. */
static bool is_weaker(uint64_t mode, uint64_t than)
{
	return mode == MOUNT_ATTR_RELATIME
		       ? than != MOUNT_ATTR_RELATIME
		       : mode == MOUNT_ATTR_NOATIME && than == MOUNT_ATTR_STRICTATIME;
}

static void apply_atime(struct spec_mount *m, const struct option *o)
{
	uint64_t *set = o->recursive ? &m->rec_attr_set : &m->attr_set;
	uint64_t *clear = o->recursive ? &m->rec_attr_clear : &m->attr_clear;
	bool chosen = *clear & MOUNT_ATTR__ATIME;
	uint64_t mode = *set & MOUNT_ATTR__ATIME;

	if (o->kind == OPTION_NO_ATIME && chosen && mode != o->value)
		return; /* another mode stands, and it is not the unwanted one */
	if (o->kind == OPTION_ATIME && !o->recursive && chosen && is_weaker(o->value, mode))
		return;
	*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	if (o->kind == OPTION_NO_ATIME && o->value == MOUNT_ATTR_RELATIME) {
		*clear &=
			~(uint64_t)MOUNT_ATTR__ATIME; /* without a wish the mount keeps its mode */
		return;
	}
	/* "not noatime" and "not strictatime" leave the kernel's default, which is relatime */
	*clear |= MOUNT_ATTR__ATIME;
	if (o->kind == OPTION_ATIME)
		*set |= o->value;
	if (o->recursive) {
		m->attr_set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		m->attr_clear &= ~(uint64_t)MOUNT_ATTR__ATIME;
	}
}

/* ---- idmap=uids=...;gids=... --------------------------------------------------------- */

struct idmap_text {
	struct decode *d;
	const struct jnode *node; /* of the word, NULL when it does not come from a document */
	const char *word;
};

static int idmap_error(const struct idmap_text *t, const char *why)
{
	int r = decode_error(t->d, t->node, "bad mount option '%.100s': %s", t->word, why);

	decode_remedy(
		t->d,
		"write it as idmap=uids=CONTAINER-HOST-SIZE#...;gids=CONTAINER-HOST-SIZE#...");
	return r;
}

/* "0-1000-10": three numbers; moves *s behind them. */
static bool read_triplet(const char **s, const char *end, struct spec_id_map *map)
{
	uint32_t *const fields[] = { &map->container, &map->host, &map->size };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t len = strspn(*s, "0123456789");
		uint64_t value;

		if (*s + len > end || num_parse_u64_len(*s, len, &value) < 0 || value >= UINT32_MAX)
			return false;
		*fields[i] = (uint32_t)value;
		*s += len;
		if (i < 2 && *(*s)++ != '-')
			return false;
	}
	return true;
}

/* [s, end): "0-1000-10#10-2000-5" */
static int read_ranges(const struct idmap_text *t, const char *s, const char *end, const char *what,
		       struct spec_id_maps *maps)
{
	size_t lines = 1;

	if (maps->count)
		return idmap_error(
			t, "the same ids are mapped twice, or also by uidMappings and gidMappings");
	for (const char *c = s; c < end; c++)
		lines += *c == '#';
	if (memchr(s, '@', (size_t)(end - s)))
		return idmap_error(
			t,
			"'@' (relative to the container's user namespace) is not supported, write host ids");
	maps->items = arena_alloc(t->d->arena, lines * sizeof(*maps->items));
	maps->node = t->node;
	while (maps->count < lines) {
		struct spec_id_map *map = &maps->items[maps->count];

		map->node = t->node;
		if (!read_triplet(&s, end, map))
			return idmap_error(t, "a range is three numbers below 4294967295");
		maps->count++;
		if (maps->count < lines && *s++ != '#')
			return idmap_error(t, "ranges are separated by '#'");
	}
	if (s != end)
		return idmap_error(t, "a range is followed by something else");
	return check_id_maps(t->d, maps, t->node, what);
}

static int decode_idmap(struct decode *d, struct spec_mount *m, const char *word,
			const struct jnode *node)
{
	const struct idmap_text t = { .d = d, .node = node, .word = word };
	const char *s = strchr(word, '=') + 1;

	while (*s) {
		const char *end = s + strcspn(s, ";");
		int r;

		if (text_has_prefix(s, "uids="))
			r = read_ranges(&t, s + 5, end, "the uids of 'idmap'", &m->uid_maps);
		else if (text_has_prefix(s, "gids="))
			r = read_ranges(&t, s + 5, end, "the gids of 'idmap'", &m->gid_maps);
		else
			r = idmap_error(&t, "'uids=' or 'gids=' expected");
		if (r)
			return r;
		s = *end ? end + 1 : end;
	}
	if (!m->uid_maps.count || !m->gid_maps.count)
		return idmap_error(&t, "both uids and gids have to be given");
	m->flags |= word[0] == 'r' ? SPEC_MOUNT_RIDMAP : SPEC_MOUNT_IDMAP;
	return 0;
}

/* ---- words --------------------------------------------------------------------------- */

static const struct option *option_find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (STREQ(options[i].name, word))
			return &options[i];
	return NULL;
}

static bool word_in(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (STREQ(*list, word))
			return true;
	return false;
}

static bool is_ignored(const char *word)
{
	if (word_in(word, ignored))
		return true;
	return text_has_prefix(word, "x-") || text_has_prefix(word, "X-") ||
	       text_has_prefix(word, "comment=");
}

static void apply_option(struct spec_mount *m, const struct option *o)
{
	switch (o->kind) {
	case OPTION_ATTR:
		apply_attr(m, o);
		break;
	case OPTION_ATIME:
	case OPTION_NO_ATIME:
		apply_atime(m, o);
		break;
	case OPTION_SUPER:
		change_bits(&m->sb_flags_set, &m->sb_flags_clear, o->value, o->clear);
		break;
	case OPTION_PROPAGATION:
		m->propagation = o->value & ~(uint64_t)MS_REC;
		m->propagation_recursive = o->value & MS_REC;
		break;
	case OPTION_FLAG:
		m->flags |= (unsigned)o->value;
		break;
	case OPTION_NOTHING:
		break;
	}
}

/*
 * A bind mount has no filesystem that could take a word of its own. Engines and users leave words of their own there
 * ("z", "U", "cached"), which other runtimes ignore. A misspelt word may be a restriction, so it is refused.
 */
static int foreign_option(struct decode *d, const char *word, const struct jnode *node)
{
	const char *nearest = text_nearest(word, option_names);
	int r;

	if (!nearest || word_in(word, foreign)) {
		(void)decode_warning(d, node,
				     "mount option '%.100s' has no meaning for a bind mount", word);
		return 0;
	}
	r = decode_error(d, node, "bad mount option '%.100s' of a bind mount", word);
	decode_remedy(d, "did you mean '%s'?", nearest);
	return r;
}

static bool has_bind(const struct spec_mount *m)
{
	if (STREQ(m->type, "bind"))
		return true;
	for (size_t i = 0; i < m->options.count; i++)
		if (STREQ(m->options.items[i], "bind") || STREQ(m->options.items[i], "rbind"))
			return true;
	return false;
}

static int decode_option(struct decode *d, struct spec_mount *m, const char *word,
			 const struct jnode *node, struct buf *data)
{
	const struct option *o = option_find(word);

	if (o) {
		apply_option(m, o);
		return 0;
	}
	if (!word[0] || is_ignored(word))
		return 0;
	if (text_has_prefix(word, "idmap=") || text_has_prefix(word, "ridmap="))
		return decode_idmap(d, m, word, node);
	if (m->flags & SPEC_MOUNT_BIND)
		return foreign_option(d, word, node);
	if (data->len)
		buf_add_str(data, ",");
	buf_add_str(data, word);
	return 0;
}

int decode_mount_options(struct decode *d, struct spec_mount *m)
{
	const struct jnode *node = m->options.node ? m->options.node->first : NULL;
	_cleanup_(buf_done) struct buf data = { .data = NULL };
	int result = 0;

	if (has_bind(m)) {
		m->flags |= SPEC_MOUNT_BIND;
		m->type = "bind";
	}
	for (size_t i = 0; i < m->options.count; i++) {
		int r = decode_option(d, m, m->options.items[i], node, &data);

		if (r < 0)
			return r;
		result |= r;
		node = node ? node->next : NULL;
	}
	m->data = data.len ? arena_strndup(d->arena, data.data, data.len) : "";
	if (m->flags &
	    SPEC_MOUNT_BIND) /* these belong to the filesystem that is bound, and stay as they are */
		m->sb_flags_set = m->sb_flags_clear = 0;
	return result;
}

int spec_mount_decode_options(struct arena *arena, struct spec_mount *m, const struct jdoc *doc,
			      struct error *err)
{
	struct error unwanted = { .text = "" };
	struct decode d = {
		.doc = (struct jdoc *)(uintptr_t)
			doc, /* only read: the walker's member serves spec_parse() too */
		.arena = arena,
		.err = err ? err : &unwanted,
	};

	if (!m->type)
		m->type = "";
	return decode_mount_options(&d, m);
}
