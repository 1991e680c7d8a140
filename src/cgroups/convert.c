/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of cgroup v1, in which config.json speaks, to those of v2. Pure. Host half.
 *
 * cpu.shares 2 ... 262144 (default 1024) to cpu.weight 1 ... 10000 (default 100). A straight line through the ends
 * maps 1024 to 39, so that a container that asked for the default got less than a service that asked for nothing.
 * The runtimes and Kubernetes therefore agreed in 2025 (kubernetes/enhancements KEP 2254, opencontainers/cgroups) on
 *     l = log2(shares); weight = ceil(10 ^ ((l^2 + 125 l) / 612 - 7/34))
 * which meets both ends and the default: 2 -> 1, 1024 -> 100, 262144 -> 10000.
 *
 * blkio.weight 10 ... 1000 to io.weight 1 ... 10000: the straight line through the ends.
 *
 * Written without libm, whose loading would cost every start more than this saves in lines.
 */
#include "knarr/cgroups.h"

#define LN2 0.693147180559945309417
#define LN10 2.302585092994045684018

/* log2 of n >= 1: the exponent from the position of the top bit, the rest by the series of artanh. */
static double log2_of(uint64_t n)
{
	unsigned exponent = 63u - (unsigned)__builtin_clzll(n);
	double mantissa = (double)n / (double)(1ull << exponent); /* 1 <= mantissa < 2 */
	double z = (mantissa - 1) / (mantissa + 1), square = z * z, term = z, sum = 0;

	for (unsigned k = 1; k < 60; k += 2) {
		sum += term / k;
		term *= square;
	}
	return exponent + 2 * sum / LN2;
}

/* 10 to the power of y, 0 <= y < 5. */
static double exp10_of(double y)
{
	double x = y * LN10;
	unsigned halvings = (unsigned)(x / LN2);
	double rest = x - halvings * LN2, term = 1, sum = 1;

	for (unsigned k = 1; k < 30; k++) {
		term *= rest / k;
		sum += term;
	}
	return sum * (double)(1ull << halvings);
}

uint64_t cgroup_cpu_shares_to_weight(uint64_t shares)
{
	double l, weight;
	uint64_t whole;

	if (shares == 0)
		return 0; /* not set */
	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2_of(shares);
	weight = exp10_of((l * l + 125 * l) / 612 - 7.0 / 34);
	/* The formula meets whole numbers at the default only; rounding must not lift it to the next. */
	whole = (uint64_t)(weight - 1e-9);
	return whole + 1;
}

uint64_t cgroup_blkio_weight_to_io(uint64_t weight)
{
	if (weight == 0)
		return 0; /* not set */
	if (weight < 10)
		weight = 10;
	if (weight > 1000)
		weight = 1000;
	return 1 + (weight - 10) * 9999 / 990;
}
