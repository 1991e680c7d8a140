/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader has to say travels with its answer: the log is knarr's. In place of base/log.c. */
#include <stdarg.h>
#include <stdio.h>

#include "loader.h"

static struct {
	struct buf lines;
	enum log_level level;
} state;

void loader_log_level(enum log_level level)
{
	state.level = level;
}

const struct buf *loader_log(void)
{
	return &state.lines;
}

static _printf_(2, 0) void add(enum log_level level, const char *fmt, va_list ap)
{
	char text[1024];

	if (level > state.level)
		return;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	wire_put_u64(&state.lines, level);
	wire_put_text(&state.lines, text);
}

void log_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(LOG_LEVEL_WARNING, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}
