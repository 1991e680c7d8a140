/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode: the machinery that every section of config.json is read with. Rows name the members of an object; a handler
 * reads one value into its place; problems are reported through decode_error(), which knows whether to stop.
 *
 * Return values of everything here: 0 = read; DECODE_SKIP = a problem was recorded as a finding, go on with the
 * next value; negative = stop (err is filled).
 */
#ifndef KNARR_SPEC_DECODE_H
#define KNARR_SPEC_DECODE_H

#include "knarr/spec.h"
#include "spec/names.h"

#define DECODE_SKIP 1

struct decode {
	struct spec *spec;
	struct jdoc *doc;
	struct arena *arena;
	struct spec_findings *findings; /* NULL: stop at the first error */
	struct error *err;
	unsigned errors;
};

typedef int decode_handler(struct decode *d, const struct jnode *node, void *target);

enum row_type {
	ROW_ANY,
	ROW_STRING,
	ROW_INTEGER,
	ROW_BOOL,
	ROW_OBJECT,
	ROW_STRINGS,  /* array of strings */
	ROW_INTEGERS, /* array of integers */
	ROW_OBJECTS,  /* array of objects */
	ROW_MAP,      /* object whose member names are data */
};

enum row_flags {
	ROW_MANDATORY = 1u << 0,
	ROW_FOREIGN = 1u << 1, /* another platform's, or withdrawn: known, ignored, told about */
};

struct row {
	const char *name;
	enum row_type type;
	decode_handler *handler; /* NULL with ROW_FOREIGN */
	size_t offset;           /* of the value in the target */
	unsigned flags;
	size_t node_offset; /* of a `const struct jnode *` that is to know the place; 0 = none */
};

/* ---- reporting ---- */

int decode_error(struct decode *d, const struct jnode *node, const char *fmt, ...) _printf_(3, 4);
int decode_unsupported(struct decode *d, const struct jnode *node, const char *fmt, ...)
	_printf_(3, 4);
/* Adds a suggestion to the error that was just reported. */
void decode_remedy(struct decode *d, const char *fmt, ...) _printf_(2, 3);
/* A finding that refuses nothing (true: it was recorded, a remedy may follow); without findings a line of the log. */
bool decode_warning(struct decode *d, const struct jnode *node, const char *fmt, ...)
	_printf_(3, 4);
/* As a warning for `check`; a run says it at the level "info" only, since what was asked for happens. */
void decode_notice(struct decode *d, const struct jnode *node, const char *fmt, ...) _printf_(3, 4);
int decode_missing(struct decode *d, const struct jnode *object, const char *member);
/* "process.args[1]": how messages call a node. Static text of the document's name for the root. */
const char *decode_name(const struct decode *d, const struct jnode *node, char *buf, size_t size);
#define DECODE_NAME(d, node) decode_name(d, node, (char[192]){ 0 }, 192)

/* ---- walking ---- */

int decode_type(struct decode *d, const struct jnode *node, enum row_type type);
int decode_object(struct decode *d, const struct jnode *node, const struct row *rows, size_t count,
		  void *target);
#define DECODE_OBJECT(d, node, rows, target) decode_object(d, node, rows, ARRAY_SIZE(rows), target)
/* Zeroed room for the items of an array (or the members of an object); NULL when there are none. */
void *decode_room(struct decode *d, const struct jnode *node, size_t size);
/* Runs handler on each item, with items + i * size as its target. */
int decode_each(struct decode *d, const struct jnode *node, void *items, size_t size,
		decode_handler *handler);

/* ---- values (values.c): handlers named after the type of their target ---- */

int decode_string(struct decode *d, const struct jnode *node, void *target); /* const char * */
int decode_string_set(struct decode *d, const struct jnode *node,
		      void *target); /* const char *, NULL for "" */
int decode_line_set(struct decode *d, const struct jnode *node,
		    void *target); /* the same, one line of text */
int decode_absolute_path(struct decode *d, const struct jnode *node,
			 void *target); /* const char * */
int decode_strings(struct decode *d, const struct jnode *node,
		   void *target); /* struct spec_string_list */
int decode_absolute_paths(struct decode *d, const struct jnode *node,
			  void *target); /* struct spec_string_list */
int decode_map(struct decode *d, const struct jnode *node, void *target);  /* struct spec_map */
int decode_bool(struct decode *d, const struct jnode *node, void *target); /* bool */
int decode_spec_bool(struct decode *d, const struct jnode *node,
		     void *target);                                          /* struct spec_bool */
int decode_uint32(struct decode *d, const struct jnode *node, void *target); /* uint32_t */
int decode_uint64(struct decode *d, const struct jnode *node, void *target); /* uint64_t */
int decode_int64(struct decode *d, const struct jnode *node, void *target);  /* int64_t */
int decode_id(struct decode *d, const struct jnode *node,
	      void *target); /* uint32_t, a uid or gid */
int decode_spec_uint(struct decode *d, const struct jnode *node,
		     void *target); /* struct spec_uint */
int decode_spec_uint32(struct decode *d, const struct jnode *node,
		       void *target); /* struct spec_uint, 32 bits */
int decode_spec_int(struct decode *d, const struct jnode *node, void *target); /* struct spec_int */

/* An integer between min and max. */
int decode_unsigned(struct decode *d, const struct jnode *node, uint64_t min, uint64_t max,
		    uint64_t *ret);
int decode_signed(struct decode *d, const struct jnode *node, int64_t min, int64_t max,
		  int64_t *ret);
/* A word of a table; `what` as in "unknown namespace type". */
int decode_word(struct decode *d, const struct jnode *node, const struct name_value *table,
		const char *what, uint64_t *ret);
/* An array of words, or-ed. */
int decode_word_flags(struct decode *d, const struct jnode *node, const struct name_value *table,
		      const char *what, uint64_t *ret);
/* "0-3,7": the same list without spaces, NULL if empty. */
int decode_number_list(struct decode *d, const struct jnode *node, const char *what,
		       const char **ret);
/* Refuses control characters: the text becomes a line or a name in a kernel file. */
int decode_one_line(struct decode *d, const struct jnode *node);

#endif
