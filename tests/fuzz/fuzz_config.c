/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_config: any text as config.json, read to the first error and read for every finding. Both ways have to agree,
 * and every finding has to have a sentence without line breaks in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "knarr/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_findings(const struct spec_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct error *err = &findings->items[i].error;
		char message[2048];

		if (!err->text[0] || !err->line || !err->column)
			abort();
		error_format(err, message, sizeof(message));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct spec_findings findings = { .count = 0 };
	_cleanup_(spec_freep) struct spec *strict = NULL, *checked = NULL, *part = NULL;
	struct error err = { .text = "" };
	int a, b;

	a = spec_parse(text, size, "config.json", &strict, NULL, &err);
	b = spec_parse(text, size, "config.json", &checked, &findings, &err);
	if ((a < 0) != (b < 0) || (a < 0) != !strict || (b < 0) != !checked)
		abort();
	check_findings(&findings);
	spec_findings_done(&findings);
	if (spec_parse_process(text, size, "process.json", &part, &err) == 0)
		part = spec_free(part);
	if (spec_parse_resources(text, size, "resources.json", &part, &err) == 0)
		part = spec_free(part);
	if (spec_parse_mounts(text, size, "mounts.json", &part, &err) == 0)
		part = spec_free(part);
	return 0;
}
