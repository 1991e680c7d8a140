/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lexical paths, and mounts of a hand-made spec that no config.json can give. The rest is in
 * tests/golden.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "plan/plan_build.h"

static void assert_clean(const char *path, const char *expected)
{
	_cleanup_free_ char *clean = path_clean(path);

	assert_string_equal(clean, expected);
}

static void test_path_clean(void **state)
{
	(void)state;
	assert_clean("/", "/");
	assert_clean("", "/");
	assert_clean("a", "/a");
	assert_clean("/a//b/./c/", "/a/b/c");
	assert_clean("/a/../b", "/b");
	assert_clean("/../../b", "/b");
	assert_clean("/a/b/../..", "/");
	assert_clean("/a/...", "/a/...");
	assert_clean("/..a/.b", "/..a/.b");
	assert_clean("..", "/");
}

static void test_path_below(void **state)
{
	(void)state;
	assert_string_equal(path_below("/proc/self", "/proc"), "self");
	assert_string_equal(path_below("/proc", "/proc"), "");
	assert_null(path_below("/procfs", "/proc"));
	assert_null(path_below("/pro", "/proc"));
	assert_string_equal(path_below("/x", "/"), "x");
	assert_string_equal(path_below("/", "/"), "");
}

static int build(struct spec_mount *mounts, size_t count, uint64_t new_namespaces,
		 struct builder *b, struct error *err)
{
	static const struct plan_host host = { .privileged = true, .bundle = "/b" };
	static const struct plan_options opt = { .id = "c" };
	static struct spec spec;
	int r;

	spec = (struct spec){ .mounts = mounts,
			      .mount_count = count,
			      .root = { .path = "rootfs" } };
	*err = (struct error){ 0 };
	assert_int_equal(builder_init(b, &spec, &host, &opt, err), 0);
	b->ns_new = new_namespaces;
	r = mounts_prepare(b);
	return r < 0 ? r : mounts_plan(b, 0, count);
}

static const struct plan_arg_bind *last_bind(const struct builder *b)
{
	const struct plan_op *op = &b->buf.ops[b->buf.op_count - 1];

	assert_int_equal(op->type, OP_BIND);
	return (const void *)(b->buf.data + op->arg);
}

static void test_source_late(void **state)
{
	struct spec_mount mounts[] = {
		{ .destination = "/v", .type = "tmpfs" },
		{ .destination = "/x",
		  .type = "bind",
		  .flags = SPEC_MOUNT_BIND,
		  .source = "/b/rootfs/v/../v/sub" },
	};
	struct builder b;
	struct error err;

	(void)state;
	assert_int_equal(build(mounts, 2, 0, &b, &err), 0);
	assert_true(last_bind(&b)->flags & PLAN_MOUNT_SOURCE_LATE);
	assert_string_equal(b.buf.data + last_bind(&b)->source, "/v/sub");
	builder_done(&b);

	/* "/vx" is beside the mount, not below it; and what comes later is no matter. */
	mounts[1].source = "/b/rootfs/vx";
	assert_int_equal(build(mounts, 2, 0, &b, &err), 0);
	assert_false(last_bind(&b)->flags & PLAN_MOUNT_SOURCE_LATE);
	assert_string_equal(b.buf.data + last_bind(&b)->source, "/b/rootfs/vx");
	builder_done(&b);
}

/* The reader of config.json refuses it; the builder does not rely on that. */
static void test_bind_without_source(void **state)
{
	struct spec_mount m = { .destination = "/x", .type = "bind", .flags = SPEC_MOUNT_BIND };
	struct builder b;
	struct error err;

	(void)state;
	assert_true(build(&m, 1, 0, &b, &err) < 0);
	assert_int_equal(err.class, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "has no source"));
	builder_done(&b);
}

static void test_data_words(void **state)
{
	struct spec_mount m = { .destination = "/t",
				.type = "tmpfs",
				.data = "size=1m,,context=\"a:b,c\",noswap" };
	const struct plan_arg_mount *arg;
	const uint32_t *items;
	struct builder b;
	struct error err;

	(void)state;
	assert_int_equal(build(&m, 1, 0, &b, &err), 0);
	arg = (const void *)(b.buf.data + b.buf.ops[0].arg);
	assert_int_equal(arg->data.count, 3);
	items = (const void *)(b.buf.data + arg->data.items);
	assert_string_equal(b.buf.data + items[0], "size=1m");
	assert_string_equal(b.buf.data + items[1], "context=\"a:b,c\"");
	assert_string_equal(b.buf.data + items[2], "noswap");
	builder_done(&b);
}

/* Procfs of a shared pid namespace may be bound; that of another would show strangers. */
static void test_proc_bind(void **state)
{
	struct spec_mount m = { .destination = "/proc",
				.type = "bind",
				.source = "/proc/.",
				.flags = SPEC_MOUNT_BIND | SPEC_MOUNT_RECURSIVE };
	struct builder b;
	struct error err;

	(void)state;
	assert_int_equal(build(&m, 1, 0, &b, &err), 0);
	builder_done(&b);
	assert_true(build(&m, 1, CLONE_NEWPID, &b, &err) < 0);
	builder_done(&b);
	m.source = "/proc/1";
	assert_true(build(&m, 1, 0, &b, &err) < 0);
	builder_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_clean),  cmocka_unit_test(test_path_below),
		cmocka_unit_test(test_source_late), cmocka_unit_test(test_bind_without_source),
		cmocka_unit_test(test_data_words),  cmocka_unit_test(test_proc_bind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
