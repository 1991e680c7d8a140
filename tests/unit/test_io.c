/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knarr/base.h"

struct scratch {
	char path[64];
	int fd;
};

static int set_up(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));

	text_copy(s->path, sizeof(s->path), "/tmp/knarr-unit.XXXXXX");
	if (!mkdtemp(s->path))
		return -1;
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = s;
	return s->fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "a", "b", "link" };
	struct scratch *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlinkat(s->fd, names[i], 0);
	close(s->fd);
	/* Fails if a test left another file behind, such as a temporary one. */
	int r = rmdir(s->path);

	free(s);
	return r;
}

static void close_keeps_errno_and_invalidates(void **state)
{
	int fd = dup(0);

	(void)state;
	errno = EXDEV;
	fd = fd_close(fd);
	assert_int_equal(fd, -EBADF);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(fd_close(fd), -EBADF);
	assert_int_equal(errno, EXDEV);
}

static void take_moves_ownership(void **state)
{
	int fds[2], taken;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	{
		_cleanup_close_ int a = fds[0];
		_cleanup_close_ int b = fds[1];

		taken = TAKE_FD(a);
		assert_int_equal(a, -EBADF);
		assert_true(b >= 0);
	}
	assert_int_equal(fcntl(taken, F_GETFD), 0);
	assert_int_equal(fcntl(fds[1], F_GETFD), -1);
	close(taken);
}

static void *drain_slowly(void *arg)
{
	char *got = calloc(1, 300000);

	assert_int_equal(io_read_all(*(int *)arg, got, 300000), 0);
	return got;
}

static void write_and_read_all_of_it(void **state)
{
	char *data = malloc(300000), *got, one;
	pthread_t thread;
	int fds[2];

	(void)state;
	for (int i = 0; i < 300000; i++)
		data[i] = (char)(i * 31 >> 3);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pthread_create(&thread, NULL, drain_slowly, &fds[0]), 0);
	assert_int_equal(io_write_all(fds[1], data, 300000), 0);
	pthread_join(thread, (void **)&got);
	assert_memory_equal(data, got, 300000);
	close(fds[1]);
	assert_int_equal(io_read_all(fds[0], &one, 1), -EIO);
	assert_int_equal(io_read_all(fds[0], &one, 0), 0);
	close(fds[0]);
	assert_int_equal(io_write_all(-1, data, 1), -EBADF);
	free(got);
	free(data);
}

