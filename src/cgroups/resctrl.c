/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resctrl: linux.intelRdt: a class of service, its schemata and a monitoring group in the resctrl filesystem. Host half.
 *
 * The rules (when a directory is made, compared, written, removed) are those of config-linux.md, "IntelRdt". Everything
 * is done below a descriptor of the filesystem's root, so a tree of plain files serves as well for tests.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knarr/cgroups.h"
#include "knarr/kernel.h"

#define SCHEMATA_MAX 65536

int resctrl_root_open(struct error *err)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int fd = -ENOENT;

	while (f && fd == -ENOENT && getline(&line, &size, f) > 0) {
		char point[4096];

		if (strstr(line, " - resctrl ") &&
		    sscanf(line, "%*s %*s %*s %*s %4095s", point) == 1) {
			fd = open(point, O_PATH | O_DIRECTORY | O_CLOEXEC);
			if (fd < 0)
				fd = -errno;
		}
	}
	if (f)
		fclose(f);
	if (fd < 0) {
		error_fail(
			err, ERROR_UNSUPPORTED, fd == -ENOENT ? 0 : -fd,
			"linux.intelRdt needs a mounted resctrl filesystem, and this host has none");
		error_add_origin(err, "/linux/intelRdt");
	}
	return fd;
}

/* A closID is one name, or "/" for the default class. */
static int check_name(const char *name, struct error *err)
{
	if (STREQ(name, "/") || (name[0] && name[0] != '.' && !strchr(name, '/')))
		return 0;
	error_fail(err, ERROR_CONFIG, 0, "'%s' is no name of a class of service", name);
	error_add_origin(err, "/linux/intelRdt/closID");
	return -EINVAL;
}

static int open_group(int root_fd, const char *path)
{
	return safe_open(root_fd, STREQ(path, "/") ? "." : path, SAFE_BENEATH | SAFE_DIRECTORY);
}

/* ---- comparing schemata ---- */

/* "L3" of "L3:0=7f0;1=1f"; -1 if there is none. */
static int resource_length(const char *schema)
{
	const char *colon = strchr(schema, ':');

	return colon ? (int)(colon - schema) : -1;
}

/* Value of domain id in "0=7f0;1=1f"; values of caches are hexadecimal, of bandwidth decimal: compared as text without leading zeros. */
static bool domain_value(const char *domains, unsigned long id, char *buf, size_t size)
{
	const char *p = domains;

	while (*p && *p != '\n') {
		char *end;
		unsigned long n = strtoul(p, &end, 10);
		size_t len;

		if (*end != '=')
			return false;
		end++;
		while (*end == ' ' || (*end == '0' && end[1] && !strchr(";\n", end[1])))
			end++;
		len = strcspn(end, ";\n");
		if (n == id) {
			if (len >= size)
				return false;
			memcpy(buf, end, len);
			buf[len] = '\0';
			return true;
		}
		p = end + len;
		if (*p == ';')
			p++;
	}
	return false;
}

/* Every domain that wanted names has the same value in the line of present for the same resource. */
static bool schema_is_in(const char *wanted, const char *present)
{
	int len = resource_length(wanted);
	const char *line = present;
	const char *p;

	if (len < 0)
		return false;
	while (line) {
		line += strspn(line, " \n");
		if (strncmp(line, wanted, (size_t)len + 1) == 0)
			break;
		line = strchr(line, '\n');
	}
	if (!line)
		return false;
	for (p = wanted + len + 1; p && *p;) {
		char a[64], b[64];
		unsigned long id = strtoul(p, NULL, 10);

		if (!domain_value(wanted + len + 1, id, a, sizeof(a)) ||
		    !domain_value(line + len + 1, id, b, sizeof(b)) || strcasecmp(a, b) != 0)
			return false;
		p = strchr(p, ';');
		if (p)
			p++;
	}
	return true;
}

static int compare_schema(int group, const char *wanted, const char *name, struct error *err)
{
	_cleanup_free_ char *present = NULL;
	size_t len;
	int r;

	if (!wanted)
		return 0;
	r = io_read_file_at(group, "schemata", SCHEMATA_MAX, &present, &len);
	if (r < 0)
		return error_set(err, -r, "cannot read the schemata of the class of service");
	if (schema_is_in(wanted, present))
		return 0;
	error_fail(err, ERROR_CONFLICT, 0,
		   "the class of service exists and its schemata are not '%s'", wanted);
	error_add_origin(err, name);
	return -EINVAL;
}

/* ---- writing ---- */

static int write_schema(int group, const char *schema, const char *origin, struct error *err)
{
	char line[4096];
	int r;

	if (!schema)
		return 0;
	r = text_format(line, sizeof(line), "%s\n", schema);
	if (r >= 0)
		r = io_write_text_at(group, "schemata", line);
	if (r < 0) {
		error_set(err, -r, "cannot write the schema '%s'", schema);
		error_add_origin(err, origin);
		error_add_remedy(
			err,
			"the kernel's reason is in info/last_cmd_status of the resctrl filesystem");
	}
	return r < 0 ? r : 0;
}

