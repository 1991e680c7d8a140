/* SPDX-License-Identifier: Apache-2.0 */
/* namespaces: id maps, helper user namespaces, namespace files. Host half. */
#ifndef KNARR_NAMESPACES_H
#define KNARR_NAMESPACES_H

#include "knarr/base.h"
#include "knarr/spec.h"

/*
 * Writes uid_map and gid_map of pid through procfd: directly with privilege; else through newuidmap/newgidmap (found in PATH, outside
 * the rootfs) when more than the single own id is asked; else the single own id with setgroups denied.
 */
int idmap_write(int procfd, pid_t pid, const struct spec_id_maps *uids,
		const struct spec_id_maps *gids, struct error *err);
/* No overlap, no wrap, at most 340 lines (pure). */
int idmap_check(const struct spec_id_maps *maps, struct error *err);
/* A user namespace with these maps that no process lives in: for id-mapped mounts. Returns the namespace fd. */
int idmap_namespace(const struct spec_id_maps *uids, const struct spec_id_maps *gids,
		    struct error *err);
/*
 * Makes a network namespace and goes there; *ret_made is its descriptor, *ret_own ours, for the way back, which is due
 * even after a failure. Both are -EBADF, and 0 returned, where there would be no way back: whoever is to live in it makes it
 * then.
 */
int network_namespace_enter(int *ret_own, int *ret_made, struct error *err);
int network_namespace_leave(int own, struct error *err); /* closes it; -EBADF: nothing to do */
/* Opens a namespace file and checks its type (NS_GET_NSTYPE); a wrong type is named. */
int namespace_open(const char *path, enum spec_ns ns, int *ret_fd, struct error *err);
/* Refuses a namespace that is our own, for a plan that changes something in it ("change", a sysctl for example). */
int namespace_refuse_own(int fd, enum spec_ns ns, const char *change, struct error *err);

#endif
