/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans that are wrong in one thing each. Every one starts from a good plan, so that a check which
 * is missing shows as a plan that passes.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/plan_buffer.h"

struct fixture {
	struct plan_header *h;
};

static void add_plain(struct plan_buffer *b, enum plan_op_type type, const void *arg, size_t size)
{
	plan_buffer_op(b, type, 0, plan_buffer_string(b, "default"), arg, size);
}

/* From the working directory on. */
static void add_end(struct plan_buffer *b)
{
	const char *const args[] = { "sh", "-c", "true" };
	struct plan_arg_path cwd = { .path = plan_buffer_string(b, "/") };
	struct plan_arg_lookup lookup = { .program = plan_buffer_string(b, "sh") };
	struct plan_arg_gate gate = { .kind = PLAN_GATE_SOCKET };
	const uint64_t insns[2] = { 0 };
	struct plan_arg_seccomp seccomp = {
		.insn_count = 2, .insns = plan_buffer_bytes(b, insns, sizeof(insns), 8)
	};
	struct plan_arg_exec exec = { .args = plan_buffer_array(b, args, 3) };

	add_plain(b, OP_CWD, &cwd, sizeof(cwd));
	add_plain(b, OP_LOOKUP, &lookup, sizeof(lookup));
	add_plain(b, OP_GATE, &gate, sizeof(gate));
	add_plain(b, OP_SECCOMP, &seccomp, sizeof(seccomp));
	add_plain(b, OP_EXEC, &exec, sizeof(exec));
}

static void add_process(struct plan_buffer *b)
{
	const uint32_t groups[] = { 0, 5 };
	struct plan_arg_identity id = { .group_count = 2,
					.groups = plan_buffer_bytes(b, groups, sizeof(groups), 4) };

	add_plain(b, OP_IDENTITY, &id, sizeof(id));
	add_end(b);
}

static void add_container(struct plan_buffer *b)
{
	const char *const args[] = { "/hook" };
	const char *const words[] = { "mode=755", "size=1k" };
	struct plan_arg_root root = { .path = plan_buffer_string(b, "/rootfs") };
	struct plan_arg_mount mount = {
		.fstype = plan_buffer_string(b, "tmpfs"),
		.source = plan_buffer_string(b, "tmpfs"),
		.target = plan_buffer_string(b, "/dev"),
		.data = plan_buffer_array(b, words, 2),
	};
	struct {
		uint32_t count, pad, container, host, size, tail;
	} maps = { .count = 1, .size = 1 };
	struct plan_arg_bind bind = {
		.source = plan_buffer_string(b, "/src"),
		.target = plan_buffer_string(b, "/dst"),
		.uid_maps = plan_buffer_bytes(b, &maps, sizeof(maps), 8),
	};
	struct plan_arg_device device = { .path = plan_buffer_string(b, "/dev/null"), .type = 'c' };
	struct plan_hook hook = { .path = plan_buffer_string(b, "/hook"),
				  .args = plan_buffer_array(b, args, 1) };
	struct plan_arg_hooks hooks = { .kind = HOOK_CREATE_CONTAINER,
					.count = 1,
					.hooks = plan_buffer_bytes(b, &hook, sizeof(hook), 8) };
	struct plan_arg_label label = { .lsm = PLAN_LSM_APPARMOR,
					.label = plan_buffer_string(b, "p") };

	add_plain(b, OP_ROOT, &root, sizeof(root));
	add_plain(b, OP_MOUNT, &mount, sizeof(mount));
	add_plain(b, OP_BIND, &bind, sizeof(bind));
	add_plain(b, OP_DEVICE, &device, sizeof(device));
	add_plain(b, OP_HOOKS, &hooks, sizeof(hooks));
	add_plain(b, OP_PIVOT, NULL, 0);
	add_plain(b, OP_LABEL, &label, sizeof(label));
}

static void setup(struct fixture *f)
{
	struct plan_buffer b;
	uint32_t id;

	plan_buffer_init(&b);
	id = plan_buffer_string(&b, "c1");
	plan_buffer_header(&b)->id = id;
	plan_buffer_header(&b)->clone_flags = CLONE_NEWPID;
	add_container(&b);
	add_process(&b);
	assert_int_equal(plan_buffer_finish(&b, &f->h), 0);
}

