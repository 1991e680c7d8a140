/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base: what every other folder stands on. libc only, no policy, no knowledge of containers.
 *
 * error.c, fallback.c, text.c, num.c, clock.c, io.c and tail.c are also compiled into the container half (src/init), so
 * they allocate nothing there and never print.
 */
#ifndef KNARR_BASE_H
#define KNARR_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define STREQ(a, b) (strcmp((a), (b)) == 0)
#define _noreturn_ __attribute__((noreturn))
#define _printf_(f, a) __attribute__((format(printf, f, a)))
#define _unused_ __attribute__((unused))
#define _must_check_ __attribute__((warn_unused_result))

/* ---- cleanup: process-local resources are released by scope -------------------------- */

#define _cleanup_(f) __attribute__((cleanup(f)))

/* Closes fd if it is >= 0, keeps errno, returns -EBADF so that `fd = fd_close(fd)` reads well. */
int fd_close(int fd);

static inline void fd_closep(int *fd)
{
	*fd = fd_close(*fd);
}
static inline void freep(void *p)
{
	free(*(void **)p);
}

#define _cleanup_close_ _cleanup_(fd_closep)
#define _cleanup_free_ _cleanup_(freep)

/* Ownership leaves a scope: the variable is invalid afterwards. */
#define TAKE_FD(fd)                         \
	__extension__({                     \
		int *_take_p = &(fd);       \
		int _take_v = *_take_p;     \
		*_take_p = -9 /* -EBADF */; \
		_take_v;                    \
	})
#define TAKE_PTR(p)                               \
	__extension__({                           \
		__typeof__(p) *_take_p = &(p);    \
		__typeof__(p) _take_v = *_take_p; \
		*_take_p = NULL;                  \
		_take_v;                          \
	})

/* ---- error: a fixed-size record on the caller's stack -------------------------------- */

enum error_class {
	ERROR_NONE,
	ERROR_USAGE,       /* the command line */
	ERROR_CONFIG,      /* config.json or another input file says something wrong */
	ERROR_UNSUPPORTED, /* valid, but this build, kernel or user cannot honour it */
	ERROR_NOT_FOUND,   /* container, file, program */
	ERROR_CONFLICT,    /* id in use, wrong state */
	ERROR_PERMISSION,  /* the kernel refused for lack of privilege */
	ERROR_PROGRAM,     /* the container's program cannot be executed */
	ERROR_HOOK,        /* a hook failed */
	ERROR_TIMEOUT,     /* a deadline passed */
	ERROR_SYSTEM,      /* any other failing system call */
	ERROR_INTERNAL,    /* a broken invariant: a bug in knarr */
};

/*
 * Filled once, where the sentence is known; outer layers may add, never rewrite. The same record
 * is sent as it is from the container half to the host half (same machine, same build, checked by
 * the packet's version), so it holds no pointer.
 */
struct error {
	int32_t code;   /* positive errno; 0 if no system call failed */
	uint32_t class; /* enum error_class */
	uint32_t line;  /* 1-based place in the input file, 0 = unknown */
	uint32_t column;
	char step[40];    /* plan op or host step: "mount", "cgroup-create"; "" = none */
	char syscall[28]; /* "move_mount"; "" = none */
	char file[64]; /* input file that line belongs to, as the user may say it: "config.json" */
	char origin[192];  /* JSON pointer "/mounts/3/source" or flag "--memory"; "" = unknown */
	char subject[256]; /* the path or name concerned */
	char text[768];    /* the sentence: lower case, no full stop, no errno text */
	char remedy[256];  /* one suggestion, or "" */
};

/*
 * Sets code, text and a class derived from errnum; clears every other field. err may be uninitialised before.
 * errnum is a positive errno, or 0 where no system call failed.
 * Returns -errnum, or -EINVAL for 0. err may be NULL (the caller does not want the sentence).
 */
int error_set(struct error *err, int errnum, const char *fmt, ...) _printf_(3, 4);
int error_vset(struct error *err, int errnum, const char *fmt, va_list ap) _printf_(3, 0);
/* As error_set() with an explicit class. */
int error_fail(struct error *err, enum error_class class, int errnum, const char *fmt, ...)
	_printf_(4, 5);

