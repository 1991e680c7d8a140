/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_id: a container id that is taken must be safe as a file name, in a path and in a message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "knarr/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *id = mem_strndup((const char *)data, size);
	struct error err = { .text = "" };

	if (spec_check_id(id, &err) < 0) {
		if (!err.text[0] || strpbrk(err.text, "\n\r\033"))
			abort();
		return 0;
	}
	if (!id[0] || id[0] == '.' || id[0] == '-' || strlen(id) > 1024 || strpbrk(id, "/\n\\ :@%"))
		abort();
	for (const char *s = id; *s; s++)
		if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f)
			abort();
	return 0;
}
