/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec: config.json as a whole: loading, the top-level members, and the checks that look at more than one of them.
 * Host half; pure but for reading the file.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "spec/sections.h"

#define HOST_NAME_MAX_BYTES 64 /* __NEW_UTS_LEN: sethostname() and setdomainname() take no more */

/* ---- version ------------------------------------------------------------------------- */

/* One dot-separated number without leading zeros; moves *s behind it. */
static bool read_version_number(const char **s, size_t *ret_len)
{
	size_t len = strspn(*s, "0123456789");

	*ret_len = len;
	if (len == 0 || (len > 1 && **s == '0'))
		return false;
	*s += len;
	return true;
}

/* Dot-separated identifiers of a pre-release or build part; moves *s behind them. */
static bool read_version_words(const char **s)
{
	for (;;) {
		const char *start = *s;

		while (isalnum((unsigned char)**s) || **s == '-')
			(*s)++;
		if (*s == start)
			return false;
		if (**s != '.')
			return true;
		(*s)++;
	}
}

static bool is_semver(const char *s)
{
	size_t len;

	for (unsigned i = 0; i < 3; i++) {
		if (!read_version_number(&s, &len))
			return false;
		if (i < 2 && *s++ != '.')
			return false;
	}
	if (*s == '-' && (s++, !read_version_words(&s)))
		return false;
	if (*s == '+' && (s++, !read_version_words(&s)))
		return false;
	return !*s;
}

static int decode_version(struct decode *d, const struct jnode *node, void *target)
{
	if (!is_semver(node->text))
		return decode_error(d, node,
				    "'ociVersion' must be a version such as 1.3.0, not '%.100s'",
				    node->text);
	if (!text_has_prefix(node->text, "1."))
		return decode_unsupported(
			d, node, "'ociVersion' is %.100s, but versions 1.x.y are supported",
			node->text);
	return decode_string(d, node, target);
}

/* ---- small members ------------------------------------------------------------------- */

static int decode_root_path(struct decode *d, const struct jnode *node, void *target)
{
	if (!node->text_len)
		return decode_error(d, node, "'root.path' is empty");
	return decode_string(d, node, target);
}

static int decode_root(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "path", ROW_STRING, decode_root_path, offsetof(struct spec, root.path),
		  ROW_MANDATORY, offsetof(struct spec, root.path_node) },
		{ "readonly", ROW_BOOL, decode_bool, offsetof(struct spec, root.readonly), 0,
		  offsetof(struct spec, root.readonly_node) },
	};

	return DECODE_OBJECT(d, node, rows, target);
}

static int decode_uts_name(struct decode *d, const struct jnode *node, void *target)
{
	if (node->text_len > HOST_NAME_MAX_BYTES)
		return decode_error(d, node,
				    "'%s' is %u bytes long, %d is the most the kernel takes",
				    DECODE_NAME(d, node), node->text_len, HOST_NAME_MAX_BYTES);
	return decode_string_set(d, node, target);
}

const char *spec_annotation(const struct spec *s, const char *key)
{
	for (size_t i = 0; i < s->annotations.count; i++)
		if (!s->annotations.items[i].off && STREQ(s->annotations.items[i].key, key))
			return s->annotations.items[i].value;
	return NULL;
}

/* ---- the document -------------------------------------------------------------------- */

static const struct row spec_rows[] = {
	{ "ociVersion", ROW_STRING, decode_version, offsetof(struct spec, oci_version),
	  ROW_MANDATORY, 0 },
	{ "root", ROW_OBJECT, decode_root, 0, ROW_MANDATORY, offsetof(struct spec, root.node) },
	{ "mounts", ROW_OBJECTS, decode_mounts, 0, 0, 0 },
	{ "process", ROW_OBJECT, decode_process, offsetof(struct spec, process), 0, 0 },
	{ "hostname", ROW_STRING, decode_uts_name, offsetof(struct spec, hostname), 0,
	  offsetof(struct spec, hostname_node) },
	{ "domainname", ROW_STRING, decode_uts_name, offsetof(struct spec, domainname), 0,
	  offsetof(struct spec, domainname_node) },
	{ "hooks", ROW_OBJECT, decode_hooks, 0, 0, 0 },
	{ "annotations", ROW_MAP, decode_map, offsetof(struct spec, annotations), 0, 0 },
	{ "linux", ROW_OBJECT, decode_linux, 0, 0, offsetof(struct spec, linux_node) },
	{ "freebsd", ROW_ANY, NULL, 0, ROW_FOREIGN, 0 },
	{ "solaris", ROW_ANY, NULL, 0, ROW_FOREIGN, 0 },
	{ "vm", ROW_ANY, NULL, 0, ROW_FOREIGN, 0 },
	{ "windows", ROW_ANY, NULL, 0, ROW_FOREIGN, 0 },
	{ "zos", ROW_ANY, NULL, 0, ROW_FOREIGN, 0 },
};

/*
 * Since 1.3 a limit of 0 means that nothing may be forked. Engines that write an older version mean "no limit" by it, as runtimes of
 * their time took it.
 */
