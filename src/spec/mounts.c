/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts: the mounts array (config.md, "Mounts"). A bind mount is one by its options or, as the peers have it, by the
 * type "bind"; its type is a dummy. Host half; pure.
 */
#include <string.h>

#include "spec/sections.h"

static int mount_destination(struct decode *d, const struct jnode *node, void *target)
{
	if (!node->text_len)
		return decode_error(d, node, "'%s' is empty", DECODE_NAME(d, node));
	if (node->text[0] != '/')
		decode_notice(
			d, node,
			"'%s' is relative ('%.100s') and taken as below '/', which is deprecated",
			DECODE_NAME(d, node), node->text);
	return decode_string(d, node, target);
}

/* What the spec says of a mount as a whole, once its options are decoded. */
static int check_mount(struct decode *d, const struct spec_mount *m)
{
	bool bind = m->flags & SPEC_MOUNT_BIND;

	if (bind && !m->source)
		return decode_error(d, m->node, "'%s' is a bind mount without a source",
				    DECODE_NAME(d, m->node));
	if (!bind && !m->type[0])
		return decode_error(d, m->node,
				    "'%s' has neither a type nor the option 'bind' or 'rbind'",
				    DECODE_NAME(d, m->node));
	if ((m->flags & SPEC_MOUNT_COPY_UP) && !STREQ(m->type, "tmpfs"))
		return decode_error(
			d, m->node,
			"'%s' has the option 'tmpcopyup', but its type is '%.60s', not 'tmpfs'",
			DECODE_NAME(d, m->node), m->type);
	if (!m->uid_maps.count != !m->gid_maps.count)
		return decode_error(d, m->node,
				    "'%s' maps %s: uidMappings and gidMappings go together",
				    DECODE_NAME(d, m->node),
				    m->uid_maps.count ? "uids, but no gids" : "gids, but no uids");
	return 0;
}

static int decode_members(struct decode *d, const struct jnode *node, void *target)
{
#define FIELD(x) offsetof(struct spec_mount, x)
	static const struct row rows[] = {
		{ "destination", ROW_STRING, mount_destination, FIELD(destination), ROW_MANDATORY,
		  FIELD(destination_node) },
		{ "type", ROW_STRING, decode_string, FIELD(type), 0, FIELD(type_node) },
		{ "source", ROW_STRING, decode_string_set, FIELD(source), 0, FIELD(source_node) },
		{ "options", ROW_STRINGS, decode_strings, FIELD(options), 0, 0 },
		{ "uidMappings", ROW_OBJECTS, decode_id_maps, FIELD(uid_maps), 0, 0 },
		{ "gidMappings", ROW_OBJECTS, decode_id_maps, FIELD(gid_maps), 0, 0 },
	};
#undef FIELD
	struct spec_mount *m = target;

	m->node = node;
	m->type = "";
	m->data = "";
	return DECODE_OBJECT(d, node, rows, m);
}

static int decode_mount(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_mount *m = target;
	int r = decode_members(d, node, m);

	if (r)
		return r;
	r = decode_mount_options(d, m);
	if (r)
		return r;
	if (m->uid_maps.node && !(m->flags & (SPEC_MOUNT_IDMAP | SPEC_MOUNT_RIDMAP))) {
		decode_notice(
			d, node,
			"'%s' has uidMappings without the option 'idmap' or 'ridmap', 'idmap' is assumed",
			DECODE_NAME(d, node));
		if (m->uid_maps.count)
			m->flags |= SPEC_MOUNT_IDMAP;
	}
	return check_mount(d, m);
}

int decode_mounts(struct decode *d, const struct jnode *node, void *target)
{
	struct spec *s = target;

	s->mounts = decode_room(d, node, sizeof(*s->mounts));
	s->mount_count = node->count;
	return decode_each(d, node, s->mounts, sizeof(*s->mounts), decode_mount);
}

int decode_unmounts(struct decode *d, const struct jnode *node, void *target)
{
	struct spec *s = target;

	s->mounts = decode_room(d, node, sizeof(*s->mounts));
	s->mount_count = node->count;
	return decode_each(d, node, s->mounts, sizeof(*s->mounts), decode_members);
}
