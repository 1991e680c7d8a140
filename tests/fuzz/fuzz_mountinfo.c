/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_mountinfo: what the kernel says about mounts and cgroups, with names that others chose in it. The best mount
 * comes first, and a path of ours begins with a slash.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_usual(const struct host_mount *m)
{
	return STREQ(m->point, "/sys/fs/cgroup");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = mem_strndup((const char *)data, size);
	struct host_mount mounts[4];
	char path[256];
	size_t count = host_parse_mounts(text, mounts, ARRAY_SIZE(mounts));

	if (count > ARRAY_SIZE(mounts))
		abort();
	for (size_t i = 1; i < count; i++)
		if (is_usual(&mounts[i]) && !is_usual(&mounts[i - 1]))
			abort();
	for (size_t i = 0; i < count; i++)
		if (host_parse_own(text, mounts[i].root, path, sizeof(path)) >= 0 && path[0] != '/')
			abort();
	if (host_parse_own(text, "/", path, sizeof(path)) >= 0 && path[0] != '/')
		abort();
	return 0;
}
