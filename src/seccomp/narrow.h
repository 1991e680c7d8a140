/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of which the kernel reads 32 or 16 bits. */
#ifndef KNARR_SECCOMP_NARROW_H
#define KNARR_SECCOMP_NARROW_H

#include <stdint.h>

/*
 * How many bits of an argument the kernel reads: 64, 32 or 16. token: the architecture (SCMP_ARCH_*). index: 0 to 5.
 */
unsigned argument_bits(uint32_t token, const char *name, unsigned index);

#endif
