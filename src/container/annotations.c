/* SPDX-License-Identifier: Apache-2.0 */
/* annotations: the peers' annotations that widen nothing, read by their names. Host half. */
#include <string.h>

#include "container/container_private.h"

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
