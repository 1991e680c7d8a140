/* SPDX-License-Identifier: Apache-2.0 */
/*
 * _FORTIFY_SOURCE=2 for a C library that has none (musl): put before every file of the static build by -include. Where
 * the compiler knows how large the destination is and cannot see that the write fits, the functions of fortify.c check
 * it and end the process. They bear the names that glibc gave them, which archives compiled against it call as well.
 */
#ifndef KNARR_BASE_FORTIFY_H
#define KNARR_BASE_FORTIFY_H

#include <sched.h> /* musl declares memcpy and memset there once more */
#include <stdio.h>
#include <string.h>

#define FORTIFY_SIZE(p) __builtin_object_size(p, 1)

#define memcpy(d, s, n) __builtin___memcpy_chk(d, s, n, __builtin_object_size(d, 0))
#define memmove(d, s, n) __builtin___memmove_chk(d, s, n, __builtin_object_size(d, 0))
#define memset(d, c, n) __builtin___memset_chk(d, c, n, __builtin_object_size(d, 0))
#define strcpy(d, s) __builtin___strcpy_chk(d, s, FORTIFY_SIZE(d))
#define strncpy(d, s, n) __builtin___strncpy_chk(d, s, n, FORTIFY_SIZE(d))
#define snprintf(d, n, ...) __builtin___snprintf_chk(d, n, 1, FORTIFY_SIZE(d), __VA_ARGS__)
#define vsnprintf(d, n, f, ap) __builtin___vsnprintf_chk(d, n, 1, FORTIFY_SIZE(d), f, ap)

#endif
