/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container half as bytes of the host half, declared in knarr/launch.h. It is never run from here: launch writes
 * it into a sealed memfd; page-aligned, so that this reads whole pages. Assembler, because the link-time optimizer
 * loses symbols that C hides in an asm statement. make runs in the top build directory, and so does .incbin.
 */
	.section .rodata.init_image, "a"
	.balign 4096
	.globl init_image
	.hidden init_image
	.type init_image, %object
init_image:
	.incbin "src/init/knarr-init"
	.globl init_image_end
	.hidden init_image_end
	.type init_image_end, %object
init_image_end:
	.byte 0
	.size init_image, init_image_end - init_image

	.section .note.GNU-stack, "", %progbits
