/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

static struct mount_identity identity_of(const char *path)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct mount_identity m;

	assert_true(fd >= 0);
	assert_int_equal(mount_identity_of(fd, &m), 0);
	return m;
}

static void a_mount_is_itself_and_no_other(void **state)
{
	struct mount_identity root = identity_of("/"), again = identity_of("/"),
			      proc = identity_of("/proc");

	(void)state;
	assert_true(root.id != 0 && root.mount_namespace != 0);
	assert_true(mount_identity_equal(&root, &again));
	assert_false(mount_identity_equal(&root, &proc));
	/* The same id, given to another mount meanwhile. */
	again.inode++;
	assert_false(mount_identity_equal(&root, &again));
	again = root;
	again.unique_id++;
	assert_false(mount_identity_equal(&root, &again));
}

/* With the kernel's word on one mount, and without. */
static void what_is_here_is_found(void **state)
{
	struct mount_identity proc = identity_of("/proc");

	(void)state;
	assert_int_equal(mount_identity_is_here(&proc), 1);
	proc.unique_id = 0;
	assert_int_equal(mount_identity_is_here(&proc), 1);
	proc.id = INT32_MAX;
	assert_int_equal(mount_identity_is_here(&proc), 0);
	proc.unique_id = UINT64_MAX;
	assert_int_equal(mount_identity_is_here(&proc), 0);
}

static void what_is_mounted_on_it_is_carried(void **state)
{
	struct mount_identity root = identity_of("/"), proc = identity_of("/proc");

	(void)state;
	assert_int_equal(mount_identity_carries(&proc, proc.id), 1);
	assert_int_equal(mount_identity_carries(&root, proc.id), 1);
	assert_int_equal(mount_identity_carries(&proc, root.id), 0);
	assert_int_equal(mount_identity_carries(&root, INT32_MAX), 0);
	/* One that has gone carries nothing, whatever has its id now. */
	if (root.unique_id != 0) {
		root.unique_id = UINT64_MAX;
		assert_int_equal(mount_identity_carries(&root, proc.id), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mount_is_itself_and_no_other),
		cmocka_unit_test(what_is_here_is_found),
		cmocka_unit_test(what_is_mounted_on_it_is_carried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
