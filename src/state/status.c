/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container is doing, by asking the kernel; the record only says whom to ask about. Host half.
 *
 * A pid alone proves nothing: it is reused, and after a reboot all of them are. Boot id and start time
 * tell. "paused" is a property of the cgroup, which this folder does not know: see state_status().
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "knarr/kernel.h"
#include "knarr/state.h"
#include "record.h"

const char *state_status_name(enum state_status s)
{
	static const char *const names[] = {
		[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created",
		[STATUS_RUNNING] = "running",   [STATUS_PAUSED] = "paused",
		[STATUS_STOPPED] = "stopped",
	};

	return (size_t)s < ARRAY_SIZE(names) ? names[s] : "unknown";
}

bool state_is_of_this_boot(const struct state *s)
{
	char boot_id[37];

	/* Nothing to compare, as where one of the two could not be read: the start time and the inodes have to do. */
	if (!s->boot_id || !s->boot_id[0] || boot_id_read(boot_id) < 0)
		return true;
	return STREQ(boot_id, s->boot_id);
}

static bool has_gate(const struct state_dir *d)
{
	struct stat st;

	return fstatat(d->fd, STATE_FILE_GATE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISSOCK(st.st_mode);
}

enum state_status state_status(const struct state_dir *d, const struct state *s)
{
	if (!state_is_of_this_boot(s))
		return STATUS_STOPPED;
	if (s->pid <= 0)
		return s->creating ? STATUS_CREATING : STATUS_STOPPED;
	/* A zombie has no program left: it is stopped, whoever forgets to wait for it. */
	if (pidref_state(s->pid, s->start_time) != PIDREF_ALIVE)
		return STATUS_STOPPED;
	if (s->creating)
		return STATUS_CREATING;
	return has_gate(d) ? STATUS_CREATED : STATUS_RUNNING;
}
