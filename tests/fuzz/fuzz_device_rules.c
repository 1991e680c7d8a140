/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_device_rules: the program that decides on devices. The bytes make rules and then accesses; the verdict of the
 * program equals what the rules mean, for every access.
 */
#include <stdio.h>
#include <stdlib.h>

#define fail_msg(...)                         \
	do {                                  \
		fprintf(stderr, __VA_ARGS__); \
		abort();                      \
	} while (0)
#define assert_int_equal(a, b) ((a) == (b) ? (void)0 : abort())
#define assert_in_range(v, low, high) \
	((int64_t)(v) >= (int64_t)(low) && (int64_t)(v) <= (int64_t)(high) ? (void)0 : abort())

#include "../unit/device_model.h"

#define RULES_MAX 15

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

/* 0 after the last byte. */
static uint8_t next_byte(struct input *in)
{
	if (!in->size)
		return 0;
	in->size--;
	return *in->data++;
}

/* Most bytes are the number itself. */
static uint32_t next_number(struct input *in)
{
	uint8_t b = next_byte(in);

	return b == 255 ? UINT32_MAX : b == 254 ? 1u << 31 : b;
}

/* As next_number, and -1 for every number. */
static int64_t next_pattern(struct input *in, bool any)
{
	uint32_t n = next_number(in);

	return any ? -1 : (int64_t)n;
}

/* Bits 0-2: access, 3: allow, 4: any major, 5: any minor, 6-7: type. */
static struct spec_device_rule next_rule(struct input *in)
{
	uint8_t b = next_byte(in);
	struct spec_device_rule r = {
		.allow = b & 8,
		.type = "abcc"[b >> 6],
		.access = b & 7,
	};

	r.major = next_pattern(in, b & 16);
	r.minor = next_pattern(in, b & 32);
	return r;
}

static struct access next_access(struct input *in)
{
	uint8_t b = next_byte(in);
	struct access a = { .type = b & 8 ? 'b' : 'c', .access = 1 + (b & 7) % 7 };

	a.major = next_number(in);
	a.minor = next_number(in);
	return a;
}

static void compare(const struct spec_resources *res, struct input *in)
{
	struct error err = { 0 };
	unsigned count = 0;
	void *insns = NULL;

	if (cgroup_device_program(res, &insns, &count, &err) < 0)
		fail_msg("%s\n", err.text);
	do {
		struct access a = next_access(in);
		uint64_t verdict = run(insns, count, &a);

		if (verdict != oracle(res, &a))
			fail_msg("%c %u:%u access %u: program says %llu\n", a.type, a.major,
				 a.minor, a.access, (unsigned long long)verdict);
	} while (in->size);
	free(insns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct spec_device_rule rules[RULES_MAX];
	struct spec_resources res = { .devices = rules };

	res.device_count = next_byte(&in) % (RULES_MAX + 1);
	for (size_t i = 0; i < res.device_count; i++)
		rules[i] = next_rule(&in);
	compare(&res, &in);
	return 0;
}
