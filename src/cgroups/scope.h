/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CGROUPS_SCOPE_H
#define KNARR_CGROUPS_SCOPE_H

#include "cgroups/gvariant.h"
#include "cgroups/limits.h"
#include "knarr/base.h"

#define UNIT_NAME_MAX 255

struct scope_name {
	char slice[UNIT_NAME_MAX + 1];
	char unit[UNIT_NAME_MAX + 1];
};

/* Pure: "SLICE:PREFIX:NAME" (or NULL) as unit names; user picks the default slice. */
int scope_name_parse(const char *cgroups_path, const char *id, bool user, struct scope_name *ret,
		     struct error *err);
/* Pure: where a slice lies below its manager: "a-b.slice" -> "/a.slice/a-b.slice", "-.slice" -> "". */
int scope_slice_path(const char *slice, char *buf, size_t size);

enum scope_property_kind { SCOPE_UINT64, SCOPE_BYTES, SCOPE_VARIANT };
struct scope_property {
	const char *name;
	enum scope_property_kind kind;
	uint64_t number;
	uint8_t *bytes; /* "ay" */
	size_t byte_count;
	struct gvariant variant;
};
struct scope_properties {
	struct arena *arena;
	struct scope_property *items;
	size_t count, limit_count; /* the first of them are limits of config.json */
};
void scope_properties_done(struct scope_properties *p);
/* Pure: adds a property for each limit that has one. */
void scope_properties_add_limits(struct scope_properties *p, const struct limits *limits);
/* Pure: adds org.systemd.property.NAME annotations. */
int scope_properties_add_annotations(struct scope_properties *p, const struct spec_map *annotations,
				     struct error *err);

#endif