static void replace_is_whole_and_exact(void **state)
{
	struct scratch *s = *state;
	struct stat st;
	char *text;
	size_t len;
	mode_t old = umask(077);

	assert_int_equal(io_replace_file_at(s->fd, "a", 0644, "one", 3), 0);
	assert_int_equal(io_replace_file_at(s->fd, "a", 0640, "twelve", 6), 0);
	umask(old);
	assert_int_equal(fstatat(s->fd, "a", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(io_read_file_at(s->fd, "a", 6, &text, &len), 0);
	assert_int_equal(len, 6);
	assert_string_equal(text, "twelve");
	free(text);
}

static void replace_does_not_follow_a_link(void **state)
{
	struct scratch *s = *state;
	char buf[16];

	assert_int_equal(io_replace_file_at(s->fd, "b", 0600, "safe", 4), 0);
	assert_int_equal(symlinkat("b", s->fd, "link"), 0);
	assert_int_equal(io_replace_file_at(s->fd, "link", 0600, "new", 3), 0);
	assert_int_equal(io_read_small_at(s->fd, "b", buf, sizeof(buf)), 4);
	assert_string_equal(buf, "safe");
}

static void replace_survives_a_leftover(void **state)
{
	struct scratch *s = *state;
	char leftover[32], buf[16];
	int fd;

	text_format(leftover, sizeof(leftover), ".a.%d", (int)getpid());
	fd = openat(s->fd, leftover, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(io_replace_file_at(s->fd, "a", 0600, "x\n", 2), 0);
	assert_int_equal(io_read_small_at(s->fd, "a", buf, sizeof(buf)), 1);
	assert_int_equal(io_replace_file_at(s->fd, "none/a", 0600, "x", 1), -ENOENT);
}

static void read_file_has_a_limit(void **state)
{
	struct scratch *s = *state;
	char *text = NULL;
	size_t len;

	assert_int_equal(io_replace_file_at(s->fd, "a", 0600, "0123456789", 10), 0);
	assert_int_equal(io_read_file_at(s->fd, "a", 9, &text, &len), -EFBIG);
	assert_null(text);
	assert_int_equal(io_read_file_at(s->fd, "a", 10, &text, NULL), 0);
	assert_string_equal(text, "0123456789");
	free(text);
	assert_int_equal(io_read_file_at(s->fd, "missing", 10, &text, &len), -ENOENT);
	assert_int_equal(io_read_file_at(AT_FDCWD, "/", 10, &text, &len), -EISDIR);
}

static void read_fd_takes_files_without_a_size(void **state)
{
	char *text;
	size_t len;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(io_write_all(fds[1], "0123456789", 10), 0);
	close(fds[1]);
	assert_int_equal(io_read_fd(fds[0], 10000, &text, &len), 0);
	close(fds[0]);
	assert_int_equal(len, 10000);
	assert_int_equal(strlen(text), 10000);
	free(text);
	assert_int_equal(io_read_file_at(AT_FDCWD, "/proc/self/status", 1 << 20, &text, &len), 0);
	assert_true(text_has_prefix(text, "Name:"));
	free(text);
}

static void small_reads_trim_and_refuse(void **state)
{
	struct scratch *s = *state;
	char buf[8];

	io_replace_file_at(s->fd, "a", 0600, "max\n\n", 5);
	assert_int_equal(io_read_small_at(s->fd, "a", buf, sizeof(buf)), 4);
	assert_string_equal(buf, "max\n");
	io_replace_file_at(s->fd, "a", 0600, "1234567", 7);
	assert_int_equal(io_read_small_at(s->fd, "a", buf, sizeof(buf)), 7);
	io_replace_file_at(s->fd, "a", 0600, "12345678", 8);
	assert_int_equal(io_read_small_at(s->fd, "a", buf, sizeof(buf)), -ENOBUFS);
	io_replace_file_at(s->fd, "a", 0600, "", 0);
	assert_int_equal(io_read_small_at(s->fd, "a", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(io_read_small_at(s->fd, "none", buf, sizeof(buf)), -ENOENT);
}

static void write_text_neither_makes_nor_truncates(void **state)
{
	struct scratch *s = *state;
	char buf[16];

	assert_int_equal(io_write_text_at(s->fd, "a", "x"), -ENOENT);
	io_replace_file_at(s->fd, "a", 0600, "0123", 4);
	assert_int_equal(io_write_text_at(s->fd, "a", "xy"), 0);
	io_read_small_at(s->fd, "a", buf, sizeof(buf));
	assert_string_equal(buf, "xy23");
	assert_int_equal(symlinkat("a", s->fd, "link"), 0);
	assert_int_equal(io_write_text_at(s->fd, "link", "x"), -ELOOP);
	assert_int_equal(io_write_text_at(AT_FDCWD, "/proc/self/oom_score_adj", "rubbish"),
			 -EINVAL);
}

#define IN_SCRATCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(close_keeps_errno_and_invalidates),
		cmocka_unit_test(take_moves_ownership),
		cmocka_unit_test(write_and_read_all_of_it),
		IN_SCRATCH(replace_is_whole_and_exact),
		IN_SCRATCH(replace_does_not_follow_a_link),
		IN_SCRATCH(replace_survives_a_leftover),
		IN_SCRATCH(read_file_has_a_limit),
		cmocka_unit_test(read_fd_takes_files_without_a_size),
		IN_SCRATCH(small_reads_trim_and_refuse),
		IN_SCRATCH(write_text_neither_makes_nor_truncates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
