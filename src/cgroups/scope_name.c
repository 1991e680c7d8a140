/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of systemd units from linux.cgroupsPath. Pure. Host half.
 *
 * "SLICE:PREFIX:NAME" gives unit PREFIX-NAME.scope in SLICE; an empty slice means the manager's usual one, an empty
 * prefix none. A slice's name holds its place: a-b.slice lies in a.slice.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroups/driver.h"
#include "cgroups/scope.h"

#define UNIT_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.\\-@"

static int refuse(const char *path, const char *flaw, struct error *err)
{
	int r = error_fail(err, ERROR_CONFIG, 0,
			   "invalid cgroup path '%s' for the systemd driver: %s", path, flaw);

	error_add_origin(err, "/linux/cgroupsPath");
	error_add_subject(err, path);
	return r;
}

/* Characters that a unit name cannot hold are written as \xNN, as systemd-escape does. */
static int append_escaped(char *buf, size_t size, const char *text, size_t len)
{
	size_t used = strlen(buf);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool plain = c && strchr(UNIT_CHARS, c);

		if (used + (plain ? 1 : 4) >= size)
			return -ENAMETOOLONG;
		if (plain)
			buf[used++] = (char)c;
		else
			used += (size_t)snprintf(buf + used, size - used, "\\x%02x", c);
		buf[used] = '\0';
	}
	return 0;
}

static bool has_control_or_slash(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f || s[i] == '/')
			return true;
	}
	return false;
}

static const char *slice_flaw(const char *slice)
{
	size_t len = strlen(slice);

	if (len > UNIT_NAME_MAX)
		return "its slice is longer than 255 bytes";
	if (!text_has_suffix(slice, ".slice") || len <= strlen(".slice"))
		return "its first part is not the name of a slice ('NAME.slice')";
	if (strspn(slice, UNIT_CHARS) != len)
		return "its slice has a character that unit names do not have";
	if (STREQ(slice, "-.slice"))
		return NULL;
	if (slice[0] == '-' || strstr(slice, "--") || strstr(slice, "-.slice") ||
	    strstr(slice, ".."))
		return "its slice has an empty part between '-'";
	return NULL;
}

static int set_unit(const char *prefix, size_t prefix_len, const char *name, char *ret, size_t size)
{
	/* Escaping makes four of one at most; an id of the longest kind is 1024 bytes. */
	char text[8192] = "", shown[UNIT_NAME_MAX + 1];
	int r = prefix_len ? append_escaped(text, sizeof(text), prefix, prefix_len) : 0;

	if (r == 0 && prefix_len)
		r = append_escaped(text, sizeof(text), "-", 1);
	r = r < 0 ? r : append_escaped(text, sizeof(text), name, strlen(name));
	if (r < 0)
		return r;
	path_id_name(text, UNIT_NAME_MAX - strlen(".scope"), shown, sizeof(shown));
	return text_format(ret, size, "%s.scope", shown);
}

int scope_name_parse(const char *cgroups_path, const char *id, bool user, struct scope_name *ret,
		     struct error *err)
{
	const char *usual = user ? "user.slice" : "system.slice";
	const char *first, *second, *flaw;
	struct scope_name name;
	size_t slice_len;

	if (!cgroups_path || !*cgroups_path) {
		snprintf(ret->slice, sizeof(ret->slice), "%s", usual);
		return set_unit("knarr", 5, id, ret->unit, sizeof(ret->unit)) < 0
			       ? refuse(id, "it is too long", err)
			       : 0;
	}
	first = strchr(cgroups_path, ':');
	second = first ? strchr(first + 1, ':') : NULL;
	if (!second || strchr(second + 1, ':'))
		return refuse(cgroups_path, "expected the form 'slice:prefix:name'", err);
	if (has_control_or_slash(cgroups_path, strlen(cgroups_path)))
		return refuse(cgroups_path, "it contains a '/' or a control character", err);
	if (!second[1])
		return refuse(cgroups_path, "its last part, the name, is empty", err);
	slice_len = (size_t)(first - cgroups_path);
	if (slice_len > UNIT_NAME_MAX)
		return refuse(cgroups_path, "its slice is longer than 255 bytes", err);
	snprintf(name.slice, sizeof(name.slice), "%.*s",
		 slice_len ? (int)slice_len : (int)strlen(usual), slice_len ? cgroups_path : usual);
	flaw = slice_flaw(name.slice);
	if (flaw)
		return refuse(cgroups_path, flaw, err);
	if (set_unit(first + 1, (size_t)(second - first - 1), second + 1, name.unit,
		     sizeof(name.unit)) < 0)
		return refuse(cgroups_path, "it is too long", err);
	*ret = name;
	return 0;
}

int scope_slice_path(const char *slice, char *buf, size_t size)
{
	size_t len = strlen(slice), used = 0;

	buf[0] = '\0';
	if (slice_flaw(slice))
		return -EINVAL;
	if (STREQ(slice, "-.slice"))
		return 0;
	len -= strlen(".slice");
	for (size_t i = 1; i <= len; i++) {
		int r;

		if (i < len && slice[i] != '-')
			continue;
		r = text_format(buf + used, size - used, "/%.*s.slice", (int)i, slice);
		if (r < 0)
			return r;
		used += (size_t)r;
	}
	return 0;
}
