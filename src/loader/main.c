/* SPDX-License-Identifier: Apache-2.0 */
/* One question is read from the socket argv[1], answered there, and that is all. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "loader.h"

static int answer_facts(struct loader_call *c, struct error *err)
{
	char version[16];
	bool archs_2_6;

	(void)err;
	loader_seccomp_facts(version, sizeof(version), &archs_2_6);
	wire_put_text(&c->out, version);
	wire_put_u64(&c->out, archs_2_6);
	wire_put_u64(&c->out, loader_has_mnl());
	wire_put_u64(&c->out, loader_has_systemd());
	return 0;
}

static int answer(uint32_t question, struct loader_call *c, struct error *err)
{
	static int (*const answers[])(struct loader_call * c, struct error * err) = {
		[LIBRARY_FACTS] = answer_facts,     [LIBRARY_SYSCALLS] = loader_syscalls,
		[LIBRARY_DEVICES] = loader_devices, [LIBRARY_SCOPE] = loader_scope,
		[LIBRARY_STOP] = loader_stop,       [LIBRARY_PROPERTIES] = loader_properties,
	};

	_Static_assert(ARRAY_SIZE(answers) == LIBRARY_QUESTION_COUNT, "a question has no answer");
	if (question >= ARRAY_SIZE(answers))
		return error_fail(err, ERROR_INTERNAL, 0, "the loader has no answer to question %u",
				  question);
	return answers[question](c, err);
}

static int read_question(int socket, struct library_head *head, struct loader_call *c,
			 char **ret_data)
{
	ssize_t n;

	c->nfds = LIBRARY_FDS_MAX;
	n = sock_recv(socket, head, sizeof(*head), c->fds, &c->nfds, -1);
	if (n != (ssize_t)sizeof(*head))
		return -EPROTO;
	*ret_data = mem_alloc(head->len);
	c->in = (struct wire){ .next = *ret_data, .end = *ret_data + head->len };
	return io_read_all(socket, *ret_data, head->len);
}

static int send_reply(int socket, struct library_reply *reply, const struct buf *out)
{
	const struct buf *log = loader_log();
	int r;

	reply->log_len = (uint32_t)log->len;
	reply->len = reply->result == 0 ? out->len : 0;
	r = sock_send(socket, reply, sizeof(*reply), NULL, 0);
	r = r < 0 ? r : sock_send(socket, log->data, log->len, NULL, 0);
	return r < 0 ? r : sock_send(socket, out->data, reply->len, NULL, 0);
}

int main(int argc, char **argv)
{
	struct library_reply reply = { .len = 0 };
	_cleanup_free_ char *data = NULL;
	struct loader_call call = { .nfds = 0 };
	struct library_head head;
	uint32_t number;
	int socket, r;

	if (argc != 2 || num_parse_u32(argv[1], &number) < 0)
		return 2;
	socket = (int)number;
	if (fcntl(socket, F_SETFD, FD_CLOEXEC) < 0 ||
	    read_question(socket, &head, &call, &data) < 0)
		return 2;
	loader_log_level((enum log_level)head.log_level);
	reply.result = answer(head.question, &call, &reply.error);
	if (reply.result < 0 && !reply.error.text[0])
		error_set(&reply.error, -reply.result, "the loader did not understand question %u",
			  head.question);
	r = send_reply(socket, &reply, &call.out);
	for (unsigned i = 0; i < call.nfds; i++)
		(void)fd_close(call.fds[i]);
	buf_done(&call.out);
	return r < 0;
}
