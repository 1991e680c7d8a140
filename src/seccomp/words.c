/* SPDX-License-Identifier: Apache-2.0 */
/* What `features` says about seccomp: the specification's words that this build and this kernel know. Host half. */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "knarr/kernel.h"
#include "knarr/seccomp.h"
#include "words.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static const char *const no_words[] = { NULL };

/* Features are asked for without libseccomp as well: nothing is known then. */
static bool has_library(const struct library_facts *facts)
{
	return facts->seccomp[0] != '\0';
}

const char *const *filter_actions(const struct library_facts *facts)
{
	static const char *const words[] = { "SCMP_ACT_ALLOW",       "SCMP_ACT_ERRNO",
					     "SCMP_ACT_KILL",        "SCMP_ACT_KILL_PROCESS",
					     "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
					     "SCMP_ACT_NOTIFY",      "SCMP_ACT_TRACE",
					     "SCMP_ACT_TRAP",        NULL };
	return has_library(facts) ? words : no_words;
}

const char *const *filter_operators(const struct library_facts *facts)
{
	static const char *const words[] = { "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
					     "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ",
					     "SCMP_CMP_NE", NULL };
	return has_library(facts) ? words : no_words;
}

#define ARCHS_OF_2_5                                                                          \
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64",           \
		"SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",              \
		"SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64",            \
		"SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64", \
		"SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_X32", "SCMP_ARCH_X86",        \
		"SCMP_ARCH_X86_64"

const char *const *filter_archs(const struct library_facts *facts)
{
	static const char *const words_2_5[] = { ARCHS_OF_2_5, NULL };
	static const char *const words_2_6[] = { ARCHS_OF_2_5,     "SCMP_ARCH_LOONGARCH64",
						 "SCMP_ARCH_M68K", "SCMP_ARCH_SH",
						 "SCMP_ARCH_SHEB", NULL };
	if (!has_library(facts))
		return no_words;
	return facts->seccomp_2_6_archs ? words_2_6 : words_2_5;
}

const char *const *filter_flags_known(void)
{
	static const char *const words[] = { "SECCOMP_FILTER_FLAG_LOG",
					     "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
					     "SECCOMP_FILTER_FLAG_TSYNC",
					     "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL };

	return words;
}

uint32_t filter_flag_value(const char *word)
{
	static const struct {
		const char *word;
		uint32_t value;
	} flags[] = {
		{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
		{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
		{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
		  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (STREQ(flags[i].word, word))
			return flags[i].value;
	}
	return 0;
}

bool filter_flag_supported(const char *word)
{
	uint32_t flags = filter_flag_value(word);

	if (!flags)
		return false;
	if (flags == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	/* Flags are looked at before the program: EFAULT for its address says that they are fine. */
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, NULL) == -EFAULT;
}
