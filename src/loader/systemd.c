/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Talking to systemd over D-Bus: the only file that includes sd-bus.h.
 *
 * A call and the wait for its job are one round trip: the match for JobRemoved is sent ahead of the call
 * on the same connection, and the end of the job cannot be missed. Everything is asynchronous under one deadline, so
 * that a bus that accepts and never answers costs 30 seconds and a clear sentence, not a hang.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loader.h"

#ifdef HAVE_SYSTEMD

#include <dlfcn.h>
#include <systemd/sd-bus.h>

#ifndef KNARR_SONAME_SYSTEMD
#define KNARR_SONAME_SYSTEMD "libsystemd.so.0"
#endif

/* One deadline for everything that is asked over one connection. */
#define TIMEOUT_MS 30000

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"

#define SYMBOLS(X)                        \
	X(sd_bus_new)                     \
	X(sd_bus_set_address)             \
	X(sd_bus_set_bus_client)          \
	X(sd_bus_start)                   \
	X(sd_bus_close_unref)             \
	X(sd_bus_process)                 \
	X(sd_bus_wait)                    \
	X(sd_bus_call_async)              \
	X(sd_bus_match_signal_async)      \
	X(sd_bus_message_new_method_call) \
	X(sd_bus_message_append)          \
	X(sd_bus_message_append_basic)    \
	X(sd_bus_message_append_array)    \
	X(sd_bus_message_open_container)  \
	X(sd_bus_message_close_container) \
	X(sd_bus_message_read)            \
	X(sd_bus_message_get_error)       \
	X(sd_bus_message_unref)

struct library {
	void *handle;
#define MEMBER(name) __typeof__(name) *name;
	SYMBOLS(MEMBER)
#undef MEMBER
};

enum job_phase { JOB_SENT, JOB_QUEUED, JOB_DONE, JOB_REFUSED };

/* One call, and the job that it queued. */
struct job {
	struct bus *bus;
	enum job_phase phase;
	bool has_job; /* the reply names a job to wait for */
	char path[128];
	char result[32];
	char error_name[128], message[384];
};

struct bus {
	struct library lib;
	sd_bus *bus;
	int64_t deadline;
	bool watching;   /* JobRemoved */
	struct job *job; /* the one that is waited for */
};

