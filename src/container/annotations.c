/* SPDX-License-Identifier: Apache-2.0 */
/*
 * annotations: those of the peers that are acted upon, by their names. Host half.
 *
 * Engines let their users write annotations, and some of these give away what only the caller has: a file that is
 * appended to with its rights, a part of its cgroup tree, a socket of its own. Those are off until it names them (R16).
 */
#include <string.h>
#include <unistd.h>

#include "container/container_private.h"

#define SYSTEMD_PROPERTY "org.systemd.property."

static const struct {
	char name[40];
	bool free; /* acted upon without being asked for */
} known[] = {
	{ "run.oci.hooks.stdout", false }, /* appends to any file of the host, as the caller */
	{ "run.oci.hooks.stderr", false },
	{ "run.oci.delegate-cgroup", false }, /* the limits of what is below are the container's */
	{ "run.oci.pidfd_receiver", false }, /* connects to any socket of the host, as the caller */
	{ "run.oci.seccomp.receiver", false }, /* the same, and gives it power over the container */
	/* groups of the machine for the program: an ordinary user gives its own */
	{ "run.oci.keep_original_groups", false },
	/* units of the host are started and stopped with it; those that concern the scope alone are free */
	{ SYSTEMD_PROPERTY, false },
	{ "run.oci.systemd.subgroup", true },
	{ "run.oci.mount_context_type", true },
	{ "run.oci.seccomp_fail_unknown_syscall", true },
};

const char *container_annotation_word(unsigned n)
{
	return n < ARRAY_SIZE(known) && !known[n].free ? known[n].name : NULL;
}

struct jwrite *annotations_list(void)
{
	struct jwrite *list = jwrite_array();

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		jwrite_string(list, NULL, known[i].name);
	return list;
}

static const char *word_of(const char *key)
{
	return text_has_prefix(key, SYSTEMD_PROPERTY) ? SYSTEMD_PROPERTY : key;
}

static bool is_free(const struct spec_key_value *a)
{
	if (STREQ(a->key, "run.oci.keep_original_groups"))
		return geteuid() != 0 || userns_is_initial() == 0 || STREQ(a->value, "0") ||
		       !a->value[0];
	return cgroup_annotation_is_harmless(a->key, a->value);
}

static bool is_off(const struct spec_key_value *a, uint32_t allowed)
{
	const char *word;

	for (unsigned i = 0; (word = container_annotation_word(i)); i++)
		if (STREQ(word, word_of(a->key)))
			return !(allowed & (1u << i)) && !is_free(a);
	return false;
}

void annotation_explain_off(const struct spec_key_value *a, const struct jdoc *doc,
			    struct error *ret)
{
	error_fail(ret, ERROR_CONFIG, 0, "annotation '%s' is ignored", a->key);
	error_add_remedy(ret, "--annotations=%s allows it", word_of(a->key));
	error_add_subject(ret, a->key);
	(void)error_at_node(ret, doc, a->node);
}

void annotations_restrict(struct spec *spec, const struct container_context *ctx)
{
	for (size_t i = 0; i < spec->annotations.count; i++) {
		struct spec_key_value *a = &spec->annotations.items[i];
		struct error why;
		char text[1024];

		a->off = is_off(a, ctx->annotations);
		if (!a->off || !log_enabled(LOG_LEVEL_WARNING))
			continue;
		annotation_explain_off(a, spec->doc, &why);
		log_warning("%s", error_format(&why, text, sizeof(text)));
	}
}

/* By their names: the places in the table are this build's. */
char *annotations_allowed_text(uint32_t allowed)
{
	struct buf text = { 0 };
	const char *word;

	for (unsigned i = 0; (word = container_annotation_word(i)); i++)
		if (allowed & (1u << i))
			buf_printf(&text, "%s%s", text.len ? "," : "", word);
	return text.data ? text.data : mem_strdup("");
}

uint32_t annotations_allowed_by(const struct state *state)
{
	const char *list = state->allowed_annotations, *word;
	uint32_t allowed = 0;

	for (; list && *list; list += strcspn(list, ","), list += *list == ',')
		for (unsigned i = 0; (word = container_annotation_word(i)); i++)
			if (strcspn(list, ",") == strlen(word) && text_has_prefix(list, word))
				allowed |= 1u << i;
	return allowed;
}

bool annotation_is_on(const struct spec *spec, const char *key)
{
	const char *value = spec_annotation(spec, key);

	return value && !STREQ(value, "0") && value[0];
}

struct hook_output hook_output_of(const struct spec *spec)
{
	return (struct hook_output){
		.stdout_path = spec_annotation(spec, "run.oci.hooks.stdout"),
		.stderr_path = spec_annotation(spec, "run.oci.hooks.stderr"),
	};
}

void state_copy_annotations(struct state *state, const struct spec_map *from)
{
	struct spec_map *to = &state->annotations;

	to->count = from->count;
	to->items = mem_alloc_array(from->count, sizeof(*to->items));
	for (size_t i = 0; i < from->count; i++) {
		to->items[i].key = mem_strdup(from->items[i].key);
		to->items[i].value = mem_strdup(from->items[i].value);
	}
}
