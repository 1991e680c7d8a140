/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the program is. Runs in the container half. The order is the kernel's: the bounding set needs
 * CAP_SETPCAP and the groups CAP_SETGID, which the change of uid takes away; "keep capabilities"
 * carries the permitted set over that change; ambient capabilities come last, since they must be
 * permitted and inheritable already (R10). Then everything is read back (R4). Raw calls throughout:
 * the library's speak to threads first.
 */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/capability.h>

#include "init/init.h"

enum { GROUPS_MAX = PASSWD_MAX_GROUPS + 64, CAP_COUNT = 64 };

struct identity {
	const struct plan_arg_identity *arg;
	uint32_t uid, gid;
	const uint32_t *groups;
	uint32_t group_count;
	uint32_t found[GROUPS_MAX]; /* groups of a user that was looked up */
};

/* ---- a user by name ---------------------------------------------------------------------- */

static bool is_number(const char *text)
{
	return text[0] && text[strspn(text, "0123456789")] == '\0';
}

static int find_group(int rootfd, const char *group, uint32_t *ret, struct error *err)
{
	int r = is_number(group) ? num_parse_id(group, ret) : group_find_name(rootfd, group, ret);

	if (r >= 0)
		return 0;
	if (r == -ENOENT)
		error_fail(err, ERROR_NOT_FOUND, 0, "no group '%s' in the container's /etc/group",
			   group);
	else
		init_fail(err, r, NULL, group,
			  "cannot find group '%s' in the container's /etc/group", group);
	return r;
}

static int too_many_groups(int most, struct error *err)
{
	return init_fail(err, -E2BIG, NULL, "/etc/group", "the user has more than %d groups", most);
}

static int add_group(struct identity *id, uint32_t gid, struct error *err)
{
	for (uint32_t i = 0; i < id->group_count; i++)
		if (id->found[i] == gid)
			return 0;
	if (id->group_count == GROUPS_MAX)
		return too_many_groups(GROUPS_MAX, err);
	id->found[id->group_count++] = gid;
	return 0;
}

/* The groups of the plan, and of /etc/group unless the caller named one. */
static int collect_groups(struct init *in, struct identity *id, int rootfd, const char *member,
			  struct error *err)
{
	const uint32_t *planned = plan_at(in->plan, id->arg->groups);
	uint32_t listed[PASSWD_MAX_GROUPS];
	int n = 0, r;

	id->group_count = 0;
	id->groups = id->found;
	if (id->arg->flags & PLAN_IDENTITY_NO_SETGROUPS)
		return 0;
	r = add_group(id, id->gid, err);
	for (uint32_t i = 0; r >= 0 && i < id->arg->group_count; i++)
		r = add_group(id, planned[i], err);
	if (r < 0)
		return r;
	if (member)
		n = group_find_member(rootfd, member, listed, PASSWD_MAX_GROUPS);
	if (n == -E2BIG)
		return too_many_groups(PASSWD_MAX_GROUPS, err);
	if (n < 0 && n != -ENOENT)
		return init_fail(err, n, NULL, "/etc/group",
				 "cannot read the container's /etc/group");
	for (int i = 0; r >= 0 && i < n; i++)
		r = add_group(id, listed[i], err);
	return r;
}

