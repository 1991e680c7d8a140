/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux: the members of config-linux.md that are small, and the checks between its members. Host half; pure.
 */
#include <linux/mempolicy.h>
#include <linux/mount.h>
#include <string.h>

#include "spec/sections.h"

/* ---- cgroup path --------------------------------------------------------------------- */

static int decode_cgroups_path(struct decode *d, const struct jnode *node, void *target)
{
	int r = decode_one_line(d, node);

	if (r)
		return r;
	for (const char *s = node->text; *s;) {
		size_t len = strcspn(s, "/");

		if ((len == 1 && s[0] == '.') || (len == 2 && s[0] == '.' && s[1] == '.'))
			return decode_error(d, node, "'%s' must not have '%.*s' as a component",
					    DECODE_NAME(d, node), (int)len, s);
		s += len;
		s += strspn(s, "/");
	}
	return decode_string_set(d, node, target);
}

/* ---- resctrl ------------------------------------------------------------------------- */

static int rdt_group(struct decode *d, const struct jnode *node, void *target)
{
	int r = decode_one_line(d, node);

	if (r)
		return r;
	/* the name of a directory, or "/" for the default group */
	if (!STREQ(node->text, "/") &&
	    (strchr(node->text, '/') || STREQ(node->text, ".") || STREQ(node->text, "..")))
		return decode_error(d, node, "'%s' must be a directory name or '/', not '%.60s'",
				    DECODE_NAME(d, node), node->text);
	return decode_string_set(d, node, target);
}

static int rdt_bandwidth(struct decode *d, const struct jnode *node, void *target)
{
	if (node->text_len && !text_has_prefix(node->text, "MB:"))
		return decode_error(d, node, "'%s' must start with 'MB:'", DECODE_NAME(d, node));
	return decode_line_set(d, node, target);
}

static int rdt_schemata(struct decode *d, const struct jnode *node, void *target)
{
	int r = decode_strings(d, node, target);

	for (const struct jnode *item = node->first; item && r == 0; item = item->next)
		r = decode_one_line(d, item);
	return r;
}

static int decode_rdt(struct decode *d, const struct jnode *node, void *target)
{
#define FIELD(x) offsetof(struct spec_intel_rdt, x)
	static const struct row rows[] = {
		{ "closID", ROW_STRING, rdt_group, FIELD(clos_id), 0, 0 },
		{ "l3CacheSchema", ROW_STRING, decode_line_set, FIELD(l3_cache_schema), 0, 0 },
		{ "memBwSchema", ROW_STRING, rdt_bandwidth, FIELD(mem_bw_schema), 0, 0 },
		{ "schemata", ROW_STRINGS, rdt_schemata, FIELD(schemata), 0, 0 },
		{ "enableMonitoring", ROW_BOOL, decode_bool, FIELD(enable_monitoring), 0, 0 },
		{ "enableCMT", ROW_BOOL, NULL, 0, ROW_FOREIGN, 0 },
		{ "enableMBM", ROW_BOOL, NULL, 0, ROW_FOREIGN, 0 },
	};
#undef FIELD
	struct spec_intel_rdt *rdt = target;

	rdt->present = true;
	rdt->node = node;
	return DECODE_OBJECT(d, node, rows, rdt);
}

/* ---- memory policy ------------------------------------------------------------------- */

static int policy_mode(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t mode = 0;
	int r = decode_word(d, node, spec_memory_modes, "memory policy", &mode);

	*(uint32_t *)target = (uint32_t)mode;
	return r;
}

static int policy_flags(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t flags = 0;
	int r = decode_word_flags(d, node, spec_memory_flags, "memory policy flag", &flags);

	*(uint32_t *)target = (uint32_t)flags;
	return r;
}

static int policy_nodes(struct decode *d, const struct jnode *node, void *target)
{
	return decode_number_list(d, node, "memory nodes", target);
}

/* set_mempolicy(2): which modes take nodes, and which flags exclude each other */
static int check_policy(struct decode *d, const struct spec_memory_policy *p)
{
	const char *name = jnode_get(p->node, "mode")->text;

	if ((p->mode == MPOL_DEFAULT || p->mode == MPOL_LOCAL) && p->nodes)
		return decode_error(d, p->node, "the memory policy %s takes no nodes", name);
	if (p->mode != MPOL_DEFAULT && p->mode != MPOL_LOCAL && p->mode != MPOL_PREFERRED &&
	    !p->nodes)
		return decode_error(d, p->node, "the memory policy %s needs 'nodes'", name);
	if ((p->flags & MPOL_F_STATIC_NODES) && (p->flags & MPOL_F_RELATIVE_NODES))
		return decode_error(
			d, p->node,
			"MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
	return 0;
}

static int decode_memory_policy(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "mode", ROW_STRING, policy_mode, offsetof(struct spec_memory_policy, mode),
		  ROW_MANDATORY, 0 },
		{ "flags", ROW_STRINGS, policy_flags, offsetof(struct spec_memory_policy, flags), 0,
		  0 },
		{ "nodes", ROW_STRING, policy_nodes, offsetof(struct spec_memory_policy, nodes), 0,
		  0 },
	};
	struct spec_memory_policy *p = target;
	int r;

	p->present = true;
	p->node = node;
	r = DECODE_OBJECT(d, node, rows, p);
	return r ? r : check_policy(d, p);
}

