/* SPDX-License-Identifier: Apache-2.0 */
/* The loader as bytes of the host half, declared in knarr/library.h; src/init/image.S says why it is done like this. */
	.section .rodata.loader_image, "a"
	.globl loader_image
	.hidden loader_image
	.type loader_image, %object
loader_image:
	.incbin "src/loader/knarr-loader"
	.globl loader_image_end
	.hidden loader_image_end
	.type loader_image_end, %object
loader_image_end:
	.byte 0
	.size loader_image, loader_image_end - loader_image

	.section .note.GNU-stack, "", %progbits