static int write_schemata(int group, const struct spec_intel_rdt *rdt, bool existed,
			  struct error *err)
{
	int r = 0;

	if (existed) {
		r = compare_schema(group, rdt->l3_cache_schema, "/linux/intelRdt/l3CacheSchema",
				   err);
		if (r >= 0)
			r = compare_schema(group, rdt->mem_bw_schema, "/linux/intelRdt/memBwSchema",
					   err);
	} else {
		r = write_schema(group, rdt->l3_cache_schema, "/linux/intelRdt/l3CacheSchema", err);
		if (r >= 0)
			r = write_schema(group, rdt->mem_bw_schema, "/linux/intelRdt/memBwSchema",
					 err);
	}
	for (size_t i = 0; r >= 0 && i < rdt->schemata.count; i++)
		r = write_schema(group, rdt->schemata.items[i], "/linux/intelRdt/schemata", err);
	return r;
}

static int make_directory(int root_fd, const char *path, bool *ret_existed, struct error *err)
{
	*ret_existed = false;
	if (mkdirat(root_fd, path, 0755) == 0)
		return 0;
	if (errno == EEXIST) {
		*ret_existed = true;
		return 0;
	}
	error_set(err, errno, "cannot make the resctrl group '%s'", path);
	error_add_origin(err, "/linux/intelRdt");
	if (err && err->code == ENOSPC)
		error_add_remedy(err, "the hardware has no free class of service or monitoring id");
	return err ? -err->code : -EIO;
}

static int make_monitor(int root_fd, const char *id, struct resctrl *r, struct error *err)
{
	bool existed;
	int ret;

	if (STREQ(r->group, "/"))
		ret = text_format(r->monitor, sizeof(r->monitor), "mon_groups/%s", id);
	else
		ret = text_format(r->monitor, sizeof(r->monitor), "%s/mon_groups/%s", r->group, id);
	if (ret < 0)
		return error_set(err, -ret, "the name of the monitoring group is too long");
	ret = make_directory(root_fd, r->monitor, &existed, err);
	/* The kernel removes monitoring groups with their class; only one in a foreign class is ours to remove. */
	if (ret >= 0 && !r->remove[0])
		text_copy(r->remove, sizeof(r->remove), r->monitor);
	return ret;
}

int resctrl_create(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		   struct resctrl *ret, struct error *err)
{
	bool has_schema = rdt->l3_cache_schema || rdt->mem_bw_schema || rdt->schemata.count;
	const char *name = rdt->clos_id ? rdt->clos_id : id;
	_cleanup_close_ int group = -EBADF;
	bool existed = true;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = check_name(name, err);
	if (r < 0)
		return r;
	text_copy(ret->group, sizeof(ret->group), name);
	if (!STREQ(name, "/") && (!rdt->clos_id || has_schema)) {
		r = make_directory(root_fd, name, &existed, err);
		if (r < 0)
			return r;
		if (!existed && !rdt->clos_id)
			text_copy(ret->remove, sizeof(ret->remove), name);
	}
	group = open_group(root_fd, name);
	if (group < 0) {
		error_fail(err, ERROR_NOT_FOUND, -group, "there is no class of service '%s'", name);
		error_add_origin(err, "/linux/intelRdt/closID");
		return group;
	}
	r = write_schemata(group, rdt, existed && rdt->clos_id, err);
	if (r >= 0 && rdt->enable_monitoring)
		r = make_monitor(root_fd, id, ret, err);
	/* A class that we just made goes with its monitoring group, whoever would own it later. */
	if (r < 0)
		resctrl_remove(root_fd, existed ? ret->remove : ret->group);
	return r;
}

static int write_task(int root_fd, const char *path, pid_t pid, struct error *err)
{
	_cleanup_close_ int dir = open_group(root_fd, path);
	char text[16];
	int r = dir;

	(void)text_format(text, sizeof(text), "%d", pid);
	if (r >= 0)
		r = io_write_text_at(dir, "tasks", text);
	if (r < 0) {
		error_set(err, -r,
			  "cannot assign the container's process to the resctrl group '%s'", path);
		error_add_origin(err, "/linux/intelRdt");
	}
	return r < 0 ? r : 0;
}

int resctrl_assign(int root_fd, const struct resctrl *r, pid_t pid, struct error *err)
{
	int ret = write_task(root_fd, r->group, pid, err);

	return ret >= 0 && r->monitor[0] ? write_task(root_fd, r->monitor, pid, err) : ret;
}

void resctrl_remove(int root_fd, const char *path)
{
	if (path && path[0] && unlinkat(root_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		log_warning("cannot remove the resctrl group '%s': %s, ignoring", path,
			    errno_text(errno));
}
