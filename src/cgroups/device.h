/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CGROUPS_DEVICE_H
#define KNARR_CGROUPS_DEVICE_H

#include <linux/bpf.h>

#include "knarr/base.h"
#include "knarr/spec.h"

#define DEVICE_ACCESS_ALL 7u

/* One rule, in the order of evaluation: the first that covers an access decides about it. */
struct device_rule {
	bool allow;
	uint32_t type;        /* BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_DEV_CHAR, 0 = both */
	int64_t major, minor; /* -1 = any */
	uint32_t access;      /* BPF_DEVCG_ACC_* */
};
struct device_rules {
	struct device_rule *items;
	size_t count;
	bool complete; /* they decide about every access to every device */
};
void device_rules_done(struct device_rules *r);

/*
 * linux.resources.devices and what is implied as one list. What no rule covers is denied. linux.devices grants nothing.
 * The list is cut behind the first rule that decides about everything.
 */
int device_rules_build(const struct spec_resources *res, struct device_rules *ret,
		       struct error *err);
/* Does it allow every access to every device? Then no program is needed. */
bool device_rules_allow_all(const struct device_rules *r);
/* malloc'd. */
void device_program_build(const struct device_rules *r, struct bpf_insn **ret_insns,
			  unsigned *ret_count);

#endif
