/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the program is: ids, groups, capabilities (R10, R11). Host half, pure.
 *
 * The group list is the primary gid and the configured ones, nothing else: a primary gid that is
 * missing from the list would let a process escape "not this group" permissions by a set-gid
 * program. An absent capabilities object means none at all. What the kernel would refuse is refused
 * here, where it can be said in words; only the ambient set is cut to what permitted and
 * inheritable allow, which is its definition.
 */
#include <string.h>

#include "plan/plan_build.h"

uint32_t id_maps_add(struct builder *b, const struct spec_id_maps *maps)
{
	struct plan_id_maps *out;
	size_t size = sizeof(*out) + maps->count * sizeof(out->items[0]);
	uint32_t offset;

	if (maps->count == 0)
		return 0;
	out = mem_alloc(size);
	out->count = (uint32_t)maps->count;
	for (size_t i = 0; i < maps->count; i++) {
		out->items[i].container = maps->items[i].container;
		out->items[i].host = maps->items[i].host;
		out->items[i].size = maps->items[i].size;
	}
	offset = plan_buffer_bytes(&b->buf, out, size, 8);
	free(out);
	return offset;
}

static uint32_t setup_id(const struct spec_id_maps *maps)
{
	uint32_t lowest = 0;

	if (maps->count == 0 || spec_id_to_host(maps, 0, NULL))
		return 0;
	lowest = maps->items[0].container;
	for (size_t i = 1; i < maps->count; i++)
		if (maps->items[i].container < lowest)
			lowest = maps->items[i].container;
	return lowest;
}

/* The ids that the container half works with, before it takes those of the program. */
void identity_setup_ids(struct builder *b)
{
	struct plan_header *h = plan_buffer_header(&b->buf);

	if (!b->userns)
		return;
	h->setup_uid = setup_id(&b->spec->uid_maps);
	h->setup_gid = setup_id(&b->spec->gid_maps);
}

static int check_mapped(struct builder *b, const char *what, const struct spec_id_maps *maps,
			uint32_t id)
{
	/* Without maps in the config (a joined namespace) only the kernel knows. */
	if (!b->userns || maps->count == 0 || spec_id_to_host(maps, id, NULL))
		return 0;
	return builder_refuse(b, ERROR_CONFIG, b->process->user.node,
			      "%s %u is not mapped in the container's user namespace", what, id);
}

static int check_ids(struct builder *b)
{
	const struct spec_user *u = &b->process->user;
	int r;

	if (b->opt->exec_user)
		return 0;
	if ((r = check_mapped(b, "uid", &b->spec->uid_maps, u->uid)) < 0 ||
	    (r = check_mapped(b, "gid", &b->spec->gid_maps, u->gid)) < 0)
		return r;
	for (size_t i = 0; i < u->additional_gid_count && !b->opt->keep_groups; i++)
		if ((r = check_mapped(b, "additional gid", &b->spec->gid_maps,
				      u->additional_gids[i])) < 0)
			return r;
	return 0;
}

static const char *first_name(uint64_t set)
{
	const char *name = set ? spec_capability_name(__builtin_ctzll(set)) : NULL;

	return name ? name : "a capability";
}

static int check_caps(struct builder *b, const struct plan_arg_identity *id)
{
	const struct jnode *node = b->process->capabilities.node;
	uint64_t extra = id->effective & ~id->permitted;

	if (extra)
		return builder_refuse(b, ERROR_CONFIG, node,
				      "%s is in the effective set, but not in the permitted one",
				      first_name(extra));
	extra = id->inheritable & ~id->bounding;
	if (extra)
		return builder_refuse(b, ERROR_CONFIG, node,
				      "%s is in the inheritable set, but not in the bounding one",
				      first_name(extra));
	return 0;
}

static uint64_t known_caps(const struct builder *b)
{
	return b->host->last_cap >= 63 ? UINT64_MAX : (1ull << (b->host->last_cap + 1)) - 1;
}

static void plan_caps(const struct builder *b, struct plan_arg_identity *id)
{
	const struct spec_capabilities *c = &b->process->capabilities;
	uint64_t known = known_caps(b);

	if (!c->present)
		return;
	id->flags |= PLAN_IDENTITY_SET_CAPS;
	id->bounding = c->bounding & known;
	id->effective = c->effective & known;
	id->inheritable = c->inheritable & known;
	id->permitted = c->permitted & known;
	id->ambient = c->ambient & id->permitted & id->inheritable;
}

/* Primary gid first, each once. */
static int plan_groups(struct builder *b, struct plan_arg_identity *id)
{
	const struct spec_user *u = &b->process->user;
	_cleanup_free_ uint32_t *groups =
		mem_alloc_array(u->additional_gid_count + 1, sizeof(*groups));
	uint32_t count = 0;
	int r;

	if (b->opt->keep_groups) {
		id->flags |= PLAN_IDENTITY_KEEP_GROUPS;
		plan_buffer_header(&b->buf)->flags |= PLAN_KEEP_GROUPS;
		return 0;
	}
	/*
	 * A user that is looked up later brings its own primary gid, and is not to get that of the
	 * config.
	 */
	if (!b->opt->exec_user)
		groups[count++] = u->gid;
	for (size_t i = 0; i < u->additional_gid_count; i++) {
		uint32_t k = 0;

		while (k < count && groups[k] != u->additional_gids[i])
			k++;
		if (k == count)
			groups[count++] = u->additional_gids[i];
	}
	if (rootless_single_gid(b)) {
		if ((r = rootless_check_groups(b, count - (b->opt->exec_user ? 0 : 1))) < 0)
			return r;
		id->flags |= PLAN_IDENTITY_NO_SETGROUPS;
		return 0;
	}
	if (count == 0)
		return 0;
	id->group_count = count;
	id->groups = plan_buffer_bytes(&b->buf, groups, count * sizeof(*groups), 4);
	return 0;
}

int identity_plan(struct builder *b)
{
	const struct spec_user *u = &b->process->user;
	struct plan_arg_identity id = { .uid = u->uid, .gid = u->gid };
	int r;

	if ((r = check_ids(b)) < 0)
		return r;
	plan_caps(b, &id);
	if ((r = check_caps(b, &id)) < 0 || (r = plan_groups(b, &id)) < 0)
		return r;
	if (b->opt->exec_user)
		id.user = plan_buffer_string(&b->buf, b->opt->exec_user);
	/*
	 * Without no_new_privs, loading a filter takes CAP_SYS_ADMIN; OP_SECCOMP gives it up
	 * afterwards.
	 */
	if (b->opt->filter && !b->process->no_new_privileges)
		id.flags |= PLAN_IDENTITY_KEEP_SYS_ADMIN;
	builder_op(b, OP_IDENTITY, 0, builder_origin(b, u->node), &id, sizeof(id));
	return 0;
}
