/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the libraries this machine has, for `features`. Host half. */
#include "knarr/library.h"

int library_facts(struct library_facts *ret)
{
	struct buf asked = { 0 }, answer = { 0 };
	struct wire w;
	int r;

	*ret = (struct library_facts){ .mnl = false };
	r = library_ask(LIBRARY_FACTS, &asked, NULL, 0, &answer, NULL);
	w = wire_of(&answer);
	if (r == 0) {
		text_copy(ret->seccomp, sizeof(ret->seccomp), wire_get_text(&w));
		ret->seccomp_2_6_archs = wire_get_u64(&w);
		ret->mnl = wire_get_u64(&w);
		ret->systemd = wire_get_u64(&w);
		r = wire_end(&w);
	}
	buf_done(&answer);
	return r;
}
