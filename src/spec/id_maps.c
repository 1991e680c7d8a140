/* SPDX-License-Identifier: Apache-2.0 */
/*
 * id_maps: uidMappings and gidMappings of linux and of a mount. The kernel answers a bad map with a bare EINVAL when
 * it is written, so its rules (user_namespaces(7): no overlap on either side, no wrap, 340 lines) are applied here,
 * where the sentence is known. Host half; pure.
 */
#include <inttypes.h>

#include "spec/sections.h"

#define MAX_LINES 340 /* UID_GID_MAP_MAX_EXTENTS */

static bool ranges_overlap(uint32_t a, uint32_t b, uint32_t a_size, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static int check_line(struct decode *d, const struct spec_id_map *map, const struct jnode *node,
		      const char *what)
{
	if (!map->size)
		return decode_error(d, node, "a line of %s maps no id: its size is 0", what);
	/* the last id must stay below 2^32-1, which is no id */
	if ((uint64_t)map->container + map->size > UINT32_MAX ||
	    (uint64_t)map->host + map->size > UINT32_MAX)
		return decode_error(d, node, "a line of %s ends above id 4294967294", what);
	return 0;
}

int check_id_maps(struct decode *d, const struct spec_id_maps *maps, const struct jnode *node,
		  const char *what)
{
	if (maps->count > MAX_LINES)
		return decode_error(d, node, "%s has %zu lines, the kernel takes %d", what,
				    maps->count, MAX_LINES);
	for (size_t i = 0; i < maps->count; i++) {
		const struct spec_id_map *a = &maps->items[i];
		int r = check_line(d, a, a->node ? a->node : node, what);

		if (r)
			return r;
		for (size_t j = 0; j < i; j++) {
			const struct spec_id_map *b = &maps->items[j];
			bool inside = ranges_overlap(a->container, b->container, a->size, b->size);

			if (!inside && !ranges_overlap(a->host, b->host, a->size, b->size))
				continue;
			return decode_error(
				d, a->node ? a->node : node,
				"lines %zu and %zu of %s overlap: both hold %s id %" PRIu32, j, i,
				what, inside ? "container" : "host",
				inside ? (a->container > b->container ? a->container : b->container)
				       : (a->host > b->host ? a->host : b->host));
		}
	}
	return 0;
}

static int decode_line(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "containerID", ROW_INTEGER, decode_id, offsetof(struct spec_id_map, container),
		  ROW_MANDATORY, 0 },
		{ "hostID", ROW_INTEGER, decode_id, offsetof(struct spec_id_map, host),
		  ROW_MANDATORY, 0 },
		{ "size", ROW_INTEGER, decode_uint32, offsetof(struct spec_id_map, size),
		  ROW_MANDATORY, 0 },
	};
	struct spec_id_map *map = target;

	map->node = node;
	return DECODE_OBJECT(d, node, rows, map);
}

int decode_id_maps(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_id_maps *maps = target;
	char what[224];
	int r;

	maps->items = decode_room(d, node, sizeof(*maps->items));
	maps->count = node->count;
	maps->node = node;
	r = decode_each(d, node, maps->items, sizeof(*maps->items), decode_line);
	if (r)
		return r;
	(void)text_format(what, sizeof(what), "'%s'", DECODE_NAME(d, node));
	return check_id_maps(d, maps, node, what);
}

bool spec_id_to_host(const struct spec_id_maps *maps, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct spec_id_map *m = &maps->items[i];

		if (id < m->container || id - m->container >= m->size)
			continue;
		if (ret)
			*ret = m->host + (id - m->container);
		return true;
	}
	return false;
}
