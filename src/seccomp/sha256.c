/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by the text of FIPS 180-4: a few KiB are hashed per container, so it is written to be read.
 */
#include <string.h>

#include "sha256.h"

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* a stands in v[at], b behind it, and so on round the array. */
static inline __attribute__((always_inline)) void one_round(uint32_t v[8], unsigned at, unsigned t,
							    const uint32_t w[64])
{
#define V(n) v[(at + (n)) % 8]
	uint32_t e1 = rotate(V(4), 6) ^ rotate(V(4), 11) ^ rotate(V(4), 25);
	uint32_t choice = (V(4) & V(5)) ^ (~V(4) & V(6));
	uint32_t t1 = V(7) + e1 + choice + round_constants[t] + w[t];
	uint32_t e0 = rotate(V(0), 2) ^ rotate(V(0), 13) ^ rotate(V(0), 22);
	uint32_t majority = (V(0) & V(1)) ^ (V(0) & V(2)) ^ (V(1) & V(2));

	V(3) += t1;
	V(7) = t1 + e0 + majority;
#undef V
}

static void transform(struct sha256 *s, const uint8_t *block)
{
	uint32_t w[64], v[8];

	for (unsigned t = 0; t < 16; t++)
		w[t] = load_be32(block + 4 * t);
	for (unsigned t = 16; t < 64; t++) {
		uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
		uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;

		w[t] = w[t - 16] + s0 + w[t - 7] + s1;
	}
	memcpy(v, s->h, sizeof(v));
	/* Instead of a to h moving on by one each round, their places do: eight rounds, and all are home again. */
	for (unsigned t = 0; t < 64; t += 8) {
		one_round(v, 0, t + 0, w);
		one_round(v, 7, t + 1, w);
		one_round(v, 6, t + 2, w);
		one_round(v, 5, t + 3, w);
		one_round(v, 4, t + 4, w);
		one_round(v, 3, t + 5, w);
		one_round(v, 2, t + 6, w);
		one_round(v, 1, t + 7, w);
	}
	for (unsigned i = 0; i < 8; i++)
		s->h[i] += v[i];
}

void sha256_init(struct sha256 *s)
{
	static const uint32_t initial[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memcpy(s->h, initial, sizeof(s->h));
	s->length = 0;
}

void sha256_add(struct sha256 *s, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t used = s->length % 64;

	s->length += len;
	while (len) {
		size_t n = 64 - used < len ? 64 - used : len;

		memcpy(s->block + used, p, n);
		p += n;
		len -= n;
		used += n;
		if (used == 64) {
			transform(s, s->block);
			used = 0;
		}
	}
}

void sha256_finish(struct sha256 *s, uint8_t digest[SHA256_SIZE])
{
	static const uint8_t padding[64] = { 0x80 };
	uint64_t bits = s->length * 8;
	size_t used = s->length % 64;
	uint8_t length[8];

	sha256_add(s, padding, used < 56 ? 56 - used : 120 - used);
	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(s, length, sizeof(length));
	for (unsigned i = 0; i < SHA256_SIZE; i++)
		digest[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}
