/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink over libmnl, which is loaded when it is needed: one request, one answer. */
#ifndef KNARR_LOADER_RTNL_H
#define KNARR_LOADER_RTNL_H

#include <libmnl/libmnl.h>

#include "knarr/base.h"

/* The functions of libmnl that are used here, as pointers with the library's own types. */
#define RTNL_MNL_FUNCTIONS(X)         \
	X(mnl_attr_get_payload)       \
	X(mnl_attr_get_payload_len)   \
	X(mnl_attr_get_str)           \
	X(mnl_attr_get_type)          \
	X(mnl_attr_get_u32)           \
	X(mnl_attr_next)              \
	X(mnl_attr_ok)                \
	X(mnl_attr_put)               \
	X(mnl_attr_put_strz)          \
	X(mnl_attr_put_u32)           \
	X(mnl_nlmsg_get_payload)      \
	X(mnl_nlmsg_get_payload_tail) \
	X(mnl_nlmsg_next)             \
	X(mnl_nlmsg_ok)               \
	X(mnl_nlmsg_put_extra_header) \
	X(mnl_nlmsg_put_header)       \
	X(mnl_socket_bind)            \
	X(mnl_socket_close)           \
	X(mnl_socket_fdopen)          \
	X(mnl_socket_get_fd)          \
	X(mnl_socket_get_portid)      \
	X(mnl_socket_recvfrom)        \
	X(mnl_socket_sendto)          \
	X(mnl_socket_setsockopt)

struct rtnl_library {
	void *handle;
#define X(name) __typeof__(name) *name;
	RTNL_MNL_FUNCTIONS(X)
#undef X
};
int rtnl_library_load(struct rtnl_library *ret, struct error *err);

#define RTNL_BUFFER_SIZE 32768

struct rtnl {
	const struct rtnl_library *lib;
	struct mnl_socket *socket; /* NULL: closed */
	unsigned seq;
	char kernel_text[160]; /* the kernel's own words about the last failure, or "" */
	char *buffer;          /* RTNL_BUFFER_SIZE bytes */
};
/* Takes the AF_NETLINK socket fd, in whatever network namespace it was made. */
int rtnl_open(const struct rtnl_library *lib, int fd, struct rtnl *ret);
void rtnl_close(struct rtnl *r);

/* A new request in r->buffer: header and a zeroed extra header of the given size. */
struct nlmsghdr *rtnl_begin(struct rtnl *r, uint16_t type, uint16_t flags, size_t extra);
/*
 * Sends what rtnl_begin() began and reads the answer to its end; each data message goes to each (may be
 * NULL). 0, or -errno as the kernel answered it.
 */
typedef void (*rtnl_each)(struct rtnl *r, const struct nlmsghdr *message, void *arg);
int rtnl_request(struct rtnl *r, rtnl_each each, void *arg);

/* Over the attributes of a message, after its extra header. */
#define rtnl_for_each_attr(r, attr, message, extra)                                              \
	for ((attr) = (struct nlattr *)((char *)(r)->lib->mnl_nlmsg_get_payload(message) +       \
					MNL_ALIGN(extra));                                       \
	     (r)->lib->mnl_attr_ok((attr),                                                       \
				   (int)((char *)(r)->lib->mnl_nlmsg_get_payload_tail(message) - \
					 (char *)(attr)));                                       \
	     (attr) = (r)->lib->mnl_attr_next(attr))

#endif
