/* SPDX-License-Identifier: Apache-2.0 */
/*
 * features: the specification's document (features.md, features-linux.md), true to this build on this kernel. Host half.
 *
 * It describes what is implemented; the few things that depend on the kernel or on a library are asked.
 */
#include <linux/capability.h>
#include <sys/prctl.h>

#include "commit.h"
#include "container/container_private.h"
#include "knarr/network.h"

static struct jwrite *word_list(const char *const *words)
{
	struct jwrite *list = jwrite_array();

	for (size_t i = 0; words && words[i]; i++)
		jwrite_string(list, NULL, words[i]);
	return list;
}

static struct jwrite *enabled(bool value)
{
	struct jwrite *o = jwrite_object();

	jwrite_bool(o, "enabled", value);
	return o;
}

static struct jwrite *hook_names(void)
{
	struct jwrite *list = jwrite_array();

	for (enum spec_hook_kind kind = 0; kind < HOOK_KIND_COUNT; kind++)
		jwrite_string(list, NULL, spec_hook_name(kind));
	return list;
}

static struct jwrite *namespace_names(void)
{
	static const enum spec_ns order[] = { NS_CGROUP, NS_IPC,  NS_MOUNT, NS_NETWORK,
					      NS_PID,    NS_TIME, NS_USER,  NS_UTS };
	struct jwrite *list = jwrite_array();

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		jwrite_string(list, NULL, spec_ns_name(order[i]));
	return list;
}

/* Those that the kernel knows, too: a name it does not know cannot be granted. */
static struct jwrite *capability_names(void)
{
	struct jwrite *list = jwrite_array();

	for (int cap = 0; cap < 64; cap++) {
		const char *name = spec_capability_name(cap);

		if (name && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0)
			jwrite_string(list, NULL, name);
	}
	return list;
}

static struct jwrite *cgroup_features(const struct library_facts *facts)
{
	struct jwrite *o = jwrite_object();
	bool systemd = cgroup_systemd_built() && facts->systemd;

	jwrite_bool(o, "v1", false);
	jwrite_bool(o, "v2", true);
	jwrite_bool(o, "systemd", systemd);
	jwrite_bool(o, "systemdUser", systemd);
	jwrite_bool(o, "rdma", true);
	return o;
}

static struct jwrite *seccomp_features(const struct library_facts *facts)
{
	struct jwrite *o = enabled(true), *supported = jwrite_array();
	const char *const *flags = filter_flags_known();

	jwrite_put(o, "actions", word_list(filter_actions(facts)));
	jwrite_put(o, "operators", word_list(filter_operators(facts)));
	jwrite_put(o, "archs", word_list(filter_archs(facts)));
	jwrite_put(o, "knownFlags", word_list(flags));
	for (size_t i = 0; flags[i]; i++)
		if (filter_flag_supported(flags[i]))
			jwrite_string(supported, NULL, flags[i]);
	jwrite_put(o, "supportedFlags", supported);
	return o;
}

static struct jwrite *memory_policy_features(void)
{
	struct jwrite *o = jwrite_object();

	jwrite_put(o, "modes", word_list(spec_memory_policy_modes()));
	jwrite_put(o, "flags", word_list(spec_memory_policy_flags()));
	return o;
}

static struct jwrite *rdt_features(void)
{
	struct jwrite *o = enabled(true);

	jwrite_bool(o, "schemata", true);
	jwrite_bool(o, "monitoring", true);
	return o;
}

static struct jwrite *linux_features(const struct library_facts *facts)
{
	struct jwrite *o = jwrite_object(), *extensions = jwrite_object();

	jwrite_put(o, "namespaces", namespace_names());
	jwrite_put(o, "capabilities", capability_names());
	jwrite_put(o, "cgroup", cgroup_features(facts));
	jwrite_put(o, "seccomp", seccomp_features(facts));
	jwrite_put(o, "apparmor", enabled(true));
	jwrite_put(o, "selinux", enabled(true));
	jwrite_put(o, "intelRdt", rdt_features());
	jwrite_put(o, "memoryPolicy", memory_policy_features());
	jwrite_put(extensions, "idmap", enabled(true));
	jwrite_put(o, "mountExtensions", extensions);
	jwrite_put(o, "netDevices", enabled(facts->mnl));
	return o;
}

/* The specification's schema wants text here. */
static void put_words(struct jwrite *o, const char *key, const char *(*word)(unsigned n),
		      uint32_t mask)
{
	_cleanup_(buf_done) struct buf list = { 0 };

	for (unsigned i = 0; word(i); i++)
		if (mask & (1u << i))
			buf_printf(&list, "%s%s", list.len ? "," : "", word(i));
	jwrite_string(o, key, list.len ? list.data : "");
}

static struct jwrite *annotations(const struct library_facts *facts)
{
	struct jwrite *o = jwrite_object();

	jwrite_string(o, "dev.knarr.version", KNARR_VERSION);
	jwrite_string(o, "dev.knarr.commit", KNARR_COMMIT);
	jwrite_string(o, "org.opencontainers.runc.checkpoint.enabled", "false");
	put_words(o, "dev.knarr.annotations.off", container_annotation_word, ~0u);
	put_words(o, "dev.knarr.require", fallback_word, ~0u);
	put_words(o, "dev.knarr.missing", fallback_word, mechanisms_missing());
	if (facts->seccomp[0])
		jwrite_string(o, "io.github.seccomp.libseccomp.version", facts->seccomp);
	return o;
}

int container_features(char **ret_json, struct error *err)
{
	struct jwrite *o = jwrite_object();
	struct library_facts facts;

	(void)err;
	/* Without an answer nothing can be loaded, and that is what is said. */
	(void)library_facts(&facts);
	jwrite_string(o, "ociVersionMin", "1.0.0");
	jwrite_string(o, "ociVersionMax", "1.3.0");
	jwrite_put(o, "hooks", hook_names());
	jwrite_put(o, "mountOptions", word_list(spec_mount_option_names()));
	jwrite_put(o, "linux", linux_features(&facts));
	jwrite_put(o, "annotations", annotations(&facts));
	jwrite_put(o, "potentiallyUnsafeConfigAnnotations", annotations_list());
	*ret_json = jwrite_text(o, 4);
	return 0;
}
