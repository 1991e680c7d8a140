/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fortified calls end in, for the static build: fortify.h, and the archives of yajl and jansson, which
 * distributions compile against glibc with _FORTIFY_SOURCE. A write that does not fit ends the process.
 *
 * %n, which glibc's versions of the printf family refuse in writable formats, is not looked for: all our formats are
 * literals (-Wformat=2).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef memcpy
#undef memmove
#undef memset
#undef strcpy
#undef strncpy
#undef snprintf
#undef vsnprintf

void *__memcpy_chk(void *dest, const void *src, size_t len, size_t room);
void *__memmove_chk(void *dest, const void *src, size_t len, size_t room);
void *__memset_chk(void *dest, int c, size_t len, size_t room);
char *__strcpy_chk(char *dest, const char *src, size_t room);
char *__strncpy_chk(char *dest, const char *src, size_t len, size_t room);
int __vsnprintf_chk(char *dest, size_t len, int flag, size_t room, const char *fmt, va_list ap);
int __snprintf_chk(char *dest, size_t len, int flag, size_t room, const char *fmt, ...);
int __sprintf_chk(char *dest, int flag, size_t room, const char *fmt, ...);

static void check(size_t len, size_t room)
{
	if (len > room)
		abort();
}

void *__memcpy_chk(void *dest, const void *src, size_t len, size_t room)
{
	check(len, room);
	return memcpy(dest, src, len);
}

void *__memmove_chk(void *dest, const void *src, size_t len, size_t room)
{
	check(len, room);
	return memmove(dest, src, len);
}

void *__memset_chk(void *dest, int c, size_t len, size_t room)
{
	check(len, room);
	return memset(dest, c, len);
}

char *__strcpy_chk(char *dest, const char *src, size_t room)
{
	size_t len = strlen(src) + 1;

	check(len, room);
	return memcpy(dest, src, len);
}

char *__strncpy_chk(char *dest, const char *src, size_t len, size_t room)
{
	check(len, room);
	return strncpy(dest, src, len);
}

int __vsnprintf_chk(char *dest, size_t len, int flag, size_t room, const char *fmt, va_list ap)
{
	(void)flag;
	check(len, room);
	return vsnprintf(dest, len, fmt, ap);
}

int __snprintf_chk(char *dest, size_t len, int flag, size_t room, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = __vsnprintf_chk(dest, len, flag, room, fmt, ap);
	va_end(ap);
	return r;
}

/* Without a length of its own: the room is the length, and what does not fit is a write past the end. */
int __sprintf_chk(char *dest, int flag, size_t room, const char *fmt, ...)
{
	va_list ap;
	int r;

	(void)flag;
	va_start(ap, fmt);
	r = vsnprintf(dest, room, fmt, ap);
	va_end(ap);
	check(r < 0 ? 0 : (size_t)r + 1, room);
	return r;
}
