/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device program of a cgroup: attached at create, replaced in one step by update. Host half.
 *
 * All programs that are attached from the root down to a cgroup must agree, so ours on the leaf is not undone by
 * whatever a service manager attaches to or removes from a unit above it. It is therefore attached by us under
 * both drivers, and the unit gets no device policy: one that was computed at create would forbid, from the next
 * daemon-reload on, what a hook or an update allowed since.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/device.h"
#include "cgroups/driver.h"
#include "knarr/kernel.h"

#define PROGRAMS_MAX 64
#define LOG_SIZE 65536

/* The verifier's last words, of a second attempt: asked for at the first, a log without enough room fails a good program. */
static void verifier_words(const struct bpf_insn *insns, unsigned count, char *buf, size_t size)
{
	_cleanup_free_ char *log = mem_alloc(LOG_SIZE);
	size_t len;

	fd_close(bpf_prog_load_cgroup_device(insns, count, log, LOG_SIZE));
	len = strlen(log);
	while (len && log[len - 1] == '\n')
		log[--len] = '\0';
	text_copy(buf, size, strrchr(log, '\n') ? strrchr(log, '\n') + 1 : log);
}

static int load(const struct device_rules *rules, struct error *err)
{
	_cleanup_free_ struct bpf_insn *insns = NULL;
	char words[200] = "";
	unsigned count;
	int fd;

	device_program_build(rules, &insns, &count);
	fd = bpf_prog_load_cgroup_device(insns, count, NULL, 0);
	if (fd >= 0)
		return fd;
	if (fd == -EINVAL || fd == -EACCES)
		verifier_words(insns, count, words, sizeof(words));
	error_fail(err, fd == -EPERM ? ERROR_PERMISSION : ERROR_UNSUPPORTED, -fd,
		   "cannot load a device program of %u instructions%s%s", count,
		   words[0] ? ": " : "", words);
	error_add_step(err, "cgroup-devices");
	error_add_syscall(err, "bpf");
	error_add_origin(err, "/linux/resources/devices");
	return fd;
}

static int fail_attach(int r, const char *path, struct error *err)
{
	error_set(err, -r, "cannot attach the device program to cgroup '%s'", path);
	error_add_step(err, "cgroup-devices");
	error_add_syscall(err, "bpf");
	error_add_subject(err, path);
	error_add_origin(err, "/linux/resources/devices");
	return r;
}

int device_attach(int dirfd, const struct cgroup_request *req, const char *path, struct error *err)
{
	_cleanup_(device_rules_done) struct device_rules rules = { 0 };
	_cleanup_close_ int fd = -EBADF;
	struct error e = { 0 };
	int r = device_rules_build(req->resources, &rules, err);

	if (r < 0)
		return r;
	if (device_rules_allow_all(&rules))
		return 0;
	fd = load(&rules, &e);
	r = fd < 0 ? fd : bpf_prog_attach_cgroup(fd, dirfd, -EBADF, BPF_F_ALLOW_MULTI);
	if (r >= 0)
		return 0;
	if (fd >= 0)
		fail_attach(r, path, &e);
	/* Without privilege over the machine there is no program, but no device node either: mknod is refused. */
	if ((r == -EPERM || r == -EACCES) && (req->rootless || owner_is_unprivileged()) &&
	    fallback_take(FALLBACK_DEVICE_PROGRAM))
		return 0;
	if (err)
		*err = e;
	return r;
}

int device_check_none(const struct cgroup_request *req, bool *ret_denies, struct error *err)
{
	_cleanup_(device_rules_done) struct device_rules rules = { 0 };
	int r = device_rules_build(req->resources, &rules, err);

	if (r < 0)
		return r;
	*ret_denies = req->resources && req->resources->device_count &&
		      !device_rules_allow_all(&rules);
	if (!*ret_denies || !req->has_nodes || req->rootless || req->limits_best)
		return 0;
	error_fail(err, ERROR_CONFIG, 0,
		   "device rules need a cgroup, and --cgroup-manager disabled makes none");
	error_add_step(err, "cgroup-devices");
	error_add_origin(err, "/linux/resources/devices");
	error_add_remedy(
		err,
		"--limits=best starts the container without them; without CAP_MKNOD and linux.devices they are not needed");
	return -EINVAL;
}

/* Everything on the container's leaf is the container's: ours, or what a hook put in its place. */
static int replace_all(int fd, int dirfd)
{
	uint32_t ids[PROGRAMS_MAX];
	unsigned count = PROGRAMS_MAX;
	_cleanup_close_ int old = -EBADF;
	int r = bpf_prog_query_cgroup(dirfd, ids, &count);

	if (r < 0)
		return r;
	if (count == 0)
		return bpf_prog_attach_cgroup(fd, dirfd, -EBADF, BPF_F_ALLOW_MULTI);
	old = bpf_prog_fd_by_id(ids[0]);
	if (old < 0)
		return old;
	r = bpf_prog_attach_cgroup(fd, dirfd, old, BPF_F_ALLOW_MULTI | BPF_F_REPLACE);
	if (r < 0)
		return r;
	for (unsigned i = 1; i < count; i++) {
		_cleanup_close_ int other = bpf_prog_fd_by_id(ids[i]);

		r = other < 0 ? other : bpf_prog_detach_cgroup(other, dirfd);
		if (r < 0)
			return r;
	}
	return 0;
}

int device_replace(int dirfd, const struct spec_resources *res, const char *path, struct error *err)
{
	_cleanup_(device_rules_done) struct device_rules rules = { 0 };
	_cleanup_close_ int fd = -EBADF;
	int r = device_rules_build(res, &rules, err);

	if (r < 0)
		return r;
	/* An allowing program, too: the one in force has to be replaced by something. */
	fd = load(&rules, err);
	if (fd < 0)
		return fd;
	r = replace_all(fd, dirfd);
	return r < 0 ? fail_attach(r, path, err) : 0;
}