/* Add one field to an error that is set; NULL err or NULL text is a no-op. They never overwrite a field already there. */
void error_add_step(struct error *err, const char *step);
void error_add_syscall(struct error *err, const char *name);
void error_add_origin(struct error *err, const char *pointer);
/* The same for a member of what pointer names; a pointer that is none, such as a flag, is taken as it is. */
void error_add_origin_member(struct error *err, const char *pointer, const char *member);
void error_add_subject(struct error *err, const char *subject);
void error_add_remedy(struct error *err, const char *fmt, ...) _printf_(2, 3);
/* Puts "PREFIX: " before the sentence. */
void error_prefix(struct error *err, const char *fmt, ...) _printf_(2, 3);

/*
 * For a record that another process sent: terminates every text, and replaces a class that does not exist. Returns
 * -code, or -EINVAL if the code is no errno.
 */
int error_received(struct error *err);

/* errno.c: "ENOENT", NULL if there is no such number; "No such file or directory", the same words with every C library. */
const char *errno_name(int errnum);
const char *errno_text(int errnum);

/* "config", "not-found", ... the machine word of the JSON record. */
const char *error_class_name(enum error_class class);

/*
 * The whole message in one line, cause first:
 *   TEXT[: STRERROR][ (config.json:LINE:COL)][; REMEDY]
 * STRERROR is left out if the text already ends in it. Always terminated; returns buf.
 */
const char *error_format(const struct error *err, char *buf, size_t size);

/* ---- text ---------------------------------------------------------------------------- */

/* snprintf that returns -ENAMETOOLONG when the text does not fit, else its length. */
int text_format(char *buf, size_t size, const char *fmt, ...) _printf_(3, 4);
/* Copies src; cuts it (ending in "...") if it does not fit. Always terminated. */
void text_copy(char *buf, size_t size, const char *src);
bool text_has_prefix(const char *s, const char *prefix);
bool text_has_suffix(const char *s, const char *suffix);
/* True for valid UTF-8 without NUL in [s, s+len). */
bool text_is_utf8(const char *s, size_t len);
/*
 * Bytes of the character at s. 0: it must not reach a terminal. That is the end, a control character (U+0080 to
 * U+009F, too: U+009B begins an escape sequence) or a byte that is not UTF-8.
 */
size_t text_character(const char *s);
/* Makes one line that a terminal can show: '\n' and '\t' become a space, other bytes of that kind '?'. Returns s. */
char *text_sanitize(char *s);
/* The entry of words (NULL-terminated) that is nearest to word by edit distance, or NULL if none is near (distance <= 2 and < half its length). */
const char *text_nearest(const char *word, const char *const *words);
/* malloc'd formatted string; ends the process on out of memory. */
char *text_printf(const char *fmt, ...) _printf_(1, 2);
/* "2024-02-29T23:59:59" in UTC, into buf, which is returned. gmtime() would read the host's time zone first. */
#define TEXT_UTC_SIZE 48
char *text_utc(char buf[TEXT_UTC_SIZE], int64_t seconds);

/* ---- num: strict numbers: whole string, decimal unless said, no sign, no space -------- */

int num_parse_u64(const char *s, uint64_t *ret); /* -EINVAL, -ERANGE */
int num_parse_u64_len(const char *s, size_t len, uint64_t *ret);
int num_parse_i64(const char *s, int64_t *ret); /* '-' allowed */
int num_parse_i64_len(const char *s, size_t len, int64_t *ret);
int num_parse_u32(const char *s, uint32_t *ret);
/* uid or gid: 0 ... 2^32-2 (R11). */
int num_parse_id(const char *s, uint32_t *ret);
/* Octal file mode, at most 07777. */
/* Bytes with optional suffix k, m, g, t, p (any case, with optional b or ib; powers of 1024); "-1" gives INT64_MAX and true in *ret_unlimited. */
int num_parse_size(const char *s, int64_t *ret, bool *ret_unlimited);
/* Duration: "30", "1.5s", "250ms", "5m", "1h", and sums such as "1m30s"; nanoseconds. A bare number counts seconds. */
int num_parse_duration(const char *s, uint64_t *ret_ns);

/* ---- user: the host's own files, no name service --------------------------------------- */

