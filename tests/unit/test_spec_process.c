/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_text.h"

#include <linux/capability.h>
#include <sys/resource.h>

#define BASE "\"cwd\":\"/\",\"args\":[\"sh\"]"

static struct spec *process_good(const char *members)
{
	_cleanup_free_ char *more = text_printf(",\"process\":{" BASE "%s}", members);

	return spec_good(more);
}

static void process_bad(const char *members, const char *sentence)
{
	_cleanup_free_ char *more = text_printf(",\"process\":{" BASE "%s}", members);

	spec_bad(more, sentence);
}

static void program(void **state)
{
	_cleanup_(spec_freep) struct spec *s = spec_good(
		",\"process\":{\"terminal\":true,\"consoleSize\":{\"height\":25,\"width\":80},\"cwd\":\"/w\",\"args\":[\"a\",\"\"],"
		"\"env\":[\"A=B\",\"C=\"],\"noNewPrivileges\":true,\"apparmorProfile\":\"p\",\"selinuxLabel\":\"l\",\"oomScoreAdj\":-5}");
	const struct spec_process *p = &s->process;

	(void)state;
	assert_true(p->present && p->terminal && p->no_new_privileges);
	assert_int_equal(p->console_height, 25);
	assert_int_equal(p->console_width, 80);
	assert_string_equal(p->cwd, "/w");
	assert_int_equal(p->args.count, 2);
	assert_string_equal(p->args.items[0], "a");
	assert_string_equal(p->args.items[1], "");
	assert_null(p->args.items[2]);
	assert_int_equal(p->env.count, 2);
	assert_string_equal(p->apparmor_profile, "p");
	assert_string_equal(p->selinux_label, "l");
	assert_true(p->oom_score_adj_set);
	assert_int_equal(p->oom_score_adj, -5);
	assert_true(p->args_node && p->cwd_node && p->oom_node && p->apparmor_node &&
		    p->selinux_node && p->terminal_node);
	assert_false(p->capabilities.present);
	assert_false(p->user.umask_set);
}

static void program_refused(void **state)
{
	(void)state;
	spec_bad_at(",\"process\":{\"args\":[\"a\"]}", "'process.cwd' is missing", 2, 12);
	spec_bad_at(",\"process\":{\"cwd\":\"w\",\"args\":[\"a\"]}",
		    "'process.cwd' must be an absolute path, not 'w'", 2, 19);
	spec_bad(",\"process\":{\"cwd\":\"\",\"args\":[\"a\"]}",
		 "'process.cwd' must be an absolute path");
	spec_bad(",\"process\":{\"cwd\":\"/\"}", "'process.args' is missing");
	spec_bad_at(",\"process\":{\"cwd\":\"/\",\"args\":[]}", "'process.args' is empty", 2, 30);
	spec_bad(
		",\"process\":{\"cwd\":\"/\",\"args\":[\"\"]}",
		"exec: \"\": executable file not found in $PATH, since 'process.args[0]' is empty");
	spec_bad_at(",\"process\":{\"cwd\":\"/\",\"args\":7}",
		    "'process.args' must be an array of strings, not a number", 2, 30);
	spec_bad_at(",\"process\":{\"cwd\":\"/\",\"args\":[\"a\",7]}",
		    "'process.args[1]' must be a string, not a number", 2, 35);
	process_bad(",\"terminal\":1", "'process.terminal' must be true or false, not a number");
	process_bad(",\"consoleSize\":{\"height\":25}", "'process.consoleSize.width' is missing");
	process_bad(",\"consoleSize\":{\"height\":25,\"width\":65536}",
		    "must be between 0 and 65535, not 65536");
	process_bad(",\"oomScoreAdj\":1001",
		    "'process.oomScoreAdj' must be between -1000 and 1000, not 1001");
	process_bad(",\"apparmorProfile\":\"a\\nb\"",
		    "'process.apparmorProfile' must not contain line breaks");
	process_bad(",\"env\":[1]", "'process.env[0]' must be a string, not a number");
}

