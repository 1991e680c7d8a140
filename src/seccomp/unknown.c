/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ENOSYS for system calls that did not exist when the profile was written. Host half.
 *
 * A C library tries a new system call and falls back to the old one on ENOSYS; a profile that answers
 * EPERM, as most do by default, makes it fail instead. The test is put in front of libseccomp's program,
 * which begins by loading what it needs, so the accumulator need not be restored.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#include "program.h"

static struct sock_filter statement(unsigned code, uint32_t k)
{
	return (struct sock_filter){ .code = (uint16_t)code, .k = k };
}

static struct sock_filter jump(unsigned code, uint32_t k, size_t if_true, size_t if_false)
{
	return (struct sock_filter){
		.code = (uint16_t)(BPF_JMP | code | BPF_K), .k = k, .jt = (uint8_t)if_true, .jf = (uint8_t)if_false
	};
}

/* Per architecture: jeq, ld, at most two a range, ret, ja. */
#define BLOCK_MAX(ranges) (4 + 2 * (ranges))

/* One architecture; ranges ascend by base, so they are tried from the last. Returns the block's length. */
static size_t emit_block(struct sock_filter *out, const struct program_range *ranges, size_t count)
{
	size_t n = 0, ret_at = 2, pass_at;

	for (size_t i = 0; i < count; i++)
		ret_at += ranges[i].base ? 2 : 1;
	pass_at = ret_at + 1;
	out[n++] = jump(BPF_JEQ, ranges[0].arch, 0, pass_at);
	out[n++] = statement(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = count; i-- > 0;) {
		if (ranges[i].base)
			out[n++] = jump(BPF_JGE, ranges[i].base, 0, 1);
		out[n] = jump(BPF_JGT, ranges[i].newest, ret_at - n - 1, pass_at - n - 1);
		n++;
	}
	out[n++] = statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	out[n++] = statement(BPF_JMP | BPF_JA, 0); /* to the program; set by the caller */
	return n;
}

static size_t same_arch(const struct program_range *ranges, size_t count)
{
	size_t n = 1;

	while (n < count && ranges[n].arch == ranges[0].arch)
		n++;
	return n;
}

void program_answer_unknown(struct program *p, const struct program_range *ranges, size_t count)
{
	struct sock_filter *all = mem_alloc_array(1 + BLOCK_MAX(count) * (count + 1) + p->count, sizeof(*all));
	size_t n = 0, *passes = mem_alloc_array(count + 1, sizeof(*passes)), pass_count = 0;

	all[n++] = statement(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < count;) {
		size_t group = same_arch(ranges + i, count - i);

		n += emit_block(all + n, ranges + i, group);
		passes[pass_count++] = n - 1;
		i += group;
	}
	for (size_t i = 0; i < pass_count; i++)
		all[passes[i]].k = (uint32_t)(n - passes[i] - 1);
	memcpy(all + n, p->insns, p->count * sizeof(*all));
	free(passes);
	free(p->insns);
	p->insns = all;
	p->count += n;
}
