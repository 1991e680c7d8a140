/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names: the specification's words and the constants they stand for. Pure tables; host half.
 * The numbers are kernel ABI. Where Debian 12's headers lack one it is written out.
 */
#include <linux/capability.h>
#include <linux/mempolicy.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "knarr/spec.h"
#include "spec/names.h"

/* An enum in some kernel headers and absent from older ones, so no #ifdef can ask for it. */
#define POLICY_WEIGHTED_INTERLEAVE 6 /* MPOL_WEIGHTED_INTERLEAVE, Linux 6.9 */
#define SCHEDULER_ISO 4              /* reserved number, never implemented */
#define NAME(x)         \
	{               \
#x, (x) \
	}

const struct name_value spec_namespace_names[] = {
	{ "user", NS_USER },       { "mount", NS_MOUNT }, { "pid", NS_PID },
	{ "network", NS_NETWORK }, { "ipc", NS_IPC },     { "uts", NS_UTS },
	{ "cgroup", NS_CGROUP },   { "time", NS_TIME },   { NULL, 0 },
};

const struct name_value spec_rlimit_names[] = {
	NAME(RLIMIT_AS),     NAME(RLIMIT_CORE),   NAME(RLIMIT_CPU),        NAME(RLIMIT_DATA),
	NAME(RLIMIT_FSIZE),  NAME(RLIMIT_LOCKS),  NAME(RLIMIT_MEMLOCK),    NAME(RLIMIT_MSGQUEUE),
	NAME(RLIMIT_NICE),   NAME(RLIMIT_NOFILE), NAME(RLIMIT_NPROC),      NAME(RLIMIT_RSS),
	NAME(RLIMIT_RTPRIO), NAME(RLIMIT_RTTIME), NAME(RLIMIT_SIGPENDING), NAME(RLIMIT_STACK),
	{ NULL, 0 },
};

const struct name_value spec_scheduler_policies[] = {
	{ "SCHED_OTHER", SCHED_NORMAL }, NAME(SCHED_FIFO), NAME(SCHED_RR),       NAME(SCHED_BATCH),
	{ "SCHED_ISO", SCHEDULER_ISO },  NAME(SCHED_IDLE), NAME(SCHED_DEADLINE), { NULL, 0 },
};

const struct name_value spec_scheduler_flags[] = {
	NAME(SCHED_FLAG_RESET_ON_FORK),  NAME(SCHED_FLAG_RECLAIM),
	NAME(SCHED_FLAG_DL_OVERRUN),     NAME(SCHED_FLAG_KEEP_POLICY),
	NAME(SCHED_FLAG_KEEP_PARAMS),    NAME(SCHED_FLAG_UTIL_CLAMP_MIN),
	NAME(SCHED_FLAG_UTIL_CLAMP_MAX), { NULL, 0 },
};

const struct name_value spec_io_classes[] = {
	{ "IOPRIO_CLASS_RT", 1 },
	{ "IOPRIO_CLASS_BE", 2 },
	{ "IOPRIO_CLASS_IDLE", 3 },
	{ NULL, 0 },
};

const struct name_value spec_memory_modes[] = {
	NAME(MPOL_DEFAULT),    NAME(MPOL_BIND),
	NAME(MPOL_INTERLEAVE), { "MPOL_WEIGHTED_INTERLEAVE", POLICY_WEIGHTED_INTERLEAVE },
	NAME(MPOL_PREFERRED),  NAME(MPOL_PREFERRED_MANY),
	NAME(MPOL_LOCAL),      { NULL, 0 },
};

const struct name_value spec_memory_flags[] = {
	NAME(MPOL_F_NUMA_BALANCING),
	NAME(MPOL_F_RELATIVE_NODES),
	NAME(MPOL_F_STATIC_NODES),
	{ NULL, 0 },
};

const struct name_value spec_personality_domains[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
	{ NULL, 0 },
};

const struct name_value spec_propagation_names[] = {
	{ "shared", MS_SHARED },
	{ "slave", MS_SLAVE },
	{ "private", MS_PRIVATE },
	{ "unbindable", MS_UNBINDABLE },
	{ "rshared", MS_SHARED | MS_REC },
	{ "rslave", MS_SLAVE | MS_REC },
	{ "rprivate", MS_PRIVATE | MS_REC },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
	{ NULL, 0 },
};

const struct name_value spec_seccomp_actions[] = {
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
	{ NULL, 0 },
};

/* libseccomp's enum scmp_compare, which is its ABI; the library itself is not known in this folder. */
const struct name_value spec_seccomp_operators[] = {
	{ "SCMP_CMP_NE", 1 },        { "SCMP_CMP_LT", 2 }, { "SCMP_CMP_LE", 3 },
	{ "SCMP_CMP_EQ", 4 },        { "SCMP_CMP_GE", 5 }, { "SCMP_CMP_GT", 6 },
	{ "SCMP_CMP_MASKED_EQ", 7 }, { NULL, 0 },
};

const struct name_value spec_seccomp_flags[] = {
	NAME(SECCOMP_FILTER_FLAG_TSYNC),
	NAME(SECCOMP_FILTER_FLAG_LOG),
	NAME(SECCOMP_FILTER_FLAG_SPEC_ALLOW),
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1u << 5 },
	{ NULL, 0 },
};

