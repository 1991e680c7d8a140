/* SPDX-License-Identifier: Apache-2.0 */
/* The watch of a cgroup, on plain files in the place of the kernel's. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "knarr/cgroups.h"

static void set(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static enum cgroup_event next(struct cgroup_watch *w)
{
	enum cgroup_event event = CGROUP_EVENT_NONE;

	assert_int_equal(cgroup_watch_next(w, 0, &event, NULL), 0);
	return event;
}

static void no_kill_between_two_waits_is_missed(void **state)
{
	char dir[] = "/tmp/knarr-watch.XXXXXX";
	struct cgroup cg = { .path = "/test" };
	struct cgroup_watch w;

	(void)state;
	assert_non_null(mkdtemp(dir));
	cg.fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	set(cg.fd, "cgroup.events", "populated 1\nfrozen 0\n");
	set(cg.fd, "memory.events", "low 0\noom_kill 3\n");
	assert_int_equal(cgroup_watch_open(&cg, &w, NULL), 0);
	assert_int_equal(next(&w), CGROUP_EVENT_NONE);
	set(cg.fd, "memory.events", "low 0\noom_kill 4\n");
	assert_int_equal(next(&w), CGROUP_EVENT_OOM);
	assert_int_equal(next(&w), CGROUP_EVENT_NONE);
	set(cg.fd, "memory.events", "low 0\noom_kill 5\n");
	set(cg.fd, "cgroup.events", "populated 0\nfrozen 0\n");
	assert_int_equal(next(&w), CGROUP_EVENT_OOM);
	assert_int_equal(next(&w), CGROUP_EVENT_EMPTY);
	cgroup_watch_close(&w);
	(void)unlinkat(cg.fd, "cgroup.events", 0);
	(void)unlinkat(cg.fd, "memory.events", 0);
	close(cg.fd);
	rmdir(dir);
}

static void without_a_cgroup_there_is_nothing_to_watch(void **state)
{
	const struct cgroup none = { .fd = -EBADF };
	struct cgroup_watch w;

	(void)state;
	assert_int_equal(cgroup_watch_open(&none, &w, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_kill_between_two_waits_is_missed),
		cmocka_unit_test(without_a_cgroup_there_is_nothing_to_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
