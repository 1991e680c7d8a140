/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rlimits: process.rlimits. "Unlimited" is written as 18446744073709551615 (RLIM_INFINITY), which is why numbers are
 * read from their digits. Host half; pure.
 */
#include <inttypes.h>

#include "spec/sections.h"

static int rlimit_type(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_rlimit *limit = target;
	uint64_t resource = 0;
	int r = decode_word(d, node, spec_rlimit_names, "rlimit type", &resource);

	if (r)
		return r;
	limit->resource = (int)resource;
	return decode_string(d, node, &limit->name);
}

static int decode_rlimit(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "type", ROW_STRING, rlimit_type, 0, ROW_MANDATORY, 0 },
		{ "soft", ROW_INTEGER, decode_uint64, offsetof(struct spec_rlimit, soft),
		  ROW_MANDATORY, 0 },
		{ "hard", ROW_INTEGER, decode_uint64, offsetof(struct spec_rlimit, hard),
		  ROW_MANDATORY, 0 },
	};
	struct spec_rlimit *limit = target;
	int r;

	limit->node = node;
	r = DECODE_OBJECT(d, node, rows, limit);
	if (r)
		return r;
	if (limit->soft > limit->hard)
		return decode_error(d, node,
				    "'%s' has a soft limit (%" PRIu64
				    ") above the hard limit (%" PRIu64 ")",
				    DECODE_NAME(d, node), limit->soft, limit->hard);
	return 0;
}

int decode_rlimits(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_process *p = target;
	uint64_t seen = 0;
	int r;

	p->rlimits = decode_room(d, node, sizeof(*p->rlimits));
	p->rlimit_count = node->count;
	r = decode_each(d, node, p->rlimits, sizeof(*p->rlimits), decode_rlimit);
	if (r < 0)
		return r;
	for (size_t i = 0; i < p->rlimit_count; i++) {
		const struct spec_rlimit *limit = &p->rlimits[i];
		int duplicate;

		if (!limit->name) /* already reported */
			continue;
		if (seen & UINT64_C(1) << limit->resource) {
			duplicate = decode_error(d, limit->node, "'%s' repeats the type %s",
						 DECODE_NAME(d, limit->node), limit->name);
			if (duplicate < 0)
				return duplicate;
			r |= duplicate;
		}
		seen |= UINT64_C(1) << limit->resource;
	}
	return r;
}
