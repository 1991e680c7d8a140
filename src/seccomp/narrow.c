/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many bits of an argument the kernel reads (include/linux/syscalls.h has the prototypes). seccomp_data has
 * the whole register. A comparison of the whole register could be passed by setting a bit that the kernel never
 * looks at. So a filter compares exactly the bits that the kernel reads, in every rule: two registers that the
 * kernel takes for the same call get the same verdict. A deny rule cannot be passed, and an allow rule permits
 * no call that it does not permit in plain form.
 *
 * - 32 bits: int, unsigned, ids.
 * - 16 bits: umode_t, and the user and group ids of the oldest calls of some 32-bit architectures.
 *
 * Arguments that are long, size_t or pointers are not listed. An argument that is missing here is compared with
 * 64 bits.
 */
#include <linux/audit.h>
#include <seccomp.h> /* tokens; nothing of it is called */
#include <string.h>

#include "knarr/base.h"
#include "narrow.h"

#define A0 1u
#define A1 2u
#define A2 4u
#define A3 8u
#define A4 16u
#define A5 32u

struct arguments {
	char name[24];
	uint8_t args; /* bit i: argument i */
};

static const struct arguments bits_32[] = {
	{ "accept", A0 },
	{ "accept4", A0 | A3 },
	{ "access", A1 },
	{ "alarm", A0 },
	{ "arch_prctl", A0 },
	{ "bind", A0 | A2 },
	{ "bpf", A0 | A2 },
	{ "cachestat", A0 | A3 },
	{ "chown", A1 | A2 },
	{ "clock_adjtime", A0 },
	{ "clock_getres", A0 },
	{ "clock_gettime", A0 },
	{ "clock_nanosleep", A0 | A1 },
	{ "clock_settime", A0 },
	/* The kernel takes lower_32_bits() of what the prototype calls unsigned long. */
	{ "clone", A0 },
	{ "close", A0 },
	{ "close_range", A0 | A1 | A2 },
	{ "connect", A0 | A2 },
	{ "copy_file_range", A0 | A2 | A5 },
	{ "delete_module", A1 },
	{ "dup", A0 },
	{ "dup2", A0 | A1 },
	{ "dup3", A0 | A1 | A2 },
	{ "epoll_create", A0 },
	{ "epoll_create1", A0 },
	{ "epoll_ctl", A0 | A1 | A2 },
	{ "epoll_pwait", A0 | A2 | A3 },
	{ "epoll_pwait2", A0 | A2 },
	{ "epoll_wait", A0 | A2 | A3 },
	{ "eventfd", A0 },
	{ "eventfd2", A0 | A1 },
	{ "execveat", A0 | A4 },
	{ "exit", A0 },
	{ "exit_group", A0 },
	{ "faccessat", A0 | A2 },
	{ "faccessat2", A0 | A2 | A3 },
	{ "fadvise64", A0 | A3 },
	{ "fallocate", A0 | A1 },
	{ "fanotify_init", A0 | A1 },
	{ "fanotify_mark", A0 | A1 | A3 },
	{ "fchdir", A0 },
	{ "fchmod", A0 },
	{ "fchmodat", A0 },
	{ "fchmodat2", A0 | A3 },
	{ "fchown", A0 | A1 | A2 },
	{ "fchownat", A0 | A2 | A3 | A4 },
	{ "fcntl", A0 | A1 },
	{ "fdatasync", A0 },
	{ "fgetxattr", A0 },
	{ "file_getattr", A0 | A4 },
	{ "file_setattr", A0 | A4 },
	{ "finit_module", A0 | A2 },
	{ "flistxattr", A0 },
	{ "flock", A0 | A1 },
	{ "fremovexattr", A0 },
	{ "fsconfig", A0 | A1 | A4 },
	{ "fsetxattr", A0 | A4 },
	{ "fsmount", A0 | A1 | A2 },
	{ "fsopen", A1 },
	{ "fspick", A0 | A2 },
	{ "fstat", A0 },
	{ "fstatfs", A0 },
	{ "fsync", A0 },
	{ "ftruncate", A0 },
	{ "futex", A1 | A2 | A5 },
	{ "futex_waitv", A1 | A2 | A4 },
	{ "futimesat", A0 },
	{ "get_robust_list", A0 },
	{ "getdents", A0 | A2 },
	{ "getdents64", A0 | A2 },
	{ "getgroups", A0 },
	{ "getitimer", A0 },
	{ "getpeername", A0 },
	{ "getpgid", A0 },
	{ "getpriority", A0 | A1 },
	{ "getrandom", A2 },
	{ "getrlimit", A0 },
	{ "getrusage", A0 },
	{ "getsid", A0 },
	{ "getsockname", A0 },
	{ "getsockopt", A0 | A1 | A2 },
	{ "getxattrat", A0 | A2 },
	{ "inotify_add_watch", A0 | A2 },
	{ "inotify_init1", A0 },
	{ "inotify_rm_watch", A0 | A1 },
	{ "io_setup", A0 },
	{ "io_uring_enter", A0 | A1 | A2 | A3 },
	{ "io_uring_register", A0 | A1 | A3 },
	{ "io_uring_setup", A0 },
	{ "ioctl", A0 | A1 },
	{ "ioperm", A2 },
	{ "iopl", A0 },
	{ "ioprio_get", A0 | A1 },
	{ "ioprio_set", A0 | A1 | A2 },
	{ "kcmp", A0 | A1 | A2 },
	{ "kexec_file_load", A0 | A1 },
	{ "keyctl", A0 },
	{ "kill", A0 | A1 },
	{ "landlock_add_rule", A0 | A1 | A3 },
	{ "landlock_create_ruleset", A2 },
	{ "landlock_restrict_self", A0 | A1 },
	{ "lchown", A1 | A2 },
	{ "linkat", A0 | A2 | A4 },
	{ "listen", A0 | A1 },
	{ "listmount", A3 },
	{ "listxattrat", A0 | A2 },
	{ "lseek", A0 | A2 },
	{ "lsetxattr", A4 },
	{ "madvise", A2 },
	{ "map_shadow_stack", A2 },
	{ "mbind", A5 },
	{ "membarrier", A0 | A1 | A2 },
	{ "memfd_create", A1 },
	{ "memfd_secret", A0 },
	{ "migrate_pages", A0 },
	{ "mkdirat", A0 },
	{ "mknod", A2 },
	{ "mknodat", A0 | A3 },
	{ "mlock2", A2 },
	{ "mlockall", A0 },
	{ "modify_ldt", A0 },
	{ "mount_setattr", A0 | A2 },
	{ "move_mount", A0 | A2 | A4 },
	{ "move_pages", A0 | A5 },
	{ "mq_getsetattr", A0 },
	{ "mq_notify", A0 },
	{ "mq_open", A1 },
	{ "mq_timedreceive", A0 },
	{ "mq_timedsend", A0 | A3 },
	{ "msgctl", A0 | A1 },
	{ "msgget", A0 | A1 },
	{ "msgrcv", A0 | A4 },
	{ "msgsnd", A0 | A3 },
	{ "msync", A2 },
	{ "name_to_handle_at", A0 | A4 },
	{ "newfstatat", A0 | A3 },
	{ "nice", A0 },
	{ "open", A1 },
	{ "open_by_handle_at", A0 | A2 },
	{ "open_tree", A0 | A2 },
	{ "open_tree_attr", A0 | A2 },
	{ "openat", A0 | A2 },
	{ "openat2", A0 },
	{ "perf_event_open", A1 | A2 | A3 },
	{ "personality", A0 },
	{ "pidfd_getfd", A0 | A1 | A2 },
	{ "pidfd_open", A0 | A1 },
	{ "pidfd_send_signal", A0 | A1 | A3 },
	{ "pipe2", A1 },
	{ "pkey_free", A0 },
	{ "pkey_mprotect", A3 },
	{ "poll", A1 | A2 },
	{ "ppoll", A1 },
	{ "prctl", A0 },
	{ "pread64", A0 },
	{ "preadv", A0 },
	{ "preadv2", A0 | A5 },
	{ "prlimit64", A0 | A1 },
	{ "process_madvise", A0 | A3 | A4 },
	{ "process_mrelease", A0 | A1 },
	{ "process_vm_readv", A0 },
	{ "process_vm_writev", A0 },
	{ "pselect6", A0 },
	{ "pwrite64", A0 },
	{ "pwritev", A0 },
	{ "pwritev2", A0 | A5 },
	{ "quotactl", A0 | A2 },
	{ "quotactl_fd", A0 | A1 | A2 },
	{ "read", A0 },
	{ "readahead", A0 },
	{ "readlink", A2 },
	{ "readlinkat", A0 | A3 },
	{ "readv", A0 },
	{ "reboot", A0 | A1 | A2 },
	{ "recvfrom", A0 | A3 },
	{ "recvmmsg", A0 | A2 | A3 },
	{ "recvmsg", A0 | A2 },
	{ "removexattrat", A0 | A2 },
	{ "renameat", A0 | A2 },
	{ "renameat2", A0 | A2 | A4 },
	{ "rseq", A1 | A2 | A3 },
	{ "rt_sigaction", A0 },
	{ "rt_sigprocmask", A0 },
	{ "rt_sigqueueinfo", A0 | A1 },
	{ "rt_tgsigqueueinfo", A0 | A1 | A2 },
	{ "sched_get_priority_max", A0 },
	{ "sched_get_priority_min", A0 },
	{ "sched_getaffinity", A0 | A1 },
	{ "sched_getattr", A0 | A2 | A3 },
	{ "sched_getparam", A0 },
	{ "sched_getscheduler", A0 },
	{ "sched_rr_get_interval", A0 },
	{ "sched_setaffinity", A0 | A1 },
	{ "sched_setattr", A0 | A2 },
	{ "sched_setparam", A0 },
	{ "sched_setscheduler", A0 | A1 },
	{ "seccomp", A0 | A1 },
	{ "select", A0 },
	{ "semctl", A0 | A1 | A2 },
	{ "semget", A0 | A1 | A2 },
	{ "semop", A0 | A2 },
	{ "semtimedop", A0 | A2 },
	{ "sendfile", A0 | A1 },
	{ "sendmmsg", A0 | A2 | A3 },
	{ "sendmsg", A0 | A2 },
	{ "sendto", A0 | A3 | A5 },
	{ "set_mempolicy", A0 },
	{ "setfsgid", A0 },
	{ "setfsuid", A0 },
	{ "setgid", A0 },
	{ "setgroups", A0 },
	{ "setitimer", A0 },
	{ "setns", A0 | A1 },
	{ "setpgid", A0 | A1 },
	{ "setpriority", A0 | A1 | A2 },
	{ "setregid", A0 | A1 },
	{ "setresgid", A0 | A1 | A2 },
	{ "setresuid", A0 | A1 | A2 },
	{ "setreuid", A0 | A1 },
	{ "setrlimit", A0 },
	{ "setsockopt", A0 | A1 | A2 | A4 },
	{ "setuid", A0 },
	{ "setxattr", A4 },
	{ "setxattrat", A0 | A2 },
	{ "shmat", A0 | A2 },
	{ "shmctl", A0 | A1 },
	{ "shmget", A0 | A2 },
	{ "shutdown", A0 | A1 },
	{ "signalfd", A0 },
	{ "signalfd4", A0 | A3 },
	{ "socket", A0 | A1 | A2 },
	{ "socketcall", A0 },
	{ "socketpair", A0 | A1 | A2 },
	{ "splice", A0 | A2 | A5 },
	{ "statmount", A3 },
	{ "statx", A0 | A2 | A3 },
	{ "swapon", A1 },
	{ "symlinkat", A1 },
	{ "sync_file_range", A0 | A3 },
	{ "syncfs", A0 },
	{ "sysfs", A0 },
	{ "syslog", A0 | A2 },
	{ "tee", A0 | A1 | A3 },
	{ "tgkill", A0 | A1 | A2 },
	{ "timer_create", A0 },
	{ "timer_delete", A0 },
	{ "timer_getoverrun", A0 },
	{ "timer_gettime", A0 },
	{ "timer_settime", A0 | A1 },
	{ "timerfd_create", A0 | A1 },
	{ "timerfd_gettime", A0 },
	{ "timerfd_settime", A0 | A1 },
	{ "tkill", A0 | A1 },
	{ "umask", A0 },
	{ "umount2", A1 },
	{ "unlinkat", A0 | A2 },
	{ "userfaultfd", A0 },
	{ "utimensat", A0 | A3 },
	{ "vmsplice", A0 | A3 },
	{ "wait4", A0 | A2 },
	{ "waitid", A0 | A1 | A3 },
	{ "write", A0 },
	{ "writev", A0 },
};

