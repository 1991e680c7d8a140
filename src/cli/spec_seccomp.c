/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec_seccomp: the system call profile that `spec` writes. Pure.
 *
 * The kernel's interface minus what a container has no business with: making or joining namespaces, mounting, loading
 * modules, the clock, the keyrings (they know no namespaces), BPF, perf, io_uring (a second system call interface that
 * no filter sees into) and user fault handling. A capability that is added with --cap brings the calls it is for.
 *
 * Arguments are compared by their lower half where the kernel reads only that: a rule on the full register could be
 * passed by with garbage in the upper half.
 */
#include <string.h>

#include "cli/spec_template.h"
#include "knarr/spec.h"

#define LOW_HALF 0xffffffffu
/* CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
#define CLONE_NAMESPACES 0x7e020000u

/* Allowed to everybody; names that an architecture does not have are skipped when the filter is made. */
static const char allowed[] =
	"_llseek _newselect accept accept4 access adjtimex alarm arch_prctl arm_fadvise64_64 "
	"arm_sync_file_range bind breakpoint brk cacheflush cachestat capget capset chdir chmod chown chown32 "
	"clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 "
	"clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3 "
	"epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 execve "
	"execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir "
	"fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr file_getattr "
	"file_setattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 "
	"fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake "
	"futimesat get_robust_list get_thread_area get_tls getcpu getcwd getdents getdents64 getegid "
	"getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid "
	"getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32 getrlimit "
	"getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr getxattrat "
	"inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents "
	"io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc kill "
	"landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link "
	"linkat listen listxattr listxattrat llistxattr lremovexattr lseek lsetxattr lstat lstat64 madvise "
	"map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock "
	"mlock2 mlockall mmap mmap2 modify_ldt mprotect mq_getsetattr mq_notify mq_open mq_timedreceive "
	"mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv "
	"msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat nice open openat "
	"openat2 pause pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect "
	"poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv "
	"process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead readdir "
	"readlink readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages "
	"removexattr removexattrat rename renameat renameat2 restart_syscall riscv_flush_icache riscv_hwprobe "
	"rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend "
	"rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max "
	"sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler "
	"sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam "
	"sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 send "
	"sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address set_tls "
	"setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid "
	"setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 "
	"setrlimit setsid setsockopt setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown "
	"sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend "
	"socketpair splice stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range "
	"sync_file_range2 syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun "
	"timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime "
	"timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask "
	"uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid "
	"waitpid write writev";

/* Allowed on top with a capability. */
static const struct {
	char capability[20];
	char names[300];
} gated[] = {
	{ "CAP_BPF", "bpf" },
	{ "CAP_DAC_READ_SEARCH", "open_by_handle_at" },
	{ "CAP_PERFMON", "perf_event_open" },
	{ "CAP_SYSLOG", "syslog" },
	{ "CAP_SYS_ADMIN",
	  "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick listmount lookup_dcookie mount mount_setattr "
	  "move_mount open_tree open_tree_attr perf_event_open pivot_root quotactl quotactl_fd setdomainname "
	  "sethostname setns statmount swapoff swapon syslog umount umount2 unshare" },
	{ "CAP_SYS_BOOT", "reboot" },
	{ "CAP_SYS_CHROOT", "chroot" },
	{ "CAP_SYS_MODULE", "delete_module finit_module init_module" },
	{ "CAP_SYS_NICE", "get_mempolicy mbind set_mempolicy set_mempolicy_home_node" },
	{ "CAP_SYS_PACCT", "acct" },
	{ "CAP_SYS_PTRACE", "kcmp process_madvise" },
	{ "CAP_SYS_RAWIO", "ioperm iopl" },
	{ "CAP_SYS_TIME", "clock_settime clock_settime64 settimeofday stime" },
	{ "CAP_SYS_TTY_CONFIG", "vhangup" },
};

static void add_names(struct jwrite *array, const char *names)
{
	while (*names) {
		size_t len = strcspn(names, " ");
		_cleanup_free_ char *name = mem_strndup(names, len);

		jwrite_string(array, NULL, name);
		names += len;
		names += *names == ' ';
	}
}

