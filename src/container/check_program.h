/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CONTAINER_CHECK_PROGRAM_H
#define KNARR_CONTAINER_CHECK_PROGRAM_H

#include "knarr/spec.h"

/*
 * Look for process.args[0] and process.cwd in the rootfs as it lies there. What a mount of the config covers cannot be
 * known without making it, and is taken to be there.
 */
int check_program_in_rootfs(const struct spec *spec, const char *rootfs, struct error *err);
int check_cwd_in_rootfs(const struct spec *spec, const char *rootfs, struct error *err);
/* A startContainer hook, which is looked up in the same way. */
int check_hook_in_rootfs(const struct spec *spec, const char *rootfs, const struct spec_hook *hook,
			 struct error *err);

#endif
