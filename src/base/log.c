/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where records go. Host half only. Engines read the first bytes of stderr and the whole of the log file, and expect
 * one record there for one failure, so by default warnings are held until the outcome is known. Holds the only mutable
 * state of the program that has file scope.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "knarr/base.h"

enum sink { SINK_STDERR, SINK_FILE, SINK_SYSLOG, SINK_JOURNAL };

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static struct {
	enum sink sink;
	enum log_format format;
	enum log_level level;
	int fd;       /* of SINK_FILE and SINK_JOURNAL */
	char id[128]; /* of SINK_SYSLOG (which keeps the pointer) and SINK_JOURNAL */
	bool hold;
	struct buf held; /* texts, each with its NUL */
} state = { .sink = SINK_STDERR, .level = LOG_LEVEL_ERROR, .fd = -EBADF };

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};
static const int priorities[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARNING] = LOG_WARNING,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

static int open_file(const char *path, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);

	if (fd < 0) {
		int r = error_set(err, errno, "cannot open log file '%s'", path);

		error_add_syscall(err, "open");
		error_add_subject(err, path);
		error_add_origin(err, "--log");
		return r;
	}
	state.sink = SINK_FILE;
	state.fd = fd;
	return 0;
}

static int open_journal(struct error *err)
{
	int fd = sock_connect_path(SOCK_DGRAM, JOURNAL_SOCKET);

	if (fd < 0) {
		int r = error_set(err, -fd, "cannot connect to the journal at '%s'",
				  JOURNAL_SOCKET);

		error_add_syscall(err, "connect");
		error_add_origin(err, "--log");
		return r;
	}
	state.sink = SINK_JOURNAL;
	state.fd = fd;
	return 0;
}

/* "name:rest" with no '/' in the name: a kind of target, and not a path. */
static bool has_scheme(const char *target)
{
	size_t len = strcspn(target, ":/");

	return len > 0 && target[len] == ':';
}

int log_open(const char *target, enum log_format format, enum log_level level, struct error *err)
{
	state.sink = SINK_STDERR;
	state.format = format;
	state.level = level;
	state.fd = fd_close(state.fd);
	if (!target)
		return 0;
	if (text_has_prefix(target, "syslog:")) {
		text_copy(state.id, sizeof(state.id), target + strlen("syslog:"));
		openlog(state.id, LOG_PID, LOG_DAEMON);
		state.sink = SINK_SYSLOG;
		return 0;
	}
	if (text_has_prefix(target, "journald:")) {
		text_copy(state.id, sizeof(state.id), target + strlen("journald:"));
		return open_journal(err);
	}
	if (text_has_prefix(target, "file:"))
		return open_file(target + strlen("file:"), err);
	if (has_scheme(target)) {
		int r = error_fail(err, ERROR_USAGE, 0, "unknown log target '%s'", target);

		error_add_origin(err, "--log");
		error_add_remedy(err, "use a path, file:PATH, syslog:ID or journald:ID");
		return r;
	}
	return open_file(target, err);
}

void log_set_level(enum log_level level)
{
	state.level = level;
}

bool log_enabled(enum log_level level)
{
	return level <= state.level;
}

enum log_level log_level(void)
{
	return state.level;
}

static void time_text(char *buf, size_t size)
{
	char text[TEXT_UTC_SIZE];

	(void)text_format(buf, size, "%sZ", text_utc(text, time(NULL)));
}

static void put_text(struct jwrite *o, const char *key, const char *value)
{
	if (value && value[0] != '\0')
		jwrite_string(o, key, value);
}

static void put_error(struct jwrite *o, const struct error *err)
{
	put_text(o, "class", err->class != ERROR_NONE ? error_class_name(err->class) : NULL);
	put_text(o, "step", err->step);
	put_text(o, "syscall", err->syscall);
	if (err->code != 0) {
		jwrite_int(o, "errno", err->code);
		put_text(o, "errno_name", errno_name(err->code));
	}
	put_text(o, "origin", err->origin);
	put_text(o, "file", err->file);
	if (err->line > 0) {
		jwrite_uint(o, "line", err->line);
		jwrite_uint(o, "column", err->column);
	}
	put_text(o, "subject", err->subject);
	put_text(o, "remedy", err->remedy);
}

static const char *held_end(void)
{
	return state.held.data + state.held.len;
}

static void put_held(struct jwrite *o)
{
	struct jwrite *list;

	if (!state.held.len)
		return;
	list = jwrite_array();
	for (const char *p = state.held.data; p < held_end(); p += strlen(p) + 1)
		jwrite_string(list, NULL, p);
	jwrite_put(o, "warnings", list);
	buf_done(&state.held);
}

static void json_record(struct buf *b, enum log_level level, const char *message,
			const struct error *err)
{
	struct jwrite *o = jwrite_object();
	_cleanup_free_ char *text = NULL;
	char now[32];

	time_text(now, sizeof(now));
	jwrite_string(o, "level", level_names[level]);
	jwrite_string(o, "msg", message);
	jwrite_string(o, "time", now);
	if (err) {
		put_error(o, err);
		put_held(o);
	}
	text = jwrite_text(o, 0);
	buf_add_str(b, text);
}

