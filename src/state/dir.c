/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of one container, ROOT/ID, and its lock. Host half.
 *
 * mkdir(2) decides between two creates of one id. The lock is a flock on the directory itself: it dies
 * with its holder and needs no file that somebody could forget to remove. A waiter may get the lock of a
 * directory that was removed while it waited; a link count of 0 tells.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knarr/fault.h"
#include "knarr/state.h"
#include "record.h"

static int lock_directory(int fd, const char *id)
{
	int r = flock(fd, LOCK_EX | LOCK_NB);

	if (r < 0 && errno == EWOULDBLOCK) {
		log_debug("container '%s' is locked by another command, waiting", id);
		do {
			r = flock(fd, LOCK_EX);
		} while (r < 0 && errno == EINTR);
	}
	return r < 0 ? -errno : 0;
}

/* 0, or -ENOENT if the directory was removed since it was opened. */
static int verify_directory(const struct state_root *root, const char *id, int fd,
			    struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "cannot examine '%s/%s'", root->path, id);
	if (st.st_nlink == 0)
		return -ENOENT;
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return error_fail(
			err, ERROR_PERMISSION, EPERM,
			"the state directory '%s/%s' is not ours alone (owner %u, mode %04o)",
			root->path, id, st.st_uid, (unsigned)(st.st_mode & 07777));
	return 0;
}

static int missing_container(const char *id, struct error *err)
{
	int r = error_fail(err, ERROR_NOT_FOUND, ENOENT, "container does not exist: '%s'", id);

	error_add_subject(err, id);
	/* The sentence is complete, and callers would take strerror(ENOENT) for a missing program. */
	if (err)
		err->code = 0;
	return r;
}

static void fill(struct state_dir *ret, const struct state_root *root, const char *id, int fd)
{
	ret->fd = fd;
	ret->root = root;
	text_copy(ret->id, sizeof(ret->id), id);
}

int state_dir_make(const struct state_root *root, const char *id, struct state_dir *ret,
		   struct error *err)
{
	int r = spec_check_id(id, err);

