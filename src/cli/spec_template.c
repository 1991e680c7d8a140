/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec_template: the config.json that `spec` writes. Pure.
 *
 * It is safe as it stands: every namespace but the user's is new, the root is read-only, no_new_privs and a system
 * call filter are set, kernel interfaces in /proc and /sys are masked, no device is reachable but the standard ones.
 * Who needs more says so in the file, where it can be read.
 */
#include <string.h>

#include "cli/spec_template.h"
#include "knarr/spec.h"

#define OCI_VERSION "1.3.0"

/* An array of the words of a text, separated by sep. */
static struct jwrite *words(const char *text, char sep)
{
	struct jwrite *a = jwrite_array();
	const char stop[2] = { sep, '\0' };

	while (*text) {
		size_t len = strcspn(text, stop);
		_cleanup_free_ char *word = mem_strndup(text, len);

		if (len > 0)
			jwrite_string(a, NULL, word);
		text += len;
		text += *text == sep;
	}
	return a;
}

static struct jwrite *strings(const char *const *items)
{
	struct jwrite *a = jwrite_array();

	for (; items && *items; items++)
		jwrite_string(a, NULL, *items);
	return a;
}

/* The default variables, unless one of the given ones has the same name; then the given ones. */
static struct jwrite *environment(const struct spec_template *t)
{
	static const char *const defaults[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"TERM=xterm",
	};
	struct jwrite *a = jwrite_array();

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		size_t name = strcspn(defaults[i], "=") + 1;
		bool given = false;

		for (const char *const *e = t->env; e && *e; e++)
			given |= strncmp(*e, defaults[i], name) == 0;
		if (!given)
			jwrite_string(a, NULL, defaults[i]);
	}
	for (const char *const *e = t->env; e && *e; e++)
		jwrite_string(a, NULL, *e);
	return a;
}

static struct jwrite *capabilities(uint64_t set)
{
	/* Not ambient: a program that runs as an ordinary user shall have none of them. */
	static const char *const sets[] = { "bounding", "effective", "permitted" };
	struct jwrite *o = jwrite_object();

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		struct jwrite *a = jwrite_array();

		for (int n = 0; n < 64; n++) {
			if (set & (1ull << n))
				jwrite_string(a, NULL, spec_capability_name(n));
		}
		jwrite_put(o, sets[i], a);
	}
	return o;
}

static struct jwrite *process(const struct spec_template *t)
{
	struct jwrite *o = jwrite_object(), *user = jwrite_object(), *rlimits = jwrite_array(),
		      *rlimit = jwrite_object();

	jwrite_bool(o, "terminal", t->terminal);
	jwrite_uint(user, "uid", t->uid);
	jwrite_uint(user, "gid", t->gid);
	jwrite_put(o, "user", user);
	jwrite_put(o, "args", strings(t->args));
	jwrite_put(o, "env", environment(t));
	jwrite_string(o, "cwd", t->cwd);
	jwrite_put(o, "capabilities", capabilities(t->capabilities));
	jwrite_string(rlimit, "type", "RLIMIT_NOFILE");
	jwrite_uint(rlimit, "hard", 1024);
	jwrite_uint(rlimit, "soft", 1024);
	jwrite_put(rlimits, NULL, rlimit);
	jwrite_put(o, "rlimits", rlimits);
	jwrite_bool(o, "noNewPrivileges", true);
	return o;
}

static void add_mount(struct jwrite *mounts, const char *destination, const char *type,
		      const char *source, const char *options)
{
	struct jwrite *o = jwrite_object();

	jwrite_string(o, "destination", destination);
	jwrite_string(o, "type", type);
	jwrite_string(o, "source", source);
	if (options[0])
		jwrite_put(o, "options", words(options, ','));
	jwrite_put(mounts, NULL, o);
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *w = list; *w; w += strcspn(w, ","), w += *w == ',') {
		if (strcspn(w, ",") == len && strncmp(w, word, len) == 0)
			return true;
	}
	return false;
}

static struct jwrite *mounts(const struct spec_template *t)
{
	struct jwrite *a = jwrite_array();

