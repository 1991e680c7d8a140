/* SPDX-License-Identifier: Apache-2.0 */
/*
 * racer A B SECONDS: exchanges two names in a loop, for the tests that start containers meanwhile. It ends with whoever
 * started it, and makes a short pause now and then: both states shall be seen, on one processor, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif
#include <sys/syscall.h>

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 200000 };
	unsigned long rounds = 0;
	time_t end;

	if (argc != 4) {
		fprintf(stderr, "racer A B SECONDS\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	end = time(NULL) + atoi(argv[3]);
	while (time(NULL) < end) {
		if (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) <
		    0) {
			fprintf(stderr, "racer: %s\n", strerror(errno));
			return 1;
		}
		if (++rounds % 64 == 0)
			nanosleep(&pause, NULL);
	}
	return 0;
}