static int validate(const struct plan_header *h, int *op)
{
	return plan_validate(h, h->size, op);
}

static struct plan_op *find(struct fixture *f, enum plan_op_type type)
{
	for (uint32_t i = 0; i < f->h->op_count; i++)
		if (plan_ops(f->h)[i].type == type)
			return &plan_ops(f->h)[i];
	fail_msg("no op %s", plan_op_name(type));
	return NULL;
}

static void *find_arg(struct fixture *f, enum plan_op_type type)
{
	return (char *)f->h + find(f, type)->arg;
}

/* The plan is refused because of that op (-1: as a whole, or its header). */
static void assert_refused(struct fixture *f, int expected_op)
{
	int op = 0;

	assert_int_equal(validate(f->h, &op), -EINVAL);
	assert_int_equal(op, expected_op);
	free(f->h);
	f->h = NULL;
}

static int index_of(struct fixture *f, enum plan_op_type type)
{
	return (int)(find(f, type) - plan_ops(f->h));
}

static void test_good(void **state)
{
	struct fixture f;
	int op;

	(void)state;
	setup(&f);
	assert_int_equal(validate(f.h, &op), 0);
	free(f.h);
}

#define BAD_HEADER(statement)           \
	do {                            \
		struct fixture f;       \
		setup(&f);              \
		statement;              \
		assert_refused(&f, -1); \
	} while (0)

static void test_header(void **state)
{
	(void)state;
	BAD_HEADER(f.h->magic++);
	BAD_HEADER(f.h->version++);
	BAD_HEADER(f.h->flags = 1u << 31);
	BAD_HEADER(f.h->require = 1u << FALLBACK_COUNT);
	BAD_HEADER(f.h->clone_flags |= CLONE_VM);
	BAD_HEADER(f.h->clone_flags |= CLONE_NEWCGROUP);
	BAD_HEADER(f.h->op_count = 0);
	BAD_HEADER(f.h->op_count = UINT32_MAX);
	BAD_HEADER(f.h->op_count++);
	BAD_HEADER(f.h->ops = 0);
	BAD_HEADER(f.h->ops += 4);
	BAD_HEADER(f.h->ops = f.h->size);
	BAD_HEADER(f.h->ops = UINT32_MAX - 7);
	BAD_HEADER(f.h->id = 0);
	BAD_HEADER(f.h->id = f.h->size);
	BAD_HEADER(f.h->id = 8); /* inside the header */
	BAD_HEADER(f.h->uid_maps = f.h->size);
	BAD_HEADER(f.h->socket_fd = -2);
	BAD_HEADER(f.h->pad = 1);
	BAD_HEADER(f.h->preserve_fds = UINT32_MAX);
	BAD_HEADER(((char *)f.h)[f.h->size - 1] = 'x');
	/* flags and ops that contradict each other */
	BAD_HEADER(f.h->flags |= PLAN_HAS_FORK);
	BAD_HEADER(f.h->flags |= PLAN_NEW_USERNS);
	BAD_HEADER(f.h->clone_flags |= CLONE_NEWUSER);
	BAD_HEADER(f.h->flags |= PLAN_EXEC);
	BAD_HEADER(f.h->flags |= PLAN_MOUNTS);
}

static void test_size(void **state)
{
	struct fixture f;
	char *moved;
	int op;

	(void)state;
	setup(&f);
	assert_int_equal(plan_validate(NULL, 0, &op), -EINVAL);
	assert_int_equal(plan_validate(f.h, 0, &op), -EINVAL);
	assert_int_equal(plan_validate(f.h, sizeof(*f.h) - 1, &op), -EINVAL);
	assert_int_equal(plan_validate(f.h, f.h->size - 1, &op), -EINVAL);
	moved = malloc(f.h->size + 4);
	memcpy(moved + 4, f.h, f.h->size);
	assert_int_equal(plan_validate(moved + 4, f.h->size, &op), -EINVAL);
	free(moved);
	free(f.h);
}

