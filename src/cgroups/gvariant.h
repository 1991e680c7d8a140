/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CGROUPS_GVARIANT_H
#define KNARR_CGROUPS_GVARIANT_H

#include "knarr/base.h"

/* A value of GVariant's text form, restricted to what unit properties are: no maybes, dictionaries or variants. */
struct gvariant {
	char type; /* b y n q i u x t d s, 'a' array, '(' tuple */
	union {
		uint64_t number; /* b y q u t, and n i x as two's complement */
		double real;
		const char *text;
	};
	struct gvariant *items; /* array, tuple */
	size_t count;
	const char *signature; /* of the whole value, "as" */
};

/*
 * Parses text; everything is allocated from arena. Returns -EINVAL with *ret_expected: what should have stood there.
 */
int gvariant_parse(struct arena *arena, const char *text, struct gvariant *ret,
		   const char **ret_expected);
/* A number of seconds of any type as microseconds: -EINVAL, -ERANGE. */
int gvariant_seconds(const struct gvariant *v, uint64_t *ret_usec);

#endif