static void user(void **state)
{
	_cleanup_(spec_freep) struct spec *s = process_good(
		",\"user\":{\"uid\":4294967294,\"gid\":7,\"umask\":63,\"additionalGids\":[0,4294967294],\"username\":\"x\"}");
	const struct spec_user *u = &s->process.user;

	(void)state;
	assert_true(u->uid == 4294967294u);
	assert_int_equal(u->gid, 7);
	assert_true(u->umask_set);
	assert_int_equal(u->umask, 077);
	assert_int_equal(u->additional_gid_count, 2);
	assert_true(u->additional_gids[1] == 4294967294u);
	assert_string_equal(u->username, "x");
	process_bad(",\"user\":{\"uid\":4294967295,\"gid\":0}",
		    "'process.user.uid' must be between 0 and 4294967294, not 4294967295");
	process_bad(",\"user\":{\"uid\":-1,\"gid\":0}", "must be between 0 and 4294967294, not -1");
	process_bad(
		",\"user\":{\"uid\":1.0,\"gid\":0}",
		"'process.user.uid' must be an integer, written without fraction and exponent, not 1.0");
	process_bad(",\"user\":{\"uid\":1e3,\"gid\":0}", "not 1e3");
	process_bad(",\"user\":{\"uid\":99999999999999999999,\"gid\":0}",
		    "must be between 0 and 4294967294");
	process_bad(",\"user\":{\"uid\":\"0\",\"gid\":0}",
		    "'process.user.uid' must be an integer, not a string");
	process_bad(",\"user\":{\"gid\":0}", "'process.user.uid' is missing");
	process_bad(",\"user\":{\"uid\":0,\"gid\":0,\"umask\":512}",
		    "'process.user.umask' must be between 0 and 511, not 512");
	process_bad(",\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[4294967295]}",
		    "'process.user.additionalGids[0]' must be between");
	process_bad(",\"user\":\"root\"", "'process.user' must be an object, not a string");
}

static void capabilities(void **state)
{
	_cleanup_(spec_freep) struct spec *s = process_good(
		",\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"kill\"],\"effective\":[\"cap_sys_admin\"],\"inheritable\":[],"
		"\"permitted\":[\"CAP_NEW_ONE\",\"CAP_KILL\"],\"ambient\":[\"CAP_NEW_ONE\",\"X\"]}");
	const struct spec_capabilities *c = &s->process.capabilities;

	(void)state;
	assert_true(c->present);
	assert_int_equal(c->bounding, 1u << CAP_CHOWN | 1u << CAP_KILL);
	assert_int_equal(c->effective, 1u << CAP_SYS_ADMIN);
	assert_int_equal(c->inheritable, 0);
	assert_int_equal(c->permitted, 1u << CAP_KILL);
	assert_int_equal(c->ambient, 0);
	assert_int_equal(c->unknown.count, 2);
	assert_string_equal(c->unknown.items[0], "CAP_NEW_ONE");
	assert_string_equal(c->unknown.items[1], "X");
	assert_null(c->unknown.items[2]);
	process_bad(",\"capabilities\":[\"CAP_KILL\"]",
		    "'process.capabilities' must be an object, not an array");
	process_bad(",\"capabilities\":{\"ambient\":[3]}",
		    "'process.capabilities.ambient[0]' must be a string, not a number");
}

