/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program is found at create, not at start: callers make exit codes 126 and 127 from these
 * texts, and they read only what create said. Runs in the container half, as the program's user and
 * in its working directory. Why an execve failed is explained here as well, from what the file says
 * about itself.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "init/init.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { HEAD_SIZE = 4096 };

#if defined(__x86_64__)
enum { OUR_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OUR_MACHINE = EM_AARCH64 };
#else
enum { OUR_MACHINE = EM_RISCV };
#endif

static const char *machine_name(unsigned machine)
{
	switch (machine) {
	case EM_386:
		return "i386";
	case EM_X86_64:
		return "x86_64";
	case EM_ARM:
		return "arm";
	case EM_AARCH64:
		return "aarch64";
	case EM_RISCV:
		return "riscv64";
	case EM_PPC64:
		return "ppc64";
	case EM_S390:
		return "s390x";
	case EM_MIPS:
		return "mips";
	case 258:
		return "loongarch64";
	default:
		return "another machine";
	}
}

/* ---- what the file says about itself -------------------------------------------------------- */

/* The first bytes of a regular file; 0: it may be executed but not read. */
static size_t read_head(const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	n = read(fd, buf, size);
	return n < 0 ? 0 : (size_t)n;
}

/* "#! INTERPRETER ...": the interpreter into buf. */
static bool script_interpreter(const char *head, size_t len, char *buf, size_t size)
{
	size_t at = 2, n = 0;

	if (len < 3 || head[0] != '#' || head[1] != '!')
		return false;
	while (at < len && (head[at] == ' ' || head[at] == '\t'))
		at++;
	while (at < len && n + 1 < size && head[at] != ' ' && head[at] != '\t' &&
	       head[at] != '\n' && head[at] != '\0')
		buf[n++] = head[at++];
	buf[n] = '\0';
	return n > 0 && at < len;
}

static bool is_elf(const char *head, size_t len)
{
	return len >= sizeof(Elf64_Ehdr) && memcmp(head, ELFMAG, SELFMAG) == 0;
}

/* PT_INTERP of a 64-bit program whose header lies in the first bytes, as it does. */
static bool elf_interpreter(const char *head, size_t len, char *buf, size_t size)
{
	Elf64_Ehdr e;

	if (!is_elf(head, len) || head[EI_CLASS] != ELFCLASS64)
		return false;
	memcpy(&e, head, sizeof(e));
	for (unsigned i = 0; i < e.e_phnum; i++) {
		uint64_t at = e.e_phoff + (uint64_t)i * sizeof(Elf64_Phdr);
		Elf64_Phdr p;

		if (e.e_phoff > len || at + sizeof(p) > len)
			return false;
		memcpy(&p, head + at, sizeof(p));
		if (p.p_type != PT_INTERP)
			continue;
		if (p.p_offset >= len || p.p_filesz == 0 || p.p_filesz > len - p.p_offset ||
		    p.p_filesz > size)
			return false;
		memcpy(buf, head + p.p_offset, p.p_filesz);
		buf[p.p_filesz - 1] = '\0';
		return true;
	}
	return false;
}

static int explain_format(const char *head, size_t len, const char *shown, struct error *err)
{
	Elf64_Ehdr e;

	if (is_elf(head, len)) {
		memcpy(&e, head, sizeof(e)); /* e_machine lies at the same place in both classes */
		if (e.e_machine != OUR_MACHINE || e.e_ident[EI_CLASS] != ELFCLASS64) {
			error_fail(
				err, ERROR_PROGRAM, ENOEXEC,
				"exec: \"%s\": the program is for %s (%s bit), this machine is %s",
				shown, machine_name(e.e_machine),
				e.e_ident[EI_CLASS] == ELFCLASS64 ? "64" : "32",
				machine_name(OUR_MACHINE));
			error_add_remedy(
				err,
				"use an image for this machine, or register an emulator with binfmt_misc");
			return -ENOEXEC;
		}
		return error_fail(err, ERROR_PROGRAM, ENOEXEC, "exec: \"%s\"", shown);
	}
	if (len == 0)
		return error_fail(err, ERROR_PROGRAM, ENOEXEC, "exec: \"%s\"", shown);
	error_fail(err, ERROR_PROGRAM, ENOEXEC,
		   "exec: \"%s\": neither a program nor a script with a #! line", shown);
	return -ENOEXEC;
}

