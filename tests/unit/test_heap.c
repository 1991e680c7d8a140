/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator of the static build, beside the one that this test has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/heap.h"
#include "knarr/base.h"

static char *get(size_t size)
{
	int zeroed;
	char *p = heap_alloc(size, &zeroed);

	assert_non_null(p);
	assert_int_equal((uintptr_t)p % 16, 0);
	return p;
}

static void blocks_come_back(void **state)
{
	int zeroed;
	char *p = get(100), *q = get(100);

	(void)state;
	assert_true(q >= p + 100 || p >= q + 100);
	memset(p, 1, 100);
	heap_free(p);
	assert_ptr_equal(heap_alloc(97, &zeroed), p); /* of the same class */
	assert_false(zeroed);
	heap_free(p);
	heap_free(q);
}

static void fresh_memory_is_zero(void **state)
{
	(void)state;
	for (size_t size = 1; size < 300000; size = size * 2 + 1) {
		int zeroed;
		char *p = heap_alloc(size, &zeroed);

		assert_non_null(p);
		for (size_t i = 0; zeroed && i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0x5a, size);
		heap_free(p);
	}
}

static void growing(void **state)
{
	char *p = get(1);

	(void)state;
	p[0] = 'x';
	for (size_t size = 2; size < 1 << 20; size *= 2) {
		p = heap_resize(p, size);
		assert_non_null(p);
		for (size_t i = 0; i < size / 2; i++)
			assert_int_equal(p[i], 'x');
		memset(p, 'x', size);
	}
	assert_ptr_equal(heap_resize(p, 10), p);
	heap_free(p);
}

/* The last block of the region grows where it is, one with something behind it moves. To be run before any other. */
static void growing_in_place(void **state)
{
	char *p = get(2000), *wall;

	(void)state;
	assert_ptr_equal(heap_resize(p, 4000), p);
	wall = get(2000);
	p[3999] = 'y';
	p = heap_resize(p, 60000);
	assert_true(p > wall);
	assert_int_equal(p[3999], 'y');
	heap_free(p);
	heap_free(wall);
}

/* Many blocks at once, of all sizes and in no order: none touches another. */
static void many_blocks(void **state)
{
	enum { COUNT = 500 };
	static unsigned char *blocks[COUNT];
	static size_t sizes[COUNT];
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned i = (seed = seed * 1103515245u + 12345u) >> 16;
		size_t size = (seed >> 8) % (i % 50 ? 700 : 100000) + 1;

		i %= COUNT;
		for (size_t k = 0; blocks[i] && k < sizes[i]; k += 7)
			assert_int_equal(blocks[i][k], (unsigned char)i);
		if (blocks[i] && round % 3) {
			blocks[i] = heap_resize(blocks[i], size);
			assert_non_null(blocks[i]);
		} else {
			if (blocks[i])
				heap_free(blocks[i]);
			blocks[i] = (unsigned char *)get(size);
		}
		sizes[i] = size;
		memset(blocks[i], (int)i, size);
	}
	for (unsigned i = 0; i < COUNT; i++)
		if (blocks[i])
			heap_free(blocks[i]);
}

static int ends_by(void (*what)(void))
{
	struct rlimit none = { 0, 0 };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void free_twice(void)
{
	char *p = get(40);

	heap_free(p);
	heap_free(p);
}

static void free_within(void)
{
	char *p = get(400);

	memset(p, 0x41, 400);
	heap_free(p + 32);
}

static void resize_freed(void)
{
	char *p = get(40);

	heap_free(p);
	(void)heap_resize(p, 80);
}

static void misuse_ends_the_process(void **state)
{
	(void)state;
	assert_int_equal(ends_by(free_twice), SIGABRT);
	assert_int_equal(ends_by(free_within), SIGABRT);
	assert_int_equal(ends_by(resize_freed), SIGABRT);
}

static void no_memory(void **state)
{
	char *p = get(10);
	int zeroed;

	(void)state;
	p[0] = 'z';
	assert_null(heap_alloc(SIZE_MAX - 8, &zeroed));
	assert_int_equal(errno, ENOMEM);
	assert_null(heap_alloc(SIZE_MAX / 2, &zeroed));
	assert_null(heap_resize(p, SIZE_MAX / 2));
	assert_int_equal(p[0], 'z');
	heap_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growing_in_place),
		cmocka_unit_test(blocks_come_back),
		cmocka_unit_test(fresh_memory_is_zero),
		cmocka_unit_test(growing),
		cmocka_unit_test(many_blocks),
		cmocka_unit_test(misuse_ends_the_process),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
