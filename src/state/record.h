/* SPDX-License-Identifier: Apache-2.0 */
/* Names inside a container's state directory that more than one file of this folder needs. */
#ifndef KNARR_STATE_RECORD_H
#define KNARR_STATE_RECORD_H

#define STATE_FILE_RECORD "state.json"
#define STATE_FILE_GATE "gate"
#define STATE_RECORD_MAX (16u << 20)

struct state_dir;
struct error;
/* dir.c: the sentence for a file that could not be written; returns r. */
int state_file_written(const struct state_dir *d, const char *name, int r, struct error *err);

#endif
