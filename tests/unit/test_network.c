/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network devices that move, between two network namespaces of the test's own. Each test runs in a child:
 * the namespaces and their devices (veth) end with it. Needs root and ip(8).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/kernel.h"
#include "knarr/library.h"
#include "knarr/network.h"

struct world {
	int host, container; /* namespace descriptors */
};

#define REQUIRE(c)                                                              \
	do {                                                                    \
		if (!(c)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #c); \
			_exit(1);                                               \
		}                                                               \
	} while (0)

static int own_netns(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static void build_world(struct world *w)
{
	if (unshare(CLONE_NEWNET) < 0)
		_exit(77);
	w->container = own_netns();
	REQUIRE(unshare(CLONE_NEWNET) == 0);
	w->host = own_netns();
	if (system("ip link add kn0 type veth peer name kp0 >/dev/null 2>&1") != 0)
		_exit(77);
}

/* A shell command in one of the namespaces. */
static bool in(int netns, const char *command)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		REQUIRE(setns(netns, CLONE_NEWNET) == 0);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	return status == 0;
}

static void run_in_child(void (*test)(struct world *w))
{
	int status;
	pid_t pid;

	struct library_facts facts;

	if (geteuid() != 0 || system("command -v ip >/dev/null 2>&1") != 0 ||
	    library_facts(&facts) < 0 || !facts.mnl) {
		print_message("needs root, ip(8) and libmnl\n");
		skip();
		return;
	}
	pid = fork();
	if (pid == 0) {
		struct world w;
		struct stat before, after;

		build_world(&w);
		REQUIRE(fstat(w.host, &before) == 0);
		test(&w);
		/* Our own namespace never changes. */
		REQUIRE(stat("/proc/self/ns/net", &after) == 0 && before.st_ino == after.st_ino);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("no network namespaces or veth devices here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static void move_child(struct world *w)
{
	const struct spec_net_device d = { .host_name = "kn0", .name = "eth7" };
	struct error err = { 0 };

	REQUIRE(in(
		w->host,
		"ip link set kn0 mtu 1400 address 02:00:00:00:00:07 &&"
		"ip addr add 10.7.0.1/24 brd + dev kn0 && ip addr add 10.7.1.1/24 scope link dev kn0 &&"
		"ip addr add 10.7.2.1/24 valid_lft 100 preferred_lft 50 dev kn0 &&"
		"ip -6 addr add fd07::1/64 nodad dev kn0; ip link set kn0 up"));
	if (network_move_devices(&d, 1, w->container, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		_exit(1);
	}
	REQUIRE(!in(w->host, "ip link show kn0 2>/dev/null"));
	REQUIRE(in(
		w->container,
		"ip link show eth7 | grep -q 'mtu 1400' && ip link show eth7 | grep -q '[<,]UP[,>]'"));
	REQUIRE(in(w->container, "ip link show eth7 | grep -q 02:00:00:00:00:07"));
	REQUIRE(in(
		w->container,
		"ip addr show eth7 | grep -q 'inet 10.7.0.1/24 brd 10.7.0.255 scope global eth7$'"));
	REQUIRE(in(w->container, "ip addr show eth7 | grep -c 'inet 10.7' | grep -qx 1"));
	if (access("/proc/sys/net/ipv6", F_OK) == 0)
		REQUIRE(in(w->container,
			   "ip -6 addr show eth7 | grep -q 'inet6 fd07::1/64 scope global'"));
}

static void template_child(struct world *w)
{
	const struct spec_net_device d[] = { { .host_name = "kn0", .name = "ct%d" },
					     { .host_name = "kn1", .name = "ct%d" } };

	REQUIRE(in(w->host, "ip link add kn1 type veth peer name kp1"));
	REQUIRE(in(w->container, "ip link add ct0 type veth peer name cp0"));
	REQUIRE(network_move_devices(d, 2, w->container, NULL) == 0);
	REQUIRE(in(w->container, "ip link show ct1 >/dev/null && ip link show ct2 > /dev/null"));
}

static void same_name_child(struct world *w)
{
	const struct spec_net_device d = { .host_name = "kn0" };

	REQUIRE(network_move_devices(&d, 1, w->container, NULL) == 0);
	REQUIRE(in(w->container, "ip link show kn0 >/dev/null"));
}

static void undo_child(struct world *w)
{
	const struct spec_net_device d[] = { { .host_name = "kn0", .name = "first" },
					     { .host_name = "kn1", .name = "taken" } };
	const struct spec_net_device gone = { .host_name = "nodev" },
				     lo = { .host_name = "lo", .name = "lo2" };
	struct error err = { 0 };

	REQUIRE(in(
		w->host,
		"ip link add kn1 type veth peer name kp1 && ip addr add 10.7.0.1/24 dev kn0 && ip link set kn0 up"));
	REQUIRE(in(w->container, "ip link add taken type veth peer name tp0"));
	REQUIRE(network_move_devices(d, 2, w->container, &err) < 0);
	REQUIRE(strstr(err.text, "'kn1'") && strstr(err.text, "'taken' already"));
	REQUIRE(in(
		w->host,
		"ip addr show kn0 | grep -q 'inet 10.7.0.1/24' && ip link show kn0 | grep -q '[<,]UP[,>]'"));
	REQUIRE(in(w->host, "ip link show kn1 > /dev/null"));
	REQUIRE(!in(w->container, "ip link show first 2>/dev/null"));

	REQUIRE(network_move_devices(&gone, 1, w->container, &err) == -ENODEV);
	REQUIRE(strstr(err.text, "'nodev'"));
	REQUIRE(network_move_devices(&lo, 1, w->container, &err) < 0);
	fprintf(stderr, "%s\n", err.text);
	REQUIRE(strstr(err.text, "'lo'"));
}

static void device_moves_with_its_addresses(void **state)
{
	(void)state;
	run_in_child(move_child);
}

static void template_takes_a_free_number(void **state)
{
	(void)state;
	run_in_child(template_child);
}

static void name_is_kept(void **state)
{
	(void)state;
	run_in_child(same_name_child);
}

static void failure_moves_back(void **state)
{
	(void)state;
	run_in_child(undo_child);
}

static void nothing_to_do(void **state)
{
	(void)state;
	assert_int_equal(network_move_devices(NULL, 0, -EBADF, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_moves_with_its_addresses),
		cmocka_unit_test(template_takes_a_free_number),
		cmocka_unit_test(name_is_kept),
		cmocka_unit_test(failure_moves_back),
		cmocka_unit_test(nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
