/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink requests through libmnl. With NETLINK_EXT_ACK the kernel adds a sentence to its errno; it is kept for the message.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "rtnl.h"

#ifndef KNARR_SONAME_MNL
#define KNARR_SONAME_MNL "libmnl.so.0"
#endif

/* The kernel answers at once; a socket that stays silent must not hang a create. */
#define ANSWER_TIMEOUT_S 10

int rtnl_library_load(struct rtnl_library *ret, struct error *err)
{
	struct rtnl_library lib = { .handle = dlopen(KNARR_SONAME_MNL, RTLD_NOW | RTLD_LOCAL) };
	int r;

	if (!lib.handle) {
		r = error_fail(err, ERROR_UNSUPPORTED, 0,
			       "cannot load %s, which network devices need: %s", KNARR_SONAME_MNL,
			       dlerror());
		error_add_remedy(err, "install libmnl");
		return r;
	}
#define X(name)                                                                         \
	lib.name = (__typeof__(lib.name))dlsym(lib.handle, #name);                      \
	if (!lib.name)                                                                  \
		return error_fail(err, ERROR_UNSUPPORTED, 0, "%s has no function '%s'", \
				  KNARR_SONAME_MNL, #name);
	RTNL_MNL_FUNCTIONS(X)
#undef X
	*ret = lib;
	return 0;
}

int rtnl_open(const struct rtnl_library *lib, int fd, struct rtnl *ret)
{
	struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT_S };
	struct mnl_socket *socket = lib->mnl_socket_fdopen(fd);
	int one = 1;

	if (!socket) {
		int saved = errno;

		fd_close(fd);
		return -saved;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	/* Only better messages depend on these two. */
	(void)lib->mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &one, sizeof(one));
	(void)lib->mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &one, sizeof(one));
	if (lib->mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int saved = errno;

		(void)lib->mnl_socket_close(socket);
		return -saved;
	}
	*ret = (struct rtnl){ .lib = lib, .socket = socket, .buffer = mem_alloc(RTNL_BUFFER_SIZE) };
	return 0;
}

void rtnl_close(struct rtnl *r)
{
	if (r->socket)
		(void)r->lib->mnl_socket_close(r->socket);
	r->socket = NULL;
	free(r->buffer);
	r->buffer = NULL;
}

struct nlmsghdr *rtnl_begin(struct rtnl *r, uint16_t type, uint16_t flags, size_t extra)
{
	struct nlmsghdr *h = r->lib->mnl_nlmsg_put_header(r->buffer);

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	h->nlmsg_seq = ++r->seq;
	(void)r->lib->mnl_nlmsg_put_extra_header(h, extra); /* zeroed by libmnl */
	return h;
}

/* struct nlmsgerr, then (the request's payload was left out, NETLINK_CAP_ACK) attributes. */
static int read_error(struct rtnl *r, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = r->lib->mnl_nlmsg_get_payload(h);
	struct nlattr *attr;

	r->kernel_text[0] = '\0';
	if (e->error == 0 || !(h->nlmsg_flags & NLM_F_ACK_TLVS) || !(h->nlmsg_flags & NLM_F_CAPPED))
		return e->error;
	rtnl_for_each_attr(r, attr, h, sizeof(*e))
	{
		if (r->lib->mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			(void)text_format(r->kernel_text, sizeof(r->kernel_text), "%.*s",
					  (int)r->lib->mnl_attr_get_payload_len(attr),
					  r->lib->mnl_attr_get_str(attr));
	}
	return e->error;
}

/* 1: more to come; 0: the answer is complete; -errno. */
static int take_messages(struct rtnl *r, int len, bool dump, rtnl_each each, void *arg)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)r->buffer;

	for (; r->lib->mnl_nlmsg_ok(h, len); h = r->lib->mnl_nlmsg_next(h, &len)) {
		if (h->nlmsg_seq != r->seq)
			continue;
		if (h->nlmsg_type == NLMSG_ERROR)
			return read_error(r, h);
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_flags & NLM_F_DUMP_INTR && dump)
			return -EINTR;
		if (each)
			each(r, h, arg);
	}
	return 1;
}

int rtnl_request(struct rtnl *r, rtnl_each each, void *arg)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)r->buffer;
	bool dump = (h->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int ret;

	r->kernel_text[0] = '\0';
	if (r->lib->mnl_socket_sendto(r->socket, h, h->nlmsg_len) < 0)
		return -errno;
	do {
		ssize_t n = r->lib->mnl_socket_recvfrom(r->socket, r->buffer, RTNL_BUFFER_SIZE);

		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		ret = take_messages(r, (int)n, dump, each, arg);
	} while (ret > 0);
	return ret;
}