static int load_library(struct library *lib, struct error *err)
{
	lib->handle = dlopen(KNARR_SONAME_SYSTEMD, RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle) {
		error_fail(err, ERROR_UNSUPPORTED, 0, "the systemd cgroup driver needs %s: %s",
			   KNARR_SONAME_SYSTEMD, dlerror());
		error_add_remedy(err, "install libsystemd or use --cgroup-manager cgroupfs");
		return -EINVAL;
	}
#define LOAD(name)                                                                                 \
	lib->name = (__typeof__(name) *)dlsym(lib->handle, #name);                                 \
	if (!lib->name)                                                                            \
		return error_fail(err, ERROR_UNSUPPORTED, 0, "%s has no %s", KNARR_SONAME_SYSTEMD, \
				  #name);
	SYMBOLS(LOAD)
#undef LOAD
	return 0;
}

static void close_bus(struct bus *b)
{
	/* Left loaded: unloading libraries that have destructors of their own is how exits crash. */
	if (b->bus)
		b->lib.sd_bus_close_unref(b->bus);
}

static int fail_bus(int r, const char *address, struct error *err)
{
	error_fail(err, ERROR_SYSTEM, r == -ENOENT ? 0 : -r,
		   "cannot reach systemd over D-Bus at '%s'", address);
	error_add_step(err, "cgroup-systemd");
	error_add_subject(err, address);
	error_add_remedy(err, "start systemd and its bus, or use --cgroup-manager cgroupfs");
	return r;
}

static int open_bus(const char *address, struct bus *b, struct error *err)
{
	int r = load_library(&b->lib, err);

	if (r < 0)
		return r;
	b->deadline = clock_ms() + TIMEOUT_MS;
	r = b->lib.sd_bus_new(&b->bus);
	r = r < 0 ? r : b->lib.sd_bus_set_address(b->bus, address);
	r = r < 0 ? r : b->lib.sd_bus_set_bus_client(b->bus, 1);
	r = r < 0 ? r : b->lib.sd_bus_start(b->bus);
	return r < 0 ? fail_bus(r, address, err) : 0;
}

/* ---- one call and its job ------------------------------------------------------------------- */

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *b = userdata;
	struct job *job = b->job;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (!job || job->phase != JOB_QUEUED ||
	    b->lib.sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (!STREQ(path, job->path))
		return 0;
	text_copy(job->result, sizeof(job->result), result);
	job->phase = JOB_DONE;
	return 0;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct job *job = userdata;
	struct library *lib = &job->bus->lib;
	const sd_bus_error *e = lib->sd_bus_message_get_error(m);
	const char *path;

	(void)error;
	if (e) {
		text_copy(job->error_name, sizeof(job->error_name), e->name ? e->name : "");
		text_copy(job->message, sizeof(job->message), e->message ? e->message : "");
		job->phase = JOB_REFUSED;
	} else if (!job->has_job) {
		job->phase = JOB_DONE;
	} else if (lib->sd_bus_message_read(m, "o", &path) < 0 ||
		   strlen(path) >= sizeof(job->path)) {
		text_copy(job->message, sizeof(job->message), "its answer names no job");
		job->phase = JOB_REFUSED;
	} else {
		text_copy(job->path, sizeof(job->path), path);
		job->phase = JOB_QUEUED;
	}
	return 0;
}

static int fail_timeout(struct error *err)
{
	error_fail(err, ERROR_TIMEOUT, ETIMEDOUT, "systemd did not answer within %d s",
		   TIMEOUT_MS / 1000);
	error_add_step(err, "cgroup-systemd");
	error_add_remedy(err, "see 'systemctl list-jobs', or use --cgroup-manager cgroupfs");
	return -ETIMEDOUT;
}

static int run_job(struct bus *b, struct job *job, sd_bus_message *m, struct error *err)
{
	int r;

	if (job->has_job && !b->watching) {
		r = b->lib.sd_bus_match_signal_async(b->bus, NULL, SYSTEMD, MANAGER_PATH, MANAGER,
						     "JobRemoved", on_job_removed, NULL, b);
		if (r < 0)
			return error_set(err, -r, "cannot watch the jobs of systemd");
		b->watching = true;
	}
	b->job = job;
	job->bus = b;
	/* The deadline is ours: the library's timer would turn into an error without our words. */
	r = b->lib.sd_bus_call_async(b->bus, NULL, m, on_reply, job, UINT64_MAX);
	while (r >= 0 && (job->phase == JOB_SENT || job->phase == JOB_QUEUED)) {
		int64_t left = b->deadline - clock_ms();

		r = b->lib.sd_bus_process(b->bus, NULL);
		if (r != 0)
			continue;
		if (left <= 0) {
			b->job = NULL;
			return fail_timeout(err);
		}
		r = b->lib.sd_bus_wait(b->bus, (uint64_t)left * 1000);
		if (r == -EINTR)
			r = 0;
	}
	b->job = NULL;
	if (r < 0) {
		error_set(err, -r, "the connection to systemd failed");
		error_add_step(err, "cgroup-systemd");
		return r;
	}
	return 0;
}

static int fail_job(const struct job *job, const char *verb, const char *unit, struct error *err)
{
	int r;

	if (job->phase == JOB_REFUSED)
		r = error_fail(err, ERROR_SYSTEM, 0, "systemd refuses to %s unit '%s': %s", verb,
			       unit, job->message[0] ? job->message : job->error_name);
	else
		r = error_fail(err, ERROR_SYSTEM, 0,
			       "systemd could not %s unit '%s': its job ended in '%s'", verb, unit,
			       job->result);
	error_add_step(err, "cgroup-systemd");
	error_add_subject(err, unit);
	return r;
}

static bool refused_with(const struct job *job, const char *name)
{
	return job->phase == JOB_REFUSED && STREQ(job->error_name, name);
}

/* ---- messages --------------------------------------------------------------------------------- */

/* A value of a basic type: number holds it, or the bits of a real number. */
static int append_number(struct bus *b, sd_bus_message *m, char type, uint64_t number)
{
	struct library *lib = &b->lib;
	int flag = number != 0;
	double real;

	/* A copy of the right width each, whatever the byte order. */
	switch (type) {
	case 'b':
		return lib->sd_bus_message_append_basic(m, type, &flag);
	case 'd':
		memcpy(&real, &number, sizeof(real));
		return lib->sd_bus_message_append_basic(m, type, &real);
	case 'y':
		return lib->sd_bus_message_append_basic(m, type, &(uint8_t){ (uint8_t)number });
	case 'n':
	case 'q':
		return lib->sd_bus_message_append_basic(m, type, &(uint16_t){ (uint16_t)number });
	case 'i':
	case 'u':
		return lib->sd_bus_message_append_basic(m, type, &(uint32_t){ (uint32_t)number });
	default:
		return lib->sd_bus_message_append_basic(m, type, &number);
	}
}

static int append_variant(struct bus *b, sd_bus_message *m, struct wire *w);

static int append_items(struct bus *b, sd_bus_message *m, char type, struct wire *w)
{
	const char *signature = wire_get_text(w);
	uint64_t count = wire_get_u64(w);
	char inner[256];
	int r;

	/* "as" and "(ss)" without what makes them a container. */
	if (text_format(inner, sizeof(inner), "%.*s",
			(int)(strlen(signature) - (type == '(' ? 2 : 1)), signature + 1) < 0)
		return -ENAMETOOLONG;
	r = b->lib.sd_bus_message_open_container(m, type == 'a' ? 'a' : 'r', inner);
	for (uint64_t i = 0; i < count && r >= 0 && !w->broken; i++)
		r = append_variant(b, m, w);
	return r < 0 ? r : b->lib.sd_bus_message_close_container(m);
}

static int append_variant(struct bus *b, sd_bus_message *m, struct wire *w)
{
	char type = (char)wire_get_u64(w);

	if (w->broken)
		return -EPROTO;
	if (type == 's')
		return b->lib.sd_bus_message_append_basic(m, 's', wire_get_text(w));
	if (type == 'a' || type == '(')
		return append_items(b, m, type, w);
	return append_number(b, m, type, wire_get_u64(w));
}

static int append_property(struct bus *b, sd_bus_message *m, struct wire *w)
{
	const char *name = wire_get_text(w), *signature = wire_get_text(w);
	bool is_bytes = wire_get_u64(w);
	struct library *lib = &b->lib;
	const void *bytes;
	size_t len;
	int r;

	r = lib->sd_bus_message_open_container(m, 'r', "sv");
	r = r < 0 ? r : lib->sd_bus_message_append_basic(m, 's', name);
	r = r < 0 ? r : lib->sd_bus_message_open_container(m, 'v', signature);
	if (r >= 0 && is_bytes) {
		bytes = wire_get_bytes(w, &len);
		r = lib->sd_bus_message_append_array(m, 'y', bytes, len);
	} else if (r >= 0) {
		r = append_variant(b, m, w);
	}
	r = r < 0 ? r : lib->sd_bus_message_close_container(m);
	return r < 0 ? r : lib->sd_bus_message_close_container(m);
}

/* To the end of the question. */
static int append_properties(struct bus *b, sd_bus_message *m, struct wire *w)
{
	uint64_t count = wire_get_u64(w);
	int r = 0;

	for (uint64_t i = 0; i < count && r >= 0; i++)
		r = w->broken ? -EPROTO : append_property(b, m, w);
	return r < 0 ? r : wire_end(w);
}

static int new_call(struct bus *b, const char *method, sd_bus_message **ret)
{
	return b->lib.sd_bus_message_new_method_call(b->bus, ret, SYSTEMD, MANAGER_PATH, MANAGER,
						     method);
}

static int fail_message(int r, struct error *err)
{
	return error_set(err, -r, "cannot compose a message to systemd");
}

/* ---- the calls -------------------------------------------------------------------------------- */

/* w: description, slice, pid, properties. */
static int compose_scope(struct bus *b, sd_bus_message *m, const char *unit, struct wire *w)
{
	const char *description = wire_get_text(w), *slice = wire_get_text(w);
	uint32_t pid = (uint32_t)wire_get_u64(w);
	struct library *lib = &b->lib;
	int r = lib->sd_bus_message_append(m, "ss", unit, "fail");

	r = r < 0 ? r : lib->sd_bus_message_open_container(m, 'a', "(sv)");
	r = r < 0 ? r : lib->sd_bus_message_append(m, "(sv)", "Description", "s", description);
	r = r < 0 ? r : lib->sd_bus_message_append(m, "(sv)", "Slice", "s", slice);
	r = r < 0 ? r : lib->sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, pid);
	/* The tree below is ours: systemd neither moves processes in it nor removes what it did not make. */
	r = r < 0 ? r : lib->sd_bus_message_append(m, "(sv)", "Delegate", "b", 1);
	/* At shutdown the engine ends its containers; the default dependencies would end them before it. */
	r = r < 0 ? r : lib->sd_bus_message_append(m, "(sv)", "DefaultDependencies", "b", 0);
	r = r < 0 ? r
		  : lib->sd_bus_message_append(m, "(sv)", "CollectMode", "s", "inactive-or-failed");
	r = r < 0 ? r : append_properties(b, m, w);
	r = r < 0 ? r : lib->sd_bus_message_close_container(m);
	return r < 0 ? r : lib->sd_bus_message_append(m, "a(sa(sv))", 0);
}

static int start_once(struct bus *b, const char *unit, struct wire rest, struct job *job,
		      struct error *err)
{
	sd_bus_message *m = NULL;
	int r = new_call(b, "StartTransientUnit", &m);

	r = r < 0 ? r : compose_scope(b, m, unit, &rest);
	*job = (struct job){ .has_job = true };
	r = r < 0 ? fail_message(r, err) : run_job(b, job, m, err);
	if (m)
		b->lib.sd_bus_message_unref(m);
	return r;
}

/* A method whose arguments are one unit name, and perhaps a mode. */
static int call_unit(struct bus *b, const char *method, const char *unit, const char *mode,
		     struct job *job, struct error *err)
{
	sd_bus_message *m = NULL;
	int r = new_call(b, method, &m);

	r = r < 0 ? r : b->lib.sd_bus_message_append(m, "s", unit);
	if (mode)
		r = r < 0 ? r : b->lib.sd_bus_message_append(m, "s", mode);
	*job = (struct job){ .has_job = mode != NULL };
	r = r < 0 ? fail_message(r, err) : run_job(b, job, m, err);
	if (m)
		b->lib.sd_bus_message_unref(m);
	return r;
}

static int start_scope(struct bus *b, const char *unit, struct wire *rest, struct error *err)
{
	struct job job, reset;
	int r = start_once(b, unit, *rest, &job, err);

	if (r == 0 && refused_with(&job, SYSTEMD ".UnitExists")) {
		/* A failed unit of that name that nobody has collected is in the way; a living one stays. */
		r = call_unit(b, "ResetFailedUnit", unit, NULL, &reset, err);
		r = r < 0 ? r : start_once(b, unit, *rest, &job, err);
	}
	if (r < 0)
		return r;
	if (job.phase == JOB_DONE && STREQ(job.result, "done"))
		return 0;
	r = fail_job(&job, "start", unit, err);
	error_add_origin(err, "/linux/cgroupsPath");
	return r;
}

static int stop_unit(struct bus *b, const char *unit, struct wire *rest, struct error *err)
{
	struct job job;
	int r = wire_end(rest);

	r = r < 0 ? fail_message(r, err) : call_unit(b, "StopUnit", unit, "replace", &job, err);
	if (r < 0)
		return r;
	if (refused_with(&job, SYSTEMD ".NoSuchUnit"))
		return 0;
	return job.phase == JOB_DONE ? 0 : fail_job(&job, "stop", unit, err);
}

static int set_properties(struct bus *b, const char *unit, struct wire *rest, struct error *err)
{
	struct job job = { .has_job = false };
	sd_bus_message *m = NULL;
	int r = new_call(b, "SetUnitProperties", &m);

	r = r < 0 ? r : b->lib.sd_bus_message_append(m, "sb", unit, 1);
	r = r < 0 ? r : b->lib.sd_bus_message_open_container(m, 'a', "(sv)");
	r = r < 0 ? r : append_properties(b, m, rest);
	r = r < 0 ? r : b->lib.sd_bus_message_close_container(m);
	r = r < 0 ? fail_message(r, err) : run_job(b, &job, m, err);
	if (m)
		b->lib.sd_bus_message_unref(m);
	if (r < 0)
		return r;
	return job.phase == JOB_DONE ? 0 : fail_job(&job, "change", unit, err);
}

/* ---- the questions ---------------------------------------------------------------------------- */

/* All of them begin with the address of the bus and a unit. */
static int on_bus(struct loader_call *c,
		  int (*call)(struct bus *b, const char *unit, struct wire *rest,
			      struct error *err),
		  struct error *err)
{
	const char *address = wire_get_text(&c->in), *unit = wire_get_text(&c->in);
	struct bus b = { .watching = false };
	int r = c->in.broken ? -EPROTO : open_bus(address, &b, err);

	if (r == 0)
		r = call(&b, unit, &c->in, err);
	close_bus(&b);
	return r;
}

int loader_scope(struct loader_call *c, struct error *err)
{
	return on_bus(c, start_scope, err);
}

int loader_stop(struct loader_call *c, struct error *err)
{
	return on_bus(c, stop_unit, err);
}

int loader_properties(struct loader_call *c, struct error *err)
{
	return on_bus(c, set_properties, err);
}

bool loader_has_systemd(void)
{
	struct library lib;

	return load_library(&lib, NULL) == 0;
}

#else /* !HAVE_SYSTEMD */

/* Asked only about the container of another build: knarr refuses the driver before. */
static int fail_built(struct error *err)
{
	return error_fail(err, ERROR_UNSUPPORTED, 0,
			  "this knarr was built without the systemd cgroup driver");
}

int loader_scope(struct loader_call *c, struct error *err)
{
	(void)c;
	return fail_built(err);
}

int loader_stop(struct loader_call *c, struct error *err)
{
	(void)c;
	return fail_built(err);
}

int loader_properties(struct loader_call *c, struct error *err)
{
	(void)c;
	return fail_built(err);
}

bool loader_has_systemd(void)
{
	return false;
}

#endif
