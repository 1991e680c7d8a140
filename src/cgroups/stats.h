/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CGROUPS_STATS_H
#define KNARR_CGROUPS_STATS_H

#include "knarr/base.h"

/* Each gives the value of its key of the object; a file that is not there leaves zeros out. */
struct jwrite *stats_cpu(int dirfd);
struct jwrite *stats_memory(int dirfd);
struct jwrite *stats_pids(int dirfd);
struct jwrite *stats_io(int dirfd);
struct jwrite *stats_hugetlb(int dirfd);
/* Adds "psi" from a pressure file, where the kernel keeps one. */
void stats_add_psi(struct jwrite *o, int dirfd, const char *file);
/* As Go's omitempty does. */
void stats_add(struct jwrite *o, const char *key, uint64_t value);

#endif
