/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_access: may the program's user pass these directories and execute that file? Host half.
 *
 * access(2) answers for ourselves, who are somebody else, so the mode is read as the kernel would read it for that
 * user. Where more than the mode decides (an ACL, a capability, groups that are not in the config), nothing is said.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/capability.h>

#include "container/check_access.h"
#include "container/container_private.h"
#include "knarr/namespaces.h"

static bool to_host(const struct spec *spec, const struct spec_id_maps *maps, uint32_t id,
		    uint32_t *ret)
{
	*ret = id;
	return !spec->namespaces[NS_USER].present || spec_id_to_host(maps, id, ret);
}

static bool has_group(const struct spec *spec, gid_t group)
{
	const struct spec_user *user = &spec->process.user;
	uint32_t gid;

	if (to_host(spec, &spec->gid_maps, user->gid, &gid) && gid == group)
		return true;
	for (size_t i = 0; i < user->additional_gid_count; i++)
		if (to_host(spec, &spec->gid_maps, user->additional_gids[i], &gid) && gid == group)
			return true;
	return false;
}

static bool mode_decides(const struct spec *spec, const struct stat *st)
{
	const struct spec_namespace *userns = &spec->namespaces[NS_USER];
	uint64_t caps = spec->process.capabilities.effective;

	if ((userns->present && userns->path) ||
	    annotation_is_on(spec, "run.oci.keep_original_groups"))
		return false;
	if (caps & (1ull << CAP_DAC_OVERRIDE))
		return false;
	return !S_ISDIR(st->st_mode) || !(caps & (1ull << CAP_DAC_READ_SEARCH));
}

static bool has_acl(int fd)
{
	char name[32];

	(void)text_format(name, sizeof(name), "/proc/self/fd/%d", fd);
	return getxattr(name, "system.posix_acl_access", NULL, 0) > 0;
}

static bool is_denied(const struct spec *spec, int fd)
{
	struct stat st;
	uint32_t uid;
	mode_t bit = S_IXOTH;

	if (fstat(fd, &st) < 0 || !mode_decides(spec, &st) ||
	    !to_host(spec, &spec->uid_maps, spec->process.user.uid, &uid))
		return false;
	if (st.st_uid == uid)
		bit = S_IXUSR;
	else if (has_group(spec, st.st_gid))
		bit = S_IXGRP;
	return !(st.st_mode & bit) && !has_acl(fd);
}

int check_access(const struct spec *spec, int root, const char *path, struct error *err)
{
	char prefix[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(prefix))
		return 0;
	memcpy(prefix, path, len + 1);
	/* The root itself, each directory that the path names, as links lead on from it, and the file. */
	for (size_t i = 0; i <= len; i++) {
		_cleanup_close_ int fd = -EBADF;

		if (path[i] != '/' && path[i] != '\0')
			continue;
		prefix[i] = '\0';
		fd = safe_open(root, i ? prefix : "/", 0);
		prefix[i] = path[i];
		if (fd < 0 || !is_denied(spec, fd))
			continue;
		error_fail(err, ERROR_PROGRAM, EACCES, "exec: \"%s\"", path);
		error_add_remedy(err, "user %u has no execute permission on '%.*s'",
				 spec->process.user.uid, i ? (int)i : 1, i ? path : "/");
		return -EACCES;
	}
	return 0;
}
