/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's allocator replaced by heap.c, in the static build alone. musl is made for that: it calls these itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"

void *malloc(size_t size)
{
	int zeroed;

	return heap_alloc(size, &zeroed);
}

void *calloc(size_t n, size_t size)
{
	size_t bytes;
	int zeroed;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	p = heap_alloc(bytes, &zeroed);
	return p && !zeroed ? memset(p, 0, bytes) : p;
}

void *realloc(void *p, size_t size)
{
	return p ? heap_resize(p, size) : malloc(size);
}

void free(void *p)
{
	int saved = errno;

	if (p)
		heap_free(p);
	errno = saved;
}
