/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signals: names to numbers, in all spellings that callers use. The numbers are those of the generic Linux table,
 * which every architecture this project supports shares; the C library's SIGRTMIN is not used, since it depends on
 * how many real-time signals the library keeps for itself, and the container has a library of its own.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cli/command.h"

#define SIGNAL_RTMIN 34 /* what shells and service managers on glibc systems mean by RTMIN */
#define SIGNAL_MAX 64

static const struct {
	char name[7];
	unsigned char number;
} table[] = {
	{ "HUP", 1 },   { "INT", 2 },     { "QUIT", 3 },    { "ILL", 4 },   { "TRAP", 5 },
	{ "ABRT", 6 },  { "IOT", 6 },     { "BUS", 7 },     { "FPE", 8 },   { "KILL", 9 },
	{ "USR1", 10 }, { "SEGV", 11 },   { "USR2", 12 },   { "PIPE", 13 }, { "ALRM", 14 },
	{ "TERM", 15 }, { "STKFLT", 16 }, { "CHLD", 17 },   { "CLD", 17 },  { "CONT", 18 },
	{ "STOP", 19 }, { "TSTP", 20 },   { "TTIN", 21 },   { "TTOU", 22 }, { "URG", 23 },
	{ "XCPU", 24 }, { "XFSZ", 25 },   { "VTALRM", 26 }, { "PROF", 27 }, { "WINCH", 28 },
	{ "IO", 29 },   { "POLL", 29 },   { "PWR", 30 },    { "SYS", 31 },  { "UNUSED", 31 },
};

/* "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n" */
static int parse_realtime(const char *name)
{
	bool from_top = strncasecmp(name, "RTMAX", 5) == 0;
	uint32_t offset = 0;
	int number;

	if (!from_top && strncasecmp(name, "RTMIN", 5) != 0)
		return -EINVAL;
	name += 5;
	if (*name && (*name != (from_top ? '-' : '+') || num_parse_u32(name + 1, &offset) < 0))
		return -EINVAL;
	if (offset > SIGNAL_MAX - SIGNAL_RTMIN)
		return -EINVAL;
	number = from_top ? SIGNAL_MAX - (int)offset : SIGNAL_RTMIN + (int)offset;
	return number;
}

int signal_parse(const char *text)
{
	const char *name = text;
	uint32_t number;

	if (num_parse_u32(text, &number) == 0)
		return number <= SIGNAL_MAX ? (int)number : -EINVAL;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcasecmp(table[i].name, name) == 0)
			return table[i].number;
	}
	return parse_realtime(name);
}
