/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a failure. Runs in both halves: it lives on the caller's stack and allocates nothing, so it works
 * after a clone and when memory is out.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "knarr/base.h"

static enum error_class class_of_errno(int errnum)
{
	switch (errnum) {
	case EPERM:
	case EACCES:
	case EROFS:
		return ERROR_PERMISSION;
	case ENOENT:
	case ESRCH:
		return ERROR_NOT_FOUND;
	case EEXIST:
		return ERROR_CONFLICT;
	case ENOSYS:
	case EOPNOTSUPP:
		return ERROR_UNSUPPORTED;
	case ETIMEDOUT:
		return ERROR_TIMEOUT;
	default:
		return ERROR_SYSTEM;
	}
}

int error_vset(struct error *err, int errnum, const char *fmt, va_list ap)
{
	char text[sizeof(err->text)];

	if (err) {
		/* The arguments may lie in the record itself, so it is cleared after they were read. */
		if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
			text[0] = '\0';
		memset(err, 0, sizeof(*err)); /* it may be uninitialised */
		err->code = errnum;
		err->class = class_of_errno(errnum);
		memcpy(err->text, text, sizeof(text));
	}
	return errnum > 0 ? -errnum : -EINVAL;
}

int error_set(struct error *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = error_vset(err, errnum, fmt, ap);
	va_end(ap);
	return r;
}

int error_fail(struct error *err, enum error_class class, int errnum, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = error_vset(err, errnum, fmt, ap);
	va_end(ap);
	if (err)
		err->class = class;
	return r;
}

static void add_field(char *field, size_t size, const char *text)
{
	if (text && field[0] == '\0')
		text_copy(field, size, text);
}

void error_add_step(struct error *err, const char *step)
{
	if (err)
		add_field(err->step, sizeof(err->step), step);
}

void error_add_syscall(struct error *err, const char *name)
{
	if (err)
		add_field(err->syscall, sizeof(err->syscall), name);
}

void error_add_origin(struct error *err, const char *pointer)
{
	if (err)
		add_field(err->origin, sizeof(err->origin), pointer);
}

void error_add_origin_member(struct error *err, const char *pointer, const char *member)
{
	if (!err || !pointer || err->origin[0] != '\0')
		return;
	if (pointer[0] == '/')
		(void)text_format(err->origin, sizeof(err->origin), "%s/%s", pointer, member);
	else
		error_add_origin(err, pointer);
}

void error_add_subject(struct error *err, const char *subject)
{
	if (err)
		add_field(err->subject, sizeof(err->subject), subject);
}

void error_add_remedy(struct error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err || !fmt || err->remedy[0] != '\0')
		return;
	va_start(ap, fmt);
	if (vsnprintf(err->remedy, sizeof(err->remedy), fmt, ap) < 0)
		err->remedy[0] = '\0';
	va_end(ap);
}

int error_received(struct error *err)
{
	err->step[sizeof(err->step) - 1] = '\0';
	err->syscall[sizeof(err->syscall) - 1] = '\0';
	err->file[sizeof(err->file) - 1] = '\0';
	err->origin[sizeof(err->origin) - 1] = '\0';
	err->subject[sizeof(err->subject) - 1] = '\0';
	err->text[sizeof(err->text) - 1] = '\0';
	err->remedy[sizeof(err->remedy) - 1] = '\0';
	if (err->class == ERROR_NONE || err->class > ERROR_INTERNAL)
		err->class = ERROR_SYSTEM;
	return err->code > 0 ? -err->code : -EINVAL;
}

void error_prefix(struct error *err, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;
	size_t len;
	int r;

	if (!err || !fmt)
		return;
	va_start(ap, fmt);
	r = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (r < 0)
		return;
	len = strlen(text);
	if (len + 2 >= sizeof(text))
		return; /* the cause is worth more than a prefix that leaves no room for it */
	memcpy(text + len, ": ", 3);
	text_copy(text + len + 2, sizeof(text) - len - 2, err->text);
	memcpy(err->text, text, sizeof(text));
}

const char *error_class_name(enum error_class class)
{
	static const char *const names[] = {
		[ERROR_NONE] = "none",
		[ERROR_USAGE] = "usage",
		[ERROR_CONFIG] = "config",
		[ERROR_UNSUPPORTED] = "unsupported",
		[ERROR_NOT_FOUND] = "not-found",
		[ERROR_CONFLICT] = "conflict",
		[ERROR_PERMISSION] = "permission",
		[ERROR_PROGRAM] = "program",
		[ERROR_HOOK] = "hook",
		[ERROR_TIMEOUT] = "timeout",
		[ERROR_SYSTEM] = "system",
		[ERROR_INTERNAL] = "internal",
	};
	size_t i = class;

	return i < ARRAY_SIZE(names) ? names[i] : "internal";
}

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

static void append(char *buf, size_t size, const char *s)
{
	size_t len = strlen(buf);

	if (len + 1 < size)
		text_copy(buf + len, size - len, s);
}

const char *error_format(const struct error *err, char *buf, size_t size)
{
	char place[96];
	size_t len;

	if (size == 0)
		return buf;
	buf[0] = '\0';
	append(buf, size, err->text);
	if (err->code > 0 && !ends_in(err->text, errno_text(err->code))) {
		if (buf[0] != '\0')
			append(buf, size, ": ");
		len = strlen(buf);
		append(buf, size, errno_text(err->code));
		/* Docker tells 126 and 127 by these words, in small letters. */
		if (err->class == ERROR_PROGRAM && buf[len] != '\0' &&
		    (err->code == ENOENT || err->code == EACCES))
			buf[len] = (char)(buf[len] | 0x20);
	}
	if (err->line > 0) {
		snprintf(place, sizeof(place), " (%s:%u:%u)",
			 err->file[0] != '\0' ? err->file : "config.json", err->line, err->column);
		append(buf, size, place);
	}
	if (err->remedy[0] != '\0') {
		append(buf, size, "; ");
		append(buf, size, err->remedy);
	}
	/* One line, whatever names the caller quoted: a file name may hold a newline or an escape sequence. */
	return text_sanitize(buf);
}