#define BAD_OP(type, statement)          \
	do {                             \
		struct fixture f;        \
		int at;                  \
		setup(&f);               \
		at = index_of(&f, type); \
		statement;               \
		assert_refused(&f, at);  \
	} while (0)
#define BAD_ARG(type, name, statement)                            \
	BAD_OP(type, {                                            \
		struct plan_arg_##name *arg = find_arg(&f, type); \
		statement;                                        \
	})

static void test_op(void **state)
{
	(void)state;
	BAD_OP(OP_MOUNT, find(&f, OP_MOUNT)->type = OP_INVALID);
	BAD_OP(OP_MOUNT, find(&f, OP_MOUNT)->type = OP_TYPE_COUNT);
	BAD_OP(OP_MOUNT, find(&f, OP_MOUNT)->flags = 1u << 15);
	BAD_OP(OP_MOUNT, find(&f, OP_MOUNT)->fd = -2);
	BAD_OP(OP_MOUNT, find(&f, OP_MOUNT)->origin = f.h->size);
	BAD_OP(OP_MOUNT, find(&f, OP_MOUNT)->arg = 0);
	BAD_OP(OP_MOUNT, find(&f, OP_MOUNT)->arg += 4);
	BAD_OP(OP_MOUNT, find(&f, OP_MOUNT)->arg = f.h->size - 8);
	BAD_OP(OP_PIVOT, find(&f, OP_PIVOT)->arg = find(&f, OP_ROOT)->arg);
}

static void test_arguments(void **state)
{
	(void)state;
	BAD_ARG(OP_ROOT, root, arg->path = 0);
	BAD_ARG(OP_MOUNT, mount, arg->fstype = f.h->size);
	BAD_ARG(OP_MOUNT, mount, arg->target = 0);
	BAD_ARG(OP_MOUNT, mount, arg->target = UINT32_MAX);
	BAD_ARG(OP_MOUNT, mount, arg->data.count = UINT32_MAX);
	BAD_ARG(OP_MOUNT, mount, arg->data.count = 0x40000001);
	BAD_ARG(OP_MOUNT, mount, arg->data.items += 1);
	BAD_ARG(OP_MOUNT, mount, *(uint32_t *)((char *)f.h + arg->data.items) = f.h->size);
	BAD_ARG(OP_BIND, bind, arg->target = 0);
	BAD_ARG(OP_BIND, bind,
		((struct plan_id_maps *)((char *)f.h + arg->uid_maps))->count = 0x15555556);
	BAD_ARG(OP_BIND, bind, ((struct plan_id_maps *)((char *)f.h + arg->uid_maps))->count = 0);
	BAD_ARG(OP_BIND, bind, arg->gid_maps = f.h->size - 4);
	BAD_ARG(OP_DEVICE, device, arg->type = 'x');
	assert_int_equal(HOOK_KIND_COUNT, 6);
	BAD_ARG(OP_HOOKS, hooks, arg->kind = HOOK_KIND_COUNT);
	BAD_ARG(OP_HOOKS, hooks, arg->count = 0);
	BAD_ARG(OP_HOOKS, hooks, arg->count = UINT32_MAX);
	BAD_ARG(OP_HOOKS, hooks,
		((struct plan_hook *)((char *)f.h + arg->hooks))->path = f.h->size);
	BAD_ARG(OP_HOOKS, hooks, ((struct plan_hook *)((char *)f.h + arg->hooks))->args.count = 0);
	BAD_ARG(OP_HOOKS, hooks, ((struct plan_hook *)((char *)f.h + arg->hooks))->env.count = 1);
	BAD_ARG(OP_LABEL, label, arg->lsm = 0);
	BAD_ARG(OP_IDENTITY, identity, arg->group_count = UINT32_MAX);
	BAD_ARG(OP_IDENTITY, identity, arg->groups = f.h->size);
	BAD_ARG(OP_IDENTITY, identity, arg->user = f.h->size);
	BAD_ARG(OP_GATE, gate, arg->kind = 0);
	BAD_ARG(OP_SECCOMP, seccomp, arg->insn_count = 4097);
	BAD_ARG(OP_SECCOMP, seccomp, arg->insns = f.h->size - 8);
	BAD_ARG(OP_EXEC, exec, arg->args.count = 0; arg->args.items = 0);
	BAD_ARG(OP_EXEC, exec, arg->env.items = 64);
}

