/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "knarr/handshake.h"

struct turn {
	enum handshake_step step;
	bool from_child;
};

/* True if every turn may follow the one before. */
static bool conversation_ok(const struct turn *turns, size_t count)
{
	enum handshake_step last = STEP_NONE;

	for (size_t i = 0; i < count; i++) {
		if (!handshake_may_follow(last, turns[i].step, turns[i].from_child))
			return false;
		if (turns[i].step != STEP_DEBUG && turns[i].step != STEP_TIMING)
			last = turns[i].step;
	}
	return true;
}
#define CONVERSATION(...)                                     \
	conversation_ok((const struct turn[]){ __VA_ARGS__ }, \
			sizeof((const struct turn[]){ __VA_ARGS__ }) / sizeof(struct turn))
#define P(s)                    \
	{                       \
		STEP_##s, false \
	}
#define C(s)                   \
	{                      \
		STEP_##s, true \
	}

static void test_whole_conversations(void **state)
{
	(void)state;
	assert_true(CONVERSATION(C(READY)));
	assert_true(CONVERSATION(C(READY), P(START)));
	assert_true(CONVERSATION(P(GO), C(HOOKS), P(HOOKS_DONE), C(CONSOLE), C(READY)));
	assert_true(CONVERSATION(C(FORKED), P(GO), C(READY), P(START), C(RUNNING), C(LISTENER),
				 P(LISTENER_DONE)));
	assert_true(CONVERSATION(P(GO), C(FORKED), C(DEBUG), C(TIMING), C(CONSOLE), C(READY)));
	assert_true(CONVERSATION(C(READY), C(RUNNING), C(LISTENER), P(LISTENER_DONE)));
	assert_true(CONVERSATION(P(NETNS), C(HOOKS), P(HOOKS_DONE), C(READY), P(START)));
	assert_true(CONVERSATION(P(GO), C(DEBUG), P(NETNS), C(READY)));
	assert_true(CONVERSATION(P(NETNS), P(START), C(READY), C(RUNNING), C(LISTENER),
				 P(LISTENER_DONE)));
	assert_true(CONVERSATION(P(GO), P(START), C(READY), C(RUNNING)));
	/* the gate connection */
	assert_true(CONVERSATION(P(START), C(RUNNING), C(LISTENER), P(LISTENER_DONE)));
	assert_true(CONVERSATION(P(START), C(TIMING), C(FAILED)));
}

static void test_wrong_turns(void **state)
{
	(void)state;
	assert_false(CONVERSATION(P(READY)));
	assert_false(CONVERSATION(C(GO)));
	assert_false(CONVERSATION(C(NETNS)));
	assert_false(CONVERSATION(P(NETNS), P(GO)));
	assert_false(CONVERSATION(P(NETNS), P(NETNS)));
	assert_false(CONVERSATION(C(FORKED), P(NETNS)));
	assert_false(CONVERSATION(P(NETNS), C(FORKED)));
	assert_false(CONVERSATION(C(READY), P(NETNS)));
	assert_false(CONVERSATION(C(HOOKS), C(READY)));
	assert_false(CONVERSATION(C(CONSOLE), C(HOOKS)));
	assert_false(CONVERSATION(C(READY), C(READY)));
	assert_false(CONVERSATION(C(READY), P(GO)));
	assert_false(CONVERSATION(C(READY), P(START), P(START)));
	assert_false(CONVERSATION(P(START), P(NETNS)));
	assert_false(CONVERSATION(P(START), C(HOOKS)));
	assert_false(CONVERSATION(P(START), C(CONSOLE)));
	assert_false(CONVERSATION(C(READY), P(START), C(LISTENER), C(LISTENER)));
	assert_false(CONVERSATION(P(START), C(LISTENER)));
	assert_false(CONVERSATION(C(READY), P(START), C(RUNNING), C(RUNNING)));
	assert_false(CONVERSATION(P(GO), P(GO)));
	assert_false(CONVERSATION(P(HOOKS_DONE)));
}

static void test_failure_ends(void **state)
{
	(void)state;
	for (int last = STEP_NONE; last < STEP_FAILED; last++) {
		assert_true(handshake_may_follow((enum handshake_step)last, STEP_FAILED, true));
		assert_false(handshake_may_follow((enum handshake_step)last, STEP_FAILED, false));
	}
	for (int next = STEP_NONE; next < STEP_COUNT; next++) {
		assert_false(handshake_may_follow(STEP_FAILED, (enum handshake_step)next, true));
		assert_false(handshake_may_follow(STEP_FAILED, (enum handshake_step)next, false));
	}
}

static void test_numbers_from_outside(void **state)
{
	(void)state;
	assert_false(handshake_may_follow((enum handshake_step)99, STEP_READY, true));
	assert_false(handshake_may_follow(STEP_NONE, (enum handshake_step)99, true));
	assert_string_equal(handshake_step_name((enum handshake_step)99), "unknown");
	for (int step = STEP_NONE; step < STEP_COUNT; step++)
		assert_non_null(handshake_step_name((enum handshake_step)step));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_conversations),
		cmocka_unit_test(test_wrong_turns),
		cmocka_unit_test(test_failure_ends),
		cmocka_unit_test(test_numbers_from_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