/* Calls match for each line of a small file until it returns true, and returns that; false without the file. */
bool user_file_find(const char *file, bool (*match)(const char *line, void *arg), void *arg);
/* The name in /etc/passwd, or the number. */
#define USER_NAME_SIZE 64
void user_name(uint32_t uid, char name[USER_NAME_SIZE]);

/* ---- clock --------------------------------------------------------------------------- */

/* Milliseconds of the monotonic clock: only differences mean something. */
int64_t clock_ms(void);

/* ---- io ------------------------------------------------------------------------------ */

struct stat;
/*
 * May the owner of descriptor 0, 1 or 2 become the program's user, so that the program can open it again by /dev/stdout? Pipes and
 * sockets, and a file that the caller owns and opened for writing; st is of fd. Never a device or a terminal, and never a file
 * that was only to be read.
 */
bool io_may_be_given(int fd, const struct stat *st, uid_t caller);
/* Whole buffer; retries EINTR and short counts. Returns 0 or -errno (-EIO on early EOF for read). */
int io_write_all(int fd, const void *buf, size_t len);
int io_read_all(int fd, void *buf, size_t len);
/* Reads to EOF into a malloc'd, NUL-terminated buffer; -EFBIG above max. */
int io_read_fd(int fd, size_t max, char **ret_buf, size_t *ret_len);
int io_read_file_at(int dirfd, const char *name, size_t max, char **ret_buf, size_t *ret_len);
/* One write of a small text to a kernel file (no truncation, no creation). */
int io_write_text_at(int dirfd, const char *name, const char *text);
/* Into a caller's buffer, NUL-terminated, one trailing newline removed; returns length, -ENOBUFS if it does not fit. */
ssize_t io_read_small_at(int dirfd, const char *name, char *buf, size_t size);
/* Temp file + fsync + rename below dirfd (R17). */
int io_replace_file_at(int dirfd, const char *name, mode_t mode, const void *buf, size_t len);
/* The same without the fsync, for what means nothing after a reboot: a power cut may leave it empty. */
int io_replace_volatile_at(int dirfd, const char *name, mode_t mode, const void *buf, size_t len);
/* The same in two steps: what was staged takes the name when it is committed, at the cost of one rename. */
int io_stage_volatile_at(int dirfd, const char *name, mode_t mode, const void *buf, size_t len);
int io_commit_at(int dirfd, const char *name);

/* ---- mem: the host half may not survive without memory ------------------------------- */

/* These end the process with a message when memory is short; inputs are size-capped before. */
void mem_exhausted(void) _noreturn_;
void *mem_alloc(size_t size);                 /* zeroed */
void *mem_alloc_array(size_t n, size_t size); /* zeroed, checked multiplication */
void *mem_grow(void *p, size_t n, size_t size);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);

/* An arena: many small objects with one lifetime. */
struct arena;
struct arena *arena_new(void);
void *arena_alloc(struct arena *a, size_t size); /* zeroed, 16-aligned */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) _printf_(2, 3);
struct arena *arena_free(struct arena *a);
static inline void arena_freep(struct arena **a)
{
	*a = arena_free(*a);
}

/* ---- tail: the end of an output, for the sentence about it ------------------------------ */

enum { TAIL_SIZE = 4096 };
struct tail { /* all zero: empty */
	char text[TAIL_SIZE + 1];
	size_t len;
	bool cut; /* there was more before it */
};
void tail_keep(struct tail *t, const char *data, size_t len);
/* One line of printable UTF-8, its last size bytes; "..." stands for what was before. */
void tail_line(const struct tail *t, char *buf, size_t size);

/* ---- buf: a growing byte buffer ------------------------------------------------------- */

struct buf {
	char *data; /* NUL-terminated if not NULL */
	size_t len, cap;
};
void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) _printf_(2, 3);
void buf_done(struct buf *b);

/* ---- undo: kernel-visible effects that outlive a scope -------------------------------- */

/* Pushed the moment an effect exists; success disarms the stack, failure runs it in reverse. */
struct undo_entry {
	void (*run)(void *arg); /* failures in here are the callee's warnings */
	void *arg;
};
struct undo {
	struct undo_entry entries[16];
	unsigned count;
};
void undo_push(struct undo *u, void (*run)(void *arg), void *arg);
void undo_disarm(struct undo *u);
void undo_run(struct undo *u); /* runs and empties; also the scope destructor */

