/* SPDX-License-Identifier: Apache-2.0 */
/* The program that benchmark containers run: ends at once; with an argument it stays, to be exec'd beside. */
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argv;
	while (argc > 1)
		pause();
	return 0;
}