static void swap_ops(struct fixture *f, enum plan_op_type x, enum plan_op_type y)
{
	struct plan_op *a = find(f, x), *b = find(f, y), saved = *a;

	*a = *b;
	*b = saved;
}

static void test_order(void **state)
{
	struct fixture f;

	(void)state;
	/*
	 * A mount after the root switch, ids before it, a filter before the gate, a mount after the
	 * program.
	 */
	setup(&f);
	swap_ops(&f, OP_HOOKS, OP_PIVOT);
	assert_refused(&f, 5);
	setup(&f);
	swap_ops(&f, OP_PIVOT, OP_IDENTITY);
	assert_refused(&f, 6);
	setup(&f);
	swap_ops(&f, OP_GATE, OP_SECCOMP);
	assert_refused(&f, 11);
	setup(&f);
	swap_ops(&f, OP_CWD, OP_IDENTITY);
	assert_refused(&f, 8);
	/* The root switch without a root; two of what there can be one of. */
	setup(&f);
	*find(&f, OP_ROOT) = *find(&f, OP_MOUNT);
	assert_refused(&f, 5);
	setup(&f);
	*find(&f, OP_MOUNT) = *find(&f, OP_ROOT);
	assert_refused(&f, 1);
}

/* Every part that makes a process safe to run has to be there. */
static void test_missing(void **state)
{
	const enum plan_op_type needed[] = { OP_IDENTITY, OP_LOOKUP, OP_GATE };
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		struct plan_op *op;

		setup(&f);
		op = find(&f, needed[i]);
		memmove(op, op + 1, sizeof(*op) * (size_t)(plan_ops(f.h) + f.h->op_count - op - 1));
		f.h->op_count--;
		assert_refused(&f, -1);
	}
	setup(&f);
	f.h->op_count--; /* the program */
	assert_refused(&f, -1);
}

static int validate_forked(uint64_t join, bool by_path, uint64_t clone, uint64_t fork,
			   uint32_t flags)
{
	struct plan_arg_fork fork_arg = { .clone_flags = fork };
	struct plan_arg_join join_arg = { .nstype = join };
	struct plan_header *h;
	struct plan_buffer b;
	uint32_t id;
	int op, r;

	plan_buffer_init(&b);
	id = plan_buffer_string(&b, "c1");
	plan_buffer_header(&b)->id = id;
	plan_buffer_header(&b)->clone_flags = clone;
	plan_buffer_header(&b)->flags = flags;
	join_arg.path = plan_buffer_string(&b, by_path ? "/proc/1/ns/x" : NULL);
	add_plain(&b, OP_JOIN, &join_arg, sizeof(join_arg));
	add_plain(&b, OP_FORK, &fork_arg, sizeof(fork_arg));
	add_container(&b);
	add_process(&b);
	assert_int_equal(plan_buffer_finish(&b, &h), 0);
	r = validate(h, &op);
	free(h);
	return r;
}

