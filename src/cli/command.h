/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command: what a verb says about itself, and what the parser hands to it.
 *
 * The rows are character arrays, not pointers: a position-independent program pays a relocation and a private
 * page for each pointer in a table, at every start.
 */
#ifndef KNARR_CLI_COMMAND_H
#define KNARR_CLI_COMMAND_H

#include "knarr/base.h"
#include "knarr/container.h"

enum option_kind {
	OPTION_BOOL,          /* bool */
	OPTION_TRISTATE,      /* enum tristate: --x, --x=true, --x=false, or not given */
	OPTION_STRING,        /* const char * */
	OPTION_LIST,          /* struct option_list: every occurrence counts */
	OPTION_U32,           /* uint32_t */
	OPTION_IGNORED,       /* accepted for the sake of callers, no value */
	OPTION_IGNORED_VALUE, /* the same with a value */
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_DUMP, /* hidden: the table as text, for lints and completion */
};

enum tristate { TRISTATE_UNSET, TRISTATE_TRUE, TRISTATE_FALSE };

struct option_list {
	const char **items; /* NULL-terminated, malloc'd; NULL if the flag was not given */
	size_t count;
};

struct option {
	uint16_t offset; /* of the field in the options structure */
	uint8_t kind;    /* enum option_kind */
	char letter;     /* short form, 0 = none */
	char name[24];
	char value[28]; /* what help calls the value: "FILE", "text|json" */
	char help[120];
};

enum command_flags {
	COMMAND_HIDDEN = 1u << 0,      /* not in help, no manual page */
	COMMAND_UNSUPPORTED = 1u << 1, /* known to callers, not offered: it and its --help fail */
};

#define COMMAND_ARGS_MANY 255

struct global_options {
	const char *root, *log, *log_format, *log_level, *cgroup_manager, *rootless, *limits,
		*require, *annotations;
	enum tristate systemd_cgroup;
	bool debug, timing;
};

enum invocation_action { ACTION_RUN, ACTION_HELP, ACTION_VERSION, ACTION_DUMP };

/* A parsed command line. Texts are borrowed from argv. */
struct invocation {
	const struct command *command; /* NULL: no verb was given */
	enum invocation_action action;
	struct global_options global;
	struct container_context context; /* filled by cli_main() from global */
	const char *const *args;          /* operands, NULL-terminated */
	unsigned arg_count;
	const void *options;  /* the command's structure */
	bool unknown_command; /* the error is about the verb itself */
};

struct command {
	char name[12];
	char args[44]; /* for usage: "ID [SIGNAL]" */
	char summary[92];
	uint8_t min_args, max_args;
	uint8_t stop_after; /* after so many operands nothing is a flag any more; 0 = flags anywhere */
	uint8_t flags;
	uint8_t failure; /* exit status of a failure that is not a usage error; 0 = 1 */
	uint8_t option_count;
	const struct option *options;
	/* Returns the exit status, or -errno with err set. */
	int (*run)(const struct invocation *inv, struct error *err);
};

/* The options structure of any verb fits in this. */
#define COMMAND_OPTIONS_MAX 256
#define COMMAND_OPTIONS(type, rows)        \
	.options = (rows),                 \
	.option_count = ARRAY_SIZE(rows) + \
			0 * sizeof(char[sizeof(type) <= COMMAND_OPTIONS_MAX ? 1 : -1])

/* ---- commands.c ---- */

struct command_table {
	const struct option *globals;
	unsigned global_count;
	const struct command *const *commands; /* NULL-terminated */
};
extern const struct command_table command_table;
const struct command *command_find(const struct command_table *table, const char *name);

/* ---- options.c ---- */

/*
 * Reads the whole command line, also behind an error, so that the log can be opened where the caller asked for it
 * before the error is reported; the first error is the one in err. Operands are moved to the front of argv.
 * storage: COMMAND_OPTIONS_MAX zeroed bytes, aligned for any type.
 */
int options_parse(const struct command_table *table, int argc, char **argv, void *storage,
		  struct invocation *ret, struct error *err);
/* Frees the lists that options_parse() made in storage. */
void options_done(const struct command *command, void *storage);
/* Fails with: 'VALUE' is not one of WORDS ("text|json"). */
int option_check_word(const char *flag, const char *value, const char *words, struct error *err);
/*
 * Words between commas, or "all": bit n stands for the n-th of word(), which returns NULL behind the last. One that is
 * unknown fails with the nearest or with all there are.
 */
