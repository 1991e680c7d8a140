/* SPDX-License-Identifier: Apache-2.0 */
/* devices: linux.devices (nodes to make) and linux.netDevices (interfaces to move). Host half; pure. */
#include <ctype.h>
#include <inttypes.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>

#include "spec/sections.h"

#define MAJOR_MAX 4095    /* the kernel's dev_t has 12 bits of major */
#define MINOR_MAX 1048575 /* and 20 of minor */

/* ---- nodes --------------------------------------------------------------------------- */

struct device_entry {
	struct spec_device *device;
	bool has_major, has_minor;
	uint32_t mode;
};

static int device_type(struct decode *d, const struct jnode *node, void *target)
{
	struct device_entry *entry = target;

	if (node->text_len != 1 || !strchr("cbup", node->text[0]))
		return decode_error(d, node, "'%s' must be c, u, b or p, not '%.60s'",
				    DECODE_NAME(d, node), node->text);
	entry->device->type = node->text[0] == 'u' ? 'c' : node->text[0];
	return 0;
}

static int device_path(struct decode *d, const struct jnode *node, void *target)
{
	struct device_entry *entry = target;

	return decode_absolute_path(d, node, &entry->device->path);
}

static int device_major(struct decode *d, const struct jnode *node, void *target)
{
	struct device_entry *entry = target;
	uint64_t value = 0;
	int r = decode_unsigned(d, node, 0, MAJOR_MAX, &value);

	entry->has_major = true;
	entry->device->major = (uint32_t)value;
	return r;
}

static int device_minor(struct decode *d, const struct jnode *node, void *target)
{
	struct device_entry *entry = target;
	uint64_t value = 0;
	int r = decode_unsigned(d, node, 0, MINOR_MAX, &value);

	entry->has_minor = true;
	entry->device->minor = (uint32_t)value;
	return r;
}

static int device_uid(struct decode *d, const struct jnode *node, void *target)
{
	struct device_entry *entry = target;

	return decode_id(d, node, &entry->device->uid);
}

static int device_gid(struct decode *d, const struct jnode *node, void *target)
{
	struct device_entry *entry = target;

	return decode_id(d, node, &entry->device->gid);
}

static int device_mode(struct decode *d, const struct device_entry *entry, const struct jnode *node)
{
	static const struct {
		char type;
		uint32_t format;
	} formats[] = { { 'c', S_IFCHR }, { 'b', S_IFBLK }, { 'p', S_IFIFO } };
	uint32_t mode = entry->mode;

	/* some writers copy st_mode as it is: the format bits may stay if they say what "type" says */
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (entry->device->type == formats[i].type && (mode & S_IFMT) == formats[i].format)
			mode &= ~(uint32_t)S_IFMT;
	if (mode > 07777)
		return decode_error(d, jnode_get(node, "fileMode"),
				    "'%s.fileMode' is %" PRIu32
				    ", which has more than permission bits",
				    DECODE_NAME(d, node), entry->mode);
	entry->device->mode = mode;
	return 0;
}

static int decode_device(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "type", ROW_STRING, device_type, 0, ROW_MANDATORY, 0 },
		{ "path", ROW_STRING, device_path, 0, ROW_MANDATORY, 0 },
		{ "major", ROW_INTEGER, device_major, 0, 0, 0 },
		{ "minor", ROW_INTEGER, device_minor, 0, 0, 0 },
		{ "fileMode", ROW_INTEGER, decode_uint32, offsetof(struct device_entry, mode), 0,
		  0 },
		{ "uid", ROW_INTEGER, device_uid, 0, 0, 0 },
		{ "gid", ROW_INTEGER, device_gid, 0, 0, 0 },
	};
	struct spec_device *device = target;
	struct device_entry entry = { .device = device, .mode = 0666 };
	int r;

	device->node = node;
	r = DECODE_OBJECT(d, node, rows, &entry);
	if (r)
		return r;
	if (device->type != 'p' && (!entry.has_major || !entry.has_minor))
		return decode_missing(d, node, entry.has_major ? "minor" : "major");
	return device_mode(d, &entry, node);
}

int decode_devices(struct decode *d, const struct jnode *node, void *target)
{
	struct spec *s = target;

	s->devices = decode_room(d, node, sizeof(*s->devices));
	s->device_count = node->count;
	return decode_each(d, node, s->devices, sizeof(*s->devices), decode_device);
}

/* ---- network interfaces -------------------------------------------------------------- */

/* What the kernel's dev_valid_name() takes; a name inside the container may hold one %d for it to fill. */
static bool is_interface_name(const char *name, bool template)
{
	size_t len = strlen(name), percents = 0;

	if (len == 0 || len >= IFNAMSIZ || STREQ(name, ".") || STREQ(name, ".."))
		return false;
	for (const char *s = name; *s; s++) {
		if (*s == '/' || *s == ':' || isspace((unsigned char)*s) ||
		    (unsigned char)*s < 0x20)
			return false;
		if (*s == '%' && (++percents > 1 || !template || s[1] != 'd'))
			return false;
	}
	return true;
}

static int net_device_name(struct decode *d, const struct jnode *node, void *target)
{
	if (!node->text_len)
		return 0;
	if (!is_interface_name(node->text, true))
		return decode_error(
			d, node,
			"'%s' must be the name of a network interface (at most %d bytes), not '%.60s'",
			DECODE_NAME(d, node), IFNAMSIZ - 1, node->text);
	return decode_string(d, node, target);
}

static int decode_net_device(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "name", ROW_STRING, net_device_name, offsetof(struct spec_net_device, name), 0,
		  0 },
	};
	struct spec_net_device *device = target;

	device->node = node;
	device->host_name = arena_strndup(d->arena, node->key, strlen(node->key));
	device->name = device->host_name;
	if (!is_interface_name(node->key, false))
		return decode_error(
			d, node,
			"'%.60s' in 'linux.netDevices' cannot be the name of a network interface",
			node->key);
	return node->type == JNULL ? 0 : DECODE_OBJECT(d, node, rows, device);
}

int decode_net_devices(struct decode *d, const struct jnode *node, void *target)
{
	struct spec *s = target;
	int r;

	s->net_devices = decode_room(d, node, sizeof(*s->net_devices));
	s->net_device_count = node->count;
	r = decode_each(d, node, s->net_devices, sizeof(*s->net_devices), decode_net_device);
	if (r)
		return r;
	for (size_t i = 1; i < s->net_device_count; i++) {
		const struct spec_net_device *device = &s->net_devices[i];

		for (size_t j = 0; j < i; j++)
			if (!strchr(device->name, '%') &&
			    STREQ(device->name, s->net_devices[j].name))
				return decode_error(d, device->node,
						    "two network devices are to be named '%s'",
						    device->name);
	}
	return 0;
}
