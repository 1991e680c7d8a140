/* SPDX-License-Identifier: Apache-2.0 */
/* The specification's words for seccomp(2) flags. */
#ifndef KNARR_SECCOMP_WORDS_H
#define KNARR_SECCOMP_WORDS_H

#include <stdint.h>

uint32_t filter_flag_value(const char *word); /* 0: not a word for a flag */

#endif
