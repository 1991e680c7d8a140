/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tail: the end of an output of any length, and a sentence's worth of it. Used by both halves: what
 * a hook said last is why it failed.
 */
#include <string.h>

#include "knarr/base.h"

void tail_keep(struct tail *t, const char *data, size_t len)
{
	if (len > TAIL_SIZE) {
		data += len - TAIL_SIZE;
		len = TAIL_SIZE;
		t->cut = true;
	}
	if (t->len + len > TAIL_SIZE) {
		size_t drop = t->len + len - TAIL_SIZE;

		memmove(t->text, t->text + drop, t->len - drop);
		t->len -= drop;
		t->cut = true;
	}
	memcpy(t->text + t->len, data, len);
	t->len += len;
	t->text[t->len] = '\0';
}

static bool is_blank(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/* Control characters become blanks, several of them one. */
static size_t copy_line(char *buf, size_t size, const char *from, const char *end)
{
	bool blank = true;
	size_t n = 0;

	for (; from < end && n + 1 < size; from++) {
		if (!is_blank(*from))
			buf[n++] = *from;
		else if (!blank)
			buf[n++] = ' ';
		blank = is_blank(*from);
	}
	buf[n] = '\0';
	return n;
}

void tail_line(const struct tail *t, char *buf, size_t size)
{
	const size_t room = size - sizeof("...");
	size_t len = t->len, start, n = 0;

	while (len && is_blank(t->text[len - 1]))
		len--;
	start = len > room ? len - room : 0;
	/* Not in the middle of a UTF-8 character. */
	while (start && start < len && ((unsigned char)t->text[start] & 0xC0) == 0x80)
		start++;
	if (start || t->cut) {
		memcpy(buf, "...", 3);
		n = 3;
	}
	n += copy_line(buf + n, size - n, t->text + start, t->text + len);
	if (text_is_utf8(buf, n))
		return;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)buf[i] >= 0x80)
			buf[i] = '?';
}
