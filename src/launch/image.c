/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image: the container half as a descriptor that can be executed and never written (R7). Host half.
 *
 * /proc/PID/exe of everything that enters a container leads to this file, so it is sealed, small, and not ours on disk.
 */
#include <sys/mman.h>

#include "launch/launch_private.h"

int launch_image_open(struct error *err)
{
	size_t len = (size_t)(init_image_end - init_image);
	int r = sealed_program("knarr-init", init_image, len);

	/* The image begins on a page: what was read of it need not count as our memory any longer. */
	(void)madvise((void *)(uintptr_t)init_image, len & ~(size_t)4095, MADV_DONTNEED);
	if (r < 0) {
		error_set(err, -r, "cannot prepare the container half");
		error_add_syscall(err, "memfd_create");
	}
	return r;
}

int launch_plan_memfd(const struct plan_header *header, struct error *err)
{
	int r = sealed_data("knarr-plan", header, header->size);

	if (r < 0) {
		error_set(err, -r, "cannot pass the plan on");
		error_add_syscall(err, "memfd_create");
	}
	return r;
}
