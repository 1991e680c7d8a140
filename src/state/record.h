/* SPDX-License-Identifier: Apache-2.0 */
/* Names inside a container's state directory that more than one file of this folder needs. */
#ifndef KNARR_STATE_RECORD_H
#define KNARR_STATE_RECORD_H

#define STATE_FILE_RECORD "state.json"
#define STATE_FILE_GATE "gate"
#define STATE_RECORD_MAX (16u << 20)

#endif
