/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity: are the namespaces of the container's process still those of create? Host half (R29).
 *
 * The process may have moved. One that has privilege in the container's user namespace may follow its own mind: what it
 * moved to is owned by that user namespace, and it could do as much by other means. One without can only enter a user
 * namespace below, for good, and what it makes there is that one's: a program that `exec` starts with the privilege of the
 * container must never run there.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/container_private.h"

static const char *const kind_words[NSFS_KINDS] = {
	"user", "mount", "pid", "network", "ipc", "uts", "cgroup", "time",
};

static const struct spec_namespace *namespace_of(const struct spec *spec, uint64_t flag)
{
	for (enum spec_ns ns = 0; ns < NS_COUNT; ns++)
		if (spec_ns_clone_flag(ns) == flag)
			return &spec->namespaces[ns];
	return NULL;
}

static uint64_t inode_or_0(int nsfd, const char *file)
{
	uint64_t inode;

	return nsfs_inode(nsfd, file, &inode) < 0 ? 0 : inode;
}

static uint64_t inode_of_path(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

void identity_record_namespaces(struct state *state, const struct spec *spec, pid_t pid)
{
	_cleanup_close_ int own = nsfs_open(0), theirs = nsfs_open(pid);

	for (size_t i = 0; i < NSFS_KINDS; i++) {
		const struct nsfs_kind *kind = &nsfs_kinds[i];
		const struct spec_namespace *ns = namespace_of(spec, kind->flag);
		uint64_t *inode = &state->namespace_inodes[i], ours;

		*inode = 0;
		if (ns && ns->present && ns->path) {
			*inode = inode_of_path(ns->path);
			continue;
		}
		if (!ns || !ns->present) {
			/* Shared with us. Only the user namespace decides anything. */
			if (kind->flag == CLONE_NEWUSER)
				*inode = inode_or_0(own, kind->file);
			continue;
		}
		*inode = inode_or_0(theirs, kind->file);
		/* Ours: the container half makes it later. Its owner has to do then. */
		if (*inode && nsfs_inode(own, kind->file, &ours) >= 0 && *inode == ours)
			*inode = 0;
	}
}

static int refuse_moved(const struct found *f, size_t kind, struct error *err)
{
	error_fail(err, ERROR_CONFLICT, 0,
		   "process %d of container '%s' has left the %s namespace that it was created in",
		   f->state.pid, f->state.id, kind_words[kind]);
	error_add_remedy(err, "`nsenter -t %d -a` enters the namespaces that it has made itself",
			 f->state.pid);
	return -ESTALE;
}

struct comparison {
	const struct found *found;
	int theirs;
	bool user_moved;
};

static int compare(const struct comparison *c, size_t kind, uint64_t inode, struct error *err)
{
	const uint64_t *recorded = c->found->state.namespace_inodes;
	uint64_t owner;

	/* Of an older build, or of a user who may not see it: the process is believed. */
	if (!recorded[NSFS_USER])
		return 0;
	if (kind == NSFS_USER)
		return c->user_moved ? refuse_moved(c->found, kind, err) : 0;
	/* An inode that is given again proves nothing once the process is below its user namespace. */
	if (!c->user_moved && recorded[kind] && recorded[kind] == inode)
		return 0;
	if (nsfs_owner(c->theirs, nsfs_kinds[kind].file, &owner) < 0 ||
	    owner != recorded[NSFS_USER])
		return refuse_moved(c->found, kind, err);
	if (recorded[kind] && recorded[kind] != inode)
		log_debug("process %d has moved to another %s namespace of its user namespace",
			  c->found->state.pid, kind_words[kind]);
	return 0;
}

/*
 * Asking the kernel costs less than being wrong about a namespace joined by path. One that was made for the container is
 * none of ours; where we have come to be in it all the same, entering it again does no harm, but for a user namespace.
 */
static bool is_to_be_entered(const struct found *f, const struct spec *spec, size_t kind,
			     uint64_t inode, int own)
{
	const struct spec_namespace *ns = spec ? namespace_of(spec, nsfs_kinds[kind].flag) : NULL;
	uint64_t ours;

	if (!(f->state.namespaces & nsfs_kinds[kind].flag))
		return false;
	if (ns && kind != NSFS_USER && ns->present && !ns->path)
		return true;
	return nsfs_inode(own, nsfs_kinds[kind].file, &ours) < 0 || ours != inode;
}

int found_namespaces(const struct found *f, const struct spec *spec, struct found_namespaces *ret,
		     struct error *err)
{
	_cleanup_close_ int own = nsfs_open(0), theirs = nsfs_open(f->state.pid);
	struct comparison c = { .found = f, .theirs = theirs };
	uint64_t user;
	int r;

	*ret = (struct found_namespaces){ .set = 0 };
	if (theirs < 0 || (r = nsfs_inode(theirs, "user", &user)) < 0)
		return error_set(err, theirs < 0 ? -theirs : -r,
				 "cannot see the namespaces of process %d", f->state.pid);
	c.user_moved = f->state.namespace_inodes[NSFS_USER] &&
		       f->state.namespace_inodes[NSFS_USER] != user;
	/* Without a mount namespace its root leads into the container, and that is where it went by itself, too. */
	if (c.user_moved && !(f->state.namespaces & CLONE_NEWNS))
		return refuse_moved(f, NSFS_USER, err);
	for (size_t i = 0; i < NSFS_KINDS; i++) {
		uint64_t inode = inode_or_0(theirs, nsfs_kinds[i].file);

		if (!is_to_be_entered(f, spec, i, inode, own))
			continue;
		r = compare(&c, i, inode, err);
		if (r < 0)
			return r;
		ret->set |= nsfs_kinds[i].flag;
		ret->inodes[i] = inode;
	}
	return 0;
}
