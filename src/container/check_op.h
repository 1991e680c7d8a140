/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_CONTAINER_CHECK_OP_H
#define KNARR_CONTAINER_CHECK_OP_H

#include "knarr/plan.h"

/* 0, or what the kernel of this host would refuse of the operation; it is not done. */
int check_op(const struct plan_header *p, const struct plan_op *op, struct error *err);

#endif