static void rlimits(void **state)
{
	_cleanup_(spec_freep) struct spec *s = process_good(
		",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1024,\"hard\":2048},"
		"{\"type\":\"RLIMIT_CORE\",\"soft\":18446744073709551615,\"hard\":18446744073709551615}]");
	const struct spec_process *p = &s->process;

	(void)state;
	assert_int_equal(p->rlimit_count, 2);
	assert_int_equal(p->rlimits[0].resource, RLIMIT_NOFILE);
	assert_string_equal(p->rlimits[0].name, "RLIMIT_NOFILE");
	assert_int_equal(p->rlimits[0].soft, 1024);
	assert_int_equal(p->rlimits[0].hard, 2048);
	assert_true(p->rlimits[1].soft == UINT64_MAX);
	process_bad(",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":2,\"hard\":1}]",
		    "'process.rlimits[0]' has a soft limit (2) above the hard limit (1)");
	process_bad(",\"rlimits\":[{\"type\":\"RLIMIT_NOFIL\",\"soft\":1,\"hard\":1}]",
		    "unknown rlimit type 'RLIMIT_NOFIL' in 'process.rlimits[0].type'");
	process_bad(",\"rlimits\":[{\"type\":\"RLIMIT_NOFIL\",\"soft\":1,\"hard\":1}]",
		    "did you mean 'RLIMIT_NOFILE'?");
	process_bad(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":-1,\"hard\":1}]",
		    "must be between 0 and 18446744073709551615, not -1");
	process_bad(
		",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":18446744073709551616}]",
		"must be between 0 and 18446744073709551615");
	process_bad(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"hard\":1}]",
		    "'process.rlimits[0].soft' is missing");
	process_bad(
		",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]",
		"'process.rlimits[1]' repeats the type RLIMIT_CPU");
}

static void scheduling(void **state)
{
	_cleanup_(spec_freep) struct spec *s = process_good(
		",\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":-20,\"priority\":99,\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\",\"SCHED_FLAG_UTIL_CLAMP_MAX\"]},"
		"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":4},\"execCPUAffinity\":{\"initial\":\"7\",\"final\":\"0-3, 7\"}");
	_cleanup_(spec_freep) struct spec *deadline = process_good(
		",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":10,\"deadline\":20,\"period\":30}");

	(void)state;
	assert_int_equal(s->process.scheduler.policy, 3);
	assert_int_equal(s->process.scheduler.nice, -20);
	assert_int_equal(s->process.scheduler.flags, 0x41);
	assert_int_equal(s->process.io_priority.class, 3);
	assert_int_equal(s->process.io_priority.priority, 4);
	assert_string_equal(s->process.cpu_affinity_initial, "7");
	assert_string_equal(s->process.cpu_affinity_final, "0-3,7");
	assert_int_equal(deadline->process.scheduler.period, 30);
	process_bad(",\"scheduler\":{\"policy\":\"SCHED_FIF0\"}",
		    "unknown scheduling policy 'SCHED_FIF0'");
	process_bad(",\"scheduler\":{\"policy\":\"SCHED_ISO\"}", "never implemented by Linux");
	process_bad(",\"scheduler\":{\"nice\":1}", "'process.scheduler.policy' is missing");
	process_bad(",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}",
		    "must be between -20 and 19");
	process_bad(",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"X\"]}",
		    "unknown scheduling flag 'X' in 'process.scheduler.flags[0]'");
	process_bad(",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":30,\"deadline\":20}",
		    "0 < runtime <= deadline <= period");
	process_bad(",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}",
		    "must be between 0 and 7, not 8");
	process_bad(",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_B\",\"priority\":1}",
		    "did you mean 'IOPRIO_CLASS_BE'?");
	process_bad(",\"execCPUAffinity\":{\"initial\":\"3-1\"}",
		    "must be a list of CPUs such as 0-3,7, not '3-1'");
	process_bad(",\"execCPUAffinity\":{\"final\":\"0,\"}", "must be a list of CPUs");
	process_bad(",\"execCPUAffinity\":{\"final\":\"1 2\"}", "must be a list of CPUs");
	process_bad(",\"execCPUAffinity\":{\"final\":\"a\"}", "must be a list of CPUs");
	process_bad(",\"execCPUAffinity\":{\"final\":\"0-\"}", "must be a list of CPUs");
	process_bad(",\"execCPUAffinity\":{\"final\":\"0-1-2\"}", "must be a list of CPUs");
	process_bad(",\"execCPUAffinity\":{\"final\":\"99999999\"}", "must be a list of CPUs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program), cmocka_unit_test(program_refused),
		cmocka_unit_test(user),    cmocka_unit_test(capabilities),
		cmocka_unit_test(rlimits), cmocka_unit_test(scheduling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
