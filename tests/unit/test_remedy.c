/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

static void assert_remedy(int r, uint64_t namespaces, const char *word)
{
	struct error err;
	char text[1024];

	(void)error_set(&err, -r, "refused");
	remedy_namespaces(r, namespaces, &err);
	(void)error_format(&err, text, sizeof(text));
	assert_non_null(strstr(text, word));
}

static void namespaces(void **state)
{
	(void)state;
	assert_remedy(-EPERM, CLONE_NEWUSER | CLONE_NEWNS, "unprivileged_userns_clone");
	assert_remedy(-EPERM, CLONE_NEWNS, "CAP_SYS_ADMIN");
	assert_remedy(-ENOSPC, CLONE_NEWUSER, "max_user_namespaces");
	assert_remedy(-ENOSPC, CLONE_NEWNET, "max_*_namespaces");
	assert_remedy(-EAGAIN, 0, "pids.max");
}

/* What is of no such kind keeps the kernel's word alone. */
static void others(void **state)
{
	struct error err;
	char text[1024], before[1024];

	(void)state;
	(void)error_set(&err, EIO, "refused");
	(void)error_format(&err, before, sizeof(before));
	remedy_namespaces(-EIO, CLONE_NEWUSER, &err);
	remedy_idmap(-EIO, &err);
	assert_string_equal(error_format(&err, text, sizeof(text)), before);
}

static void id_maps(void **state)
{
	struct error err;
	char text[1024];

	(void)state;
	(void)error_set(&err, EINVAL, "refused");
	remedy_idmap(-EINVAL, &err);
	assert_non_null(strstr(error_format(&err, text, sizeof(text)), "does not support"));
	(void)error_set(&err, EPERM, "refused");
	remedy_idmap(-EPERM, &err);
	assert_non_null(strstr(error_format(&err, text, sizeof(text)), "CAP_SYS_ADMIN"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(namespaces),
		cmocka_unit_test(others),
		cmocka_unit_test(id_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
