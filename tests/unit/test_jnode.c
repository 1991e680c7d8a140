/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "knarr/base.h"

static struct jdoc *read_text(const char *text)
{
	struct jdoc *doc = NULL;

	assert_int_equal(jread_parse(text, strlen(text), "config.json", &doc, NULL), 0);
	return doc;
}

static void pointers_there_and_back(void **state)
{
	_cleanup_(jdoc_freep) struct jdoc *doc =
		read_text("{\"a\":[{\"b/c\":{\"~d\":1}},2],\"\":3,\"~1\":4}");
	const struct jnode *node = doc->root->first->first->first->first;
	char buf[64];

	(void)state;
	assert_string_equal(jnode_pointer(node, buf, sizeof(buf)), "/a/0/b~1c/~0d");
	assert_ptr_equal(jdoc_find(doc, "/a/0/b~1c/~0d"), node);
	assert_string_equal(jnode_pointer(doc->root, buf, sizeof(buf)), "");
	assert_ptr_equal(jdoc_find(doc, ""), doc->root);
	assert_string_equal(jdoc_find(doc, "/a/1")->text, "2");
	assert_string_equal(jdoc_find(doc, "/")->text, "3");
	assert_string_equal(jnode_pointer(jdoc_find(doc, "/"), buf, sizeof(buf)), "/");
	assert_string_equal(jdoc_find(doc, "/~01")->text, "4");
}

static void the_deepest_ancestor_stands_in(void **state)
{
	_cleanup_(jdoc_freep) struct jdoc *doc = read_text("{\"a\":[{\"b\":1},2]}");

	(void)state;
	assert_ptr_equal(jdoc_find(doc, "/a/7"), doc->root->first);
	assert_ptr_equal(jdoc_find(doc, "/a/0/x/y"), doc->root->first->first);
	assert_ptr_equal(jdoc_find(doc, "/a/00"), doc->root->first);
	assert_ptr_equal(jdoc_find(doc, "/x"), doc->root);
	assert_ptr_equal(jdoc_find(doc, "/a/0/b/c"), doc->root->first->first->first);
	assert_ptr_equal(jdoc_find(doc, "--flag"), doc->root);
}

static void long_pointers_are_cut(void **state)
{
	_cleanup_(jdoc_freep) struct jdoc *doc = read_text("{\"abcdef\":{\"g/h\":1}}");
	char buf[11];

	(void)state;
	memset(buf, 'x', sizeof(buf));
	assert_string_equal(jnode_pointer(doc->root->first->first, buf, sizeof(buf)), "/abcdef/g");
	assert_string_equal(jnode_pointer(doc->root->first, buf, 4), "/ab");
	assert_string_equal(jnode_pointer(doc->root->first, buf, 1), "");
}

static void places_count_lines_and_characters(void **state)
{
	_cleanup_(jdoc_freep) struct jdoc *doc = read_text("{\n\t\"\303\244\": [1,\r\n2]}");
	uint32_t line, column;

	(void)state;
	jdoc_place(doc, doc->root->offset, &line, &column);
	assert_int_equal(line, 1);
	assert_int_equal(column, 1);
	jdoc_place(doc, doc->root->first->offset, &line, &column);
	assert_int_equal(line, 2);
	assert_int_equal(column, 7);
	jdoc_place(doc, doc->root->first->first->next->offset, &line, &column);
	assert_int_equal(line, 3);
	assert_int_equal(column, 1);
	jdoc_place(doc, 100000, &line, &column);
	assert_int_equal(line, 3);
}

static void errors_get_a_place(void **state)
{
	_cleanup_(jdoc_freep) struct jdoc *doc =
		read_text("{\n  \"mounts\": [\n    {\"type\": 3}]}");
	struct error err = { .text = "" };

	(void)state;
	(void)error_fail(&err, ERROR_CONFIG, 0, "wrong");
	assert_int_equal(error_at_node(&err, doc, jdoc_find(doc, "/mounts/0/type")), -EINVAL);
	assert_string_equal(err.file, "config.json");
	assert_string_equal(err.origin, "/mounts/0/type");
	assert_int_equal(err.line, 3);
	assert_int_equal(err.column, 14);

	(void)error_fail(&err, ERROR_SYSTEM, ENOENT, "wrong");
	assert_int_equal(error_at_node(&err, doc, doc->root), -ENOENT);
	assert_string_equal(err.origin, "");
	assert_int_equal(err.line, 1);
	assert_int_equal(error_at_node(NULL, doc, doc->root), -EINVAL);
}

static void origins_are_located(void **state)
{
	_cleanup_(jdoc_freep) struct jdoc *doc =
		read_text("{\n  \"mounts\": [\n    {\"type\": 3}]}");
	struct error err = { .text = "" };

	(void)state;
	(void)error_fail(&err, ERROR_SYSTEM, ENOENT, "wrong");
	error_add_origin(&err, "/mounts/0/source");
	error_locate(&err, doc);
	assert_int_equal(err.line, 3);
	assert_int_equal(err.column, 5);
	assert_string_equal(err.file, "config.json");
	err.line = 77;
	error_locate(&err, doc);
	assert_int_equal(err.line, 77);

	(void)error_fail(&err, ERROR_SYSTEM, ENOENT, "wrong");
	error_add_origin(&err, "--memory");
	error_locate(&err, doc);
	assert_int_equal(err.line, 0);
	assert_string_equal(err.file, "");
	error_locate(NULL, doc);
	error_locate(&err, NULL);
}

static void types_have_names(void **state)
{
	(void)state;
	assert_string_equal(jtype_name(JOBJECT), "an object");
	assert_string_equal(jtype_name(JARRAY), "an array");
	assert_string_equal(jtype_name(JSTRING), "a string");
	assert_string_equal(jtype_name(JNUMBER), "a number");
	assert_string_equal(jtype_name(JBOOL), "a boolean");
	assert_string_equal(jtype_name(JNULL), "null");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pointers_there_and_back),
		cmocka_unit_test(the_deepest_ancestor_stands_in),
		cmocka_unit_test(long_pointers_are_cut),
		cmocka_unit_test(places_count_lines_and_characters),
		cmocka_unit_test(errors_get_a_place),
		cmocka_unit_test(origins_are_located),
		cmocka_unit_test(types_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
