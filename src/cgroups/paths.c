/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of cgroups: linux.cgroupsPath, sub-cgroups and ids, checked before they touch a directory. Pure. Host half.
 *
 * A caller chooses this text, sometimes from what a tenant chose: "..", control characters and the ':' of a path
 * that was meant for the systemd driver are refused, not interpreted (R12).
 */
#include <stdio.h>
#include <string.h>

#include "cgroups/driver.h"

#define COMPONENT_MAX 255

/* What is wrong with the components of path, or NULL. */
static const char *path_flaw(const char *path)
{
	for (const char *p = path; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "it contains a control character";
	}
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 1 && path[0] == '.')
			return "it contains '.'";
		if (len == 2 && path[0] == '.' && path[1] == '.')
			return "it contains '..'";
		if (len > COMPONENT_MAX)
			return "a part of it is longer than 255 bytes";
		path += len;
		path += strspn(path, "/");
	}
	return NULL;
}

static int refuse_path(const char *path, const char *flaw, struct error *err)
{
	int r = error_fail(err, ERROR_CONFIG, 0, "invalid cgroup path '%s': %s", path, flaw);

	error_add_origin(err, "/linux/cgroupsPath");
	error_add_subject(err, path);
	return r;
}

/* Appends path to buf with one '/' before each component. */
static int append(char *buf, size_t size, const char *path)
{
	size_t used = strlen(buf);

	while (*path) {
		size_t len = strcspn(path, "/");

		if (len) {
			if (used + len + 2 > size)
				return -1;
			buf[used++] = '/';
			memcpy(buf + used, path, len);
			used += len;
			buf[used] = '\0';
		}
		path += len;
		path += strspn(path, "/");
	}
	return 0;
}

void path_id_name(const char *id, size_t max, char *buf, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	if (strlen(id) <= max) {
		snprintf(buf, size, "%s", id);
		return;
	}
	for (const char *p = id; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
	snprintf(buf, size, "%.*s-%016llx", (int)(max - 17), id, (unsigned long long)hash);
}

int path_choose(const char *cgroups_path, const char *id, const char *base, char *buf, size_t size,
		struct error *err)
{
	char name[COMPONENT_MAX + 1];
	const char *flaw;
	int r;

	buf[0] = '\0';
	if (!cgroups_path || !*cgroups_path) {
		path_id_name(id, COMPONENT_MAX, name, sizeof(name));
		r = append(buf, size, base);
		r = r < 0 ? r : append(buf, size, "knarr");
		r = r < 0 ? r : append(buf, size, name);
		return r < 0 ? refuse_path(id, "it is too long", err) : 0;
	}
	flaw = path_flaw(cgroups_path);
	if (flaw)
		return refuse_path(cgroups_path, flaw, err);
	if (strchr(cgroups_path, ':')) {
		r = refuse_path(cgroups_path, "it contains ':'", err);
		error_add_remedy(err,
				 "a path of the form 'slice:prefix:name' needs --systemd-cgroup");
		return r;
	}
	r = cgroups_path[0] == '/' ? 0 : append(buf, size, base);
	r = r < 0 ? r : append(buf, size, cgroups_path);
	if (r < 0)
		return refuse_path(cgroups_path, "it is too long", err);
	if (!buf[0])
		return refuse_path(cgroups_path, "it is the root of all cgroups", err);
	return 0;
}

int path_check_sub(const char *sub, const char *what, const char *origin, struct error *err)
{
	const char *flaw = path_flaw(sub);
	int r;

	if (!flaw && sub[0] == '/')
		flaw = "it is absolute";
	if (!flaw && strchr(sub, ':'))
		flaw = "it contains ':'";
	if (!flaw && strlen(sub) >= 128)
		flaw = "it is longer than 127 bytes";
	if (!flaw)
		return 0;
	r = error_fail(err, ERROR_CONFIG, 0, "invalid %s '%s': %s", what, sub, flaw);
	error_add_origin(err, origin);
	error_add_subject(err, sub);
	return r;
}

static const struct spec_key_value *annotation(const struct cgroup_request *req, const char *key)
{
	for (size_t i = 0; req->annotations && i < req->annotations->count; i++) {
		const struct spec_key_value *item = &req->annotations->items[i];

		if (!item->off && STREQ(item->key, key))
			return item;
	}
	return NULL;
}

static int add_sub(const struct cgroup_request *req, const char *key, const char *fallback,
		   char *buf, size_t size, struct error *err)
{
	const struct spec_key_value *a = annotation(req, key);
	const char *sub = a ? a->value : fallback;
	char pointer[192] = "";
	int r;

	if (!sub || !*sub)
		return 0;
	if (a && a->node)
		jnode_pointer(a->node, pointer, sizeof(pointer));
	r = path_check_sub(sub, "sub-cgroup", pointer, err);
	if (r < 0)
		return r;
	return append(buf, size, sub) < 0 ? refuse_path(sub, "it is too long", err) : 0;
}

int request_leaf(const struct cgroup_request *req, const char *fallback, char *buf, size_t size,
		 struct error *err)
{
	int r;

	buf[0] = '\0';
	/* The systemd driver's own sub-cgroup has a default; a cgroupfs container has one only when it asks. */
	r = req->driver == CGROUP_SYSTEMD
		    ? add_sub(req, "run.oci.systemd.subgroup", fallback, buf, size, err)
		    : 0;
	return r < 0 ? r : add_sub(req, "run.oci.delegate-cgroup", NULL, buf, size, err);
}
