/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which arguments of which system calls are int, unsigned or a 32-bit id in the kernel's prototypes
 * (include/linux/syscalls.h), so that only their low half counts: seccomp_data
 * has the whole register, and a comparison of all of it could be passed by setting a bit that the kernel
 * never looks at. Arguments that are long, size_t or pointers are not listed; a call that is missing here is
 * compared with 64 bits.
 */
#include <string.h>

#include "knarr/base.h"
#include "narrow.h"

#define A0 1u
#define A1 2u
#define A2 4u
#define A3 8u
#define A4 16u
#define A5 32u

static const struct {
	const char *name;
	unsigned args;
} narrow_table[] = {
	{ "accept", A0 }, { "accept4", A0 | A3 }, { "access", A1 }, { "arch_prctl", A0 },
	{ "bind", A0 | A2 }, { "bpf", A0 | A2 }, { "chmod", A1 }, { "chown", A1 | A2 },
	{ "clock_adjtime", A0 }, { "clock_getres", A0 }, { "clock_gettime", A0 },
	{ "clock_nanosleep", A0 | A1 }, { "clock_settime", A0 },
	/* The kernel takes lower_32_bits() of what the prototype calls unsigned long. */
	{ "clone", A0 },
	{ "close", A0 }, { "close_range", A0 | A1 | A2 }, { "connect", A0 | A2 },
	{ "copy_file_range", A0 | A2 | A5 }, { "creat", A1 }, { "dup", A0 }, { "dup2", A0 | A1 },
	{ "dup3", A0 | A1 | A2 }, { "epoll_create", A0 }, { "epoll_create1", A0 },
	{ "epoll_ctl", A0 | A1 | A2 }, { "eventfd2", A0 | A1 }, { "execveat", A0 | A4 }, { "exit", A0 },
	{ "exit_group", A0 }, { "faccessat", A0 | A2 }, { "faccessat2", A0 | A2 | A3 },
	{ "fadvise64", A0 | A3 }, { "fallocate", A0 | A1 }, { "fanotify_init", A0 | A1 },
	{ "fanotify_mark", A0 | A1 | A3 }, { "fchdir", A0 }, { "fchmod", A0 | A1 }, { "fchmodat", A0 | A2 },
	{ "fchmodat2", A0 | A2 | A3 }, { "fchown", A0 | A1 | A2 }, { "fchownat", A0 | A2 | A3 | A4 },
	{ "fcntl", A0 | A1 }, { "finit_module", A0 | A2 }, { "flock", A0 | A1 }, { "fsconfig", A0 | A1 | A4 },
	{ "fsmount", A0 | A1 | A2 }, { "fsopen", A1 }, { "fspick", A0 | A2 }, { "fsync", A0 },
	{ "futex", A1 | A2 | A5 }, { "getpgid", A0 }, { "getpriority", A0 | A1 },
	{ "getrandom", A2 }, { "getrlimit", A0 }, { "getrusage", A0 }, { "getsid", A0 },
	{ "getsockopt", A0 | A1 | A2 }, { "inotify_add_watch", A0 | A2 }, { "inotify_init1", A0 },
	{ "inotify_rm_watch", A0 | A1 }, { "io_uring_enter", A0 | A1 | A2 | A3 },
	{ "io_uring_register", A0 | A1 | A3 }, { "io_uring_setup", A0 }, { "ioctl", A0 | A1 },
	{ "iopl", A0 }, { "ioprio_get", A0 | A1 }, { "ioprio_set", A0 | A1 | A2 },
	{ "kcmp", A0 | A1 | A2 }, { "kexec_file_load", A0 | A1 }, { "keyctl", A0 }, { "kill", A0 | A1 },
	{ "landlock_add_rule", A0 | A1 | A3 }, { "landlock_create_ruleset", A2 },
	{ "landlock_restrict_self", A0 | A1 }, { "lchown", A1 | A2 }, { "linkat", A0 | A2 | A4 },
	{ "listen", A0 | A1 }, { "lseek", A0 | A2 }, { "madvise", A2 }, { "membarrier", A0 | A1 | A2 },
	{ "memfd_create", A1 }, { "memfd_secret", A0 }, { "mkdir", A1 }, { "mkdirat", A0 | A2 },
	{ "mknod", A1 | A2 }, { "mknodat", A0 | A2 | A3 }, { "mlock2", A2 }, { "mlockall", A0 },
	{ "modify_ldt", A0 }, { "mount_setattr", A0 | A2 }, { "move_mount", A0 | A2 | A4 },
	{ "mq_open", A1 | A2 }, { "msgctl", A0 | A1 }, { "msgget", A0 | A1 }, { "msgrcv", A0 | A4 },
	{ "msgsnd", A0 | A3 }, { "msync", A2 }, { "name_to_handle_at", A0 | A4 }, { "newfstatat", A0 | A3 },
	{ "open", A1 | A2 }, { "open_by_handle_at", A0 | A2 }, { "open_tree", A0 | A2 },
	{ "openat", A0 | A1 | A2 | A3 }, { "openat2", A0 }, { "perf_event_open", A1 | A2 | A3 },
	{ "personality", A0 }, { "pidfd_getfd", A0 | A1 | A2 }, { "pidfd_open", A0 | A1 },
	{ "pidfd_send_signal", A0 | A1 | A3 }, { "pipe2", A1 }, { "pkey_mprotect", A3 }, { "prctl", A0 },
	{ "preadv2", A5 }, { "prlimit64", A0 | A1 }, { "process_madvise", A0 | A3 | A4 },
	{ "process_mrelease", A0 | A1 }, { "process_vm_readv", A0 }, { "process_vm_writev", A0 },
	{ "pwritev2", A5 }, { "quotactl", A0 | A2 }, { "quotactl_fd", A0 | A1 | A2 }, { "read", A0 },
	{ "reboot", A0 | A1 | A2 }, { "recvfrom", A0 | A3 }, { "recvmmsg", A0 | A2 | A3 },
	{ "recvmsg", A0 | A2 }, { "renameat", A0 | A2 }, { "renameat2", A0 | A2 | A4 }, { "rseq", A1 | A2 | A3 },
	{ "rt_sigqueueinfo", A0 | A1 }, { "rt_tgsigqueueinfo", A0 | A1 | A2 },
	{ "sched_get_priority_max", A0 }, { "sched_get_priority_min", A0 }, { "sched_getaffinity", A0 | A1 },
	{ "sched_getattr", A0 | A2 | A3 }, { "sched_getparam", A0 }, { "sched_getscheduler", A0 },
	{ "sched_setaffinity", A0 | A1 }, { "sched_setattr", A0 | A2 }, { "sched_setparam", A0 },
	{ "sched_setscheduler", A0 | A1 }, { "seccomp", A0 | A1 }, { "semctl", A0 | A1 | A2 },
	{ "semget", A0 | A1 | A2 }, { "semop", A0 | A2 }, { "sendmmsg", A0 | A2 | A3 }, { "sendmsg", A0 | A2 },
	{ "sendto", A0 | A3 | A5 }, { "set_mempolicy", A0 }, { "setfsgid", A0 }, { "setfsuid", A0 },
	{ "setgid", A0 }, { "setgroups", A0 }, { "setns", A0 | A1 }, { "setpgid", A0 | A1 },
	{ "setpriority", A0 | A1 | A2 }, { "setregid", A0 | A1 }, { "setresgid", A0 | A1 | A2 },
	{ "setresuid", A0 | A1 | A2 }, { "setreuid", A0 | A1 }, { "setrlimit", A0 },
	{ "setsockopt", A0 | A1 | A2 | A4 }, { "setuid", A0 }, { "shmat", A0 | A2 }, { "shmctl", A0 | A1 },
	{ "shmget", A0 | A2 }, { "shutdown", A0 | A1 }, { "signalfd4", A0 | A3 }, { "socket", A0 | A1 | A2 },
	{ "socketcall", A0 }, { "socketpair", A0 | A1 | A2 }, { "splice", A0 | A2 | A5 },
	{ "statx", A0 | A2 | A3 }, { "symlinkat", A1 }, { "sync_file_range", A0 | A3 }, { "syslog", A0 | A2 },
	{ "tee", A0 | A1 | A3 }, { "tgkill", A0 | A1 | A2 }, { "timerfd_create", A0 | A1 },
	{ "timerfd_settime", A0 | A1 }, { "tkill", A0 | A1 }, { "umask", A0 }, { "umount2", A1 },
	{ "unlinkat", A0 | A2 }, { "userfaultfd", A0 }, { "utimensat", A0 | A3 }, { "vmsplice", A0 | A3 },
	{ "wait4", A0 | A2 }, { "waitid", A0 | A1 | A3 }, { "write", A0 },
};

unsigned narrow_args(const char *syscall_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(narrow_table); i++) {
		if (STREQ(narrow_table[i].name, syscall_name))
			return narrow_table[i].args;
	}
	return 0;
}
