/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits in force, read back from the kernel's files, for those who look at a container. Host half.
 *
 * The files are asked and not the config: `update`, a service manager and an administrator change them, too.
 */
#include <string.h>

#include "cgroups/driver.h"
#include "cgroups/tree.h"

/* A file, and what it holds where nobody has set anything. */
static const struct {
	const char *file, *unset;
} shown[] = {
	{ "memory.max", "max" },  { "memory.high", "max" },     { "memory.low", "0" },
	{ "memory.min", "0" },    { "memory.swap.max", "max" }, { "cpu.max", "max 100000" },
	{ "cpu.max.burst", "0" }, { "cpu.weight", "100" },      { "cpu.idle", "0" },
	{ "cpuset.cpus", "" },    { "cpuset.mems", "" },        { "pids.max", "max" },
	{ "io.max", "" },         { "rdma.max", "" },
};

char *cgroup_limits_json(const struct cgroup *cg)
{
	struct jwrite *o = NULL;

	for (size_t i = 0; cgroup_dir(cg) >= 0 && i < ARRAY_SIZE(shown); i++) {
		_cleanup_free_ char *text = NULL;
		size_t len;

		if (tree_read_all(cgroup_dir(cg), shown[i].file, &text) < 0)
			continue;
		len = strlen(text);
		if (len && text[len - 1] == '\n')
			text[len - 1] = '\0';
		if (STREQ(text, shown[i].unset))
			continue;
		o = o ? o : jwrite_object();
		jwrite_string(o, shown[i].file, text);
	}
	return o ? jwrite_text(o, 0) : NULL;
}