static int resolve_user(struct init *in, struct identity *id, struct error *err)
{
	const char *text = init_string(in, id->arg->user), *colon = strchr(text, ':');
	const char *group = colon ? colon + 1 : NULL, *member = NULL;
	_cleanup_close_ int own = -EBADF;
	int rootfd = init_root(in, &own), r;
	struct passwd_entry entry = { .gid = id->gid };
	char name[256];

	if (rootfd < 0)
		return init_fail(err, rootfd, "open", "/", "cannot open the container's root");
	r = text_format(name, sizeof(name), "%.*s",
			(int)(colon ? colon - text : (ptrdiff_t)strlen(text)), text);
	if (r < 0 || !name[0] || (group && !group[0]))
		return init_fail(err, -EINVAL, NULL, text, "'%s' is not a user", text);
	if (is_number(name)) {
		/* A number is never a name (R11), and no line of passwd's is asked for its group. */
		if (num_parse_id(name, &id->uid) < 0)
			return init_fail(err, -EINVAL, NULL, text, "'%s' is not a user id", name);
	} else {
		r = passwd_find_name(rootfd, name, &entry);
		if (r == -ENOENT) {
			error_fail(err, ERROR_NOT_FOUND, 0,
				   "no user '%s' in the container's /etc/passwd", name);
			return r;
		}
		if (r < 0)
			return init_fail(err, r, NULL, "/etc/passwd",
					 "cannot find user '%s' in the container's /etc/passwd",
					 name);
		id->uid = entry.uid;
		member = entry.name;
	}
	id->gid = entry.gid;
	if (group) {
		r = find_group(rootfd, group, &id->gid, err);
		if (r < 0)
			return r;
		member = NULL;
	}
	return collect_groups(in, id, rootfd, member, err);
}

/* ---- taking it ----------------------------------------------------------------------------- */

static int drop_bounding(uint64_t keep, struct error *err)
{
	for (unsigned cap = 0; cap < CAP_COUNT; cap++) {
		if (keep & (1ull << cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			return 0; /* the kernel knows no more */
		if (errno == EPERM && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 0)
			continue; /* somebody outside dropped it */
		return init_fail(err, -errno, "prctl", NULL,
				 "cannot drop capability %u from the bounding set", cap);
	}
	return 0;
}

/*
 * In a user namespace the kernel tells whose a file is: only an owner that the namespace maps can be
 * changed. What the host's ids own there, the host half has given. A refusal leaves the program with
 * the open descriptor, and with what its user may do.
 */
static void give_stdio(const struct init *in, const struct identity *id)
{
	const uid_t caller = (uid_t)syscall(SYS_geteuid);
	struct stat st;

	for (int fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &st) < 0 || st.st_uid == id->uid || !io_may_be_given(fd, &st, caller))
			continue;
		if (fchown(fd, id->uid, (gid_t)-1) < 0)
			channel_debug(in, "descriptor %d keeps its owner (errno %d)", fd, errno);
	}
}

/*
 * A user namespace that was joined may deny setgroups. Nothing is lost where there is nothing to
 * drop and nothing to add (R11).
 */
static bool has_wanted_groups(const struct identity *id)
{
	for (uint32_t i = 0; i < id->group_count; i++)
		if (id->groups[i] != id->gid)
			return false;
	return syscall(SYS_getgroups, 0, NULL) == 0;
}

static int take_ids(const struct identity *id, struct error *err)
{
	const uint32_t flags = id->arg->flags;

	if (!(flags & (PLAN_IDENTITY_KEEP_GROUPS | PLAN_IDENTITY_NO_SETGROUPS)) &&
	    syscall(SYS_setgroups, (size_t)id->group_count, id->groups) < 0 &&
	    !(errno == EPERM && has_wanted_groups(id))) {
		int r = -errno;

		init_fail(err, r, "setgroups", NULL, "cannot set the supplementary groups");
		if (r == -EPERM)
			error_add_remedy(
				err,
				"this user namespace denies it: a single-id mapping without newgidmap has no groups");
		return r;
	}
	if (syscall(SYS_setresgid, id->gid, id->gid, id->gid) < 0)
		return init_fail(err, -errno, "setresgid", NULL, "cannot take group %u%s", id->gid,
				 errno == EINVAL ? ", which is not mapped in the user namespace"
						 : "");
	if (syscall(SYS_setresuid, id->uid, id->uid, id->uid) < 0)
		return init_fail(err, -errno, "setresuid", NULL, "cannot take user %u%s", id->uid,
				 errno == EINVAL ? ", which is not mapped in the user namespace"
						 : "");
	/* The change made us dumpable again (R6). */
	return init_forbid_tracing(err);
}

