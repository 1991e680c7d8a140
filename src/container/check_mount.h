/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CONTAINER_CHECK_MOUNT_H
#define KNARR_CONTAINER_CHECK_MOUNT_H

#include <limits.h>

#include "knarr/plan.h"

/* Does the source of a bind exist? 0 for any other operation. */
int check_mount_source(const struct plan_header *p, const struct plan_op *op, struct error *err);
/* Is the mount point, if the rootfs (root) has it, of the kind of what goes there? 0 for what is no mount. */
int check_mount_place(const struct plan_header *p, const struct plan_op *op, int root,
		      struct error *err);
/* Where fd is below root, both as procfs names them, so links count no more; NULL if that cannot be told. */
const char *check_path_inside(int root, int fd, char buf[PATH_MAX]);

#endif
