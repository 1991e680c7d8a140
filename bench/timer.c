/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer [-n ROUNDS] [-w WARM-UP ROUNDS] [-r RAWFILE] LABEL PROGRAM ARG... [+|= PROGRAM ARG...] [-- LABEL ...]
 *
 * Runs several candidates in turn, round after round, so that what disturbs the machine disturbs
 * them all. A candidate is one program, or several that are timed as one (joined by "+"); a program
 * that is followed by "=" instead is run and not timed. Prints a line for each: label, rounds, median
 * and least wall time in microseconds, peak RSS in KiB.
 *
 * It is built static and small on purpose: the peak that the kernel reports for a child begins with
 * what its parent occupied when it was spawned.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CANDIDATES 16
#define MAX_STEPS 8

struct candidate {
	const char *label;
	char **steps[MAX_STEPS];
	bool untimed[MAX_STEPS];
	int count;
	uint64_t *nanoseconds;
	long peak_kib;
};

extern char **environ;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Splits argv in place: "--" ends a candidate, "+" or "=" a step of it. */
static int parse(char **argv, struct candidate *out)
{
	int count = 0;

	while (*argv) {
		struct candidate *c = &out[count++];

		if (count > MAX_CANDIDATES)
			return -1;
		c->label = *argv++;
		c->steps[c->count++] = argv;
		for (; *argv && strcmp(*argv, "--") != 0; argv++) {
			if (strcmp(*argv, "+") != 0 && strcmp(*argv, "=") != 0)
				continue;
			c->untimed[c->count - 1] = **argv == '=';
			*argv = NULL;
			if (c->count == MAX_STEPS)
				return -1;
			c->steps[c->count++] = argv + 1;
		}
		if (*argv)
			*argv++ = NULL;
		for (int i = 0; i < c->count; i++)
			if (!c->steps[i][0])
				return -1;
	}
	return count;
}

/* Nanoseconds that the step took; 0 if it does not count. */
static uint64_t run_step(struct candidate *c, int step, posix_spawn_file_actions_t *actions)
{
	char **argv = c->steps[step];
	uint64_t start = now();
	struct rusage usage;
	int status, r;
	pid_t pid;

	r = posix_spawnp(&pid, argv[0], actions, NULL, argv, environ);
	if (r) {
		fprintf(stderr, "timer: %s: %s\n", argv[0], strerror(r));
		exit(125);
	}
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			exit(125);
	if (status != 0) {
		fprintf(stderr, "timer: %s: '%s' ended with status 0x%x\n", c->label, argv[0],
			(unsigned int)status);
		exit(1);
	}
	if (c->untimed[step])
		return 0;
	if (usage.ru_maxrss > c->peak_kib)
		c->peak_kib = usage.ru_maxrss;
	return now() - start;
}

static void run_all(struct candidate *cs, int count, int rounds, int warm, FILE *raw)
{
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (int round = -warm; round < rounds; round++) {
		for (int k = 0; k < count; k++) {
			/* each round begins with another candidate, so that none always follows the same one */
			struct candidate *c = &cs[(k + round + warm) % count];
			uint64_t sum = 0;

			for (int i = 0; i < c->count; i++)
				sum += run_step(c, i, &actions);
			if (round < 0)
				continue;
			c->nanoseconds[round] = sum;
			if (raw)
				fprintf(raw, "%s\t%llu\n", c->label,
					(unsigned long long)c->nanoseconds[round]);
		}
	}
	posix_spawn_file_actions_destroy(&actions);
}

int main(int argc, char **argv)
{
	static struct candidate cs[MAX_CANDIDATES];
	int rounds = 50, warm = 3, count, o;
	FILE *raw = NULL;

	while ((o = getopt(argc, argv, "+n:w:r:")) != -1) {
		if (o == 'n')
			rounds = atoi(optarg);
		else if (o == 'w')
			warm = atoi(optarg);
		else if (o != 'r' || !(raw = fopen(optarg, "ae")))
			return 2;
	}
	count = parse(argv + optind, cs);
	if (count < 1 || rounds < 1 || warm < 0) {
		fputs("usage: timer [-n ROUNDS] [-w ROUNDS] [-r FILE] LABEL PROGRAM... [+|= PROGRAM...] [-- LABEL ...]\n",
		      stderr);
		return 2;
	}
	for (int i = 0; i < count; i++) {
		cs[i].nanoseconds = calloc((size_t)rounds, sizeof(*cs[i].nanoseconds));
		if (!cs[i].nanoseconds)
			return 125;
	}
	run_all(cs, count, rounds, warm, raw);
	for (int i = 0; i < count; i++) {
		qsort(cs[i].nanoseconds, (size_t)rounds, sizeof(*cs[i].nanoseconds), compare);
		printf("%s\t%d\t%.1f\t%.1f\t%ld\n", cs[i].label, rounds,
		       (double)cs[i].nanoseconds[rounds / 2] / 1000.0,
		       (double)cs[i].nanoseconds[0] / 1000.0, cs[i].peak_kib);
	}
	return 0;
}
