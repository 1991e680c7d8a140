/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watcher FILE: looks from inside a container at every process that appears in its pid namespace, as
 * often as it can, and keeps the union of the permitted capabilities of all but itself. Each time the
 * union grows it is written to FILE, with the number of looks before it, as "HEX LOOKS".
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* CapPrm of a process, 0 if it is gone. */
static uint64_t permitted(int proc, const char *pid)
{
	char path[64], text[4096], *line;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%.20s/status", pid);
	fd = openat(proc, path, O_RDONLY);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	line = strstr(text, "\nCapPrm:");
	return line ? strtoull(line + 8, NULL, 16) : 0;
}

static void tell(const char *file, uint64_t seen, unsigned long looks)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%016llx %lu\n", (unsigned long long)seen, looks);
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, (size_t)len) != len)
		exit(1);
	close(fd);
}

int main(int argc, char *argv[])
{
	uint64_t seen = 0;
	int proc = open("/proc", O_RDONLY | O_DIRECTORY);
	DIR *dir = proc < 0 ? NULL : fdopendir(proc);
	const pid_t self = getpid();

	if (argc != 2 || !dir)
		return 1;
	tell(argv[1], 0, 0);
	for (unsigned long looks = 1;; looks++) {
		struct dirent *e;

		rewinddir(dir);
		while ((e = readdir(dir))) {
			uint64_t caps;

			if (e->d_name[0] < '1' || e->d_name[0] > '9' || atoi(e->d_name) == self)
				continue;
			caps = permitted(proc, e->d_name);
			if ((caps & ~seen) == 0)
				continue;
			seen |= caps;
			tell(argv[1], seen, looks);
		}
	}
}
