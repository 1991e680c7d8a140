/* SPDX-License-Identifier: Apache-2.0 */
/* mounts: adds mounts to, or removes them from, a running container. Host half. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>

#include "container/container_private.h"

#define MOUNTS_FILE_MAX (4u << 20)

struct live_mounts {
	struct found found;
	struct spec *spec;      /* of the mounts file */
	struct spec *container; /* its ids are those of the set-up */
	struct pidref init;
	struct launch launch;
};

static int read_file(struct live_mounts *m, const char *path, bool add, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	r = io_read_file_at(AT_FDCWD, path, MOUNTS_FILE_MAX, &text, &len);
	if (r < 0)
		return error_set(err, -r, "cannot read the mounts file '%s'", path);
	return add ? spec_parse_mounts(text, len, path, &m->spec, err)
		   : spec_parse_unmounts(text, len, path, &m->spec, err);
}

static int attach(struct live_mounts *m, const char *id, bool add, struct error *err)
{
	struct launch *l = &m->launch;
	struct found_namespaces namespaces;
	int r = found_namespaces(&m->found, NULL, &namespaces, err);
	struct plan_options options = {
		.id = id,
		.mounts_remove = !add,
		.log_level = log_level(),
		.require = m->found.ctx->require,
		.exec_inodes = namespaces.inodes,
		.exec_userns = namespaces.set & CLONE_NEWUSER,
		.exec_namespaces = namespaces.set,
	};
	struct plan_host host;

	if (r < 0)
		return r;
	/* The caller's, or that of whoever made the container: its root is no container's. */
	if (!(namespaces.set & CLONE_NEWNS) || !m->container->namespaces[NS_MOUNT].present)
		return error_fail(
			err, ERROR_UNSUPPORTED, 0,
			"the container shares the caller's mount namespace: its mounts are the host's");
	m->spec->uid_maps = m->container->uid_maps;
	m->spec->gid_maps = m->container->gid_maps;
	m->spec->mount_label = m->container->mount_label;
	m->spec->annotations = m->container->annotations;
	r = launch_host_facts(m->spec, m->found.state.bundle, &host, err);
	if (r < 0)
		return r;
	r = plan_build_mounts(m->spec, &host, &options, &l->plan, err);
	if (r < 0)
		return r;
	l->spec = m->spec;
	l->join_fd = m->init.fd;
	l->oom_score_adj = INT_MIN;
	r = launch_protect_fds(0, err);
	if (r >= 0)
		r = launch_start(l, err);
	if (r >= 0)
		r = launch_release(l, add, err);
	return r;
}

int container_mounts(const struct container_context *ctx, const char *id, bool add,
		     const char *mounts_file, struct error *err)
{
	struct live_mounts m = {
		.init = { .fd = -EBADF },
		.launch = { .socket = -EBADF,
			    .gate_fd = -EBADF,
			    .join_fd = -EBADF,
			    .process = { .fd = -EBADF } },
	};
	int r;

	r = found_open(ctx, id, &m.found, err);
	if (r >= 0 && m.found.status != STATUS_PAUSED)
		r = m.found.status == STATUS_CREATED
			    ? 0
			    : found_require_running(&m.found, "change the mounts of", err);
	if (r >= 0)
		r = read_file(&m, mounts_file, add, err);
	if (r >= 0)
		r = found_spec(&m.found, &m.container, err);
	if (r >= 0)
		r = found_process(&m.found, &m.init, err);
	if (r >= 0)
		r = attach(&m, id, add, err);
	if (r < 0 && m.spec)
		error_locate(err, m.spec->doc);
	launch_done(&m.launch);
	pidref_close(&m.init);
	m.spec = spec_free(m.spec);
	m.container = spec_free(m.container);
	found_done(&m.found);
	return r;
}
