/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.netDevices: host devices that move into the container's network namespace.
 *
 * A move closes the device and drops its addresses, so those that config-linux.md wants kept (permanent,
 * global scope) are read before and added again behind it. Our own network namespace never changes: a
 * netlink socket belongs to the namespace it was made in, so a short-lived child makes one in there and
 * passes it back.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/kernel.h"
#include "loader.h"
#include "rtnl.h"

#define ADDRESS_ATTRS 5
/* "%d" is replaced by the first free number, as the kernel does it. */
#define TEMPLATE_TRIES 1000

struct address {
	struct ifaddrmsg header;
	struct {
		uint16_t type, len;
		uint8_t data[16];
	} attrs[ADDRESS_ATTRS];
	unsigned attr_count;
};

struct device {
	const char *host_name, *wanted; /* wanted may hold %d */
	const char *origin;             /* place in config.json, "" = unknown */
	unsigned index;                 /* in the host's namespace */
	unsigned flags;                 /* IFF_* there */
	struct address *addresses;
	size_t address_count;
	char new_name[IFNAMSIZ]; /* without a template */
	unsigned new_index;      /* in the container's; 0: not moved yet */
};

struct move {
	struct rtnl_library lib;
	struct rtnl host, container;
	int host_netns, container_netns;
};

/* ---- sockets ----------------------------------------------------------------------------- */

static int make_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? -errno : fd;
}

static _noreturn_ void make_socket_child(int netns_fd, int report_fd)
{
	int fd = -EBADF, r = sys_setns(netns_fd, CLONE_NEWNET);

	if (r >= 0)
		r = fd = make_socket();
	r = r < 0 ? r : 0;
	(void)sock_send(report_fd, &r, sizeof(r), &fd, r == 0 ? 1 : 0);
	_exit(0);
}

/* An rtnetlink socket of the namespace netns_fd. */
static int make_socket_in(int netns_fd)
{
	struct uapi_clone_args args = { .exit_signal = SIGCHLD };
	_cleanup_close_ int mine = -EBADF, theirs = -EBADF;
	int pair[2], fd = -EBADF, answer = -EIO, r;
	unsigned nfds = 1;
	ssize_t n;
	pid_t pid;

	r = sock_pair(pair);
	if (r < 0)
		return r;
	mine = pair[0];
	theirs = pair[1];
	pid = sys_clone3(&args);
	if (pid == 0)
		make_socket_child(netns_fd, theirs);
	if (pid < 0)
		return (int)pid;
	theirs = fd_close(theirs);
	n = sock_recv(mine, &answer, sizeof(answer), &fd, &nfds, 10000);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof(answer))
		return n < 0 ? (int)n : -EIO;
	if (answer < 0)
		return answer;
	return nfds == 1 ? fd : -EIO;
}

/* ---- requests ----------------------------------------------------------------------------- */

struct link_info {
	unsigned index, flags;
};

static void take_link(struct rtnl *r, const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *i = r->lib->mnl_nlmsg_get_payload(h);
	struct link_info *info = arg;

	if (h->nlmsg_type != RTM_NEWLINK)
		return;
	info->index = (unsigned)i->ifi_index;
	info->flags = i->ifi_flags;
}