	add_mount(a, "/proc", "proc", "proc", "nosuid,noexec,nodev");
	add_mount(a, "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k");
	/* The group of terminals, 5, is not mapped where there is one id only. */
	add_mount(a, "/dev/pts", "devpts", "devpts",
		  t->rootless ? "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620"
			      : "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
	add_mount(a, "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k");
	add_mount(a, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev");
	/* A new sysfs shows a network namespace: only who owns that may mount it. */
	if (t->rootless && t->host_network)
		add_mount(a, "/sys", "none", "/sys", "rbind,nosuid,noexec,nodev,rro");
	else
		add_mount(a, "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro");
	add_mount(a, "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro");
	for (size_t i = 0; i < t->mount_count; i++) {
		const struct spec_template_mount *m = &t->mounts[i];
		bool plain = has_word(m->options, "bind") || has_word(m->options, "rbind");
		_cleanup_free_ char *options =
			text_printf("%s%s", plain ? "" : "rbind,", m->options);

		add_mount(a, m->destination, "bind", m->source, options);
	}
	return a;
}

static struct jwrite *namespaces(const struct spec_template *t)
{
	static const char names[][8] = {
		"pid", "network", "ipc", "uts", "mount", "cgroup", "user"
	};
	struct jwrite *a = jwrite_array();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct jwrite *o;

		if ((STREQ(names[i], "network") && t->host_network) ||
		    (STREQ(names[i], "user") && !t->rootless))
			continue;
		o = jwrite_object();
		jwrite_string(o, "type", names[i]);
		jwrite_put(a, NULL, o);
	}
	return a;
}

static struct jwrite *one_id(uint32_t container, uint32_t host)
{
	struct jwrite *a = jwrite_array(), *o = jwrite_object();

	jwrite_uint(o, "containerID", container);
	jwrite_uint(o, "hostID", host);
	jwrite_uint(o, "size", 1);
	jwrite_put(a, NULL, o);
	return a;
}

/* Without privilege there is no device control, and mknod is impossible anyway: the rules are left out. */
static struct jwrite *resources(const struct spec_template *t)
{
	struct jwrite *o = jwrite_object();

	if (!t->rootless) {
		struct jwrite *devices = jwrite_array(), *rule = jwrite_object();

		jwrite_bool(rule, "allow", false);
		jwrite_string(rule, "access", "rwm");
		jwrite_put(devices, NULL, rule);
		jwrite_put(o, "devices", devices);
	}
	if (t->memory > 0) {
		struct jwrite *memory = jwrite_object();

		jwrite_int(memory, "limit", t->memory);
		jwrite_put(o, "memory", memory);
	}
	if (t->cpu_quota_us > 0) {
		struct jwrite *cpu = jwrite_object();

		jwrite_uint(cpu, "quota", t->cpu_quota_us);
		jwrite_uint(cpu, "period", SPEC_TEMPLATE_CPU_PERIOD_US);
		jwrite_put(o, "cpu", cpu);
	}
	if (t->pids > 0) {
		struct jwrite *pids = jwrite_object();

		jwrite_int(pids, "limit", t->pids);
		jwrite_put(o, "pids", pids);
	}
	return o;
}

static struct jwrite *platform(const struct spec_template *t)
{
	struct jwrite *o = jwrite_object();

	if (t->rootless) {
		jwrite_put(o, "uidMappings", one_id(t->uid, t->host_uid));
		jwrite_put(o, "gidMappings", one_id(t->gid, t->host_gid));
	}
	if (!t->rootless || t->memory > 0 || t->cpu_quota_us > 0 || t->pids > 0)
		jwrite_put(o, "resources", resources(t));
	jwrite_put(o, "namespaces", namespaces(t));
	if (t->seccomp)
		jwrite_put(o, "seccomp", spec_seccomp_profile(t->capabilities));
	jwrite_put(
		o, "maskedPaths",
		words("/proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats "
		      "/proc/sched_debug /proc/scsi /proc/timer_list /proc/timer_stats "
		      "/sys/devices/virtual/powercap /sys/firmware",
		      ' '));
	jwrite_put(o, "readonlyPaths",
		   words("/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger", ' '));
	return o;
}

char *spec_template_text(const struct spec_template *t)
{
	struct jwrite *o = jwrite_object(), *root = jwrite_object();

	jwrite_string(o, "ociVersion", OCI_VERSION);
	jwrite_put(o, "process", process(t));
	jwrite_string(root, "path", t->rootfs);
	jwrite_bool(root, "readonly", t->readonly);
	jwrite_put(o, "root", root);
	jwrite_string(o, "hostname", t->hostname);
	jwrite_put(o, "mounts", mounts(t));
	if (t->rootless && t->keep_groups) {
		struct jwrite *annotations = jwrite_object();

		jwrite_string(annotations, "run.oci.keep_original_groups", "1");
		jwrite_put(o, "annotations", annotations);
	}
	jwrite_put(o, "linux", platform(t));
	return jwrite_text(o, 4);
}

void spec_template_done(struct spec_template *t)
{
	for (size_t i = 0; i < t->mount_count; i++) {
		free(t->mounts[i].source);
		free(t->mounts[i].destination);
		free(t->mounts[i].options);
	}
	free(t->mounts);
	t->mounts = NULL;
	t->mount_count = 0;
}
