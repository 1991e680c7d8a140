/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the host half. Inputs are size-capped before they get here, so being out of memory is the machine's state
 * and not an input's doing: the process ends, and whoever waits for it sees that.
 */
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "knarr/base.h"

void mem_exhausted(void)
{
	static const char text[] = "out of memory\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1); /* nobody is left to tell */
	_exit(1);
}

void *mem_alloc(size_t size)
{
	void *p = calloc(1, size > 0 ? size : 1);

	if (!p)
		mem_exhausted();
	return p;
}

void *mem_alloc_array(size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		mem_exhausted();
	return mem_alloc(bytes);
}

void *mem_grow(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		mem_exhausted();
	p = realloc(p, bytes > 0 ? bytes : 1);
	if (!p)
		mem_exhausted();
	return p;
}

char *mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *mem_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = mem_alloc(len + 1);

	memcpy(copy, s, len);
	return copy;
}

/* ---- arena: chunks in a list, the newest first ---- */

enum { ARENA_CHUNK = 8192, ARENA_ALIGN = 16 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	alignas(ARENA_ALIGN) char data[];
};

struct arena {
	struct arena_chunk *chunks;
};

struct arena *arena_new(void)
{
	return mem_alloc(sizeof(struct arena));
}

static struct arena_chunk *chunk_new(size_t size)
{
	struct arena_chunk *c = mem_alloc(sizeof(*c) + size);

	c->size = size;
	return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;
	size_t need;
	void *p;

	if (__builtin_add_overflow(size, (size_t)(ARENA_ALIGN - 1), &need) || need > SIZE_MAX / 2)
		mem_exhausted();
	need &= ~(size_t)(ARENA_ALIGN - 1);
	if (need == 0)
		need = ARENA_ALIGN;
	if (!c || c->size - c->used < need) {
		size_t room = ARENA_CHUNK - sizeof(*c);
		bool large = need > room / 4;

		c = chunk_new(large ? need : room);
		if (large && a->chunks) {
			/* A large object stands behind the chunk in use, whose room would be lost otherwise. */
			c->next = a->chunks->next;
			a->chunks->next = c;
		} else {
			c->next = a->chunks;
			a->chunks = c;
		}
	}
	p = c->data + c->used;
	c->used += need;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = arena_alloc(a, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int r;

	va_start(ap, fmt);
	r = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = arena_alloc(a, r < 0 ? 1 : (size_t)r + 1);
	if (r >= 0) {
		va_start(ap, fmt);
		vsnprintf(text, (size_t)r + 1, fmt, ap);
		va_end(ap);
	}
	return text;
}

struct arena *arena_free(struct arena *a)
{
	if (!a)
		return NULL;
	for (struct arena_chunk *c = a->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
	return NULL;
}

/* ---- buf ---- */

/* Room for len more bytes and the NUL. */
static void buf_reserve(struct buf *b, size_t len)
{
	size_t need;

	if (__builtin_add_overflow(b->len, len, &need) || need > SIZE_MAX / 2 - 1)
		mem_exhausted();
	need++;
	if (need <= b->cap)
		return;
	b->cap = need < 64 ? 64 : need > b->cap * 2 ? need : b->cap * 2;
	b->data = mem_grow(b->data, b->cap, 1);
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	buf_reserve(b, len);
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (r < 0)
		return;
	buf_reserve(b, (size_t)r);
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)r + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)r;
}

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
