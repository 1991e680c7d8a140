/* SPDX-License-Identifier: Apache-2.0 */
/* newuidmap and newgidmap: the setuid helpers that write maps from /etc/subuid and /etc/subgid. */
#ifndef KNARR_NAMESPACES_HELPER_H
#define KNARR_NAMESPACES_HELPER_H

#include "knarr/namespaces.h"

enum idmap_kind { IDMAP_UID, IDMAP_GID };

int idmap_helper_run(enum idmap_kind kind, pid_t pid, const struct spec_id_maps *maps,
		     struct error *err);

#endif
