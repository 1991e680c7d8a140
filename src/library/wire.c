/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and texts one after the other, for two programs of one build. A text keeps its NUL, so that it is read in place. */
#include <errno.h>
#include <string.h>

#include "knarr/library.h"

void wire_put_u64(struct buf *b, uint64_t value)
{
	buf_add(b, &value, sizeof(value));
}

void wire_put_bytes(struct buf *b, const void *data, size_t len)
{
	wire_put_u64(b, len);
	buf_add(b, data, len);
}

void wire_put_text(struct buf *b, const char *text)
{
	wire_put_bytes(b, text, strlen(text) + 1);
}

struct wire wire_of(const struct buf *b)
{
	static const char nothing[1];
	const char *data = b->data ? b->data : nothing;

	return (struct wire){ .next = data, .end = data + b->len };
}

static const void *take(struct wire *w, size_t len)
{
	const char *p = w->next;

	if (w->broken || len > (size_t)(w->end - w->next)) {
		w->broken = true;
		return NULL;
	}
	w->next += len;
	return p;
}

uint64_t wire_get_u64(struct wire *w)
{
	uint64_t value = 0;
	const void *p = take(w, sizeof(value));

	if (p)
		memcpy(&value, p, sizeof(value));
	return value;
}

const void *wire_get_bytes(struct wire *w, size_t *ret_len)
{
	uint64_t len = wire_get_u64(w);
	const void *p = take(w, len);

	*ret_len = p ? len : 0;
	return p;
}

const char *wire_get_text(struct wire *w)
{
	size_t len;
	const char *p = wire_get_bytes(w, &len);

	if (p && len > 0 && p[len - 1] == '\0' && strlen(p) == len - 1)
		return p;
	w->broken = true;
	return "";
}

int wire_end(const struct wire *w)
{
	return w->broken || w->next != w->end ? -EPROTO : 0;
}
