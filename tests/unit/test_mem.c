/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/base.h"

static void alloc_zeroes(void **state)
{
	char *p = mem_alloc(100);
	unsigned *n = mem_alloc_array(10, sizeof(*n));

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(n[i], 0);
	free(p);
	free(n);
	p = mem_alloc(0);
	assert_non_null(p);
	free(p);
}

static void grow_keeps_content(void **state)
{
	int *p = mem_grow(NULL, 2, sizeof(*p));

	(void)state;
	p[0] = 1;
	p[1] = 2;
	p = mem_grow(p, 1000, sizeof(*p));
	assert_int_equal(p[0], 1);
	assert_int_equal(p[1], 2);
	free(p);
}

static void overflow_ends_the_process(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		close(STDERR_FILENO);
		free(mem_alloc_array(SIZE_MAX / 2, 4));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void strings_are_copied(void **state)
{
	char *a = mem_strdup("abc"), *b = mem_strndup("abcdef", 3), *c = mem_strndup("ab", 10);

	(void)state;
	assert_string_equal(a, "abc");
	assert_string_equal(b, "abc");
	assert_string_equal(c, "ab");
	free(a);
	free(b);
	free(c);
}

static void arena_is_zeroed_aligned_and_separate(void **state)
{
	static const size_t sizes[] = { 1, 15, 16, 17, 0, 100, 3000, 8192, 100000, 7 };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	unsigned char *p[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		size_t size = sizes[i % ARRAY_SIZE(sizes)];

		p[i] = arena_alloc(a, size);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		for (size_t j = 0; j < size; j++)
			assert_int_equal(p[i][j], 0);
		memset(p[i], (int)i + 1, size);
	}
	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		size_t size = sizes[i % ARRAY_SIZE(sizes)];

		for (size_t j = 0; j < size; j++)
			assert_int_equal(p[i][j], (unsigned char)(i + 1));
	}
}

static void arena_makes_text(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(arena_printf(a, "%s/%d", "x", 3), "x/3");
	assert_string_equal(arena_strndup(a, "abcdef", 2), "ab");
	assert_string_equal(arena_strndup(a, "ab", 9), "ab");
	assert_null(arena_free(a));
	assert_null(arena_free(NULL));
}

static void buf_grows(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_add(&b, "", 0);
	assert_string_equal(b.data, "");
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%04d", i);
	assert_int_equal(b.len, 40000);
	assert_int_equal(strlen(b.data), 40000);
	assert_memory_equal(b.data + 4 * 1234, "1234", 4);
	buf_add_str(&b, "end");
	buf_add(&b, "\0x", 2);
	assert_int_equal(b.len, 40005);
	assert_memory_equal(b.data + 40000, "end\0x", 6);
	buf_done(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_zeroes),
		cmocka_unit_test(grow_keeps_content),
		cmocka_unit_test(overflow_ends_the_process),
		cmocka_unit_test(strings_are_copied),
		cmocka_unit_test(arena_is_zeroed_aligned_and_separate),
		cmocka_unit_test(arena_makes_text),
		cmocka_unit_test(buf_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
