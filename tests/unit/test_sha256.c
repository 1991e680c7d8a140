/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of FIPS 180-4 and its companion documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "seccomp/sha256.h"

static void expect_digest(struct sha256 *s, const char *hex)
{
	uint8_t digest[SHA256_SIZE];
	char text[2 * SHA256_SIZE + 1];

	sha256_finish(s, digest);
	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(text, hex);
}

static void expect_text(const char *in, const char *hex)
{
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, in, strlen(in));
	expect_digest(&s, hex);
}

static void known_vectors(void **state)
{
	(void)state;
	expect_text("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect_text("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void million_bytes_in_odd_pieces(void **state)
{
	char piece[97];
	struct sha256 s;
	size_t left = 1000000;

	(void)state;
	memset(piece, 'a', sizeof(piece));
	sha256_init(&s);
	while (left) {
		size_t n = left < sizeof(piece) ? left : sizeof(piece);

		sha256_add(&s, piece, n);
		left -= n;
	}
	expect_digest(&s, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* The padding moves to a second block between 55 and 56 bytes: pieces must not matter there. */
static void splits_do_not_matter(void **state)
{
	uint8_t data[130], whole[SHA256_SIZE], split[SHA256_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t len = 0; len <= sizeof(data); len++) {
		struct sha256 s;

		sha256_init(&s);
		sha256_add(&s, data, len);
		sha256_finish(&s, whole);
		sha256_init(&s);
		sha256_add(&s, data, len / 3);
		sha256_add(&s, data + len / 3, len - len / 3);
		sha256_finish(&s, split);
		assert_memory_equal(whole, split, SHA256_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_vectors),
		cmocka_unit_test(million_bytes_in_odd_pieces),
		cmocka_unit_test(splits_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
