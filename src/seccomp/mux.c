/* SPDX-License-Identifier: Apache-2.0 */
/*
 * i386 has its socket and System V IPC calls twice: behind the multiplexers socketcall and ipc, and since
 * Linux 4.3 and 5.1 with numbers of their own. A rule for one way only would be no rule. libseccomp names
 * these calls -(100 + n) and -(200 + n), n being the multiplexer's first argument (linux/net.h, linux/ipc.h).
 */
#include "mux.h"

#include "knarr/base.h"

#define I386_SOCKETCALL 102
#define I386_IPC 117

static const struct {
	int number, direct;
} calls[] = {
	{ -101, 359 }, /* socket */
	{ -102, 361 }, /* bind */
	{ -103, 362 }, /* connect */
	{ -104, 363 }, /* listen */
	{ -105, -1 },  /* accept */
	{ -106, 367 }, /* getsockname */
	{ -107, 368 }, /* getpeername */
	{ -108, 360 }, /* socketpair */
	{ -109, -1 },  /* send */
	{ -110, -1 },  /* recv */
	{ -111, 369 }, /* sendto */
	{ -112, 371 }, /* recvfrom */
	{ -113, 373 }, /* shutdown */
	{ -114, 366 }, /* setsockopt */
	{ -115, 365 }, /* getsockopt */
	{ -116, 370 }, /* sendmsg */
	{ -117, 372 }, /* recvmsg */
	{ -118, 364 }, /* accept4 */
	{ -119, 337 }, /* recvmmsg */
	{ -120, 345 }, /* sendmmsg */
	{ -201, -1 },  /* semop */
	{ -202, 393 }, /* semget */
	{ -203, 394 }, /* semctl */
	{ -204, -1 },  /* semtimedop */
	{ -211, 400 }, /* msgsnd */
	{ -212, 401 }, /* msgrcv */
	{ -213, 399 }, /* msgget */
	{ -214, 402 }, /* msgctl */
	{ -221, 397 }, /* shmat */
	{ -222, 398 }, /* shmdt */
	{ -223, 395 }, /* shmget */
	{ -224, 396 }, /* shmctl */
};

bool mux_find_i386(int number, struct mux *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		bool socket = calls[i].number > -200;

		if (number < 0 ? calls[i].number != number : calls[i].direct != number)
			continue;
		*ret = (struct mux){ .nr = socket ? I386_SOCKETCALL : I386_IPC,
				     .call = (uint32_t)(-calls[i].number - (socket ? 100 : 200)),
				     .mask = socket ? UINT32_MAX : 0xffff,
				     .direct = calls[i].direct };
		return true;
	}
	return false;
}