static struct jwrite *rule(const char *names, const char *action)
{
	struct jwrite *o = jwrite_object(), *array = jwrite_array();

	add_names(array, names);
	jwrite_put(o, "names", array);
	jwrite_string(o, "action", action);
	return o;
}

/* Allows a call when its first argument, cut by mask, is value; mask 0 compares the whole register. */
static void allow_argument(struct jwrite *rules, const char *name, uint64_t mask, uint64_t value)
{
	struct jwrite *o = rule(name, "SCMP_ACT_ALLOW"), *array = jwrite_array(),
		      *arg = jwrite_object();

	jwrite_uint(arg, "index", 0);
	jwrite_uint(arg, "value", mask ? mask : value);
	if (mask)
		jwrite_uint(arg, "valueTwo", value);
	jwrite_string(arg, "op", mask ? "SCMP_CMP_MASKED_EQ" : "SCMP_CMP_EQ");
	jwrite_put(array, NULL, arg);
	jwrite_put(o, "args", array);
	jwrite_put(rules, NULL, o);
}

/* All address families but 38 (AF_ALG: kernel crypto) and 40 (AF_VSOCK: no namespace confines it), as bit patterns. */
static void allow_sockets(struct jwrite *rules)
{
	static const struct {
		uint32_t mask, value;
	} families[] = {
		{ ~31u, 0 },      { ~3u, 32 }, { ~1u, 36 }, { LOW_HALF, 39 },
		{ LOW_HALF, 41 }, { ~1u, 42 }, { ~3u, 44 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		allow_argument(rules, "socket", families[i].mask, families[i].value);
}

/* PER_LINUX, PER_LINUX32, each with and without UNAME26; all ones asks for the present value. */
static void allow_personalities(struct jwrite *rules)
{
	static const uint32_t personas[] = { 0x0, 0x8, 0x20000, 0x20008, 0xffffffff };

	for (size_t i = 0; i < ARRAY_SIZE(personas); i++)
		allow_argument(rules, "personality", 0, personas[i]);
}

static struct jwrite *architectures(void)
{
	static const char *const names[] = {
#if defined(__x86_64__)
		"SCMP_ARCH_X86_64",
		"SCMP_ARCH_X86",
		"SCMP_ARCH_X32",
#elif defined(__aarch64__)
		"SCMP_ARCH_AARCH64",
		"SCMP_ARCH_ARM",
#elif defined(__riscv)
		"SCMP_ARCH_RISCV64",
#endif
		NULL,
	};
	struct jwrite *a = jwrite_array();

	for (const char *const *n = names; *n; n++)
		jwrite_string(a, NULL, *n);
	return a;
}

static void add_gated(struct jwrite *rules, uint64_t capabilities)
{
	for (size_t i = 0; i < ARRAY_SIZE(gated); i++) {
		int number = spec_capability_number(gated[i].capability);

		if (number >= 0 && (capabilities & (1ull << number)))
			jwrite_put(rules, NULL, rule(gated[i].names, "SCMP_ACT_ALLOW"));
	}
}

struct jwrite *spec_seccomp_profile(uint64_t capabilities)
{
	struct jwrite *o = jwrite_object(), *rules = jwrite_array(), *absent;
	bool admin = capabilities & (1ull << spec_capability_number("CAP_SYS_ADMIN"));

	jwrite_put(rules, NULL, rule(allowed, "SCMP_ACT_ALLOW"));
	allow_sockets(rules);
	allow_personalities(rules);
	if (!admin)
		allow_argument(rules, "clone", CLONE_NAMESPACES, 0);
	add_gated(rules, capabilities);
	/*
	 * ENOSYS for calls that libraries replace by an older one: clone3's flags lie in memory, which no filter reads;
	 * socketcall's family does as well.
	 */
	absent = rule(admin ? "socketcall" : "clone3 listmount socketcall statmount",
		      "SCMP_ACT_ERRNO");
	jwrite_uint(absent, "errnoRet", 38);
	jwrite_put(rules, NULL, absent);

	jwrite_string(o, "defaultAction", "SCMP_ACT_ERRNO");
	jwrite_uint(o, "defaultErrnoRet", 1);
	jwrite_put(o, "architectures", architectures());
	jwrite_put(o, "syscalls", rules);
	return o;
}
