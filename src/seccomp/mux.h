/* SPDX-License-Identifier: Apache-2.0 */
/* i386's socketcall(2) and ipc(2): one number for many calls. */
#ifndef KNARR_SECCOMP_MUX_H
#define KNARR_SECCOMP_MUX_H

#include <stdbool.h>
#include <stdint.h>

struct mux {
	uint32_t nr;   /* socketcall or ipc */
	uint32_t call; /* their first argument */
	uint32_t mask; /* of the first argument: ipc keeps a version above */
	int direct;    /* number of the call itself, -1 where there is none */
};
/* number: what libseccomp gives for a call that i386 multiplexes, a negative number of its own or the direct one. */
bool mux_find_i386(int number, struct mux *ret);

#endif
