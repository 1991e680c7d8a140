/* SPDX-License-Identifier: Apache-2.0 */
/* linux.netDevices: what src/loader/devices.c is asked. Host half. */
#include "knarr/library.h"
#include "knarr/network.h"

int network_move_devices(const struct spec_net_device *devices, size_t count, int netns_fd,
			 struct error *err)
{
	struct buf asked = { 0 }, answer = { 0 };
	char pointer[192];
	int r;

	if (count == 0)
		return 0;
	wire_put_u64(&asked, count);
	for (size_t i = 0; i < count; i++) {
		const struct spec_net_device *d = &devices[i];

		wire_put_text(&asked, d->host_name);
		wire_put_text(&asked, d->name ? d->name : "");
		wire_put_text(&asked,
			      d->node ? jnode_pointer(d->node, pointer, sizeof(pointer)) : "");
	}
	r = library_ask(LIBRARY_DEVICES, &asked, &netns_fd, 1, &answer, err);
	buf_done(&asked);
	buf_done(&answer);
	return r;
}
