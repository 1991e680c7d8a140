/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled filters as files. */
#ifndef KNARR_SECCOMP_CACHE_H
#define KNARR_SECCOMP_CACHE_H

#include "knarr/seccomp.h"
#include "sha256.h"

#define FILTER_CACHE_ENTRIES 256

/* 0 and *ret, or -errno: absent, foreign, damaged, of another key (key NULL: any). Never a sentence: a bad entry is a miss. */
int filter_file_read(int dirfd, const char *name, const uint8_t *key, struct filter *ret);
/* library: version of the libseccomp that made it. */
int filter_file_write(int dirfd, const char *name, const uint8_t *key, const char *library,
		      const struct filter *f);
/* Removes the oldest entries until fewer than FILTER_CACHE_ENTRIES are left. */
void filter_cache_trim(int dirfd);

#endif