/* The maps are waited for once, by the process that is born in the new user namespace. */
static void test_joins_and_fork(void **state)
{
	const uint32_t user = PLAN_HAS_FORK | PLAN_NEW_USERNS;

	(void)state;
	assert_int_equal(validate_forked(CLONE_NEWNET, true, 0, CLONE_NEWPID, PLAN_HAS_FORK), 0);
	assert_int_equal(validate_forked(CLONE_NEWNET, true, 0, CLONE_NEWUSER, user), 0);
	assert_int_equal(validate_forked(CLONE_NEWNET, true, CLONE_NEWUSER, CLONE_NEWPID, user), 0);
	assert_int_equal(validate_forked(CLONE_NEWNET | CLONE_NEWNS, false, 0, 0, PLAN_HAS_FORK),
			 0);

	assert_int_equal(validate_forked(CLONE_NEWNET, true, CLONE_NEWUSER, CLONE_NEWUSER, user),
			 -EINVAL);
	assert_int_equal(validate_forked(CLONE_NEWNET, true, 0, CLONE_NEWUSER, PLAN_HAS_FORK),
			 -EINVAL);
	assert_int_equal(validate_forked(CLONE_NEWNET, true, 0, CLONE_NEWPID, user), -EINVAL);
	assert_int_equal(validate_forked(CLONE_NEWNET, true, 0, CLONE_NEWPID, 0), -EINVAL);
	assert_int_equal(validate_forked(CLONE_NEWNET | CLONE_NEWNS, true, 0, 0, PLAN_HAS_FORK),
			 -EINVAL);
	assert_int_equal(validate_forked(0, true, 0, 0, PLAN_HAS_FORK), -EINVAL);
	assert_int_equal(validate_forked(CLONE_NEWNET, true, 0, CLONE_VM, PLAN_HAS_FORK), -EINVAL);
	assert_int_equal(validate_forked(CLONE_VM, true, 0, 0, PLAN_HAS_FORK), -EINVAL);
}

/* In the order of ops; 0 ends it. */
static int validate_late(const enum plan_op_type *ops, uint32_t flags)
{
	struct plan_arg_join join = { .nstype = CLONE_NEWPID };
	struct plan_arg_fork fork = { .clone_flags = 0 };
	struct plan_arg_rlimit limit = { .soft = 1, .hard = 1 };
	struct plan_arg_session session = { .terminal = false };
	struct plan_arg_identity identity = { .uid = 0 };
	struct plan_header *h;
	struct plan_buffer b;
	uint32_t id;
	int op, r;

	plan_buffer_init(&b);
	id = plan_buffer_string(&b, "c1");
	plan_buffer_header(&b)->id = id;
	plan_buffer_header(&b)->flags = flags;
	add_plain(&b, OP_JOIN, &join, sizeof(join));
	for (; *ops; ops++)
		if (*ops == OP_FORK)
			add_plain(&b, OP_FORK, &fork, sizeof(fork));
		else if (*ops == OP_RLIMIT)
			add_plain(&b, OP_RLIMIT, &limit, sizeof(limit));
		else if (*ops == OP_SESSION)
			add_plain(&b, OP_SESSION, &session, sizeof(session));
		else if (*ops == OP_IDENTITY)
			add_plain(&b, OP_IDENTITY, &identity, sizeof(identity));
	add_end(&b);
	assert_int_equal(plan_buffer_finish(&b, &h), 0);
	r = validate(h, &op);
	free(h);
	return r;
}

static void test_late_fork(void **state)
{
	static const enum plan_op_type late[] = { OP_IDENTITY, OP_FORK,    OP_RLIMIT,
						  OP_RLIMIT,   OP_SESSION, 0 },
				       early[] = { OP_FORK, OP_SESSION, OP_RLIMIT, OP_IDENTITY, 0 },
				       session_first[] = { OP_IDENTITY, OP_SESSION, OP_FORK, 0 },
				       no_fork[] = { OP_IDENTITY, OP_SESSION, 0 };
	const uint32_t early_flags = PLAN_EXEC | PLAN_HAS_FORK,
		       late_flags = early_flags | PLAN_LATE_FORK;

	(void)state;
	assert_int_equal(validate_late(late, late_flags), 0);
	assert_int_equal(validate_late(early, early_flags), 0);
	assert_int_equal(validate_late(late, early_flags), -EINVAL);
	assert_int_equal(validate_late(early, late_flags), -EINVAL);
	assert_int_equal(validate_late(session_first, late_flags), -EINVAL);
	assert_int_equal(validate_late(no_fork, PLAN_EXEC | PLAN_LATE_FORK), -EINVAL);
	assert_int_equal(validate_late(late, PLAN_HAS_FORK | PLAN_LATE_FORK), -EINVAL);
}

