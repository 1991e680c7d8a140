/* SPDX-License-Identifier: Apache-2.0 */
/* clock: the time that deadlines and durations are counted in. Both halves. */
#include <time.h>

#include "knarr/base.h"

int64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
