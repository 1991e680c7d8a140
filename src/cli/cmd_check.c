/* SPDX-License-Identifier: Apache-2.0 */
/* check: everything that is wrong with a bundle, for this build, kernel and user, before it is run. Host half. */
#include <errno.h>

#include "cli/command.h"

struct check_flags {
	const char *bundle, *config;
	bool json;
};

static const struct option rows[] = {
	{ offsetof(struct check_flags, bundle), OPTION_STRING, 'b', "bundle", "DIR",
	  "directory of the bundle (default: the current directory)" },
	{ offsetof(struct check_flags, config), OPTION_STRING, 'f', "config", "FILE",
	  "configuration to read instead of the bundle's config.json" },
	{ offsetof(struct check_flags, json), OPTION_BOOL, 0, "json", "",
	  "print the findings as one JSON array" },
};

/* FILE:LINE:COLUMN: error: TEXT, which editors and CI systems can follow. */
static void add_text(const struct spec_findings *findings, struct buf *out)
{
	char text[1400];

	for (size_t i = 0; i < findings->count; i++) {
		const struct spec_finding *f = &findings->items[i];
		struct error e = f->error;

		/* The place stands in front here, not behind. */
		e.line = e.column = 0;
		if (f->error.line > 0)
			buf_printf(out, "%s:%u:%u: ", f->error.file, f->error.line,
				   f->error.column);
		else if (f->error.file[0])
			buf_printf(out, "%s: ", f->error.file);
		buf_printf(out, "%s: %s\n", f->warning ? "warning" : "error",
			   error_format(&e, text, sizeof(text)));
	}
}

static void add_if_set(struct jwrite *o, const char *key, const char *value)
{
	if (value[0])
		jwrite_string(o, key, value);
}

static void add_json(const struct spec_findings *findings, struct buf *out)
{
	struct jwrite *array = jwrite_array();
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < findings->count; i++) {
		const struct spec_finding *f = &findings->items[i];
		struct jwrite *o = jwrite_object();

		jwrite_string(o, "level", f->warning ? "warning" : "error");
		jwrite_string(o, "class", error_class_name((enum error_class)f->error.class));
		jwrite_string(o, "msg", f->error.text);
		add_if_set(o, "file", f->error.file);
		if (f->error.line > 0) {
			jwrite_uint(o, "line", f->error.line);
			jwrite_uint(o, "column", f->error.column);
		}
		add_if_set(o, "origin", f->error.origin);
		add_if_set(o, "subject", f->error.subject);
		add_if_set(o, "remedy", f->error.remedy);
		jwrite_put(array, NULL, o);
	}
	text = jwrite_text(array, 0);
	buf_printf(out, "%s\n", text);
}

static int run(const struct invocation *inv, struct error *err)
{
	const struct check_flags *flags = inv->options;
	_cleanup_(spec_findings_done) struct spec_findings findings = { 0 };
	_cleanup_(buf_done) struct buf out = { 0 };
	struct error own = { 0 };
	size_t errors = 0;
	int r, w;

	r = container_check(&inv->context, inv->arg_count > 0 ? inv->args[0] : flags->bundle,
			    flags->config, &findings, &own);
	for (size_t i = 0; i < findings.count; i++)
		errors += !findings.items[i].warning;
	/* No finding, and yet a failure: the bundle could not even be read. */
	if (r < 0 && errors == 0) {
		if (err)
			*err = own;
		return r;
	}
	if (flags->json)
		add_json(&findings, &out);
	else
		add_text(&findings, &out);
	w = out.len ? output_text(out.data, err) : 0;
	if (w < 0)
		return w;
	if (errors > 0) {
		error_fail(err, ERROR_CONFIG, 0, "%zu error%s found", errors,
			   errors == 1 ? "" : "s");
		return -EINVAL;
	}
	return 0;
}

const struct command command_check = {
	.name = "check",
	.args = "[BUNDLE]",
	.summary = "report everything that is wrong with a bundle, without running it",
	.max_args = 1,
	COMMAND_OPTIONS(struct check_flags, rows),
	.run = run,
};
