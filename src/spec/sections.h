/* SPDX-License-Identifier: Apache-2.0 */
/* sections: the handlers of the big objects of config.json, one file each. */
#ifndef KNARR_SPEC_SECTIONS_H
#define KNARR_SPEC_SECTIONS_H

#include "spec/decode.h"

decode_handler decode_process;      /* process.c: struct spec_process */
decode_handler decode_capabilities; /* capabilities.c: struct spec_capabilities */
decode_handler decode_rlimits;      /* rlimits.c: struct spec_process */
decode_handler decode_mounts;       /* mounts.c: struct spec */
decode_handler decode_unmounts;     /* the same, of which only the destinations count */
decode_handler decode_hooks;        /* hooks.c: struct spec */
decode_handler decode_linux;        /* linux.c: struct spec */
decode_handler decode_namespaces;   /* namespaces.c: struct spec */
decode_handler decode_time_offsets; /* namespaces.c: struct spec */
decode_handler decode_devices;      /* devices.c: struct spec */
decode_handler decode_net_devices;  /* devices.c: struct spec */
decode_handler decode_resources;    /* resources.c: struct spec_resources */
decode_handler decode_block_io;     /* block_io.c: struct spec_resources */
decode_handler decode_seccomp;      /* seccomp.c: struct spec_seccomp */
decode_handler decode_id_maps;      /* id_maps.c: struct spec_id_maps */

/* No overlap, no wrap, at most 340 lines; `what` is how messages call the list. */
int check_id_maps(struct decode *d, const struct spec_id_maps *maps, const struct jnode *node,
		  const char *what);
/* mount_options.c: the words of one mount, with every problem reported through d. */
int decode_mount_options(struct decode *d, struct spec_mount *m);

#endif
