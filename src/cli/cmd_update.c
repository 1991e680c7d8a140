/* SPDX-License-Identifier: Apache-2.0 */
/* update: other limits for a running container. Host half. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

#define FIELD(member) offsetof(struct update_flags, member)

static const struct option rows[] = {
	{ FIELD(resources), OPTION_STRING, 'r', "resources", "FILE|-",
	  "read a resources object (JSON) from FILE or standard input; all other flags are then ignored" },
	{ FIELD(memory), OPTION_STRING, 0, "memory", "BYTES",
	  "memory limit; suffixes k, m, g; -1 = unlimited" },
	{ FIELD(memory_reservation), OPTION_STRING, 0, "memory-reservation", "BYTES",
	  "memory that is reclaimed last; suffixes k, m, g; -1 = unlimited" },
	{ FIELD(memory_swap), OPTION_STRING, 0, "memory-swap", "BYTES",
	  "limit of memory and swap together; suffixes k, m, g; -1 = unlimited" },
	{ FIELD(pids_limit), OPTION_STRING, 0, "pids-limit", "N",
	  "number of tasks; -1 = unlimited" },
	{ FIELD(cpu_share), OPTION_STRING, 0, "cpu-share", "N",
	  "weight of the processor time, 2 to 262144" },
	{ FIELD(cpu_quota), OPTION_STRING, 0, "cpu-quota", "USEC",
	  "processor time per period; -1 = unlimited" },
	{ FIELD(cpu_period), OPTION_STRING, 0, "cpu-period", "USEC", "length of a period" },
	{ FIELD(cpu_burst), OPTION_STRING, 0, "cpu-burst", "USEC",
	  "processor time that may be saved up for later" },
	{ FIELD(cpu_idle), OPTION_STRING, 0, "cpu-idle", "0|1",
	  "run only when nothing else wants to" },
	{ FIELD(cpu_rt_period), OPTION_STRING, 0, "cpu-rt-period", "USEC",
	  "length of a real-time period" },
	{ FIELD(cpu_rt_runtime), OPTION_STRING, 0, "cpu-rt-runtime", "USEC",
	  "real-time processor time per period" },
	{ FIELD(cpuset_cpus), OPTION_STRING, 0, "cpuset-cpus", "LIST",
	  "processors to run on, such as 0-2,7" },
	{ FIELD(cpuset_mems), OPTION_STRING, 0, "cpuset-mems", "LIST",
	  "memory nodes to allocate from" },
	{ FIELD(blkio_weight), OPTION_STRING, 0, "blkio-weight", "N",
	  "weight of block i/o, 10 to 1000" },
	{ FIELD(l3_cache_schema), OPTION_STRING, 0, "l3-cache-schema", "SCHEMA",
	  "refused: set it at create" },
	{ FIELD(mem_bw_schema), OPTION_STRING, 0, "mem-bw-schema", "SCHEMA",
	  "refused: set it at create" },
	{ FIELD(kernel_memory), OPTION_STRING, 0, "kernel-memory", "BYTES",
	  "ignored: part of the memory limit" },
	{ FIELD(kernel_memory_tcp), OPTION_STRING, 0, "kernel-memory-tcp", "BYTES",
	  "ignored: part of the memory limit" },
};

static int read_resources(const char *name, char **ret_text, size_t *ret_len, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!STREQ(name, "-")) {
		fd = open(name, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return error_set(err, errno, "cannot open '%s'", name);
	}
	r = io_read_fd(fd < 0 ? STDIN_FILENO : fd, JREAD_MAX_SIZE, ret_text, ret_len);
	if (r < 0)
		return error_set(err, -r, "cannot read '%s'", fd < 0 ? "standard input" : name);
	return 0;
}

static int run(const struct invocation *inv, struct error *err)
{
	const struct update_flags *flags = inv->options;
	_cleanup_(spec_freep) struct spec *spec = NULL;
	_cleanup_free_ char *text = NULL;
	const char *name = "--resources";
	size_t len;
	int r;

	if (flags->resources) {
		r = read_resources(flags->resources, &text, &len, err);
		if (!STREQ(flags->resources, "-"))
			name = flags->resources;
	} else {
		r = update_flags_text(flags, &text, err);
		len = text ? strlen(text) : 0;
		name = "flags";
	}
	if (r >= 0)
		r = spec_parse_resources(text, len, name, &spec, err);
	if (r >= 0)
		r = container_update(&inv->context, inv->args[0], &spec->resources, err);
	return r;
}

const struct command command_update = {
	.name = "update",
	.args = "ID",
	.summary = "change the limits of a container",
	.min_args = 1,
	.max_args = 1,
	COMMAND_OPTIONS(struct update_flags, rows),
	.run = run,
};
