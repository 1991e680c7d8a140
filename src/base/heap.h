/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap: malloc() of the static build (src/base/malloc.c). One thread; short lives.
 *
 * What a short command costs is, next to its system calls, the number of pages that it touches: each is a fault, and
 * where machines are virtual a fault costs as much as ten small calls. musl's allocator maps and unmaps a page here and
 * there for each size; this one packs everything one behind the other, and gives nothing back before the end.
 */
#ifndef KNARR_BASE_HEAP_H
#define KNARR_BASE_HEAP_H

#include <stddef.h>

/* NULL and ENOMEM when memory is short. 16-aligned; *ret_zeroed: nobody had it before, it reads as zeros. */
void *heap_alloc(size_t size, int *ret_zeroed);
/* May move; keeps the contents. p: from heap_alloc(). On failure p stays as it is. */
void *heap_resize(void *p, size_t size);
/* Ends the process if p was not allocated or is free already. */
void heap_free(void *p);

#endif
