/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_buffer: a plan while it grows. Everything is appended; nothing is moved, so offsets stay
 * good and pointers do not.
 */
#ifndef KNARR_PLAN_BUFFER_H
#define KNARR_PLAN_BUFFER_H

#include "knarr/plan.h"

struct plan_buffer {
	char *data; /* starts with the header */
	size_t len, cap;
	struct plan_op *ops; /* appended to data at the end */
	size_t op_count, op_cap;
};

void plan_buffer_init(struct plan_buffer *b);
void plan_buffer_done(struct plan_buffer *b);
/* Valid until the next append. */
struct plan_header *plan_buffer_header(struct plan_buffer *b);
uint32_t plan_buffer_bytes(struct plan_buffer *b, const void *data, size_t len, size_t align);
/* NULL gives 0 ("absent"), "" a real empty string. */
uint32_t plan_buffer_string(struct plan_buffer *b, const char *s);
struct plan_array plan_buffer_array(struct plan_buffer *b, const char *const *items, size_t count);
void plan_buffer_op(struct plan_buffer *b, enum plan_op_type type, unsigned flags, uint32_t origin,
		    const void *arg, size_t size);
/* Hands the finished bytes over and empties the buffer; -EFBIG above PLAN_MAX_SIZE. */
int plan_buffer_finish(struct plan_buffer *b, struct plan_header **ret);

#endif