static void text_record(struct buf *b, enum log_level level, const char *message)
{
	char now[32];

	time_text(now, sizeof(now));
	buf_printf(b, "time=\"%s\" level=%s msg=\"", now, level_names[level]);
	for (const char *p = message; *p != '\0';) {
		size_t n = text_character(p);

		if (*p == '"' || *p == '\\')
			buf_printf(b, "\\%c", *p);
		else if (*p == '\n')
			buf_add_str(b, "\\n");
		else if (n == 0)
			buf_printf(b, "\\x%02x", (unsigned)(unsigned char)*p);
		else
			buf_add(b, p, n);
		p += n ? n : 1;
	}
	buf_add_str(b, "\"");
}

/* One write for one record: with O_APPEND records of several processes do not mix. */
static void write_line(int fd, struct buf *b)
{
	buf_add_str(b, "\n");
	/* There is nowhere to report a failing log. */
	(void)io_write_all(fd, b->data, b->len);
}

/* The journal's own protocol: FIELD=value lines, so no value may hold a newline. */
static void write_journal(enum log_level level, const char *message, const struct error *err)
{
	struct buf b = { 0 };
	size_t start;

	buf_printf(&b, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\n", priorities[level], state.id);
	if (err && err->class != ERROR_NONE)
		buf_printf(&b, "KNARR_CLASS=%s\n", error_class_name(err->class));
	if (err && err->code != 0)
		buf_printf(&b, "ERRNO=%d\n", (int)err->code);
	buf_add_str(&b, "MESSAGE=");
	start = b.len;
	if (state.format == LOG_FORMAT_JSON)
		json_record(&b, level, message, err);
	else
		buf_add_str(&b, message);
	for (char *p = b.data + start; *p != '\0'; p++) {
		if (*p == '\n')
			*p = ' ';
	}
	buf_add_str(&b, "\n");
	/* There is nowhere to report a failing log. */
	(void)sock_send(state.fd, b.data, b.len, NULL, 0);
	buf_done(&b);
}

static void write_syslog(enum log_level level, const char *message, const struct error *err)
{
	struct buf b = { 0 };

	if (state.format == LOG_FORMAT_JSON)
		json_record(&b, level, message, err);
	else
		buf_add_str(&b, message);
	syslog(priorities[level], "%s", b.data);
	buf_done(&b);
}

static void write_stream(int fd, enum log_level level, const char *message, const struct error *err)
{
	struct buf b = { 0 };

	if (state.format == LOG_FORMAT_JSON)
		json_record(&b, level, message, err);
	else if (state.sink == SINK_FILE)
		text_record(&b, level, message);
	else if (level == LOG_LEVEL_ERROR)
		buf_add_str(&b, message);
	else
		buf_printf(&b, "%s: %s", level_names[level], message);
	write_line(fd, &b);
	buf_done(&b);
}

static void record(enum log_level level, const char *message, const struct error *err)
{
	switch (state.sink) {
	case SINK_STDERR:
		write_stream(STDERR_FILENO, level, message, err);
		break;
	case SINK_FILE:
		write_stream(state.fd, level, message, err);
		break;
	case SINK_SYSLOG:
		write_syslog(level, message, err);
		break;
	case SINK_JOURNAL:
		write_journal(level, message, err);
		break;
	}
}

static void _printf_(2, 0) vrecord(enum log_level level, const char *fmt, va_list ap)
{
	char message[2048];
	int saved = errno;

	if (vsnprintf(message, sizeof(message), fmt, ap) < 0)
		message[0] = '\0';
	/* The names in it may be the container's. JSON and the log file escape them themselves. */
	if (state.format != LOG_FORMAT_JSON && state.sink != SINK_FILE)
		text_sanitize(message);
	if (state.hold && level == LOG_LEVEL_WARNING)
		buf_add(&state.held, message, strlen(message) + 1);
	else
		record(level, message, NULL);
	errno = saved;
}

void log_warning(const char *fmt, ...)
{
	va_list ap;

	if (!log_enabled(LOG_LEVEL_WARNING))
		return;
	va_start(ap, fmt);
	vrecord(LOG_LEVEL_WARNING, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	if (!log_enabled(LOG_LEVEL_INFO))
		return;
	va_start(ap, fmt);
	vrecord(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void log_hold_warnings(void)
{
	state.hold = true;
}

void log_flush(void)
{
	for (const char *p = state.held.data; p && p < held_end(); p += strlen(p) + 1)
		record(LOG_LEVEL_WARNING, p, NULL);
	buf_done(&state.held);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	va_start(ap, fmt);
	vrecord(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}

void log_timing(const char *fmt, ...)
{
	struct buf b = { 0 };
	char line[512];
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (r < 0)
		return;
	buf_add_str(&b, text_sanitize(line));
	write_line(STDERR_FILENO, &b);
	buf_done(&b);
}

void log_error(const struct error *err)
{
	char message[2048];

	error_format(err, message, sizeof(message));
	record(LOG_LEVEL_ERROR, message, err);
	if (state.sink != SINK_STDERR) {
		struct buf b = { 0 };

		buf_add_str(&b, message);
		write_line(STDERR_FILENO, &b);
		buf_done(&b);
	}
	log_flush();
}
