/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every concession to missing privilege, and every refusal for lack of it. Host half, pure. No
 * other slice asks who the caller is.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sched.h>
#include <string.h>

#include "plan/plan_build.h"

int rootless_check(struct builder *b)
{
	const struct spec *s = b->spec;
	int r;

	if (b->host->privileged || s->namespaces[NS_USER].present)
		return 0;
	r = builder_refuse(b, ERROR_PERMISSION, s->linux_node,
			   "an unprivileged caller needs a user namespace in 'linux.namespaces'");
	error_add_remedy(b->err, "make the config with 'spec --rootless'");
	return r;
}

/*
 * Nothing is joined with privilege that the caller does not have: its own user namespace, with the
 * first clone, is where it gets some.
 */
bool rootless_user_first(const struct builder *b)
{
	return !b->host->privileged && (b->ns_new & CLONE_NEWUSER) != 0;
}

/*
 * Cloning a tree takes CAP_SYS_ADMIN over the mount namespace: only the container half has that,
 * over its own.
 */
unsigned rootless_open_flags(const struct builder *b)
{
	return b->host->privileged ? 0 : PLAN_OP_OPEN_HERE;
}

/* mknod(2) of a device is refused in every user namespace but the first; a FIFO is no device. */
unsigned rootless_device_flags(const struct builder *b, char type)
{
	if (type == 'p')
		return 0;
	if (b->userns || b->host->in_userns)
		return PLAN_DEVICE_BIND;
	/* A caller who requires nodes gets the refusal of mknod(2). */
	if (b->host->can_mknod || fallback_is_required(FALLBACK_DEVICE_NODE))
		return 0;
	(void)fallback_take(FALLBACK_DEVICE_NODE);
	return PLAN_DEVICE_BIND;
}

/*
 * A user namespace may mount sysfs only together with a network namespace that it owns, and proc
 * only with such a pid namespace; where these are shared, what the host shows is what there is.
 */
unsigned rootless_mount_fallback(const struct builder *b, const char *fstype)
{
	if (!b->userns && !b->host->in_userns)
		return 0;
	if (STREQ(fstype, "sysfs") && !(b->ns_new & CLONE_NEWNET))
		return PLAN_MOUNT_FALLBACK_BIND;
	if (STREQ(fstype, "proc") && !((b->ns_new | b->ns_joined) & CLONE_NEWPID))
		return PLAN_MOUNT_FALLBACK_BIND;
	return 0;
}

/*
 * devpts refuses a gid= that is not mapped; its ptys then belong to their opener's group. Printed
 * as "gid-dropped".
 */
bool rootless_drops_word(const struct builder *b, const char *fstype, const char *word)
{
	uint32_t gid;

	return STREQ(fstype, "devpts") && b->userns && b->spec->gid_maps.count > 0 &&
	       text_has_prefix(word, "gid=") && num_parse_id(word + strlen("gid="), &gid) == 0 &&
	       !spec_id_to_host(&b->spec->gid_maps, gid, NULL);
}

int rootless_check_idmap(struct builder *b, const struct spec_mount *m)
{
	if (b->host->privileged)
		return 0;
	return builder_refuse(b, ERROR_PERMISSION, m->node,
			      "the id mapping of the mount on '%s' takes privilege on the host",
			      m->destination);
}

/*
 * The trees of a mount that is added later come from the host half; it must be able to clone them.
 */
int rootless_check_live_bind(struct builder *b, const struct spec_mount *m)
{
	if (b->host->privileged || !((m->flags & SPEC_MOUNT_BIND) || STREQ(m->type, "bind")))
		return 0;
	return builder_refuse(
		b, ERROR_PERMISSION, m->node,
		"adding the bind mount on '%s' to a running container takes privilege on the host",
		m->destination);
}

/*
 * An unprivileged gid map of the one own gid: the kernel takes it only after setgroups was denied
 * for good.
 */
bool rootless_single_gid(const struct builder *b)
{
	const struct spec_id_maps *gids = &b->spec->gid_maps;

	return !b->host->privileged && b->userns && gids->count == 1 && gids->items[0].size == 1 &&
	       gids->items[0].host == b->host->egid;
}

/* With setgroups denied, groups can neither be set nor dropped (R11). */
int rootless_check_groups(struct builder *b, size_t additional)
{
	int r;

	if (additional > 0)
		return builder_refuse(
			b, ERROR_PERMISSION, b->process->user.node,
			"'additionalGids' cannot be set: only the caller's own gid is mapped");
	if (b->host->ngroups == 0)
		return 0;
	r = builder_refuse(
		b, ERROR_PERMISSION, b->process->user.node,
		"the caller's %u supplementary groups cannot be dropped: only its own gid is mapped",
		b->host->ngroups);
	error_add_remedy(
		b->err,
		"map more gids (newgidmap), or keep them with annotation run.oci.keep_original_groups=1");
	return r;
}