static int take_caps(const struct plan_arg_identity *arg, uint64_t kept, struct error *err)
{
	uint64_t effective = arg->effective | kept, permitted = arg->permitted | kept, had[3];
	int r = sys_capset(effective, permitted, arg->inheritable);

	if (r < 0) {
		init_fail(err, r, "capset", NULL, "cannot set the capabilities");
		if (r == -EPERM && sys_capget(&had[0], &had[1], &had[2]) >= 0 &&
		    (permitted & ~had[1]) != 0)
			error_add_remedy(
				err,
				"capability %d is not ours to give: the caller does not have it",
				__builtin_ctzll(permitted & ~had[1]));
		return r;
	}
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return init_fail(err, -errno, "prctl", NULL,
				 "cannot clear the ambient capabilities");
	for (unsigned cap = 0; cap < CAP_COUNT; cap++)
		if ((arg->ambient & (1ull << cap)) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return init_fail(err, -errno, "prctl", NULL,
					 "cannot raise the ambient capability %u", cap);
	return 0;
}

/* The bounding set may be smaller than what was asked for: somebody outside has dropped the rest. */
static bool has_sets(uint64_t bounding, uint64_t ambient)
{
	for (unsigned cap = 0; cap < CAP_COUNT; cap++) {
		const uint64_t bit = 1ull << cap;
		int bound = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		int raised = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0);

		if (bound < 0 && raised < 0 && errno == EINVAL)
			return (ambient >> cap) == 0; /* the kernel knows no more */
		if (bound < 0 || raised < 0 || (bound && !(bounding & bit)) ||
		    raised != !!(ambient & bit))
			return false;
	}
	return true;
}

static int check(const struct identity *id, uint64_t kept, struct error *err)
{
	uint64_t effective = 0, permitted = 0, inheritable = 0;
	const bool set_groups =
		!(id->arg->flags & (PLAN_IDENTITY_KEEP_GROUPS | PLAN_IDENTITY_NO_SETGROUPS));
	uint32_t uids[3] = { 0 }, gids[3] = { 0 };
	bool same = true;

	if (syscall(SYS_getresuid, &uids[0], &uids[1], &uids[2]) < 0 ||
	    syscall(SYS_getresgid, &gids[0], &gids[1], &gids[2]) < 0 ||
	    sys_capget(&effective, &permitted, &inheritable) < 0)
		same = false;
	for (int i = 0; i < 3; i++)
		same = same && uids[i] == id->uid && gids[i] == id->gid;
	if (set_groups)
		same = same && (syscall(SYS_getgroups, 0, NULL) == (long)id->group_count ||
				has_wanted_groups(id));
	same = same && effective == (id->arg->effective | kept) &&
	       permitted == (id->arg->permitted | kept) && inheritable == id->arg->inheritable &&
	       has_sets(id->arg->bounding, id->arg->ambient);
	return same ? 0
		    : init_fail(err, -ESTALE, NULL, NULL,
				"the ids or capabilities read back are not the ones that were set");
}

int op_identity(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_identity *arg = init_arg(in, op);
	const uint64_t kept = arg->flags & PLAN_IDENTITY_KEEP_SYS_ADMIN ? 1ull << CAP_SYS_ADMIN : 0;
	struct identity id = {
		.arg = arg,
		.uid = arg->uid,
		.gid = arg->gid,
		.groups = plan_at(in->plan, arg->groups),
		.group_count = arg->group_count,
	};
	int r = arg->user ? resolve_user(in, &id, err) : 0;

	if (r < 0)
		return r;
	/* Labels were the last to need one; they are without the container's masks. */
	in->procfs_fd = fd_close(in->procfs_fd);
	label_done(in);
	in->identity = arg;
	cwd_enter_early(in);
	r = drop_bounding(arg->bounding, err);
	if (r < 0)
		return r;
	/* A terminal takes their place later, when the fork is a late one. */
	if (in->console_fd < 0)
		give_stdio(in, &id);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return init_fail(err, -errno, "prctl", NULL,
				 "cannot keep capabilities over the change of user");
	if ((r = take_ids(&id, err)) < 0 || (r = take_caps(arg, kept, err)) < 0)
		return r;
	return check(&id, kept, err);
}
