/* SPDX-License-Identifier: Apache-2.0 */
/* block_io: linux.resources.blockIO. Host half; pure. */
#include "spec/sections.h"

static int decode_weight(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_uint *weight = target;

	weight->present = true;
	weight->node = node;
	return decode_unsigned(d, node, 0, UINT16_MAX, &weight->value);
}

static int device_weight(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_blkio_device *device = target;
	uint64_t value = 0;
	int r = decode_unsigned(d, node, 0, UINT16_MAX, &value);

	device->weight_set = true;
	device->weight = (uint32_t)value;
	return r;
}

static int device_leaf_weight(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_blkio_device *device = target;
	uint64_t value = 0;
	int r = decode_unsigned(d, node, 0, UINT16_MAX, &value);

	device->leaf_weight_set = true;
	device->leaf_weight = (uint32_t)value;
	return r;
}

#define FIELD(x) offsetof(struct spec_blkio_device, x)
#define DEVICE_ROWS                                                                 \
	{ "major", ROW_INTEGER, decode_uint32, FIELD(major), ROW_MANDATORY, 0 },    \
	{                                                                           \
		"minor", ROW_INTEGER, decode_uint32, FIELD(minor), ROW_MANDATORY, 0 \
	}

static int decode_weight_device(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		DEVICE_ROWS,
		{ "weight", ROW_INTEGER, device_weight, 0, 0, 0 },
		{ "leafWeight", ROW_INTEGER, device_leaf_weight, 0, 0, 0 },
	};
	struct spec_blkio_device *device = target;
	int r;

	device->node = node;
	r = DECODE_OBJECT(d, node, rows, device);
	if (r)
		return r;
	if (!device->weight_set && !device->leaf_weight_set)
		return decode_error(d, node, "'%s' needs weight, leafWeight or both",
				    DECODE_NAME(d, node));
	return 0;
}

static int decode_rate_device(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		DEVICE_ROWS,
		{ "rate", ROW_INTEGER, decode_uint64, FIELD(rate), ROW_MANDATORY, 0 },
	};
	struct spec_blkio_device *device = target;

	device->node = node;
	return DECODE_OBJECT(d, node, rows, device);
}

#undef FIELD

static int decode_list(struct decode *d, const struct jnode *node, struct spec_blkio_devices *list,
		       decode_handler *handler)
{
	list->items = decode_room(d, node, sizeof(*list->items));
	list->count = node->count;
	return decode_each(d, node, list->items, sizeof(*list->items), handler);
}

static int decode_weights(struct decode *d, const struct jnode *node, void *target)
{
	return decode_list(d, node, target, decode_weight_device);
}

static int decode_rates(struct decode *d, const struct jnode *node, void *target)
{
	return decode_list(d, node, target, decode_rate_device);
}

int decode_block_io(struct decode *d, const struct jnode *node, void *target)
{
#define FIELD(x) offsetof(struct spec_resources, blkio.x)
	static const struct row rows[] = {
		{ "weight", ROW_INTEGER, decode_weight, FIELD(weight), 0, 0 },
		{ "leafWeight", ROW_INTEGER, decode_weight, FIELD(leaf_weight), 0, 0 },
		{ "weightDevice", ROW_OBJECTS, decode_weights, FIELD(weight_device), 0, 0 },
		{ "throttleReadBpsDevice", ROW_OBJECTS, decode_rates, FIELD(read_bps), 0, 0 },
		{ "throttleWriteBpsDevice", ROW_OBJECTS, decode_rates, FIELD(write_bps), 0, 0 },
		{ "throttleReadIOPSDevice", ROW_OBJECTS, decode_rates, FIELD(read_iops), 0, 0 },
		{ "throttleWriteIOPSDevice", ROW_OBJECTS, decode_rates, FIELD(write_iops), 0, 0 },
	};
#undef FIELD

	return DECODE_OBJECT(d, node, rows, target);
}
