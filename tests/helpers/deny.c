/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deny ERRNO NR[=ARG][,...] COMMAND...: runs a command behind a filter that answers these system calls with that errno, as
 * an old kernel or an outer container would; with ARG only where the first argument is that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#define MAX 32

int main(int argc, char **argv)
{
	struct sock_filter code[5 * MAX + 2];
	struct sock_fprog program = { .filter = code };
	unsigned short n = 0;
	unsigned number;

	if (argc < 4) {
		fprintf(stderr, "deny ERRNO NR[,NR...] COMMAND...\n");
		return 125;
	}
	number = (unsigned)atoi(argv[1]);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (char *word = strtok(argv[2], ","); word && n < 5 * MAX; word = strtok(NULL, ",")) {
		char *arg = strchr(word, '=');

		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (unsigned)atoi(word), 0, arg ? 4 : 1);
		if (arg) {
			code[n++] = (struct sock_filter)BPF_STMT(
				BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args));
			code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
								 (unsigned)atoi(arg + 1), 1, 0);
			code[n++] =
				(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
		}
		code[n++] = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (number & SECCOMP_RET_DATA));
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = n;
	/* As root without no_new_privs, which the container would inherit. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	     prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)) {
		perror("deny: prctl");
		return 125;
	}
	execvp(argv[3], argv + 3);
	perror("deny: execvp");
	return 125;
}
