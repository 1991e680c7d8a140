/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which manager, and where its bus listens. Host half.
 *
 * Engines call the runtime with almost no environment: without DBUS_SESSION_BUS_ADDRESS the user's bus is in
 * $XDG_RUNTIME_DIR, and without that (or with an empty one) in /run/user/UID, where UID is that of the host although
 * a rootless engine's user namespace shows 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/bus_address.h"
#include "cgroups/driver.h"
#include "knarr/kernel.h"

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

bool bus_is_user(bool rootless)
{
	if (rootless || geteuid() != 0)
		return true;
	/* Root of a user namespace: of a rootless engine's, which knows its user's bus, or of a machine container. */
	return owner_is_unprivileged() &&
	       (variable("DBUS_SESSION_BUS_ADDRESS") || variable("XDG_RUNTIME_DIR"));
}

/* The host's id of this user: what uid_map says 0 is, inside a user namespace. */
static unsigned host_uid(void)
{
	_cleanup_close_ int procfd = -EBADF;
	unsigned inside, outside;
	char text[256];

	if (geteuid() != 0)
		return geteuid();
	procfd = procfs_open();
	if (procfd >= 0 && procfs_read(procfd, "self/uid_map", text, sizeof(text)) > 0 &&
	    sscanf(text, "%u %u", &inside, &outside) == 2 && inside == 0)
		return outside;
	return 0;
}

int bus_address_escape(const char *path, char *buf, size_t size)
{
	size_t used = 0;

	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || strchr("-_/.\\*", c);

		if (used + (plain ? 1 : 3) >= size)
			return -ENAMETOOLONG;
		if (plain)
			buf[used++] = (char)c;
		else
			used += (size_t)snprintf(buf + used, size - used, "%%%02x", c);
	}
	buf[used] = '\0';
	return 0;
}

static int fail_missing(bool user, const char *path, struct error *err)
{
	/* Without errno's text: engines take "no such file" for a missing program of the container. */
	error_fail(err, ERROR_UNSUPPORTED, 0, "there is no %s bus of systemd at '%s'",
		   user ? "user" : "system", path);
	error_add_step(err, "cgroup-systemd");
	error_add_subject(err, path);
	error_add_remedy(
		err,
		user ? "log in with a systemd user session (loginctl enable-linger), or use --cgroup-manager cgroupfs"
		     : "use --cgroup-manager cgroupfs where systemd does not run");
	return -EINVAL;
}

int bus_address(bool user, char *buf, size_t size, struct error *err)
{
	const char *given = variable(user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
	char path[256], escaped[400];
	int r;

	if (given)
		r = text_format(buf, size, "%s", given);
	else if (!user)
		r = text_format(path, sizeof(path), "/run/dbus/system_bus_socket");
	else if (variable("XDG_RUNTIME_DIR"))
		r = text_format(path, sizeof(path), "%s/bus", variable("XDG_RUNTIME_DIR"));
	else
		r = text_format(path, sizeof(path), "/run/user/%u/bus", host_uid());
	if (r >= 0 && !given) {
		if (faccessat(AT_FDCWD, path, F_OK, 0) < 0)
			return fail_missing(user, path, err);
		r = bus_address_escape(path, escaped, sizeof(escaped));
		r = r < 0 ? r : text_format(buf, size, "unix:path=%s", escaped);
	}
	return r < 0 ? error_set(err, -r, "the address of the systemd bus is too long") : 0;
}
