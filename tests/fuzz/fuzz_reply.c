/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_reply: the answer of the program that loads libraries. It is cut, too long or of another kind, and is refused
 * without harm; every text of a failure ends. The code that reads answers is compiled into this program.
 */
#include <stdint.h>
#include <stdlib.h>

#include <sys/mman.h>

#include "library/call.c"
#include "seccomp/numbers.c"

/* The loader itself is never started here. */
const unsigned char loader_image[1], loader_image_end[1];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool ends(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static void check_error(const struct error *e)
{
	if (!ends(e->text, sizeof(e->text)) || !ends(e->remedy, sizeof(e->remedy)) ||
	    !ends(e->subject, sizeof(e->subject)) || !ends(e->step, sizeof(e->step)))
		abort();
}

static void check_answer(const struct buf *answer)
{
	struct filter_numbers n = { .columns = 2 };

	if (take_answer(wire_of(answer), 3, &n) == 0 && !ends(n.version, sizeof(n.version)))
		abort();
	filter_numbers_done(&n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct library_reply reply = { .len = 0 };
	struct buf answer = { 0 };
	int fd = memfd_create("reply", MFD_CLOEXEC);

	if (fd < 0 || io_write_all(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	log_set_level(LOG_LEVEL_ERROR);
	if (read_reply(fd, &reply, &answer) == 0) {
		if (reply.result < 0)
			check_error(&reply.error);
		check_answer(&answer);
	}
	buf_done(&answer);
	fd_close(fd);
	return 0;
}
