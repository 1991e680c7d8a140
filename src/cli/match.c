/* SPDX-License-Identifier: Apache-2.0 */
/* match: one verb for many containers, chosen by a regular expression over their ids. Host half. */
#include <errno.h>
#include <regex.h>

#include "cli/command.h"

int match_containers(const struct container_context *ctx, const char *expression,
		     int (*act)(const struct container_context *ctx, const char *id,
				const void *arg, struct error *err),
		     const void *arg, struct error *err)
{
	_cleanup_(container_list_done) struct container_list list = { 0 };
	_cleanup_(regfree) regex_t re;
	int r, result = 0;

	r = regcomp(&re, expression, REG_EXTENDED | REG_NOSUB);
	if (r != 0) {
		char why[128];

		(void)regerror(r, &re, why, sizeof(why));
		error_fail(err, ERROR_USAGE, 0, "invalid regular expression '%s': %s", expression,
			   why);
		re = (regex_t){ 0 };
		return -EINVAL;
	}
	r = container_list(ctx, &list, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < list.count; i++) {
		const char *id = list.items[i].state.id;
		struct error own = { 0 };
		char text[1024];

		if (!id || regexec(&re, id, 0, NULL, 0) != 0)
			continue;
		r = act(ctx, id, arg, &own);
		if (r >= 0)
			continue;
		if (result == 0) {
			result = r;
			if (err) {
				*err = own;
				error_prefix(err, "container '%s'", id);
			}
		} else {
			log_warning("container '%s': %s", id,
				    error_format(&own, text, sizeof(text)));
		}
	}
	return result;
}
