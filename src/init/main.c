/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container half begins here: in the process that the host half cloned, still with the host's
 * files in view. Before it trusts the plan it makes itself untraceable, marks every descriptor
 * close-on-exec and checks the plan's bounds.
 */
#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/init.h"

/* Nothing that we open may become stdio. The host half has filled all three. */
static bool has_stdio(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return false;
	return true;
}

static const struct plan_header *map_plan(int fd)
{
	const struct plan_header *plan;
	struct stat st;
	int bad_op;

	if (fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(*plan) ||
	    st.st_size > (off_t)PLAN_MAX_SIZE)
		return NULL;
	plan = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (plan == MAP_FAILED || plan_validate(plan, (size_t)st.st_size, &bad_op) < 0)
		return NULL;
	return plan;
}

/* Tables by op and by descriptor; their size is the plan's, so they are mapped. */
static int map_tables(struct init *in, int plan_fd)
{
	const struct plan_header *p = in->plan;
	const struct plan_op *ops = plan_ops(p);
	size_t by_op = (size_t)p->op_count * sizeof(*in->opened),
	       by_fd = (size_t)p->preserve_fds / 8 + 1;
	char *table = mmap(NULL, by_op + by_fd, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (table == MAP_FAILED)
		return -errno;
	in->opened = (int *)(void *)table;
	in->passed = (unsigned char *)table + by_op;
	for (uint32_t i = 0; i < p->op_count; i++)
		in->opened[i] = -EBADF;
	for (uint32_t i = 0; i < p->preserve_fds; i++) {
		int flags = fcntl((int)i + 3, F_GETFD);

		/* The host half filled holes with descriptors that do not cross an exec. */
		if (flags >= 0 && !(flags & FD_CLOEXEC))
			in->passed[i / 8] |= (unsigned char)(1u << i % 8);
	}
	/* Ours may lie in a hole. */
	for (uint32_t i = 0; i <= p->op_count + 1; i++) {
		int fd = i < p->op_count ? ops[i].fd : i == p->op_count ? p->socket_fd : plan_fd;

		if (fd >= 3 && (uint32_t)fd - 3 < p->preserve_fds)
			in->passed[(fd - 3) / 8] &= (unsigned char)~(1u << (fd - 3) % 8);
	}
	return 0;
}

/* From here on there is somebody to tell. */
static int prepare(struct init *in, int plan_fd)
{
	struct error err;
	int r = map_tables(in, plan_fd);

	if (r < 0) {
		init_fail(&err, r, "mmap", NULL, "cannot make room for the plan's descriptors");
	} else {
		r = sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
		if (r < 0)
			init_fail(&err, r, "close_range", NULL,
				  "cannot mark file descriptors close-on-exec");
		else
			r = label_prepare(in, &err);
		if (r >= 0)
			return 0;
		fallback_explain(&err);
	}
	error_add_step(&err, "start");
	channel_send_error(in, &err);
	return r;
}

int main(int argc, char *argv[])
{
	static const char refused[] = "knarr-init: started by the host half only\n";
	struct init in = {
		.socket = -EBADF,
		.root_fd = -EBADF,
		.procfs_fd = -EBADF,
		.label_fd = -EBADF,
		.label_attached_fd = -EBADF,
		.console_fd = -EBADF,
		.null_fd = -EBADF,
		.empty_fd = -EBADF,
		.old_propagation = MS_SLAVE,
	};
	uint32_t plan_fd;

	if (getauxval(AT_SECURE) != 0 || !has_stdio())
		return 1;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || argc != 2 ||
	    num_parse_u32(argv[1], &plan_fd) < 0 || plan_fd > INT_MAX ||
	    !(in.plan = map_plan((int)plan_fd))) {
		(void)!write(2, refused, sizeof(refused) - 1);
		return 1;
	}
	in.socket = in.plan->socket_fd;
	fallback_init(in.plan->require, channel_fallback, &in);
	if (prepare(&in, (int)plan_fd) < 0)
		return 1;
	fd_close((int)plan_fd);
	(void)umask(0); /* modes in the plan are exact */
	return init_run(&in) < 0;
}
