/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4): names and guards the entries of the filter cache. */
#ifndef KNARR_SECCOMP_SHA256_H
#define KNARR_SECCOMP_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	uint32_t h[8];
	uint64_t length; /* bytes so far */
	uint8_t block[64];
};
void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_finish(struct sha256 *s, uint8_t digest[SHA256_SIZE]);

#endif
