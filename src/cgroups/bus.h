/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CGROUPS_BUS_H
#define KNARR_CGROUPS_BUS_H

#include "cgroups/scope.h"

/* One deadline for everything that is asked over one connection. */
#define BUS_TIMEOUT_MS 30000

struct bus;
/* Is there a systemd to talk to at all? No connection is made. */
int bus_check(bool user, struct error *err);
int bus_open(bool user, struct bus **ret, struct error *err);
struct bus *bus_close(struct bus *b);
static inline void bus_closep(struct bus **b)
{
	*b = bus_close(*b);
}

struct bus_scope {
	const char *unit, *slice, *description;
	pid_t pid;
	const struct scope_properties *properties;
};
/* Starts a transient scope and waits until its job is done. */
int bus_start_scope(struct bus *b, const struct bus_scope *scope, struct error *err);
/* Stops a unit and waits; a unit that is not there is success. */
int bus_stop_unit(struct bus *b, const char *unit, struct error *err);
int bus_set_properties(struct bus *b, const char *unit, const struct scope_properties *properties,
		       struct error *err);

#endif
