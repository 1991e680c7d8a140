/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container half as bytes of the host half. It is never run from here: launch writes it into a sealed memfd.
 * Page-aligned, so that a write of it reads whole pages; declared in
 * knarr/launch.h. This file is not part of the container half itself.
 */
/* make runs in the top build directory, and so does the assembler. */
__asm__(".pushsection .rodata.init_image, \"a\"\n"
	".balign 4096\n"
	".globl init_image\n"
	".hidden init_image\n"
	".type init_image, %object\n"
	"init_image:\n"
	".incbin \"src/init/knarr-init\"\n"
	".globl init_image_end\n"
	".hidden init_image_end\n"
	".type init_image_end, %object\n"
	"init_image_end:\n"
	".byte 0\n"
	".size init_image, init_image_end - init_image\n"
	".popsection\n");
