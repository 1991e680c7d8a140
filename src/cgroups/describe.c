/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is in a cgroup, for a message: what keeps it from being removed, or from being used for another container.
 * Host half.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/driver.h"
#include "knarr/kernel.h"

#define NAMED_MAX 5

/* "PID 'COMM' (state D, in FUNCTION)": who refuses to go, and what it waits for. */
static void describe_process(int procfd, pid_t pid, char *buf, size_t size)
{
	char name[40], text[512], comm[32] = "?", wait[64] = "";
	const char *end;
	char state = '?';

	snprintf(name, sizeof(name), "%d/stat", (int)pid);
	if (procfs_read(procfd, name, text, sizeof(text)) > 0) {
		const char *begin = strchr(text, '(');

		end = strrchr(text, ')'); /* a name may hold any byte, ')' as well */
		if (begin && end && begin < end && end[1] == ' ') {
			snprintf(comm, sizeof(comm), "%.*s", (int)(end - begin - 1), begin + 1);
			state = end[2];
		}
	}
	/* The top of the kernel stack says most, wchan is for those who may not read it. */
	snprintf(name, sizeof(name), "%d/stack", (int)pid);
	if (procfs_read(procfd, name, text, sizeof(text)) > 0 && strncmp(text, "[<", 2) == 0 &&
	    strchr(text, ' '))
		snprintf(wait, sizeof(wait), ", in %.*s",
			 (int)strcspn(strchr(text, ' ') + 1, "+\n"), strchr(text, ' ') + 1);
	snprintf(name, sizeof(name), "%d/wchan", (int)pid);
	if (!wait[0] && procfs_read(procfd, name, text, sizeof(text)) > 0 && !STREQ(text, "0"))
		snprintf(wait, sizeof(wait), ", in %.50s", text);
	for (char *p = comm; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	snprintf(buf, size, "%d '%s' (state %c%s)", (int)pid, comm, state, wait);
}

void describe_processes(int dirfd, char *buf, size_t size)
{
	_cleanup_close_ int procfd = procfs_open();
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0, used = 0;

	buf[0] = '\0';
	if (pids_below(dirfd, &pids, &count) < 0 || procfd < 0)
		return;
	for (size_t i = 0; i < count && i < NAMED_MAX && used + 1 < size; i++) {
		char one[160];

		describe_process(procfd, pids[i], one, sizeof(one));
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : ": ", one);
	}
	if (count > NAMED_MAX && used + 1 < size)
		snprintf(buf + used, size - used, " and %zu more", count - NAMED_MAX);
}
