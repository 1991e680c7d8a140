/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profiles as initialisers, for the tests of filters. */
#ifndef KNARR_TESTS_FILTER_PROFILE_H
#define KNARR_TESTS_FILTER_PROFILE_H

#include <linux/seccomp.h>

#include "knarr/seccomp.h"

#define ALLOW SECCOMP_RET_ALLOW
#define NE 1
#define LT 2
#define LE 3
#define EQ 4
#define GE 5
#define GT 6
#define MASKED_EQ 7

#define LIST(...)                                                                      \
	{                                                                              \
		(const char *[]){ __VA_ARGS__, NULL },                                 \
			sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), NULL \
	}
#define ARG(i, o, v)                                  \
	{                                             \
		.index = (i), .op = (o), .value = (v) \
	}
#define ARG2(i, o, v, w)                                                \
	{                                                               \
		.index = (i), .op = (o), .value = (v), .value_two = (w) \
	}
#define ARGS(...)                                                         \
	.args = (struct spec_seccomp_arg[]){ __VA_ARGS__ },               \
	.arg_count = sizeof((struct spec_seccomp_arg[]){ __VA_ARGS__ }) / \
		     sizeof(struct spec_seccomp_arg)
#define RULES(...)                                                          \
	.rules = (struct spec_seccomp_rule[]){ __VA_ARGS__ },               \
	.rule_count = sizeof((struct spec_seccomp_rule[]){ __VA_ARGS__ }) / \
		      sizeof(struct spec_seccomp_rule)

#endif
