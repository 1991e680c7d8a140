/* SPDX-License-Identifier: Apache-2.0 */
/* Host half, on a cache miss. */
#include <errno.h>
#include <string.h>

#include "knarr/library.h"
#include "numbers.h"

static size_t count_names(const struct spec_seccomp *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->rule_count; i++)
		count += s->rules[i].names.count;
	return count;
}

static void put_list(struct buf *b, const struct spec_string_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		wire_put_text(b, list->items[i]);
}

static void put_question(struct buf *b, const struct spec_seccomp *s)
{
	wire_put_u64(b, s->architectures.count);
	put_list(b, &s->architectures);
	wire_put_u64(b, count_names(s));
	for (size_t i = 0; i < s->rule_count; i++)
		put_list(b, &s->rules[i].names);
}

static int take_answer(struct wire w, size_t names, struct filter_numbers *n)
{
	text_copy(n->version, sizeof(n->version), wire_get_text(&w));
	n->archs = mem_alloc_array(n->columns, sizeof(*n->archs));
	for (size_t i = 0; i < n->columns; i++)
		n->archs[i] = (uint32_t)wire_get_u64(&w);
	n->numbers = mem_alloc_array(names * n->columns, sizeof(*n->numbers));
	for (size_t i = 0; i < names * n->columns; i++)
		n->numbers[i] = (int32_t)wire_get_u64(&w);
	return wire_end(&w);
}

int filter_numbers_ask(const struct spec_seccomp *s, struct filter_numbers *ret, struct error *err)
{
	struct filter_numbers n = { .columns = 1 + s->architectures.count };
	struct buf asked = { 0 }, answer = { 0 };
	int r;

	put_question(&asked, s);
	r = library_ask(LIBRARY_SYSCALLS, &asked, NULL, 0, &answer, err);
	buf_done(&asked);
	if (r == 0) {
		r = take_answer(wire_of(&answer), count_names(s), &n);
		if (r < 0)
			error_set(err, -r, "the numbers of system calls did not arrive whole");
	}
	buf_done(&answer);
	if (r < 0)
		filter_numbers_done(&n);
	else
		*ret = n;
	return r;
}

void filter_numbers_done(struct filter_numbers *n)
{
	free(n->archs);
	free(n->numbers);
	memset(n, 0, sizeof(*n));
}