static void interpret_pids_limit(struct spec *s)
{
	static const char *const before[] = { "1.0.", "1.1.", "1.2." };

	for (size_t i = 0; i < ARRAY_SIZE(before); i++)
		if (s->oci_version && text_has_prefix(s->oci_version, before[i]) &&
		    s->resources.pids_limit.value == 0)
			s->resources.pids_limit.value = -1;
}

static int decode_config(struct decode *d, const struct jnode *root)
{
	int r = DECODE_OBJECT(d, root, spec_rows, d->spec);

	if (r < 0)
		return r;
	interpret_pids_limit(d->spec);
	return 0;
}

static int decode_lone_process(struct decode *d, const struct jnode *root)
{
	return decode_process(d, root, &d->spec->process);
}

static int decode_lone_resources(struct decode *d, const struct jnode *root)
{
	return decode_resources(d, root, &d->spec->resources);
}

static int decode_lone_mounts(struct decode *d, const struct jnode *root)
{
	int r = decode_type(d, root, ROW_OBJECTS);

	return r ? r : decode_mounts(d, root, d->spec);
}

static int decode_lone_unmounts(struct decode *d, const struct jnode *root)
{
	int r = decode_type(d, root, ROW_OBJECTS);

	return r ? r : decode_unmounts(d, root, d->spec);
}

/* ---- loading ------------------------------------------------------------------------- */

static struct spec *spec_new(struct jdoc *doc)
{
	struct spec *s = mem_alloc(sizeof(*s));

	s->doc = doc;
	s->arena = arena_new();
	return s;
}

struct spec *spec_free(struct spec *s)
{
	if (!s)
		return NULL;
	(void)jdoc_free(s->doc);
	(void)arena_free(s->arena);
	free(s);
	return NULL;
}

void spec_findings_done(struct spec_findings *f)
{
	free(f->items);
	*f = (struct spec_findings){ .items = NULL };
}

/* A text that is no JSON at all is one finding. */
static int unreadable(struct spec_findings *findings, const struct error *err, int r)
{
	if (!findings)
		return r;
	findings->items = mem_grow(findings->items, findings->count + 1, sizeof(*findings->items));
	findings->items[findings->count++] =
		(struct spec_finding){ .warning = false, .error = *err };
	return r;
}

static int first_error(const struct spec_findings *findings, struct error *err)
{
	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i].warning)
			continue;
		if (err)
			*err = findings->items[i].error;
		break;
	}
	return -EINVAL;
}

/* Takes doc. */
static int spec_decode(struct jdoc *doc, int (*section)(struct decode *d, const struct jnode *root),
		       struct spec **ret_spec, struct spec_findings *findings, struct error *err)
{
	_cleanup_(spec_freep) struct spec *s = spec_new(doc);
	struct error unwanted = { .text = "" };
	struct decode d = {
		.spec = s,
		.doc = doc,
		.arena = s->arena,
		.findings = findings,
		.err = err ? err : &unwanted,
	};
	int r = section(&d, doc->root);

	if (r < 0 && !findings)
		return r;
	if (d.errors)
		return first_error(findings, err);
	*ret_spec = TAKE_PTR(s);
	return 0;
}

static int parse_section(const char *text, size_t len, const char *name,
			 int (*section)(struct decode *d, const struct jnode *root),
			 struct spec **ret_spec, struct error *err)
{
	struct jdoc *doc;
	int r = jread_parse(text, len, name, &doc, err);

	return r < 0 ? r : spec_decode(doc, section, ret_spec, NULL, err);
}

int spec_load(int bundle_fd, const char *name, struct spec **ret_spec,
	      struct spec_findings *findings, struct error *err)
{
	struct error own = { .text = "" };
	struct jdoc *doc;
	int r;

	if (!err)
		err = &own;
	r = jread_file_at(bundle_fd, name, name, &doc, err);
	return r < 0 ? unreadable(findings, err, r)
		     : spec_decode(doc, decode_config, ret_spec, findings, err);
}

int spec_parse(const char *text, size_t len, const char *name, struct spec **ret_spec,
	       struct spec_findings *findings, struct error *err)
{
	struct error own = { .text = "" };
	struct jdoc *doc;
	int r;

	if (!err)
		err = &own;
	r = jread_parse(text, len, name, &doc, err);
	return r < 0 ? unreadable(findings, err, r)
		     : spec_decode(doc, decode_config, ret_spec, findings, err);
}

int spec_parse_process(const char *text, size_t len, const char *name, struct spec **ret_spec,
		       struct error *err)
{
	return parse_section(text, len, name, decode_lone_process, ret_spec, err);
}

int spec_parse_resources(const char *text, size_t len, const char *name, struct spec **ret_spec,
			 struct error *err)
{
	return parse_section(text, len, name, decode_lone_resources, ret_spec, err);
}

int spec_parse_mounts(const char *text, size_t len, const char *name, struct spec **ret_spec,
		      struct error *err)
{
	return parse_section(text, len, name, decode_lone_mounts, ret_spec, err);
}

int spec_parse_unmounts(const char *text, size_t len, const char *name, struct spec **ret_spec,
			struct error *err)
{
	return parse_section(text, len, name, decode_lone_unmounts, ret_spec, err);
}
