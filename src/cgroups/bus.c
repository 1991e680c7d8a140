/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about units, as values for the loader (knarr/library.h). Host half. */
#include <errno.h>
#include <string.h>

#include "cgroups/bus.h"
#include "cgroups/bus_address.h"
#include "knarr/cgroups.h"
#include "knarr/library.h"

int bus_check(bool user, struct error *err)
{
	char address[512];
	int r;

	if (cgroup_systemd_built())
		return bus_address(user, address, sizeof(address), err);
	r = error_fail(err, ERROR_UNSUPPORTED, 0,
		       "this knarr was built without the systemd cgroup driver");
	error_add_remedy(err, "use --cgroup-manager cgroupfs");
	return r;
}

/* Type, then the value: of a container its whole signature, the count, the items. */
static void put_variant(struct buf *b, const struct gvariant *v)
{
	wire_put_u64(b, (unsigned char)v->type);
	switch (v->type) {
	case 's':
		wire_put_text(b, v->text);
		return;
	case 'a':
	case '(':
		wire_put_text(b, v->signature);
		wire_put_u64(b, v->count);
		for (size_t i = 0; i < v->count; i++)
			put_variant(b, &v->items[i]);
		return;
	default: /* a real number travels as its bits */
		wire_put_u64(b, v->number);
	}
}

/* Count; for each its name, its signature, and a variant or the bytes of "ay". */
static void put_properties(struct buf *b, const struct scope_properties *properties)
{
	wire_put_u64(b, properties->count);
	for (size_t i = 0; i < properties->count; i++) {
		const struct scope_property *p = &properties->items[i];
		struct gvariant number = { .type = 't', .number = p->number };

		wire_put_text(b, p->name);
		if (p->kind == SCOPE_BYTES) {
			wire_put_text(b, "ay");
			wire_put_u64(b, true);
			wire_put_bytes(b, p->bytes, p->byte_count);
			continue;
		}
		wire_put_text(b, p->kind == SCOPE_VARIANT ? p->variant.signature : "t");
		wire_put_u64(b, false);
		put_variant(b, p->kind == SCOPE_VARIANT ? &p->variant : &number);
	}
}

/* Every question begins with the address and the unit. */
static int begin(struct buf *asked, bool user, const char *unit, struct error *err)
{
	char address[512];
	int r = bus_address(user, address, sizeof(address), err);

	if (r < 0)
		return r;
	wire_put_text(asked, address);
	wire_put_text(asked, unit);
	return 0;
}

static int ask(enum library_question question, struct buf *asked, struct error *err)
{
	_cleanup_(buf_done) struct buf answer = { 0 };

	return library_ask(question, asked, NULL, 0, &answer, err);
}

int bus_start_scope(bool user, const struct bus_scope *scope, struct error *err)
{
	_cleanup_(buf_done) struct buf asked = { 0 };
	int r = begin(&asked, user, scope->unit, err);

	if (r < 0)
		return r;
	wire_put_text(&asked, scope->description);
	wire_put_text(&asked, scope->slice);
	wire_put_u64(&asked, (uint64_t)scope->pid);
	put_properties(&asked, scope->properties);
	return ask(LIBRARY_SCOPE, &asked, err);
}

int bus_stop_unit(bool user, const char *unit, struct error *err)
{
	_cleanup_(buf_done) struct buf asked = { 0 };
	int r = begin(&asked, user, unit, err);

	return r < 0 ? r : ask(LIBRARY_STOP, &asked, err);
}

int bus_set_properties(bool user, const char *unit, const struct scope_properties *properties,
		       struct error *err)
{
	_cleanup_(buf_done) struct buf asked = { 0 };
	int r = begin(&asked, user, unit, err);

	if (r < 0)
		return r;
	put_properties(&asked, properties);
	return ask(LIBRARY_PROPERTIES, &asked, err);
}
