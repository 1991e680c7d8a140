/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uid_map and gid_map of a new user namespace. Host half.
 *
 * Who may write what (user_namespaces(7)): with CAP_SETUID/CAP_SETGID over the parent namespace, any ids
 * that are mapped there; without, one line that maps the writer's own id, for gids only after setgroups
 * was denied, because dropping a group may raise access. setgroups is denied in that one case only: with
 * a map written by newgidmap it has to stay usable. A map is written by a single write, below one page.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "helper.h"
#include "knarr/kernel.h"

#define MAP_LINES_MAX 340
/* The kernel takes less than one page; 4096 is the smallest there is. */
#define MAP_TEXT_MAX 4095
#define CAP_SETGID_BIT (1ull << 6)
#define CAP_SETUID_BIT (1ull << 7)
/* 2^32 - 1 is "no id", so ranges end at 2^32 - 2. */
#define ID_END 0xffffffffull

static int map_fault(const struct spec_id_map *m, struct error *err, const char *text)
{
	char pointer[192];
	int r = error_fail(err, ERROR_CONFIG, 0, "id map %u:%u:%u %s", m->container, m->host,
			   m->size, text);

	if (m->node)
		error_add_origin(err, jnode_pointer(m->node, pointer, sizeof(pointer)));
	return r;
}

static bool overlaps(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return (uint64_t)a < (uint64_t)b + b_size && (uint64_t)b < (uint64_t)a + a_size;
}

int idmap_check(const struct spec_id_maps *maps, struct error *err)
{
	if (maps->count > MAP_LINES_MAX)
		return error_fail(err, ERROR_CONFIG, 0,
				  "the kernel takes at most %u id map lines, not %zu",
				  MAP_LINES_MAX, maps->count);
	for (size_t i = 0; i < maps->count; i++) {
		const struct spec_id_map *m = &maps->items[i];

		if (m->size == 0)
			return map_fault(m, err, "is empty");
		if ((uint64_t)m->container + m->size > ID_END ||
		    (uint64_t)m->host + m->size > ID_END)
			return map_fault(m, err, "goes beyond the last id, 4294967294");
		for (size_t j = 0; j < i; j++) {
			const struct spec_id_map *o = &maps->items[j];

			if (overlaps(m->container, m->size, o->container, o->size))
				return map_fault(m, err,
						 "maps an id of the container a second time");
			if (overlaps(m->host, m->size, o->host, o->size))
				return map_fault(m, err, "uses an id of the host a second time");
		}
	}
	return 0;
}

static bool is_own_id(const struct spec_id_maps *maps, uint32_t own)
{
	return maps->count == 1 && maps->items[0].size == 1 && maps->items[0].host == own;
}

static bool has_capability(uint64_t bit)
{
	uint64_t effective, permitted, inheritable;

	if (sys_capget(&effective, &permitted, &inheritable) < 0)
		return false;
	return effective & bit;
}

/* The most common reason of an EPERM here is not in the map. */
static void explain_denied(int procfd, struct error *err)
{
	char value[16];

	if (procfs_read(procfd, "sys/kernel/apparmor_restrict_unprivileged_userns", value,
			sizeof(value)) > 0 &&
	    value[0] == '1')
		error_add_remedy(
			err,
			"AppArmor restricts user namespaces on this host: give knarr a profile with 'userns,', or set the sysctl "
			"kernel.apparmor_restrict_unprivileged_userns to 0");
	else
		error_add_remedy(
			err,
			"the ids on the host side must be mapped in the user namespace that knarr runs in, and writing them needs privilege there");
}

static int write_map(int procfd, pid_t pid, enum idmap_kind kind, const struct spec_id_maps *maps,
		     struct error *err)
{
	const char *file = kind == IDMAP_UID ? "uid_map" : "gid_map";
	char text[MAP_TEXT_MAX + 1], name[32];
	size_t len = 0;
	int r;

	for (size_t i = 0; i < maps->count; i++) {
		const struct spec_id_map *m = &maps->items[i];

		r = text_format(text + len, sizeof(text) - len, "%u %u %u\n", m->container, m->host,
				m->size);
		if (r < 0)
			return error_fail(
				err, ERROR_UNSUPPORTED, 0,
				"the text of the %s is longer than the page that the kernel takes: line %zu of %zu does not fit",
				file, i + 1, maps->count);
		len += (size_t)r;
	}
	(void)text_format(name, sizeof(name), "%d/%s", pid, file);
	r = procfs_write(procfd, name, text);
	if (r >= 0)
		return 0;
	r = error_set(err, -r, "cannot write the %s of the new user namespace", file);
	error_add_step(err, "id-maps");
	error_add_syscall(err, "write");
	if (r == -EPERM || r == -EACCES)
		explain_denied(procfd, err);
	return r;
}

static int deny_setgroups(int procfd, pid_t pid, struct error *err)
{
	char name[32];
	int r;

	(void)text_format(name, sizeof(name), "%d/setgroups", pid);
	r = procfs_write(procfd, name, "deny");
	if (r >= 0)
		return 0;
	r = error_set(err, -r, "cannot deny setgroups in the new user namespace");
	error_add_step(err, "id-maps");
	if (r == -EPERM || r == -EACCES)
		explain_denied(procfd, err);
	return r;
}

static int write_one(int procfd, pid_t pid, enum idmap_kind kind, const struct spec_id_maps *maps,
		     struct error *err)
{
	bool privileged = has_capability(kind == IDMAP_UID ? CAP_SETUID_BIT : CAP_SETGID_BIT);
	bool own = is_own_id(maps, kind == IDMAP_UID ? geteuid() : getegid());
	int r;

	if (!privileged && !own)
		return idmap_helper_run(kind, pid, maps, err);
	if (!privileged && kind == IDMAP_GID) {
		r = deny_setgroups(procfd, pid, err);
		if (r < 0)
			return r;
	}
	return write_map(procfd, pid, kind, maps, err);
}

int idmap_write(int procfd, pid_t pid, const struct spec_id_maps *uids,
		const struct spec_id_maps *gids, struct error *err)
{
	int r = idmap_check(uids, err);

	if (r == 0)
		r = idmap_check(gids, err);
	if (r < 0)
		return r;
	if (uids->count) {
		r = write_one(procfd, pid, IDMAP_UID, uids, err);
		if (r < 0) {
			error_add_origin(err, "/linux/uidMappings");
			return r;
		}
	}
	if (gids->count) {
		r = write_one(procfd, pid, IDMAP_GID, gids, err);
		if (r < 0) {
			error_add_origin(err, "/linux/gidMappings");
			return r;
		}
	}
	return 0;
}
