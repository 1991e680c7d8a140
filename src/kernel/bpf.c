/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bpf(2) as far as device programs of cgroup2 need it. Host half. Attributes are zeroed as a whole:
 * the kernel refuses unknown bytes that are not.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "knarr/kernel.h"

static int bpf(unsigned command, union bpf_attr *attr)
{
	long r;

	do
		r = syscall(SYS_bpf, command, attr, sizeof(*attr));
	while (r < 0 && errno == EAGAIN); /* the verifier was interrupted */
	return r < 0 ? -errno : (int)r;
}

int bpf_prog_load_cgroup_device(const void *insns, unsigned count, char *log, size_t log_size)
{
	static const char license[] = "Apache-2.0";
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = count;
	attr.license = (uintptr_t)license;
	if (log && log_size > 0) {
		log[0] = '\0';
		attr.log_buf = (uintptr_t)log;
		attr.log_size = (uint32_t)log_size;
		attr.log_level = 1;
	}
	return bpf(BPF_PROG_LOAD, &attr);
}

int bpf_prog_attach_cgroup(int prog_fd, int cgroup_fd, int replace_fd, unsigned flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)prog_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = flags;
	if (replace_fd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replace_fd;
	}
	return bpf(BPF_PROG_ATTACH, &attr);
}

int bpf_prog_detach_cgroup(int prog_fd, int cgroup_fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)prog_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return bpf(BPF_PROG_DETACH, &attr);
}

/* *count: in the room of ids, out how many programs there are (-ENOSPC: more than that). */
int bpf_prog_query_cgroup(int cgroup_fd, uint32_t *ids, unsigned *count)
{
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = *count;
	r = bpf(BPF_PROG_QUERY, &attr);
	if (r >= 0 || r == -ENOSPC)
		*count = attr.query.prog_cnt;
	return r;
}

int bpf_prog_fd_by_id(uint32_t id)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}