int program_explain(const char *program, const char *shown, int errnum, struct error *err)
{
	char head[HEAD_SIZE], interpreter[256];
	size_t len = read_head(program, head, sizeof(head));
	struct statvfs fs;
	int r;

	if (errnum == ENOEXEC) {
		r = explain_format(head, len, shown, err);
	} else if (errnum == ENOENT &&
		   (script_interpreter(head, len, interpreter, sizeof(interpreter)) ||
		    elf_interpreter(head, len, interpreter, sizeof(interpreter)))) {
		r = error_fail(err, ERROR_PROGRAM, errnum,
			       "exec: \"%s\": its interpreter \"%s\" is missing", shown,
			       interpreter);
	} else {
		r = error_fail(err, ERROR_PROGRAM, errnum, "exec: \"%s\"", shown);
		if (errnum == EACCES && statvfs(program, &fs) == 0 && (fs.f_flag & ST_NOEXEC))
			error_add_remedy(err, "its filesystem is mounted noexec");
	}
	error_add_syscall(err, "execve");
	error_add_subject(err, shown);
	return r;
}

/* ---- finding it ------------------------------------------------------------------------------ */

static int check_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	if (syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
		return 0;
	/* An outer filter that does not know the call leaves the mode bits to go by. */
	if (errno == ENOSYS || errno == EPERM)
		return st.st_mode & 0111 ? 0 : -EACCES;
	return -errno;
}

/* The first that can be executed; else -EACCES if there was one that cannot, else -ENOENT. */
static int search_path(struct init *in, const char *program, const char *path_env)
{
	int found = -ENOENT;

	for (const char *p = path_env;; p++) {
		size_t len = strcspn(p, ":");
		int r = text_format(in->program, sizeof(in->program), "%.*s%s%s", (int)len, p,
				    len ? "/" : "./", program);

		if (r >= 0)
			r = check_program(in->program);
		if (r == 0)
			return 0;
		if (r == -EACCES)
			found = r;
		p += len;
		if (*p == '\0')
			return found;
	}
}

/* error_format() appends the text of the errno, which is a part of what callers look for. */
static int not_found(const char *program, bool has_slash, int r, struct error *err)
{
	if (r == -EISDIR)
		r = error_fail(err, ERROR_PROGRAM, EACCES, "exec: \"%s\": is a directory", program);
	else if (has_slash || r != -ENOENT)
		r = error_fail(err, ERROR_PROGRAM, -r, "exec: \"%s\"", program);
	else
		r = error_fail(err, ERROR_PROGRAM, ENOENT,
			       "exec: \"%s\": executable file not found in $PATH", program);
	error_add_subject(err, program);
	return r;
}

static int check_script(const struct init *in, const char *program, struct error *err)
{
	char head[256], interpreter[256];
	size_t len = read_head(in->program, head, sizeof(head));

	if (!script_interpreter(head, len, interpreter, sizeof(interpreter)) ||
	    interpreter[0] != '/')
		return 0;
	return access(interpreter, F_OK) < 0 && errno == ENOENT
		       ? program_explain(in->program, program, ENOENT, err)
		       : 0;
}

/*
 * HOME for a config that has none; a passwd that cannot be read is as good as one without the user.
 */
static void find_home(struct init *in)
{
	const struct plan_op *last = &plan_ops(in->plan)[in->plan->op_count - 1];
	_cleanup_close_ int own = -EBADF;
	struct passwd_entry entry;
	int rootfd;

	if (last->type != OP_EXEC ||
	    !(((const struct plan_arg_exec *)init_arg(in, last))->flags & PLAN_EXEC_SET_HOME))
		return;
	rootfd = init_root(in, &own);
	if (rootfd < 0 || passwd_find_uid(rootfd, (uint32_t)syscall(SYS_geteuid), &entry) < 0 ||
	    entry.home[0] == '\0')
		text_copy(entry.home, sizeof(entry.home), "/");
	(void)text_format(in->home, sizeof(in->home), "HOME=%s", entry.home);
}

int op_lookup(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_lookup *arg = init_arg(in, op);
	const char *program = init_string(in, arg->program);
	bool has_slash = strchr(program, '/') != NULL;
	int r;

	if (has_slash) {
		r = text_format(in->program, sizeof(in->program), "%s", program);
		if (r >= 0)
			r = check_program(program);
	} else if (program[0] == '\0') {
		r = -ENOENT;
	} else {
		r = search_path(in, program,
				arg->path_env ? init_string(in, arg->path_env) : DEFAULT_PATH);
	}
	if (r < 0)
		return not_found(program, has_slash, r, err);
	r = check_script(in, program, err);
	if (r < 0)
		return r;
	find_home(in);
	return 0;
}