int option_parse_words(const char *flag, const char *value, const char *(*word)(unsigned n),
		       uint32_t *ret, struct error *err);

/* ---- help.c, version.c ---- */

void help_print(const struct command_table *table, const struct command *command,
		struct buf *out); /* NULL: overview */
/* "knarr [GLOBAL OPTION...] create [OPTION...] ID" */
void help_usage(const struct command *command, struct buf *out);
/* Tab-separated records of the whole table: "command", "option" and "global" lines. */
void help_dump(const struct command_table *table, struct buf *out);
void version_print(struct buf *out);

/* ---- output.c ---- */

/* Writes text to stdout; the failure of a write is an error like any other (a full disk, a closed pipe). */
int output_text(const char *text, struct error *err);
/* The same with a newline behind it. */
int output_line(const char *text, struct error *err);
/* Pads cells to columns as runc does: at least 12 wide, 3 blanks between. cells: rows x columns texts. */
void output_table(const char *const *cells, size_t rows, size_t columns, struct buf *out);

/* ---- match.c: kill --regex, delete --regex ---- */

/*
 * Calls act for each container whose id matches the POSIX extended expression. All are tried; the first failure is
 * the result, later ones are warnings.
 */
int match_containers(const struct container_context *ctx, const char *expression,
		     int (*act)(const struct container_context *ctx, const char *id,
				const void *arg, struct error *err),
		     const void *arg, struct error *err);

/* ---- signals.c ---- */

/* Number of "9", "KILL", "SIGKILL", "sigkill", "RTMIN+3", "RTMAX-1"; -EINVAL if there is no such signal. 0 is a signal: the probe. */
int signal_parse(const char *text);

/* ---- update_flags.c ---- */

struct update_flags { /* texts as given, NULL = not given */
	const char *resources;
	const char *blkio_weight, *cpu_period, *cpu_quota, *cpu_share, *cpu_burst, *cpu_idle,
		*cpu_rt_period, *cpu_rt_runtime;
	const char *cpuset_cpus, *cpuset_mems;
	const char *memory, *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp;
	const char *pids_limit, *l3_cache_schema, *mem_bw_schema;
};
/* The resources object (JSON, malloc'd) that the flags stand for; -EINVAL if none of them was given. */
int update_flags_text(const struct update_flags *flags, char **ret_json, struct error *err);

/* ---- rows that create, run and plan share ---- */

/* clang-format off */
#define CREATE_FLAG_ROWS                                                                          \
	{ offsetof(struct create_options, bundle), OPTION_STRING, 'b', "bundle", "DIR",           \
	  "directory of the bundle (default: the current directory)" },                           \
	{ offsetof(struct create_options, config), OPTION_STRING, 'f', "config", "FILE",          \
	  "configuration to read instead of the bundle's config.json" },                          \
	{ offsetof(struct create_options, console_socket), OPTION_STRING, 0, "console-socket", "SOCKET", \
	  "send the terminal's descriptor to this unix socket (process.terminal)" },              \
	{ offsetof(struct create_options, pidfd_socket), OPTION_STRING, 0, "pidfd-socket", "SOCKET", \
	  "send a pidfd of the container's first process to this unix socket" },                  \
	{ offsetof(struct create_options, pid_file), OPTION_STRING, 0, "pid-file", "FILE",        \
	  "write the process id of the container's first process here" },                         \
	{ offsetof(struct create_options, no_pivot), OPTION_BOOL, 0, "no-pivot", "",              \
	  "move the root mount and chroot instead of pivot_root (root on a ramdisk)" },           \
	{ offsetof(struct create_options, no_new_keyring), OPTION_BOOL, 0, "no-new-keyring", "",  \
	  "keep the caller's session keyring" },                                                  \
	{ offsetof(struct create_options, preserve_fds), OPTION_U32, 0, "preserve-fds", "N",      \
	  "pass N more descriptors, from 3 on, to the program" },                                 \
	{ 0, OPTION_IGNORED, 0, "no-subreaper", "", "accepted and ignored" }
/* clang-format on */

/* ---- one descriptor a verb ---- */

extern const struct command command_run, command_create, command_start, command_state, command_kill,
	command_delete, command_list, command_spec, command_plan, command_check, command_exec,
	command_ps, command_pause, command_resume, command_update, command_events, command_mounts,
	command_features, command_checkpoint, command_restore, command_help;

#endif
