/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as a plan: what plan_validate lets pass, plan_print must be able to read to the end. The
 * input is copied to a block of its exact size, so that the sanitizer sees one byte too many.
 */
#include <stdlib.h>
#include <string.h>

#include "knarr/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan_header *h = malloc(size ? size : 1);
	int op;

	if (!h)
		return 0;
	if (size > 0)
		memcpy(h, data, size);
	/* The size is in the header twice, so to speak; help the fuzzer over it. */
	if (size >= sizeof(*h))
		h->size = (uint32_t)size;
	if (plan_validate(h, size, &op) == 0) {
		struct buf out = { 0 };

		plan_print(h, &out);
		buf_done(&out);
	}
	free(h);
	return 0;
}
