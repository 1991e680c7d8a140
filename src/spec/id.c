/* SPDX-License-Identifier: Apache-2.0 */
/*
 * id: which container ids are taken. An id becomes a directory name below the state root and part of a cgroup's name,
 * so nothing that a path or a systemd unit name could read differently may be in it. Host half; pure.
 */
#include <errno.h>
#include <string.h>

#include "knarr/spec.h"

#define ID_MAX 1024

/* Not isalnum(): a locale must not widen this. */
static bool is_id_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '+' || c == '.' || c == '-';
}

static int bad_byte(unsigned char c, struct error *err)
{
	if (c > 0x20 && c < 0x7f)
		(void)error_fail(err, ERROR_USAGE, 0, "the container id holds '%c'", c);
	else
		(void)error_fail(err, ERROR_USAGE, 0, "the container id holds the byte 0x%02x", c);
	error_add_remedy(err,
			 "letters, digits and the characters '_', '+', '.' and '-' are allowed");
	return -EINVAL;
}

int spec_check_id(const char *id, struct error *err)
{
	size_t len = strlen(id);

	if (len == 0)
		return error_fail(err, ERROR_USAGE, 0, "the container id is empty");
	if (len > ID_MAX)
		return error_fail(err, ERROR_USAGE, 0,
				  "the container id is %zu bytes long, %d is the most", len,
				  ID_MAX);
	for (size_t i = 0; i < len; i++)
		if (!is_id_byte((unsigned char)id[i]))
			return bad_byte((unsigned char)id[i], err);
	if (id[0] == '.' || id[0] == '-')
		return error_fail(err, ERROR_USAGE, 0, "the container id '%.100s' starts with '%c'",
				  id, id[0]);
	return 0;
}
