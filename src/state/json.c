/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a container as the specification and its callers read it (runtime.md, "State"), for the
 * state command, list and the stdin of hooks. Host half. Key order and omissions are part of the contract.
 */
#include "knarr/state.h"

static const char *text_or_empty(const char *s)
{
	return s ? s : "";
}

static struct jwrite *state_object(const struct state *s, enum state_status status)
{
	struct jwrite *o = jwrite_object();

	jwrite_string(o, "ociVersion", text_or_empty(s->oci_version));
	jwrite_string(o, "id", text_or_empty(s->id));
	jwrite_int(o, "pid", status == STATUS_STOPPED ? 0 : s->pid);
	jwrite_string(o, "status", state_status_name(status));
	jwrite_string(o, "bundle", text_or_empty(s->bundle));
	jwrite_string(o, "rootfs", text_or_empty(s->rootfs));
	jwrite_string(o, "created", text_or_empty(s->created));
	if (s->annotations.count) {
		struct jwrite *annotations = jwrite_object();

		for (size_t i = 0; i < s->annotations.count; i++)
			jwrite_string(annotations, s->annotations.items[i].key,
				      s->annotations.items[i].value);
		jwrite_put(o, "annotations", annotations);
	}
	jwrite_string(o, "owner", text_or_empty(s->owner));
	return o;
}

char *state_json(const struct state *s, enum state_status status, bool pretty)
{
	return jwrite_text(state_object(s, status), pretty ? 2 : 0);
}

char *state_json_more(const struct state *s, enum state_status status, const char *limits,
		      bool oom_killed)
{
	struct jwrite *o = state_object(s, status);

	/* After what everybody knows: the specification allows further properties, and callers skip them. */
	if (limits)
		jwrite_put(o, "limits", jwrite_parsed(limits));
	if (oom_killed)
		jwrite_bool(o, "oomKilled", true);
	return jwrite_text(o, 2);
}
