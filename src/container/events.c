/* SPDX-License-Identifier: Apache-2.0 */
/* events: statistics at an interval and out-of-memory kills when the kernel reports them. Host half. */
#include <errno.h>
#include <string.h>

#include "container/container_private.h"

static int emit_stats(const struct found *f, const char *id, int (*emit)(const char *line),
		      struct error *err)
{
	_cleanup_free_ char *data = NULL, *line = NULL;
	struct jwrite *o;
	int r;

	r = cgroup_stats_json(&f->cgroup, &data, err);
	if (r < 0)
		return r;
	o = jwrite_object();
	jwrite_string(o, "type", "stats");
	jwrite_string(o, "id", id);
	jwrite_put(o, "data", jwrite_parsed(data));
	line = jwrite_text(o, 0);
	return emit(line);
}

static int emit_oom(const char *id, int (*emit)(const char *line))
{
	_cleanup_free_ char *line = NULL;
	struct jwrite *o = jwrite_object();

	jwrite_string(o, "type", "oom");
	jwrite_string(o, "id", id);
	line = jwrite_text(o, 0);
	return emit(line);
}

/* Ends when the cgroup is empty or the reader of our output is gone. */
static int stream_watched(const struct found *f, struct cgroup_watch *watch, const char *id,
			  int64_t interval_ms, int (*emit)(const char *line), struct error *err)
{
	int64_t due = clock_ms() + interval_ms;

	for (;;) {
		enum cgroup_event event = CGROUP_EVENT_NONE;
		int64_t left = due - clock_ms();
		int r;

		r = cgroup_watch_next(watch, left > 0 ? (int)left : 0, &event, err);
		if (r < 0)
			return r;
		if (event == CGROUP_EVENT_EMPTY)
			return 0;
		if (event == CGROUP_EVENT_OOM && emit_oom(id, emit) < 0)
			return 0;
		if (clock_ms() < due)
			continue;
		due = clock_ms() + interval_ms;
		r = emit_stats(f, id, emit, err);
		if (r == -EPIPE)
			return 0;
		if (r < 0)
			return r;
	}
}

/* One watch for all the time: what happens while statistics are written is seen by the next wait. */
static int stream(const struct found *f, const char *id, int64_t interval_ms,
		  int (*emit)(const char *line), struct error *err)
{
	struct cgroup_watch watch;
	int r = cgroup_watch_open(&f->cgroup, &watch, err);

	if (r < 0)
		return r;
	r = stream_watched(f, &watch, id, interval_ms, emit, err);
	cgroup_watch_close(&watch);
	return r;
}

int container_events(const struct container_context *ctx, const char *id, bool stats_only,
		     uint64_t interval_ns, int (*emit)(const char *line), struct error *err)
{
	struct found f;
	int r;

	if (!stats_only && interval_ns < 1000000)
		return error_fail(err, ERROR_USAGE, 0,
				  "the interval must be at least one millisecond");
	r = found_open(ctx, id, &f, err);
	if (r >= 0 && f.status == STATUS_STOPPED)
		r = error_fail(err, ERROR_CONFLICT, 0, "container with id %s is not running", id);
	if (r >= 0)
		r = found_require_cgroup(&f, err);
	if (r >= 0) {
		state_dir_close(&f.dir); /* others may go on with the container meanwhile */
		r = stats_only ? emit_stats(&f, id, emit, err)
			       : stream(&f, id, (int64_t)(interval_ns / 1000000), emit, err);
	}
	found_done(&f);
	return r;
}
