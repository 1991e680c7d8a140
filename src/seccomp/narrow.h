/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of which the kernel reads 32 bits. */
#ifndef KNARR_SECCOMP_NARROW_H
#define KNARR_SECCOMP_NARROW_H

/* Bit i: only the low 32 bits of argument i of this system call count, on 64-bit machines too. */
unsigned narrow_args(const char *syscall_name);

#endif