/* compat_ulong_t and compat_long_t in the calls that x32 has numbers of its own for. */
static const struct arguments bits_32_x32[] = {
	{ "ioctl", A2 },
	{ "kexec_load", A0 | A1 | A3 },
	{ "ptrace", A0 | A1 | A2 | A3 },
	{ "recvfrom", A2 },
};

/* umode_t */
static const struct arguments bits_16[] = {
	{ "chmod", A1 },     { "creat", A1 },   { "fchmod", A1 },  { "fchmodat", A2 },
	{ "fchmodat2", A2 }, { "mkdir", A1 },   { "mkdirat", A2 }, { "mknod", A1 },
	{ "mknodat", A2 },   { "mq_open", A2 }, { "open", A2 },    { "openat", A3 },
};

/* old_uid_t and old_gid_t: the calls whose successors have names that end in 32. */
static const struct arguments bits_16_old[] = {
	{ "chown", A1 | A2 },
	{ "fchown", A1 | A2 },
	{ "lchown", A1 | A2 },
	{ "setfsgid", A0 },
	{ "setfsuid", A0 },
	{ "setgid", A0 },
	{ "setregid", A0 | A1 },
	{ "setresgid", A0 | A1 | A2 },
	{ "setresuid", A0 | A1 | A2 },
	{ "setreuid", A0 | A1 },
	{ "setuid", A0 },
};