/* ---- sock: SOCK_SEQPACKET pairs and fd passing ---------------------------------------- */

int sock_pair(int ret_fds[2]); /* SEQPACKET, CLOEXEC */
/* Sends one packet with nfds (0..8) descriptors; MSG_NOSIGNAL. */
int sock_send(int fd, const void *buf, size_t len, const int *fds, unsigned nfds);
/*
 * Receives one packet; received fds are CLOEXEC. *nfds in: room in fds, out: received; surplus fds are closed.
 * Returns bytes, 0 on EOF, -errno; -ETIMEDOUT after timeout_ms (negative: no limit).
 */
ssize_t sock_recv(int fd, void *buf, size_t size, int *fds, unsigned *nfds, int timeout_ms);
/* Connects a stream (type SOCK_STREAM) or seqpacket socket to a path of any length. */
int sock_connect_path(int type, const char *path);
/* The same for an address as environment variables have it: a leading '@' stands for the NUL of an abstract name. */
int sock_connect_address(int type, const char *address);
/* Binds NAME inside dirfd; the name appears with exactly this mode. */
int sock_bind_at(int type, int dirfd, const char *name, mode_t mode);
/* Binds and listens on NAME inside dirfd, mode 0600. */
int sock_listen_at(int type, int dirfd, const char *name);
int sock_connect_at(int type, int dirfd, const char *name);

/* ---- log: the only output of library code is a debug or warning record ---------------- */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/*
 * Opens the sink at once: NULL = stderr only; PATH or "file:PATH" is appended to (0644, created), "syslog:ID", "journald:ID".
 * The last error is printed by log_error(): one record to the sink and, when the sink is not stderr, the bare message to stderr.
 */
int log_open(const char *target, enum log_format format, enum log_level level, struct error *err);
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
enum log_level log_level(void);
/*
 * Engines take the first bytes of stderr for the reason of a failure, and a whole log file of JSON for one record. So from
 * here on warnings are held until log_flush(): a failure comes before them, and its JSON record takes them along.
 */
void log_hold_warnings(void);
/* At the end, and before a wait for something that may take long. */
void log_flush(void);
/* Something that was asked for does not happen. Shown by default. */
void log_warning(const char *fmt, ...) _printf_(1, 2);
/* It happens in another way. */
void log_info(const char *fmt, ...) _printf_(1, 2);
void log_debug(const char *fmt, ...) _printf_(1, 2);
/* One line of --timing, always on stderr. */
void log_timing(const char *fmt, ...) _printf_(1, 2);
/* The one error of a command. */
void log_error(const struct error *err);

/* ---- fallback: mechanisms that may be missing, and what is done without (R24) ------------ */

enum fallback {
	FALLBACK_EXEC_MEMFD,
	FALLBACK_OPENAT2,
	FALLBACK_CLOSE_RANGE,
	FALLBACK_CLONE3,
	FALLBACK_PIDFD,
	FALLBACK_PRIVATE_PROCFS,
	FALLBACK_SESSION_KEYRING,
	FALLBACK_NEW_PROC,
	FALLBACK_NEW_SYSFS,
	FALLBACK_NEW_CGROUP,
	FALLBACK_DEVICE_NODE,
	FALLBACK_CGROUP,
	FALLBACK_DEVICE_PROGRAM,
	FALLBACK_SECCOMP_NAMES,
	FALLBACK_SECCOMP_KILLABLE,
	FALLBACK_OLD_TREE,
	FALLBACK_COUNT
};

/* The n-th word, as --require takes it; NULL behind the last. */
const char *fallback_word(unsigned n);
typedef void fallback_report(void *context, enum fallback f);
/* Once, at the start of either half: bits (1 << enum fallback) that must not be missing, and who hears of the others. */
void fallback_init(uint32_t required, fallback_report *report, void *context);
bool fallback_is_required(enum fallback f);
/*
 * Asked by the site of a fallback, where the mechanism turned out to be missing. True: go on without, it has been
 * reported (once). False: fail as if there were nothing else. errno is kept.
 */