	if (r < 0)
		return r;
	for (unsigned tries = 0; tries < 100; tries++) {
		_cleanup_close_ int fd = -EBADF;

		if (mkdirat(root->fd, id, 0700) < 0) {
			if (errno != EEXIST)
				return error_set(err, errno,
						 "cannot make the state directory '%s/%s'",
						 root->path, id);
			r = error_fail(err, ERROR_CONFLICT, EEXIST,
				       "container with given ID already exists: '%s'", id);
			error_add_subject(err, id);
			if (err)
				err->code = 0;
			return r;
		}
		fd = openat(root->fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue; /* removed by a delete --force that came between */
		if (fd < 0)
			return error_set(err, errno, "cannot open the state directory '%s/%s'",
					 root->path, id);
		r = lock_directory(fd, id);
		if (r < 0)
			return error_set(err, -r, "cannot lock the state directory '%s/%s'",
					 root->path, id);
		r = verify_directory(root, id, fd, err);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		fill(ret, root, id, TAKE_FD(fd));
		return 0;
	}
	return error_fail(err, ERROR_CONFLICT, EBUSY,
			  "container '%s' is made and deleted again and again", id);
}

int state_dir_open(const struct state_root *root, const char *id, bool lock, struct state_dir *ret,
		   struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r = spec_check_id(id, err);

	if (r < 0)
		return r;
	if (root->fd < 0)
		return missing_container(id, err);
	fd = openat(root->fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		if (errno == ENOENT)
			return missing_container(id, err);
		return error_set(err, errno, "cannot open the state directory '%s/%s'", root->path,
				 id);
	}
	if (lock) {
		r = lock_directory(fd, id);
		if (r < 0)
			return error_set(err, -r, "cannot lock the state directory '%s/%s'",
					 root->path, id);
	}
	r = verify_directory(root, id, fd, err);
	if (r == -ENOENT)
		return missing_container(id, err);
	if (r < 0)
		return r;
	fill(ret, root, id, TAKE_FD(fd));
	return 0;
}

void state_dir_unlock(const struct state_dir *d)
{
	(void)flock(d->fd, LOCK_UN);
}

bool state_dir_is_locked(const struct state_dir *d)
{
	if (flock(d->fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	state_dir_unlock(d);
	return false;
}

int state_dir_lock(const struct state_dir *d, struct error *err)
{
	int r = lock_directory(d->fd, d->id);

	if (r < 0)
		return error_set(err, -r, "cannot lock the state directory '%s/%s'", d->root->path,
				 d->id);
	r = verify_directory(d->root, d->id, d->fd, err);
	return r == -ENOENT ? missing_container(d->id, err) : r;
}

void state_dir_close(struct state_dir *d)
{
	d->fd = fd_close(d->fd);
}

/*
 * Whatever lies in the directory was put there by us (nobody else may write), including the temp files
 * of a writer that was killed. unlinkat removes a planted link, never what it points at. A directory is
 * the notify socket's; a container that may remount its side of it may have put more into it, of any
 * depth: each directory in a directory is moved up to the first level, for the next round.
 */
static int remove_entries(const struct state_dir *d, int dirfd, const char *name, unsigned *moved,
			  struct error *err)
{
	const bool top = dirfd == d->fd && STREQ(name, ".");
	char up[32];
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	struct dirent *e;
	DIR *dir;

	if (fd < 0)
		return error_set(err, errno, "cannot list '%s/%s'", d->root->path, d->id);
	dir = fdopendir(fd);
	if (!dir) {
		r = error_set(err, errno, "cannot list '%s/%s'", d->root->path, d->id);
		fd_close(fd);
		return r;
	}
	while (r == 0 && (e = readdir(dir))) {
		if (STREQ(e->d_name, ".") || STREQ(e->d_name, ".."))
			continue;
		if (unlinkat(fd, e->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno == EISDIR && top) {
			r = remove_entries(d, fd, e->d_name, moved, err);
			if (r < 0 || unlinkat(fd, e->d_name, AT_REMOVEDIR) == 0)
				continue;
		} else if (errno == EISDIR &&
			   text_format(up, sizeof(up), ".removed.%u", *moved) >= 0 &&
			   renameat(fd, e->d_name, d->fd, up) == 0) {
			(*moved)++;
			continue;
		}
		r = error_set(err, errno, "cannot remove '%s/%s/%s'", d->root->path, d->id,
			      e->d_name);
	}
	closedir(dir);
	return r;
}

int state_dir_remove(struct state_dir *d, struct error *err)
{
	unsigned moved = 0, before;
	int r;

	/* The record first: a removal that is cut short leaves what delete --force takes for a dead create. */
	(void)unlinkat(d->fd, STATE_FILE_RECORD, 0);
	fault_point("delete-record");
	do {
		before = moved;
		r = remove_entries(d, d->fd, ".", &moved, err);
		if (r < 0)
			return r;
	} while (moved != before);
	if (unlinkat(d->root->fd, d->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_set(err, errno, "cannot remove the state directory '%s/%s'",
				 d->root->path, d->id);
	return 0;
}

int state_file_written(const struct state_dir *d, const char *name, int r, struct error *err)
{
	if (r < 0) {
		r = error_set(err, -r, "cannot write '%s/%s/%s'", d->root->path, d->id, name);
		error_add_step(err, "state");
	}
	return r;
}

/*
 * Nothing that the record tells of outlives the boot, so that it need not either: what a power cut leaves, whole or
 * torn, belongs to a dead container, and delete --force takes it.
 */
int state_save_file(const struct state_dir *d, const char *name, const void *data, size_t len,
		    struct error *err)
{
	return state_file_written(d, name, io_replace_volatile_at(d->fd, name, 0600, data, len),
				  err);
}