/* The root of a container that has no mount namespace is entered by exec as well; no other is. */
static int validate_exec_root(uint32_t root_flags, bool pivot)
{
	struct plan_arg_join join = { .nstype = CLONE_NEWPID };
	struct plan_arg_identity identity = { 0 };
	struct plan_arg_root root = { .flags = root_flags };
	struct plan_header *h;
	struct plan_buffer b;
	uint32_t id;
	int op, r;

	plan_buffer_init(&b);
	id = plan_buffer_string(&b, "c1");
	plan_buffer_header(&b)->id = id;
	plan_buffer_header(&b)->flags = PLAN_EXEC;
	join.path = plan_buffer_string(&b, "");
	root.path = plan_buffer_string(&b, "/");
	add_plain(&b, OP_JOIN, &join, sizeof(join));
	add_plain(&b, OP_ROOT, &root, sizeof(root));
	if (pivot)
		add_plain(&b, OP_PIVOT, NULL, 0);
	add_plain(&b, OP_IDENTITY, &identity, sizeof(identity));
	add_end(&b);
	assert_int_equal(plan_buffer_finish(&b, &h), 0);
	r = validate(h, &op);
	free(h);
	return r;
}

static void test_exec_root(void **state)
{
	(void)state;
	assert_int_equal(validate_exec_root(PLAN_ROOT_SHARED, true), 0);
	assert_int_equal(validate_exec_root(PLAN_ROOT_SHARED, false), -EINVAL);
	assert_int_equal(validate_exec_root(0, true), -EINVAL);
}

static int validate_netns(uint64_t clone, uint32_t flags, unsigned times)
{
	struct plan_arg_netns arg = { .flags = PLAN_NETNS_LOOPBACK };
	struct plan_header *h;
	struct plan_buffer b;
	uint32_t id;
	int op, r;

	plan_buffer_init(&b);
	id = plan_buffer_string(&b, "c1");
	plan_buffer_header(&b)->id = id;
	plan_buffer_header(&b)->clone_flags = clone;
	plan_buffer_header(&b)->flags = flags;
	for (unsigned i = 0; i < times; i++)
		add_plain(&b, OP_NETNS, &arg, sizeof(arg));
	add_container(&b);
	add_process(&b);
	assert_int_equal(plan_buffer_finish(&b, &h), 0);
	r = validate(h, &op);
	free(h);
	return r;
}

/* One maker, and never of a namespace that a new user namespace is to own. */
static void test_netns(void **state)
{
	(void)state;
	assert_int_equal(validate_netns(CLONE_NEWPID, 0, 1), 0);
	assert_int_equal(validate_netns(CLONE_NEWPID, 0, 2), -EINVAL);
	assert_int_equal(validate_netns(CLONE_NEWNET, 0, 1), -EINVAL);
	assert_int_equal(validate_netns(CLONE_NEWUSER, PLAN_NEW_USERNS, 0), 0);
	assert_int_equal(validate_netns(CLONE_NEWUSER, PLAN_NEW_USERNS, 1), -EINVAL);
}

/* Whatever single byte is changed, validation ends, and what passes can be printed. */
static void test_every_byte(void **state)
{
	struct fixture f;
	int op;

	(void)state;
	setup(&f);
	for (uint32_t i = 0; i < f.h->size; i++) {
		unsigned char *p = (unsigned char *)f.h + i, saved = *p;
		const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
		uint32_t size = f.h->size;

		for (size_t k = 0; k < sizeof(values); k++) {
			*p = values[k];
			if (plan_validate(f.h, size, &op) == 0) {
				struct buf out = { 0 };

				plan_print(f.h, &out);
				buf_done(&out);
			}
		}
		*p = saved;
	}
	free(f.h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),       cmocka_unit_test(test_header),
		cmocka_unit_test(test_size),       cmocka_unit_test(test_op),
		cmocka_unit_test(test_arguments),  cmocka_unit_test(test_order),
		cmocka_unit_test(test_missing),    cmocka_unit_test(test_joins_and_fork),
		cmocka_unit_test(test_every_byte), cmocka_unit_test(test_late_fork),
		cmocka_unit_test(test_exec_root),  cmocka_unit_test(test_netns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