const struct name_value spec_seccomp_architectures[] = {
	{ "SCMP_ARCH_X86", 0 },      { "SCMP_ARCH_X86_64", 0 },      { "SCMP_ARCH_X32", 0 },
	{ "SCMP_ARCH_ARM", 0 },      { "SCMP_ARCH_AARCH64", 0 },     { "SCMP_ARCH_MIPS", 0 },
	{ "SCMP_ARCH_MIPS64", 0 },   { "SCMP_ARCH_MIPS64N32", 0 },   { "SCMP_ARCH_MIPSEL", 0 },
	{ "SCMP_ARCH_MIPSEL64", 0 }, { "SCMP_ARCH_MIPSEL64N32", 0 }, { "SCMP_ARCH_PPC", 0 },
	{ "SCMP_ARCH_PPC64", 0 },    { "SCMP_ARCH_PPC64LE", 0 },     { "SCMP_ARCH_S390", 0 },
	{ "SCMP_ARCH_S390X", 0 },    { "SCMP_ARCH_PARISC", 0 },      { "SCMP_ARCH_PARISC64", 0 },
	{ "SCMP_ARCH_RISCV64", 0 },  { "SCMP_ARCH_LOONGARCH64", 0 }, { "SCMP_ARCH_M68K", 0 },
	{ "SCMP_ARCH_SH", 0 },       { "SCMP_ARCH_SHEB", 0 },        { NULL, 0 },
};

const struct name_value spec_capability_names[] = {
	NAME(CAP_CHOWN),
	NAME(CAP_DAC_OVERRIDE),
	NAME(CAP_DAC_READ_SEARCH),
	NAME(CAP_FOWNER),
	NAME(CAP_FSETID),
	NAME(CAP_KILL),
	NAME(CAP_SETGID),
	NAME(CAP_SETUID),
	NAME(CAP_SETPCAP),
	NAME(CAP_LINUX_IMMUTABLE),
	NAME(CAP_NET_BIND_SERVICE),
	NAME(CAP_NET_BROADCAST),
	NAME(CAP_NET_ADMIN),
	NAME(CAP_NET_RAW),
	NAME(CAP_IPC_LOCK),
	NAME(CAP_IPC_OWNER),
	NAME(CAP_SYS_MODULE),
	NAME(CAP_SYS_RAWIO),
	NAME(CAP_SYS_CHROOT),
	NAME(CAP_SYS_PTRACE),
	NAME(CAP_SYS_PACCT),
	NAME(CAP_SYS_ADMIN),
	NAME(CAP_SYS_BOOT),
	NAME(CAP_SYS_NICE),
	NAME(CAP_SYS_RESOURCE),
	NAME(CAP_SYS_TIME),
	NAME(CAP_SYS_TTY_CONFIG),
	NAME(CAP_MKNOD),
	NAME(CAP_LEASE),
	NAME(CAP_AUDIT_WRITE),
	NAME(CAP_AUDIT_CONTROL),
	NAME(CAP_SETFCAP),
	NAME(CAP_MAC_OVERRIDE),
	NAME(CAP_MAC_ADMIN),
	NAME(CAP_SYSLOG),
	NAME(CAP_WAKE_ALARM),
	NAME(CAP_BLOCK_SUSPEND),
	NAME(CAP_AUDIT_READ),
	NAME(CAP_PERFMON),
	NAME(CAP_BPF),
	NAME(CAP_CHECKPOINT_RESTORE),
	{ NULL, 0 },
};

bool name_lookup(const struct name_value *table, const char *word, uint64_t *ret)
{
	for (; table->name; table++) {
		if (!STREQ(table->name, word))
			continue;
		*ret = table->value;
		return true;
	}
	return false;
}

const char *name_nearest(const struct name_value *table, const char *word)
{
	const char *words[128];
	size_t n = 0;

	while (table[n].name && n + 1 < ARRAY_SIZE(words)) {
		words[n] = table[n].name;
		n++;
	}
	words[n] = NULL;
	return text_nearest(word, words);
}

const char *spec_ns_name(enum spec_ns ns)
{
	for (const struct name_value *n = spec_namespace_names; n->name; n++)
		if (n->value == (uint64_t)ns)
			return n->name;
	return "unknown";
}

uint64_t spec_ns_clone_flag(enum spec_ns ns)
{
	static const uint64_t flags[NS_COUNT] = {
		[NS_USER] = CLONE_NEWUSER,     [NS_MOUNT] = CLONE_NEWNS,  [NS_PID] = CLONE_NEWPID,
		[NS_NETWORK] = CLONE_NEWNET,   [NS_IPC] = CLONE_NEWIPC,   [NS_UTS] = CLONE_NEWUTS,
		[NS_CGROUP] = CLONE_NEWCGROUP, [NS_TIME] = CLONE_NEWTIME,
	};

	return (size_t)ns < NS_COUNT ? flags[ns] : 0;
}

const char *spec_hook_name(enum spec_hook_kind kind)
{
	static const char *const names[HOOK_KIND_COUNT] = {
		[HOOK_PRESTART] = "prestart",
		[HOOK_CREATE_RUNTIME] = "createRuntime",
		[HOOK_CREATE_CONTAINER] = "createContainer",
		[HOOK_START_CONTAINER] = "startContainer",
		[HOOK_POSTSTART] = "poststart",
		[HOOK_POSTSTOP] = "poststop",
	};

	return (size_t)kind < HOOK_KIND_COUNT ? names[kind] : "unknown";
}

/* The names of a table as a NULL-terminated list; the tables end in a NULL name. */
static const char *const *names_words(const struct name_value *table, const char **words)
{
	for (size_t i = 0;; i++) {
		words[i] = table[i].name;
		if (!words[i])
			return words;
	}
}

const char *const *spec_memory_policy_modes(void)
{
	static const char *words[ARRAY_SIZE(spec_memory_modes)];

	return names_words(spec_memory_modes, words);
}

const char *const *spec_memory_policy_flags(void)
{
	static const char *words[ARRAY_SIZE(spec_memory_flags)];

	return names_words(spec_memory_flags, words);
}
