/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CGROUPS_BUS_ADDRESS_H
#define KNARR_CGROUPS_BUS_ADDRESS_H

#include "knarr/base.h"

/* Should a unit be asked of the user's own manager? rootless: the caller knows that it must. */
bool bus_is_user(bool rootless);
/* The D-Bus address of the manager; an error if its socket is not there. */
int bus_address(bool user, char *buf, size_t size, struct error *err);
/* Pure: a path as the value of "unix:path=". */
int bus_address_escape(const char *path, char *buf, size_t size);

#endif
