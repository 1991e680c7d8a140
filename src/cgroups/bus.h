/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd is asked over D-Bus; src/loader/systemd.c does it, with one deadline for each question. */
#ifndef KNARR_CGROUPS_BUS_H
#define KNARR_CGROUPS_BUS_H

#include "cgroups/scope.h"

/* Is there a systemd to talk to at all? No connection is made. */
int bus_check(bool user, struct error *err);

struct bus_scope {
	const char *unit, *slice, *description;
	pid_t pid;
	const struct scope_properties *properties;
};
/* Starts a transient scope and waits until its job is done. */
int bus_start_scope(bool user, const struct bus_scope *scope, struct error *err);
/* Stops a unit and waits; a unit that is not there is success. */
int bus_stop_unit(bool user, const char *unit, struct error *err);
int bus_set_properties(bool user, const char *unit, const struct scope_properties *properties,
		       struct error *err);

#endif