bool fallback_take(enum fallback f);
/* What was missing until now, required or not. */
uint32_t fallback_missing(void);
/* Has fallback_take() returned false? Then whatever is done must fail, and its error is to name the word. */
bool fallback_refused(void);
void fallback_explain(struct error *err);
/* The fallback_report of the host half: a warning where the container is confined less, else a debug record. */
void fallback_log(void *context, enum fallback f);

/* ---- jread: JSON reading (yajl), a tree with byte offsets and raw digits --------------- */

enum jtype { JNULL, JBOOL, JNUMBER, JSTRING, JARRAY, JOBJECT };

struct jnode {
	enum jtype type;
	uint32_t offset;     /* byte offset of the value in the text */
	uint32_t key_offset; /* byte offset of the member's name, 0 in arrays and for the root */
	uint32_t count;      /* members or items */
	uint32_t index;      /* position within the parent */
	const char *key;     /* member name, or NULL */
	const char *
		text; /* JSTRING: NUL-terminated value; JNUMBER: the raw digits; JBOOL: "true"/"false" */
	uint32_t text_len;
	bool boolean;
	struct jnode *parent, *first, *next;
};

/* A parsed document. It owns its copy of the text (line/column) and all nodes. */
struct jdoc {
	struct arena *arena;
	char *source;
	size_t source_len;
	struct jnode *root;
	char name[64]; /* as the user may call it in messages: "config.json" */
};

#define JREAD_MAX_SIZE (16u << 20)
#define JREAD_MAX_DEPTH 64
#define JREAD_MAX_NODES (256u << 10) /* bounds memory: a node is many times larger than "1," */

/*
 * Parses text (copied). Refused with line and column: syntax errors, trailing bytes, invalid UTF-8, NUL inside a
 * string, duplicate keys of one object, lone surrogates, depth > 64, size > 16 MiB, too many values.
 */
int jread_parse(const char *text, size_t len, const char *name, struct jdoc **ret,
		struct error *err);
int jread_file_at(int dirfd, const char *path, const char *name, struct jdoc **ret,
		  struct error *err);
struct jdoc *jdoc_free(struct jdoc *doc);
static inline void jdoc_freep(struct jdoc **d)
{
	*d = jdoc_free(*d);
}
const struct jnode *jnode_get(const struct jnode *object,
			      const char *key); /* NULL if absent or no object */
const char *jtype_name(enum jtype type);        /* "a string", "an object", ... */
/* JSON pointer (RFC 6901) of a node into buf; cut if too long. */
const char *jnode_pointer(const struct jnode *node, char *buf, size_t size);
/* Node of a JSON pointer, the deepest existing ancestor if it does not exist. */
const struct jnode *jdoc_find(const struct jdoc *doc, const char *pointer);
void jdoc_place(const struct jdoc *doc, uint32_t offset, uint32_t *ret_line, uint32_t *ret_column);
/* Fills file, origin, line, column of err (which is already set) from node; returns -err->code or -EINVAL. */
int error_at_node(struct error *err, const struct jdoc *doc, const struct jnode *node);
/* Fills file, line, column of err from its origin pointer, when it has one and no line yet. */
void error_locate(struct error *err, const struct jdoc *doc);

/* ---- jwrite (jansson behind it; one file includes it): fixed key order ---- */

struct jwrite; /* a JSON value under construction */
struct jwrite *jwrite_object(void);
struct jwrite *jwrite_array(void);
void jwrite_string(struct jwrite *o, const char *key, const char *value); /* key NULL in arrays */
void jwrite_uint(struct jwrite *o, const char *key, uint64_t value);      /* all 64 bits */
void jwrite_int(struct jwrite *o, const char *key, int64_t value);
void jwrite_real(struct jwrite *o, const char *key, double value);
void jwrite_bool(struct jwrite *o, const char *key, bool value);
void jwrite_null(struct jwrite *o, const char *key);
struct jwrite *jwrite_parsed(const char *text); /* a JSON text as a value; null if it is none */
void jwrite_put(struct jwrite *o, const char *key, struct jwrite *value); /* takes value */
char *jwrite_text(struct jwrite *root,
		  int indent); /* frees root; malloc'd; indent 0 = compact; no trailing newline */

#endif
