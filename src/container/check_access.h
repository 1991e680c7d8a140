/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CONTAINER_CHECK_ACCESS_H
#define KNARR_CONTAINER_CHECK_ACCESS_H

#include "knarr/spec.h"

/* Every directory of an absolute path below root, and what it leads to, have to be executable for process.user. */
int check_access(const struct spec *spec, int root, const char *path, struct error *err);

#endif