/* ---- personality and propagation ----------------------------------------------------- */

static int personality_domain(struct decode *d, const struct jnode *node, void *target)
{
	struct spec *s = target;
	uint64_t domain = 0;
	int r = decode_word(d, node, spec_personality_domains, "execution domain", &domain);

	s->personality.domain = (uint32_t)domain;
	return r;
}

static int personality_flags(struct decode *d, const struct jnode *node, void *target)
{
	(void)target;
	if (node->count)
		return decode_unsupported(d, node,
					  "'%s' must be empty: the specification defines no flag",
					  DECODE_NAME(d, node));
	return 0;
}

static int decode_personality(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "domain", ROW_STRING, personality_domain, 0, ROW_MANDATORY, 0 },
		{ "flags", ROW_STRINGS, personality_flags, 0, 0, 0 },
	};
	struct spec *s = target;

	s->personality.present = true;
	return DECODE_OBJECT(d, node, rows, s);
}

static int decode_root_propagation(struct decode *d, const struct jnode *node, void *target)
{
	struct spec *s = target;
	uint64_t flags = 0;
	int r;

	if (!node->text_len) /* podman writes "" for "not set" */
		return 0;
	r = decode_word(d, node, spec_propagation_names, "propagation", &flags);
	s->rootfs_propagation = flags & ~(uint64_t)MS_REC;
	s->rootfs_propagation_recursive = flags & MS_REC;
	return r;
}

/* ---- linux --------------------------------------------------------------------------- */

static int check_user_namespace(struct decode *d, const struct spec *s,
				const struct spec_id_maps *maps)
{
	if (!maps->count || s->namespaces[NS_USER].present)
		return 0;
	return decode_error(d, maps->node,
			    "'%s' maps ids, but 'linux.namespaces' has no user namespace",
			    DECODE_NAME(d, maps->node));
}

int decode_linux(struct decode *d, const struct jnode *node, void *target)
{
#define FIELD(x) offsetof(struct spec, x)
	static const struct row rows[] = {
		{ "namespaces", ROW_OBJECTS, decode_namespaces, 0, 0, 0 },
		{ "uidMappings", ROW_OBJECTS, decode_id_maps, FIELD(uid_maps), 0, 0 },
		{ "gidMappings", ROW_OBJECTS, decode_id_maps, FIELD(gid_maps), 0, 0 },
		{ "timeOffsets", ROW_OBJECT, decode_time_offsets, 0, 0, 0 },
		{ "devices", ROW_OBJECTS, decode_devices, 0, 0, 0 },
		{ "netDevices", ROW_MAP, decode_net_devices, 0, 0, 0 },
		{ "cgroupsPath", ROW_STRING, decode_cgroups_path, FIELD(cgroups_path), 0,
		  FIELD(cgroups_path_node) },
		{ "resources", ROW_OBJECT, decode_resources, FIELD(resources), 0, 0 },
		{ "intelRdt", ROW_OBJECT, decode_rdt, FIELD(intel_rdt), 0, 0 },
		{ "memoryPolicy", ROW_OBJECT, decode_memory_policy, FIELD(memory_policy), 0, 0 },
		{ "sysctl", ROW_MAP, decode_map, FIELD(sysctl), 0, 0 },
		{ "seccomp", ROW_OBJECT, decode_seccomp, FIELD(seccomp), 0, 0 },
		{ "rootfsPropagation", ROW_STRING, decode_root_propagation, 0, 0, 0 },
		{ "maskedPaths", ROW_STRINGS, decode_absolute_paths, FIELD(masked_paths), 0, 0 },
		{ "readonlyPaths", ROW_STRINGS, decode_absolute_paths, FIELD(readonly_paths), 0,
		  0 },
		{ "mountLabel", ROW_STRING, decode_line_set, FIELD(mount_label), 0,
		  FIELD(mount_label_node) },
		{ "personality", ROW_OBJECT, decode_personality, 0, 0, FIELD(personality.node) },
	};
#undef FIELD
	struct spec *s = target;
	int result, r;

	result = DECODE_OBJECT(d, node, rows, s);
	if (result < 0)
		return result;
	r = check_user_namespace(d, s, &s->uid_maps);
	if (r < 0)
		return r;
	result |= r;
	r = check_user_namespace(d, s, &s->gid_maps);
	return r < 0 ? r : result | r;
}
