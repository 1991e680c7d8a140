/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor ROOTFS PROGRAM: the least that a container of the default bundle can cost on this kernel.
 *
 * One process clones one child into the bundle's namespaces; the child makes the bundle's mounts,
 * changes its root and executes the program. No config.json, no cgroup, no masks, no capabilities,
 * no state: what a runtime takes beyond this is the runtime's own. Any failure ends it with the
 * name of the step, since a floor that skipped a step would flatter nobody.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/mount.h>

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef MS_REC
#define MS_REC 16384
#define MS_PRIVATE (1 << 18)
#endif
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

struct clone_request {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

struct floor_mount {
	const char *type, *target;
	unsigned int attributes;
	const char *options[8]; /* key, value, ... */
	const char *folders[4]; /* made in it before anything is mounted there */
};

#define STRICT (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV)

static const struct floor_mount mounts[] = {
	{ "proc", "proc", 0, { NULL }, { NULL } },
	{ "tmpfs",
	  "dev",
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME,
	  { "mode", "755", "size", "65536k" },
	  { "pts", "shm", "mqueue" } },
	{ "devpts",
	  "dev/pts",
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
	  { "ptmxmode", "0666", "mode", "0620", "gid", "5" },
	  { NULL } },
	{ "tmpfs", "dev/shm", STRICT, { "mode", "1777", "size", "65536k" }, { NULL } },
	{ "mqueue", "dev/mqueue", STRICT, { NULL }, { NULL } },
	{ "sysfs", "sys", STRICT | MOUNT_ATTR_RDONLY, { NULL }, { NULL } },
	{ "cgroup2", "sys/fs/cgroup", STRICT | MOUNT_ATTR_RDONLY, { NULL }, { NULL } },
};

static long must(long result, const char *step)
{
	if (result < 0) {
		fprintf(stderr, "floor: %s: %s\n", step, strerror(errno));
		_exit(1);
	}
	return result;
}

static void mount_one(int root, const struct floor_mount *m)
{
	int fs = (int)must(syscall(SYS_fsopen, m->type, FSOPEN_CLOEXEC), m->type);
	int fd;

	for (int i = 0; i + 1 < 8 && m->options[i]; i += 2)
		must(syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, m->options[i],
			     m->options[i + 1], 0),
		     m->options[i]);
	must(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), m->target);
	fd = (int)must(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, m->attributes), m->target);
	for (int i = 0; i < 4 && m->folders[i]; i++)
		must(mkdirat(fd, m->folders[i], 0755), m->folders[i]);
	must(syscall(SYS_move_mount, fd, "", root, m->target, MOVE_MOUNT_F_EMPTY_PATH), m->target);
	close(fd);
	close(fs);
}

static _Noreturn void child(const char *rootfs, char **argv)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char *const environment[] = { path, NULL };
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };
	int root;

	must(syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
	root = (int)must(syscall(SYS_open_tree, AT_FDCWD, rootfs,
				 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE),
			 "open_tree");
	must(syscall(SYS_mount_setattr, root, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)),
	     "mount_setattr");
	must(syscall(SYS_move_mount, root, "", AT_FDCWD, rootfs, MOVE_MOUNT_F_EMPTY_PATH),
	     "move_mount");
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		mount_one(root, &mounts[i]);
	must(fchdir(root), "fchdir");
	close(root);
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(syscall(SYS_umount2, ".", MNT_DETACH), "umount2");
	must(chdir("/"), "chdir");
	must(execve(argv[0], argv, environment), argv[0]);
	_exit(1);
}

int main(int argc, char **argv)
{
	struct clone_request request = {
		.flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS |
			 CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};
	int status;
	pid_t pid;

	if (argc < 3) {
		fputs("usage: floor ROOTFS PROGRAM [ARGUMENT...]\n", stderr);
		return 2;
	}
	pid = (pid_t)must(syscall(SYS_clone3, &request, sizeof(request)), "clone3");
	if (pid == 0)
		child(argv[1], argv + 2);
	must(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
