/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that one of the C libraries has no wrapper for, or wraps with more than the call
 * (musl's set*id and fork functions speak to threads that we do not have). Runs in both halves.
 */
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/keyctl.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

static int result(long r)
{
	return r < 0 ? -errno : (int)r;
}

/*
 * Outer seccomp profiles answer ENOSYS to clone3, whose flags they cannot see; clone(2) knows all
 * but the flags that do not fit in 32 bits or lie where clone(2) has the exit signal. The pidfd
 * goes where the parent's tid would.
 */
static bool clone_old_knows(const struct uapi_clone_args *args)
{
	return (args->flags >> 32) == 0 && (args->flags & 0xff) == 0 && !args->stack &&
	       !args->set_tid && !args->parent_tid;
}

static long clone_old(const struct uapi_clone_args *args)
{
	return syscall(SYS_clone, (unsigned long)(args->flags | args->exit_signal), 0UL,
		       (unsigned long)args->pidfd, 0UL, 0UL);
}

pid_t sys_clone3(struct uapi_clone_args *args)
{
	long r = syscall(SYS_clone3, args, sizeof(*args));

	if (r < 0 && errno == ENOSYS && clone_old_knows(args) && fallback_take(FALLBACK_CLONE3))
		r = clone_old(args);
	return r < 0 ? -errno : (pid_t)r;
}

int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return result(syscall(SYS_execveat, dirfd, path, argv, envp, flags));
}

/*
 * One by one, where an outer filter knows no close_range(2). Above the limit there can be
 * descriptors only of before it was lowered.
 */
static int close_each(unsigned first, unsigned last, unsigned flags)
{
	struct rlimit limit;
	unsigned end = 1u << 16;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < 1u << 20)
		end = (unsigned)limit.rlim_max;
	if (last >= end)
		last = end - 1;
	for (unsigned fd = first; fd <= last; fd++) {
		if (flags & CLOSE_RANGE_CLOEXEC)
			(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
		else
			(void)close((int)fd);
	}
	return 0;
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	int r;

	if (first > last)
		return 0;
	r = result(syscall(SYS_close_range, first, last, flags));
	if ((r == -ENOSYS || r == -EPERM) && fallback_take(FALLBACK_CLOSE_RANGE))
		r = close_each(first, last, flags);
	return r;
}

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return result(syscall(SYS_pidfd_open, pid, flags));
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return result(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

int sys_memfd_create(const char *name, unsigned flags)
{
	return result(syscall(SYS_memfd_create, name, flags));
}

int sys_setns(int fd, int nstype)
{
	return result(syscall(SYS_setns, fd, nstype));
}

int sys_unshare(uint64_t flags)
{
	return result(syscall(SYS_unshare, (unsigned long)flags));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return result(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_join_session_keyring(const char *name)
{
	return result(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name));
}

int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(effective >> 32 * i),
			.permitted = (uint32_t)(permitted >> 32 * i),
			.inheritable = (uint32_t)(inheritable >> 32 * i),
		};
	return result(syscall(SYS_capset, &header, data));
}

int sys_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	int r = result(syscall(SYS_capget, &header, data));

	if (r < 0)
		return r;
	*effective = data[0].effective | (uint64_t)data[1].effective << 32;
	*permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	*inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

int sys_seccomp(unsigned op, unsigned flags, void *arg)
{
	return result(syscall(SYS_seccomp, op, flags, arg));
}

/* An unknown bit is no error of statx(2), but absent from the answer. */
static int mount_id(int fd, unsigned which, uint64_t *ret_id)
{
	struct uapi_statx stx;
	int r = result(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, which, &stx));

	if (r < 0)
		return r;
	if (!(stx.mask & which))
		return -EOPNOTSUPP;
	*ret_id = stx.mnt_id;
	return 0;
}

int sys_mount_id(int fd, uint64_t *ret_id)
{
	return mount_id(fd, UAPI_STATX_MNT_ID, ret_id);
}

int sys_mount_unique_id(int fd, uint64_t *ret_id)
{
	int r = mount_id(fd, UAPI_STATX_MNT_ID_UNIQUE, ret_id);

	if (r == -EOPNOTSUPP)
		*ret_id = 0;
	return r == -EOPNOTSUPP ? 0 : r;
}

enum { SIGNAL_MAX = 64, SIGNAL_SET_SIZE = 8 };

void sys_reset_signals(void)
{
	const uint64_t none = 0;
	unsigned long action[8];

	memset(action, 0, sizeof(action)); /* SIG_DFL, no flags, no mask, in every layout */
	for (int sig = 1; sig <= SIGNAL_MAX; sig++)
		(void)syscall(SYS_rt_sigaction, sig, action, NULL, SIGNAL_SET_SIZE);
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, SIGNAL_SET_SIZE);
}

/* Any socket takes the requests for devices, and this kind is in every kernel. */
int sys_loopback_up(void)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	request.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}
