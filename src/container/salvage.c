/* SPDX-License-Identifier: Apache-2.0 */
/*
 * salvage: a container whose record is damaged: what is left of it tells what may still run. Host half.
 *
 * Only what is certainly the container's is killed. That is the process whose pid, start time and boot id can still be
 * read, and a cgroup of the recorded inode. It is also a cgroup of the right path in which a process began before
 * config.json was written: create refuses a cgroup with processes, and writes that file once it has made its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "container/container_private.h"

struct evidence {
	struct found *found;
	const struct spec *spec; /* NULL: config.json is not whole */
	int64_t written;         /* config.json, nanoseconds since the epoch; 0: there is none */
	int64_t boot;            /* likewise */
	bool knows_process;      /* alive or not */
	bool owns_cgroup;        /* the open cgroup is certainly the container's */
};

static int64_t nanoseconds(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static void look_at_times(struct evidence *e)
{
	struct timespec now, since_boot;
	struct stat st;

	if (fstatat(e->found->dir.fd, "config.json", &st, AT_SYMLINK_NOFOLLOW) == 0)
		e->written = nanoseconds(&st.st_mtim);
	if (clock_gettime(CLOCK_REALTIME, &now) == 0 &&
	    clock_gettime(CLOCK_BOOTTIME, &since_boot) == 0)
		e->boot = nanoseconds(&now) - nanoseconds(&since_boot);
}

static bool is_of_earlier_boot(const struct evidence *e)
{
	const struct state *s = &e->found->state;

	if (s->boot_id)
		return !state_is_of_this_boot(s);
	return e->written && e->written < e->boot;
}

static bool began_before_config(const struct evidence *e, pid_t pid)
{
	int64_t ticks = sysconf(_SC_CLK_TCK);
	uint64_t start;
	char state;

	if (ticks <= 0 || pidref_stat(pid, &state, &start) < 0)
		return false;
	return e->boot + (int64_t)start * (1000000000 / ticks) <= e->written;
}

static enum cgroup_driver guess_driver(const struct evidence *e)
{
	const struct container_context *ctx = e->found->ctx;

	if (e->found->state.cgroup_driver == CGROUP_SYSTEMD)
		return CGROUP_SYSTEMD;
	if (ctx->driver_set)
		return ctx->driver;
	return e->spec && e->spec->cgroups_path && strchr(e->spec->cgroups_path, ':')
		       ? CGROUP_SYSTEMD
		       : CGROUP_FS;
}

/* Where create would put it; "" where that is unknown. */
static void guess_cgroup(const struct evidence *e, struct cgroup *ret)
{
	struct found *f = e->found;
	struct cgroup_request req = {
		.driver = guess_driver(e),
		.id = f->dir.id,
		.cgroups_path = e->spec ? e->spec->cgroups_path : NULL,
		.annotations = e->spec ? &e->spec->annotations : NULL,
		.rootless = geteuid() != 0,
	};
	struct error ignored;

	if (cgroup_guess(&f->cgroup_host, &req, ret, &ignored) < 0)
		ret->path[0] = '\0';
}

static int refuse(const struct evidence *e, struct error *err, const char *what, const char *where)
{
	const struct state_dir *d = &e->found->dir;

	error_fail(err, ERROR_CONFLICT, 0,
		   "container '%s' may still be running: its record is damaged, and %s '%s'", d->id,
		   what, where);
	error_add_subject(err, d->id);
	error_add_remedy(err, "end its processes, then remove '%s/%s'", d->root->path, d->id);
	return -EINVAL;
}

/* Some process of the cgroup, and whether one of them proves that it is the container's. */
static int look_into_cgroup(struct evidence *e, bool *ret_populated, struct error *err)
{
	struct cgroup *cg = &e->found->cgroup;
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;
	int r = cgroup_pids(cg, &pids, &count);

	if (r < 0 && r != -ENOENT && r != -ENODEV)
		return error_set(err, -r, "cannot list the processes of cgroup '%s'", cg->path);
	*ret_populated = count > 0;
	for (size_t i = 0; i < count && !e->owns_cgroup; i++)
		e->owns_cgroup = began_before_config(e, pids[i]);
	return 0;
}

/* A cgroup of the recorded inode is the container's. */
static bool has_recorded_cgroup(const struct state *s)
{
	return s->boot_id && s->cgroup_inode && s->cgroup_path && s->cgroup_path[0] &&
	       (s->cgroup_driver == CGROUP_FS || s->cgroup_driver == CGROUP_SYSTEMD);
}

static int find_cgroup(struct evidence *e, struct error *err)
{
	struct found *f = e->found;
	struct state *s = &f->state;
	struct cgroup guess = { .driver = s->cgroup_driver, .fd = -EBADF, .dir_fd = -EBADF };
	bool recorded = has_recorded_cgroup(s), populated = false;
	int r = cgroup_host_open(&f->cgroup_host, err);

	if (r < 0 || f->cgroup_host.root_fd < 0)
		return r;
	if (recorded)
		text_copy(guess.path, sizeof(guess.path), s->cgroup_path);
	else
		guess_cgroup(e, &guess);
	if (!guess.path[0])
		return 0;
	r = cgroup_open(&f->cgroup_host, guess.driver, guess.path, NULL,
			s->cgroup_scope ? s->cgroup_scope : guess.scope,
			recorded ? s->cgroup_inode : 0, &f->cgroup, err);
	if (r == -ESTALE || r == -ENOENT || r == -ENODEV) {
		f->cgroup_is_other = true; /* its own is gone */
		return 0;
	}
	if (r < 0)
		return r;
	e->owns_cgroup = recorded;
	if (!e->owns_cgroup)
		r = look_into_cgroup(e, &populated, err);
	if (r >= 0 && populated && !e->owns_cgroup)
		return refuse(e, err, "there are processes in cgroup", f->cgroup.path);
	s->cgroup_inode = cgroup_inode(&f->cgroup);
	return r;
}

static bool somebody_is_at_gate(const struct found *f)
{
	_cleanup_close_ int fd = sock_connect_at(SOCK_SEQPACKET, f->dir.fd, "gate");

	return fd >= 0;
}

/* The record goes first when a container is removed, so a missing one tells of a creation or a removal that was cut off. */
static int refuse_unknown(const struct evidence *e, bool is_missing, struct error *err)
{
	struct found *f = e->found;
	bool has_cgroup = f->cgroup.fd >= 0 || f->cgroup.dir_fd > 0;

	if (e->knows_process || e->owns_cgroup)
		return 0;
	if (somebody_is_at_gate(f))
		return refuse(e, err, "a process waits at its start gate", "gate");
	/* A cgroup without processes outlives them, a scope does not: without either, nothing tells that they have ended. */
	if (is_missing || !e->spec || has_cgroup || f->cgroup.driver == CGROUP_SYSTEMD)
		return 0;
	return refuse(e, err, "nothing else leads to its processes but", "config.json");
}

int found_salvage(struct found *f, const struct spec *spec, int loaded, struct error *err)
{
	struct evidence e = { .found = f, .spec = spec };
	struct state *s = &f->state;
	int r;

	state_salvage(&f->dir, s);
	look_at_times(&e);
	f->status = STATUS_STOPPED;
	if (is_of_earlier_boot(&e))
		return 0;
	e.knows_process = s->boot_id && s->pid > 0 && s->start_time;
	if (!e.knows_process)
		s->pid = 0;
	s->creating = false;
	r = find_cgroup(&e, err);
	if (r >= 0)
		r = refuse_unknown(&e, loaded == -ENOENT, err);
	if (r >= 0)
		f->status = state_status(&f->dir, s);
	return r;
}
