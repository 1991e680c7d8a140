/* SPDX-License-Identifier: Apache-2.0 */
/* network: linux.netDevices, moved from the host into the container's network namespace (by libmnl, see knarr/library.h). Host half. */
#ifndef KNARR_NETWORK_H
#define KNARR_NETWORK_H

#include "knarr/base.h"
#include "knarr/spec.h"

/* Moves and renames each device into the network namespace netns_fd, keeps its permanent global addresses, sets it up. Undone on failure. */
int network_move_devices(const struct spec_net_device *devices, size_t count, int netns_fd,
			 struct error *err);

#endif
