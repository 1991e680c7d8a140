/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks are cut from a region, one behind the other, and go onto a list of their size when they are freed: multiples of
 * 16 bytes up to 1 KiB, powers of two up to 64 KiB. What is larger has a mapping of its own. The first region is part of the
 * program, and its pages exist when they are touched; the last block of a region grows in place, as buffers do.
 */
#include <errno.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/heap.h"

enum {
	ALIGN = 16,
	SMALL_MAX = 1024,
	SMALL_CLASSES = SMALL_MAX / ALIGN, /* 16, 32, ... 1024 */
	LARGE_CLASSES = 6,                 /* 2 KiB ... 64 KiB */
	LARGE_MAX = SMALL_MAX << LARGE_CLASSES,
	FIRST_REGION = 128 * 1024,
	REGION = 512 * 1024,
};

/* What stands before each block: a word that only a block in use has, xored with its place so that a copy is none. */
#define MARK UINT64_C(0x6b6e617272686561)

struct block {
	uint64_t mark;
	size_t size; /* of what follows, a size of its class or of the mapping */
};
_Static_assert(sizeof(struct block) == ALIGN, "blocks lose their alignment");

struct free_block {
	struct block block;
	struct free_block *next;
};

static alignas(ALIGN) char first_region[FIRST_REGION];

static struct {
	char *next, *end; /* of the region in use */
	struct free_block *lists[SMALL_CLASSES + LARGE_CLASSES];
} heap = { .next = first_region, .end = first_region + FIRST_REGION };

static uint64_t mark_of(const struct block *b)
{
	return MARK ^ (uintptr_t)b;
}

/* The class of a size, and the size that blocks of the class have. */
static unsigned class_of(size_t size, size_t *ret_size)
{
	unsigned class = SMALL_CLASSES;

	if (size <= SMALL_MAX) {
		*ret_size = size ? (size + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
		return (unsigned)(*ret_size / ALIGN) - 1;
	}
	for (*ret_size = 2 * SMALL_MAX; *ret_size < size; *ret_size *= 2)
		class ++;
	return class;
}

static struct block *map_block(size_t size)
{
	size_t len;
	struct block *b;

	if (__builtin_add_overflow(size, sizeof(*b), &len)) {
		errno = ENOMEM;
		return NULL;
	}
	b = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b == MAP_FAILED)
		return NULL;
	b->size = size;
	return b;
}

/* What is left of the old region is lost: less than one block. */
static bool new_region(void)
{
	char *region =
		mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED)
		return false;
	heap.next = region;
	heap.end = region + REGION;
	return true;
}

static struct block *cut_block(size_t size)
{
	struct block *b;

	if ((size_t)(heap.end - heap.next) < sizeof(*b) + size && !new_region())
		return NULL;
	b = (struct block *)heap.next;
	heap.next += sizeof(*b) + size;
	b->size = size;
	return b;
}

void *heap_alloc(size_t size, int *ret_zeroed)
{
	struct free_block *freed = NULL;
	struct block *b;

	if (size > LARGE_MAX) {
		b = map_block(size);
	} else {
		unsigned class = class_of(size, &size);

		freed = heap.lists[class];
		if (freed)
			heap.lists[class] = freed->next;
		b = freed ? &freed->block : cut_block(size);
	}
	*ret_zeroed = !freed;
	if (!b)
		return NULL;
	b->mark = mark_of(b);
	return b + 1;
}

static struct block *block_of(void *p)
{
	struct block *b = (struct block *)p - 1;

	if (b->mark != mark_of(b))
		abort();
	return b;
}

void heap_free(void *p)
{
	struct block *b = block_of(p);
	struct free_block *freed = (struct free_block *)b;
	size_t size;
	unsigned class;

	b->mark = 0;
	if (b->size > LARGE_MAX) {
		(void)munmap(b, b->size + sizeof(*b));
		return;
	}
	class = class_of(b->size, &size);
	freed->next = heap.lists[class];
	heap.lists[class] = freed;
}

/* The last block of the region becomes one of a larger class where it stands. */
static bool grow_in_place(struct block *b, size_t size)
{
	if ((char *)(b + 1) + b->size != heap.next || size > LARGE_MAX)
		return false;
	(void)class_of(size, &size);
	if ((size_t)(heap.end - (char *)(b + 1)) < size)
		return false;
	heap.next = (char *)(b + 1) + size;
	b->size = size;
	return true;
}

void *heap_resize(void *p, size_t size)
{
	struct block *b = block_of(p);
	int zeroed;
	void *q;

	if (size <= b->size || grow_in_place(b, size))
		return p;
	q = heap_alloc(size, &zeroed);
	if (!q)
		return NULL;
	memcpy(q, p, b->size);
	heap_free(p);
	return q;
}