static int find_link(struct rtnl *r, const char *name, struct link_info *ret)
{
	struct nlmsghdr *h = rtnl_begin(r, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	int ret_code;

	memset(ret, 0, sizeof(*ret));
	r->lib->mnl_attr_put_strz(h, IFLA_IFNAME, name);
	ret_code = rtnl_request(r, take_link, ret);
	if (ret_code == 0 && ret->index == 0)
		return -ENODEV;
	return ret_code;
}

struct address_query {
	unsigned index;
	struct address *items;
	size_t count;
};

static void take_address(struct rtnl *r, const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *m = r->lib->mnl_nlmsg_get_payload(h);
	struct address_query *q = arg;
	struct address a = { .header = *m };
	uint32_t flags = m->ifa_flags;
	struct nlattr *attr;

	if (h->nlmsg_type != RTM_NEWADDR || m->ifa_index != q->index ||
	    m->ifa_scope != RT_SCOPE_UNIVERSE)
		return;
	rtnl_for_each_attr(r, attr, h, sizeof(*m))
	{
		uint16_t type = r->lib->mnl_attr_get_type(attr),
			 len = r->lib->mnl_attr_get_payload_len(attr);

		if (type == IFA_FLAGS && len == sizeof(uint32_t))
			flags = r->lib->mnl_attr_get_u32(attr);
		/* Labels name the old device and lifetimes of permanent addresses are infinite. */
		if ((type == IFA_ADDRESS || type == IFA_LOCAL || type == IFA_BROADCAST ||
		     type == IFA_RT_PRIORITY) &&
		    len <= sizeof(a.attrs[0].data) && a.attr_count < ADDRESS_ATTRS - 1) {
			a.attrs[a.attr_count].type = type;
			a.attrs[a.attr_count].len = len;
			memcpy(a.attrs[a.attr_count++].data, r->lib->mnl_attr_get_payload(attr),
			       len);
		}
	}
	if (!(flags & IFA_F_PERMANENT))
		return;
	/* What the kernel derives (tentative, secondary, ...) is derived again. */
	flags &= IFA_F_NODAD | IFA_F_OPTIMISTIC | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR |
		 IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;
	a.attrs[a.attr_count].type = IFA_FLAGS;
	a.attrs[a.attr_count].len = sizeof(flags);
	memcpy(a.attrs[a.attr_count++].data, &flags, sizeof(flags));
	a.header.ifa_flags = (uint8_t)flags;
	q->items = mem_grow(q->items, q->count + 1, sizeof(*q->items));
	q->items[q->count++] = a;
}

static int read_addresses(struct rtnl *r, struct device *d)
{
	struct address_query q = { .index = d->index };
	int ret;

	/* A dump that was disturbed by a change is repeated. */
	for (unsigned tries = 0; tries < 5; tries++) {
		q.count = 0;
		(void)rtnl_begin(r, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
		ret = rtnl_request(r, take_address, &q);
		if (ret != -EINTR)
			break;
	}
	d->addresses = q.items;
	d->address_count = q.count;
	return ret;
}

static int add_address(struct rtnl *r, const struct address *a, unsigned index)
{
	struct nlmsghdr *h =
		rtnl_begin(r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *m = r->lib->mnl_nlmsg_get_payload(h);

	*m = a->header;
	m->ifa_index = index;
	for (unsigned i = 0; i < a->attr_count; i++)
		r->lib->mnl_attr_put(h, a->attrs[i].type, a->attrs[i].len, a->attrs[i].data);
	return rtnl_request(r, NULL, NULL);
}

static int set_up(struct rtnl *r, unsigned index)
{
	struct nlmsghdr *h = rtnl_begin(r, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	struct ifinfomsg *m = r->lib->mnl_nlmsg_get_payload(h);

	m->ifi_index = (int)index;
	m->ifi_flags = IFF_UP;
	m->ifi_change = IFF_UP;
	return rtnl_request(r, NULL, NULL);
}

/* The name goes along in the same request, so that a name that is taken over there is never taken up. */
static int move_link(struct rtnl *r, unsigned index, int netns_fd, const char *name)
{
	struct nlmsghdr *h = rtnl_begin(r, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	struct ifinfomsg *m = r->lib->mnl_nlmsg_get_payload(h);

	m->ifi_index = (int)index;
	r->lib->mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	r->lib->mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return rtnl_request(r, NULL, NULL);
}

/* ---- one device --------------------------------------------------------------------------- */

static int fail(const struct device *d, const struct rtnl *r, int code, const char *what,
		struct error *err)
{
	code = error_set(err, -code, "cannot %s the network device '%s'%s%s", what, d->host_name,
			 r && r->kernel_text[0] ? ": " : "", r ? r->kernel_text : "");
	error_add_step(err, "network-device");
	error_add_subject(err, d->host_name);
	error_add_origin(err, d->origin);
	return code;
}

static int name_taken(const struct device *d, struct error *err)
{
	int r = error_fail(
		err, ERROR_CONFLICT, 0,
		"cannot move the network device '%s': the container's network namespace has a device '%s' already",
		d->host_name, d->new_name);

	error_add_step(err, "network-device");
	error_add_subject(err, d->new_name);
	error_add_remedy(err, "give it another name, or one with %%d");
	error_add_origin(err, d->origin);
	return r;
}

/* new_name: as given, or the template with the first number that is free over there. */
static int choose_name(struct move *m, struct device *d, struct error *err)
{
	const char *wanted = d->wanted[0] ? d->wanted : d->host_name;
	const char *number = strstr(wanted, "%d");
	struct link_info info;
	int r;

	for (unsigned i = 0; i < TEMPLATE_TRIES; i++) {
		if (number)
			r = text_format(d->new_name, sizeof(d->new_name), "%.*s%u%s",
					(int)(number - wanted), wanted, i, number + 2);
		else
			r = text_format(d->new_name, sizeof(d->new_name), "%s", wanted);
		if (r < 0)
			return fail(d, NULL, -ENAMETOOLONG, "name", err);
		r = find_link(&m->container, d->new_name, &info);
		if (r == -ENODEV)
			return 0;
		if (r < 0)
			return fail(d, &m->container, r, "look for a name for", err);
		if (!number)
			return name_taken(d, err);
	}
	return fail(d, NULL, -ENFILE, "find a free name for", err);
}

static int settle(struct rtnl *r, const struct device *d, unsigned index, bool up,
		  const char **ret_what)
{
	int ret;

	for (size_t i = 0; i < d->address_count; i++) {
		ret = add_address(r, &d->addresses[i], index);
		if (ret < 0) {
			*ret_what = "restore an address of";
			return ret;
		}
	}
	ret = up ? set_up(r, index) : 0;
	*ret_what = "set up";
	return ret;
}

static int move_device(struct move *m, struct device *d, struct error *err)
{
	const char *what = "";
	struct link_info info;
	int r;

	r = find_link(&m->host, d->host_name, &info);
	if (r < 0)
		return fail(d, r == -ENODEV ? NULL : &m->host, r, "find", err);
	d->index = info.index;
	d->flags = info.flags;
	r = read_addresses(&m->host, d);
	if (r < 0)
		return fail(d, &m->host, r, "read the addresses of", err);
	r = choose_name(m, d, err);
	if (r < 0)
		return r;
	r = move_link(&m->host, d->index, m->container_netns, d->new_name);
	if (r == -EEXIST)
		return name_taken(d, err);
	if (r < 0)
		return fail(d, &m->host, r, "move", err);
	/* The index may be another one now, the name is ours to know. */
	r = find_link(&m->container, d->new_name, &info);
	if (r < 0)
		return fail(d, &m->container, r, "find again", err);
	d->new_index = info.index;
	r = settle(&m->container, d, d->new_index, true, &what);
	if (r < 0)
		return fail(d, &m->container, r, what, err);
	log_debug("network device '%s' moved as '%s' with %zu addresses", d->host_name, d->new_name,
		  d->address_count);
	return 0;
}

/* Back to the host as it was: name, addresses, up or down. */
static void undo_device(struct move *m, struct device *d)
{
	const char *what = "";
	struct link_info info;
	int r;

	if (!d->new_index)
		return;
	r = move_link(&m->container, d->new_index, m->host_netns, d->host_name);
	if (r == 0)
		r = find_link(&m->host, d->host_name, &info);
	if (r == 0)
		r = settle(&m->host, d, info.index, d->flags & IFF_UP, &what);
	if (r < 0)
		log_warning("cannot bring the network device '%s' back: %s, ignoring", d->host_name,
			    errno_text(-r));
	d->new_index = 0;
}

/* ---- the list ----------------------------------------------------------------------------- */

static void move_done(struct move *m)
{
	if (m->host.lib)
		rtnl_close(&m->host);
	if (m->container.lib)
		rtnl_close(&m->container);
	m->host_netns = fd_close(m->host_netns);
}

static int move_init(struct move *m, int netns_fd, struct error *err)
{
	int r = rtnl_library_load(&m->lib, err), fd;

	if (r < 0)
		return r;
	fd = make_socket();
	if (fd >= 0) {
		/* The namespace of the socket is ours: the address of the way back. */
		m->host_netns = ioctl(fd, SIOCGSKNS);
		if (m->host_netns < 0)
			m->host_netns = -errno;
		r = rtnl_open(&m->lib, fd, &m->host);
	} else {
		r = fd;
	}
	if (r < 0)
		return error_set(err, -r, "cannot open an rtnetlink socket");
	if (m->host_netns < 0)
		return error_set(
			err, -m->host_netns,
			"cannot move network devices: no rights over our own network namespace");
	fd = make_socket_in(netns_fd);
	r = fd < 0 ? fd : rtnl_open(&m->lib, fd, &m->container);
	if (r < 0)
		return error_set(
			err, -r,
			"cannot open an rtnetlink socket in the container's network namespace");
	m->container_netns = netns_fd;
	return 0;
}

static int move_list(struct move *m, struct device *list, size_t count, struct error *err)
{
	size_t done = 0;
	int r = 0;

	for (; done < count && r == 0; done++)
		r = move_device(m, &list[done], err);
	for (size_t i = done; i-- > 0;) {
		if (r < 0)
			undo_device(m, &list[i]);
		free(list[i].addresses);
	}
	return r;
}

/* fd: the container's network namespace; count; for each device its name, the wanted one or "", its place in config.json. */
int loader_devices(struct loader_call *c, struct error *err)
{
	struct move m = { .host_netns = -EBADF, .container_netns = -EBADF };
	_cleanup_free_ struct device *list = NULL;
	size_t count = wire_get_u64(&c->in);
	int r;

	list = mem_alloc_array(count, sizeof(*list));
	for (size_t i = 0; i < count && !c->in.broken; i++) {
		list[i].host_name = wire_get_text(&c->in);
		list[i].wanted = wire_get_text(&c->in);
		list[i].origin = wire_get_text(&c->in);
	}
	if (wire_end(&c->in) < 0 || c->nfds != 1)
		return -EPROTO;
	r = move_init(&m, c->fds[0], err);
	if (r == 0)
		r = move_list(&m, list, count, err);
	move_done(&m);
	return r;
}

bool loader_has_mnl(void)
{
	struct rtnl_library lib;

	return rtnl_library_load(&lib, NULL) == 0;
}
