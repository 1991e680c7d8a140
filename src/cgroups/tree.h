/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CGROUPS_TREE_H
#define KNARR_CGROUPS_TREE_H

#include "knarr/base.h"

/* Opens a cgroup by its path ("/a/b", "/" is the root) below the cgroup2 root: no link, no mount, no "..". */
int tree_open(int root_fd, const char *path);
/* Makes one cgroup; 1 if it was made, 0 if it was there. */
int tree_make(int dirfd, const char *name);
/* Removes one cgroup by its path. */
int tree_remove_path(int root_fd, const char *path);

bool tree_has_file(int dirfd, const char *name);
/* One small file; "" for an empty one. */
ssize_t tree_read(int dirfd, const char *name, char *buf, size_t size);
/* A file of any size, malloc'd. */
int tree_read_all(int dirfd, const char *name, char **ret);
int tree_write(int dirfd, const char *name, const char *value);
/* A file that holds one number; "max" gives UINT64_MAX. */
int tree_read_u64(int dirfd, const char *name, uint64_t *ret);
/* The value of "KEY VALUE" in flat keyed text ("populated 1\nfrozen 0"); -ENOENT. */
int tree_key_u64(const char *text, const char *key, uint64_t *ret);
/* Is word one of the words of a space-separated list? */
bool tree_has_word(const char *list, const char *word);

/*
 * Calls visit for every cgroup of the subtree, parents first, then dirfd's own level is left: depth is bounded by
 * memory only, and one descriptor is open at a time, for whoever lives in the tree may have nested it deeply.
 * A negative return of visit ends the walk and is returned. A cgroup that vanishes meanwhile is skipped.
 */
typedef int (*tree_visit_fn)(int dirfd, void *context);
int tree_walk(int dirfd, tree_visit_fn visit, void *context);
/* Removes everything below dirfd, the deepest first; the first -errno of a cgroup that stays. */
int tree_remove_children(int dirfd);

/*
 * Waits until KEY of dirfd's cgroup.events is value: 0, -ETIMEDOUT, -ENODEV when the cgroup has gone. The kernel
 * wakes pollers of that file, so nothing sleeps. timeout_ms negative: no limit.
 */
int tree_wait_event(int dirfd, const char *key, uint64_t value, int timeout_ms);

/* What is left until a deadline of clock_ms() (0 ... ; -1 for deadline -1). */
int tree_left_ms(int64_t deadline);

#endif