static bool has_argument(const struct arguments *table, size_t count, const char *name,
			 unsigned index)
{
	for (size_t i = 0; i < count; i++) {
		if (STREQ(table[i].name, name))
			return table[i].args & (1u << index);
	}
	return false;
}

/* Architectures with 16-bit ids (the kernel's CONFIG_UID16), of those that libseccomp knows. */
static bool has_old_ids(uint32_t token)
{
	return token == SCMP_ARCH_X86 || token == SCMP_ARCH_ARM || token == SCMP_ARCH_S390
#ifdef SCMP_ARCH_M68K
	       || token == SCMP_ARCH_M68K || token == SCMP_ARCH_SH || token == SCMP_ARCH_SHEB
#endif
		;
}

unsigned argument_bits(uint32_t token, const char *name, unsigned index)
{
#define HAS(table) has_argument(table, ARRAY_SIZE(table), name, index)
	if (HAS(bits_16) || (has_old_ids(token) && HAS(bits_16_old)))
		return 16;
	if (token == SCMP_ARCH_X32 && HAS(bits_32_x32))
		return 32;
	if (!(token & __AUDIT_ARCH_64BIT) && token != SCMP_ARCH_X32)
		return 32;
	/* The flags of clone are its second argument there. */
	if (token == SCMP_ARCH_S390X && STREQ(name, "clone"))
		return index == 1 ? 32 : 64;
	return HAS(bits_32) ? 32 : 64;
#undef HAS
}
