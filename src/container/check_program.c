/* SPDX-License-Identifier: Apache-2.0 */
/* check_program: is the program in the rootfs, and can it be executed here? Host half; reads, never executes. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/check_access.h"
#include "container/check_mount.h"
#include "container/check_program.h"
#include "knarr/kernel.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#else
#define OWN_MACHINE EM_RISCV
#endif

static bool is_covered(const struct spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const char *at = spec->mounts[i].destination;
		size_t len = strlen(at);

		while (len > 1 && at[len - 1] == '/')
			len--;
		if (len > 1 && strncmp(path, at, len) == 0 &&
		    (path[len] == '/' || path[len] == '\0'))
			return true;
	}
	return false;
}

/* A foreign binary may still run through binfmt_misc, so only a registered handler's absence is an error. */
static bool has_binfmt_handlers(void)
{
	char text[16];

	return io_read_small_at(AT_FDCWD, "/proc/sys/fs/binfmt_misc/status", text, sizeof(text)) >
		       0 &&
	       STREQ(text, "enabled");
}

static int check_format(int root, const char *path, struct error *err)
{
	_cleanup_close_ int fd = safe_open_io(root, path, O_RDONLY);
	Elf64_Ehdr head;

	if (fd < 0 || read(fd, &head, sizeof(head)) != (ssize_t)sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
		return 0; /* a script, or unreadable by us: the kernel will say */
	if (head.e_machine == OWN_MACHINE ||
	    (OWN_MACHINE == EM_X86_64 && head.e_machine == EM_386) || has_binfmt_handlers())
		return 0;
	return error_fail(err, ERROR_PROGRAM, ENOEXEC,
			  "exec: \"%s\": exec format error: it is for another architecture", path);
}

/* 0 found, or below a mount, where nobody knows; 1 not there; negative: there and not usable. */
static int try_program(const struct spec *spec, int root, const char *path, struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	char buf[PATH_MAX];
	const char *inside;
	struct stat st;
	int r;

	if (is_covered(spec, path))
		return 0;
	fd = safe_open(root, path, 0);
	if (fd < 0 || fstat(fd, &st) < 0)
		return 1;
	inside = check_path_inside(root, fd, buf);
	if (!inside || is_covered(spec, inside))
		return 0;
	if (S_ISDIR(st.st_mode))
		return error_fail(err, ERROR_PROGRAM, EACCES, "exec: \"%s\": is a directory", path);
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return error_fail(err, ERROR_PROGRAM, EACCES, "exec: \"%s\"", path);
	r = check_access(spec, root, path, err);
	return r < 0 ? r : check_format(root, path, err);
}

static const char *path_variable(const struct spec *spec)
{
	for (size_t i = 0; i < spec->process.env.count; i++)
		if (text_has_prefix(spec->process.env.items[i], "PATH="))
			return spec->process.env.items[i] + 5;
	return DEFAULT_PATH;
}

static int search(const struct spec *spec, int root, const char *name, struct error *err)
{
	_cleanup_free_ char *dirs = mem_strdup(path_variable(spec));
	char *rest = dirs, *dir;
	bool unusable = false;

	while ((dir = strsep(&rest, ":"))) {
		_cleanup_free_ char *path = text_printf("%s/%s", dir[0] ? dir : ".", name);
		int r = try_program(spec, root, path, err);

		if (r == 0)
			return 0;
		unusable |= r < 0;
	}
	if (unusable)
		return -EACCES; /* err says what stood there */
	return error_fail(err, ERROR_PROGRAM, ENOENT,
			  "exec: \"%s\": executable file not found in $PATH", name);
}

int check_program_in_rootfs(const struct spec *spec, const char *rootfs, struct error *err)
{
	_cleanup_close_ int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *name = spec->process.present ? spec->process.args.items[0] : NULL;
	int r;

	if (root < 0 || !name)
		return 0; /* said elsewhere */
	if (!strchr(name, '/')) {
		r = search(spec, root, name, err);
	} else if (name[0] == '/') {
		r = try_program(spec, root, name, err);
		if (r > 0)
			r = error_fail(err, ERROR_PROGRAM, ENOENT, "exec: \"%s\"", name);
	} else {
		_cleanup_free_ char *path = text_printf("%s/%s", spec->process.cwd, name);

		r = try_program(spec, root, path, err);
		if (r > 0)
			r = error_fail(err, ERROR_PROGRAM, ENOENT, "exec: \"%s\"", name);
	}
	if (r < 0)
		error_add_origin(err, "/process/args/0");
	return r;
}

int check_cwd_in_rootfs(const struct spec *spec, const char *rootfs, struct error *err)
{
	_cleanup_close_ int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = -EBADF;

	if (root < 0 || !spec->process.present || is_covered(spec, spec->process.cwd))
		return 0;
	fd = safe_open(root, spec->process.cwd, SAFE_DIRECTORY);
	if (fd >= 0 || fd == -ENOENT) /* then it is made */
		return 0;
	error_set(err, -fd, "chdir to \"%s\"", spec->process.cwd);
	error_add_origin(err, "/process/cwd");
	return fd;
}

int check_hook_in_rootfs(const struct spec *spec, const char *rootfs, const struct spec_hook *hook,
			 struct error *err)
{
	_cleanup_close_ int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = root < 0 ? 0 : try_program(spec, root, hook->path, err);

	if (r > 0)
		r = error_fail(err, ERROR_NOT_FOUND, ENOENT,
			       "startContainer hook '%s' cannot be executed", hook->path);
	return r;
}
