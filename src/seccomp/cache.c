/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled filters on disk: ROOT/.cache/KEY and a container's own copy. Host half.
 *
 * An entry is loaded into the kernel as it is, so it is believed only if it is a regular file of ours that
 * nobody else may write, of the size its header says, with the hash its header says, under the key that is
 * asked for. Anything else is a miss, never an error: the profile is compiled again and the entry replaced.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"

#define CACHE_MAGIC "knarrbpf"
#define CACHE_VERSION 1u

struct cache_header {
	char magic[8];
	uint32_t version, count, flags, listener;
	char library[16];
	uint8_t key[SHA256_SIZE];
	uint8_t hash[SHA256_SIZE]; /* over this header with a zero hash, then the instructions */
};

static void hash_entry(const struct cache_header *h, const void *insns, size_t len,
		       uint8_t hash[SHA256_SIZE])
{
	struct cache_header plain = *h;
	struct sha256 s;

	memset(plain.hash, 0, sizeof(plain.hash));
	sha256_init(&s);
	sha256_add(&s, &plain, sizeof(plain));
	sha256_add(&s, insns, len);
	sha256_finish(&s, hash);
}

static int verify_header(const struct cache_header *h, size_t file_size, const uint8_t *key)
{
	if (memcmp(h->magic, CACHE_MAGIC, sizeof(h->magic)) != 0 || h->version != CACHE_VERSION)
		return -EINVAL;
	if (h->count == 0 || h->count > BPF_MAXINSNS ||
	    file_size != sizeof(*h) + (size_t)h->count * sizeof(struct sock_filter))
		return -EINVAL;
	return key && memcmp(h->key, key, SHA256_SIZE) != 0 ? -EINVAL : 0;
}

int filter_file_read(int dirfd, const char *name, const uint8_t *key, struct filter *ret)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_free_ struct sock_filter *insns = NULL;
	uint8_t hash[SHA256_SIZE];
	struct cache_header h;
	struct stat st;
	size_t len;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0077) ||
	    st.st_nlink != 1)
		return -EPERM;
	if (st.st_size < (off_t)sizeof(h))
		return -EINVAL;
	r = io_read_all(fd, &h, sizeof(h));
	if (r == 0)
		r = verify_header(&h, (size_t)st.st_size, key);
	if (r < 0)
		return r;
	len = h.count * sizeof(*insns);
	insns = mem_alloc(len);
	r = io_read_all(fd, insns, len);
	if (r < 0)
		return r;
	hash_entry(&h, insns, len, hash);
	if (memcmp(hash, h.hash, sizeof(hash)) != 0)
		return -EINVAL;
	*ret = (struct filter){
		.insns = TAKE_PTR(insns), .count = h.count, .flags = h.flags, .listener = h.listener
	};
	return 0;
}

int filter_file_write(int dirfd, const char *name, const uint8_t *key, const char *library,
		      const struct filter *f)
{
	struct cache_header h = { .version = CACHE_VERSION,
				  .count = f->count,
				  .flags = f->flags,
				  .listener = f->listener };
	size_t len = f->count * sizeof(struct sock_filter);
	struct buf b = { 0 };
	int r;

	memcpy(h.magic, CACHE_MAGIC, sizeof(h.magic));
	if (key)
		memcpy(h.key, key, sizeof(h.key));
	if (library)
		text_copy(h.library, sizeof(h.library), library);
	hash_entry(&h, f->insns, len, h.hash);
	buf_add(&b, &h, sizeof(h));
	buf_add(&b, f->insns, len);
	r = io_replace_file_at(dirfd, name, 0600, b.data, b.len);
	buf_done(&b);
	return r;
}

/* Counts the files of a directory and finds the one that was written first. */
static size_t find_oldest(int dirfd, char oldest[256])
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct timespec first = { 0 };
	struct dirent *e;
	size_t count = 0;
	struct stat st;
	DIR *dir;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		fd_close(fd);
		return 0;
	}
	while ((e = readdir(dir))) {
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
			continue;
		if (!count || st.st_mtim.tv_sec < first.tv_sec ||
		    (st.st_mtim.tv_sec == first.tv_sec && st.st_mtim.tv_nsec < first.tv_nsec)) {
			first = st.st_mtim;
			text_copy(oldest, 256, e->d_name);
		}
		count++;
	}
	closedir(dir);
	return count;
}

void filter_cache_trim(int dirfd)
{
	char oldest[256];

	/* One too many is the normal case; more are left by racing writers. */
	for (unsigned i = 0; i < 8 && find_oldest(dirfd, oldest) >= FILTER_CACHE_ENTRIES; i++) {
		if (unlinkat(dirfd, oldest, 0) < 0)
			return;
	}
}
