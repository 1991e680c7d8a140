/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appends strings, arrays and ops to one relocatable buffer. Host half. Padding is zeroed, so that
 * the same input gives the same bytes.
 */
#include <errno.h>
#include <string.h>

#include "plan/plan_buffer.h"

#define FIRST_SIZE 16384u

void plan_buffer_init(struct plan_buffer *b)
{
	*b = (struct plan_buffer){ .cap = FIRST_SIZE };
	b->data = mem_alloc(b->cap);
	b->len = sizeof(struct plan_header);
	*plan_buffer_header(b) = (struct plan_header){ .magic = PLAN_MAGIC,
						       .version = PLAN_VERSION,
						       .socket_fd = -1 };
}

void plan_buffer_done(struct plan_buffer *b)
{
	free(b->data);
	free(b->ops);
	*b = (struct plan_buffer){ 0 };
}

struct plan_header *plan_buffer_header(struct plan_buffer *b)
{
	return (struct plan_header *)b->data;
}

/*
 * Room for len bytes at an aligned offset, which is returned. Offsets are checked against the limit
 * once, at the end.
 */
static size_t buffer_reserve(struct plan_buffer *b, size_t len, size_t align)
{
	size_t at = (b->len + align - 1) & ~(align - 1);

	if (at + len > b->cap) {
		size_t cap = b->cap;

		while (cap < at + len)
			cap *= 2;
		b->data = mem_grow(b->data, cap, 1);
		b->cap = cap;
	}
	memset(b->data + b->len, 0, at - b->len);
	b->len = at + len;
	return at;
}

uint32_t plan_buffer_bytes(struct plan_buffer *b, const void *data, size_t len, size_t align)
{
	size_t at = buffer_reserve(b, len, align);

	if (len > 0)
		memcpy(b->data + at, data, len);
	return (uint32_t)at;
}

uint32_t plan_buffer_string(struct plan_buffer *b, const char *s)
{
	return s ? plan_buffer_bytes(b, s, strlen(s) + 1, 1) : 0;
}

struct plan_array plan_buffer_array(struct plan_buffer *b, const char *const *items, size_t count)
{
	if (count == 0)
		return (struct plan_array){ 0 };
	size_t at = buffer_reserve(b, count * sizeof(uint32_t), sizeof(uint32_t));

	for (size_t i = 0; i < count; i++) {
		uint32_t offset = plan_buffer_string(b, items[i]);

		memcpy(b->data + at + i * sizeof(offset), &offset, sizeof(offset));
	}
	return (struct plan_array){ .count = (uint32_t)count, .items = (uint32_t)at };
}

void plan_buffer_op(struct plan_buffer *b, enum plan_op_type type, unsigned flags, uint32_t origin,
		    const void *arg, size_t size)
{
	if (b->op_count == b->op_cap) {
		b->op_cap = b->op_cap ? b->op_cap * 2 : 128;
		b->ops = mem_grow(b->ops, b->op_cap, sizeof(*b->ops));
	}
	b->ops[b->op_count++] = (struct plan_op){
		.type = (uint16_t)type,
		.flags = (uint16_t)flags,
		.fd = -1,
		.origin = origin,
		.arg = size ? plan_buffer_bytes(b, arg, size, 8) : 0,
	};
}

int plan_buffer_finish(struct plan_buffer *b, struct plan_header **ret)
{
	uint32_t ops = plan_buffer_bytes(b, b->ops, b->op_count * sizeof(*b->ops), 8);
	size_t end = buffer_reserve(b, 8, 8);

	/* The last byte is NUL: every string ends inside (plan_validate.c). */
	memset(b->data + end, 0, 8);
	if (b->len > PLAN_MAX_SIZE)
		return -EFBIG;
	struct plan_header *h = plan_buffer_header(b);

	h->size = (uint32_t)b->len;
	h->ops = ops;
	h->op_count = (uint32_t)b->op_count;
	*ret = h;
	b->data = NULL;
	plan_buffer_done(b);
	return 0;
}
