/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CGROUPS_HOST_H
#define KNARR_CGROUPS_HOST_H

#include "knarr/cgroups.h"

struct host_mount {
	char root[256]; /* what of the tree is mounted: "/" usually */
	char point[256];
};
/* Pure: the cgroup2 mounts of mountinfo, the best first. */
size_t host_parse_mounts(const char *mountinfo, struct host_mount *ret, size_t max);
/* Pure: the "0::" line of /proc/PID/cgroup, as a path below a mount of mount_root. */
int host_parse_own(const char *text, const char *mount_root, char *buf, size_t size);
/* The cgroup of a process (0: our own). */
int host_own_path(pid_t pid, const char *mount_root, char *buf, size_t size);

#endif
