/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version: the text of --version. Callers take the first line apart and search the others for prefixes; the last
 * line that contains the word "version" wins in one of them, so there is exactly one.
 */
#include <seccomp.h> /* the numbers of the headers it was built with; nothing is called */

#include "cli/command.h"
#include "commit.h"

void version_print(struct buf *out)
{
	buf_printf(out, "knarr version %s\n", KNARR_VERSION);
	buf_printf(out, "commit: %s\n", KNARR_COMMIT);
	buf_add_str(out, "spec: 1.3.0\n");
	buf_printf(out, "libseccomp: %d.%d.%d\n", SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO);
}
