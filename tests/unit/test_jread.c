/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "knarr/base.h"

static struct jdoc *good_len(const char *text, size_t len)
{
	struct error err = { .text = "" };
	struct jdoc *doc = NULL;

	if (jread_parse(text, len, "config.json", &doc, &err) < 0)
		fail_msg("%s: %s (%u:%u)", text, err.text, err.line, err.column);
	return doc;
}

static struct jdoc *good(const char *text)
{
	return good_len(text, strlen(text));
}

static void bad_len(const char *text, size_t len, const char *sentence, unsigned line,
		    unsigned column)
{
	struct error err = { .text = "" };
	struct jdoc *doc = NULL;

	if (jread_parse(text, len, "config.json", &doc, &err) >= 0)
		fail_msg("read, but should be refused: %s", text);
	assert_null(doc);
	assert_int_equal(err.class, ERROR_CONFIG);
	assert_string_equal(err.file, "config.json");
	if (!strstr(err.text, sentence))
		fail_msg("%s\nsays: %s\nshould say: %s", text, err.text, sentence);
	if (err.line != line || err.column != column)
		fail_msg("%s: at %u:%u, should be at %u:%u", text, err.line, err.column, line,
			 column);
}

static void bad(const char *text, const char *sentence, unsigned line, unsigned column)
{
	bad_len(text, strlen(text), sentence, line, column);
}

static void types_and_values(void **state)
{
	_cleanup_(jdoc_freep) struct jdoc *doc = good(
		"{\"s\":\"text\",\"n\":-12.50e+3,\"t\":true,\"f\":false,\"z\":null,\"a\":[1,2],\"o\":{}}");
	const struct jnode *root = doc->root;

	(void)state;
	assert_int_equal(root->type, JOBJECT);
	assert_int_equal(root->count, 7);
	assert_null(root->parent);
	assert_string_equal(jnode_get(root, "s")->text, "text");
	assert_int_equal(jnode_get(root, "s")->text_len, 4);
	assert_int_equal(jnode_get(root, "n")->type, JNUMBER);
	assert_string_equal(jnode_get(root, "n")->text, "-12.50e+3");
	assert_true(jnode_get(root, "t")->boolean);
	assert_string_equal(jnode_get(root, "t")->text, "true");
	assert_false(jnode_get(root, "f")->boolean);
	assert_int_equal(jnode_get(root, "f")->type, JBOOL);
	assert_int_equal(jnode_get(root, "z")->type, JNULL);
	assert_int_equal(jnode_get(root, "a")->count, 2);
	assert_string_equal(jnode_get(root, "a")->first->next->text, "2");
	assert_int_equal(jnode_get(root, "a")->first->next->index, 1);
	assert_null(jnode_get(root, "a")->first->next->next);
	assert_int_equal(jnode_get(root, "o")->count, 0);
	assert_int_equal(jnode_get(root, "o")->index, 6);
	assert_null(jnode_get(root, "missing"));
}

static void digits_are_kept(void **state)
{
	static const char *const numbers[] = { "18446744073709551615",
					       "-9223372036854775808",
					       "1e400",
					       "0.1",
					       "123456789012345678901234567890",
					       "0",
					       "-0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		_cleanup_free_ char *text = text_printf("[%s]", numbers[i]);
		_cleanup_(jdoc_freep) struct jdoc *inner = good(text), *alone = good(numbers[i]);

		assert_string_equal(inner->root->first->text, numbers[i]);
		assert_int_equal(inner->root->first->offset, 1);
		assert_string_equal(alone->root->text, numbers[i]);
		assert_int_equal(alone->root->offset, 0);
	}
}

/* Each value starts where its offset says. */
static void offsets_are_exact(void **state)
{
	static const char text[] =
		" {\n \"k\\\"1\" : \"a\\\\\" ,\"k2\":\t\"\",\"\\u00e4\\ud83d\\ude00\":[ true,false ,null, -1.5 ,"
		"\"\\\"\\\"\" , {\"x\":0}]} ";
	_cleanup_(jdoc_freep) struct jdoc *doc = good(text);
	const struct jnode *root = doc->root, *k1 = root->first, *k2 = k1->next, *k3 = k2->next, *n;

	(void)state;
	assert_int_equal(root->offset, 1);
	assert_int_equal(root->key_offset, 0);
	assert_string_equal(k1->key, "k\"1");
	assert_ptr_equal(text + k1->key_offset, strstr(text, "\"k\\\"1\""));
	assert_string_equal(k1->text, "a\\");
	assert_ptr_equal(text + k1->offset, strstr(text, "\"a\\\\\""));
	assert_string_equal(k2->text, "");
	assert_ptr_equal(text + k2->offset, strstr(text, "\"\","));
	assert_ptr_equal(text + k2->key_offset, strstr(text, "\"k2\""));
	assert_string_equal(k3->key, "\303\244\360\237\230\200");
	assert_ptr_equal(text + k3->key_offset, strstr(text, "\"\\u00e4"));
	assert_ptr_equal(text + k3->offset, strstr(text, "["));
	n = k3->first;
	assert_ptr_equal(text + n->offset, strstr(text, "true"));
	n = n->next;
	assert_ptr_equal(text + n->offset, strstr(text, "false"));
	n = n->next;
	assert_ptr_equal(text + n->offset, strstr(text, "null"));
	n = n->next;
	assert_ptr_equal(text + n->offset, strstr(text, "-1.5"));
	n = n->next;
	assert_ptr_equal(text + n->offset, strstr(text, "\"\\\"\\\"\""));
	assert_string_equal(n->text, "\"\"");
	n = n->next;
	assert_ptr_equal(text + n->offset, strstr(text, "{\"x\""));
	assert_ptr_equal(text + n->first->offset, strstr(text, "0}"));
}

static void syntax_errors_say_what_was_expected(void **state)
{
	(void)state;
	bad("", "expected a value, found the end of the text", 1, 1);
	bad("  \n ", "expected a value, found the end of the text", 2, 2);
	bad("{", "expected a member's name in double quotes, or '}', found the end", 1, 2);
	bad("{\"a\"", "expected ':' after a member's name, found the end", 1, 5);
	bad("{\"a\" 1}", "expected ':' after a member's name, found '1'", 1, 6);
	bad("{\"a\":}", "expected a value after ':', found '}'", 1, 6);
	bad("{\"a\":1", "expected ',' or '}', found the end", 1, 7);
	bad("{\"a\":1\n \"b\":2}", "expected ',' or '}', found a string", 2, 2);
	bad("{\"a\":1,}", "expected a member's name in double quotes after ',', found '}'", 1, 8);
	bad("{\"a\":1,b:2}", "expected a member's name in double quotes after ',', found 'b'", 1,
	    8);
	bad("{a:1}", "expected a member's name in double quotes, or '}', found 'a'", 1, 2);
	bad("[1,]", "expected a value after ',', found ']'", 1, 4);
	bad("[1 2]", "expected ',' or ']', found '2'", 1, 4);
	bad("[1}", "expected ',' or ']', found '}'", 1, 3);
	bad("[,]", "expected a value, or ']', found ','", 1, 2);
	bad("[tru]", "expected a value, or ']', found 'tru'", 1, 2);
	bad("[-]", "expected a value, or ']', found '-'", 1, 2);
	bad("[01]", "expected ',' or ']', found '1'", 1, 3);
	bad("[1.]", "expected a value, or ']', found '1.'", 1, 2);
	bad("[NaN]", "found 'NaN'", 1, 2);
	bad("{} x", "expected the end of the text, found 'x'", 1, 4);
	bad("{}{}", "expected the end of the text, found '{'", 1, 3);
	bad("1 2", "expected the end of the text, found '2'", 1, 3);
	bad("[1] // done", "expected the end of the text, found '/'", 1, 5);
	bad("[/* x */1]", "expected a value, or ']', found '/'", 1, 2);
	bad("['a']", "found '''", 1, 2);
	bad("]", "expected a value, found ']'", 1, 1);
	bad("\xef\xbb\xbf{}", "byte order mark", 1, 1);
}

static void string_errors(void **state)
{
	(void)state;
	bad("[\"abc", "a string that starts here is not closed", 1, 2);
	bad("[\"abc\\", "a string that starts here is not closed", 1, 2);
	bad("{\"abc", "a string that starts here is not closed", 1, 2);
	bad("[\"a\nb\"]", "a line break or control character (0x0a) inside a string", 1, 4);
	bad("[\"a\\xb\"]", "unknown escape '\\x'", 1, 4);
	bad("[1,\"\\u12g4\"]", "four hexadecimal digits", 1, 5);
	bad("[\"\\ud800\"]", "half of a surrogate pair", 1, 3);
	bad("[\"\\ud800x\"]", "half of a surrogate pair", 1, 3);
	bad("[\"\\ud800\\u0041\"]", "half of a surrogate pair", 1, 3);
	bad("[\"a\\udc00\"]", "half of a surrogate pair", 1, 4);
	bad("{\"\\ud800\":1}", "half of a surrogate pair", 1, 3);
	bad("[\"a\\u0000b\"]", "NUL character", 1, 4);
	bad("{\"a\\u0000\":1}", "NUL character", 1, 4);
	bad_len("[\"a\0b\"]", 7, "NUL byte", 1, 4);
	bad_len("{}\0", 3, "NUL byte", 1, 3);
}

static void encoding_errors(void **state)
{
	(void)state;
	bad("[\"\xff\"]", "not valid UTF-8", 1, 3);
	bad("[1,\n\"\303\244\303\"]", "not valid UTF-8", 2, 3);
	bad("[\"\xc0\x80\"]", "not valid UTF-8", 1, 3);
	bad("[\"\xed\xa0\x80\"]", "not valid UTF-8", 1, 3);
	bad("\xfe", "not valid UTF-8", 1, 1);
	bad("[\"\303", "not valid UTF-8", 1, 3);
}

static void duplicate_members_are_refused(void **state)
{
	struct buf text = { .data = NULL };
	_cleanup_(jdoc_freep) struct jdoc *doc = good("{\"a\":{\"x\":1},\"b\":{\"x\":1},\"A\":1}");

	(void)state;
	assert_int_equal(doc->root->count, 3);
	bad("{\"a\":1,\"a\":2}", "duplicate member 'a'", 1, 8);
	bad("{\"a\":1,\"b\":2,\n\"\\u0061\":2}", "duplicate member 'a'", 2, 1);
	bad("{\"b\":1,\"a\":{\"c\":1,\"c\":1},\"b\":2}", "duplicate member 'c'", 1, 19);
	bad("{\"\":1,\"\":2}", "duplicate member ''", 1, 7);
	bad("[{\"z\":1,\"y\":1,\"y\":2,\"z\":1}]", "duplicate member 'y'", 1, 15);
	buf_add_str(&text, "{");
	for (unsigned i = 0; i < 2000; i++)
		buf_printf(&text, "\"key%u\":1,\n", i);
	buf_add_str(&text, "\"key1234\":1}");
	bad_len(text.data, text.len, "duplicate member 'key1234'", 2001, 1);
	buf_done(&text);
}

static void depth_is_limited(void **state)
{
	char text[2 * JREAD_MAX_DEPTH + 8];
	_cleanup_(jdoc_freep) struct jdoc *doc = NULL;
	_cleanup_free_ char *deep = mem_alloc(200001);

	(void)state;
	memset(text, '[', JREAD_MAX_DEPTH);
	memset(text + JREAD_MAX_DEPTH, ']', JREAD_MAX_DEPTH);
	doc = good_len(text, 2 * JREAD_MAX_DEPTH);
	memset(text, '[', JREAD_MAX_DEPTH + 1);
	memset(text + JREAD_MAX_DEPTH + 1, ']', JREAD_MAX_DEPTH + 1);
	bad_len(text, 2 * JREAD_MAX_DEPTH + 2, "nested deeper than 64 levels", 1, 65);
	memset(deep, '[', 200000);
	bad_len(deep, 200000, "nested deeper than 64 levels", 1, 65);
	assert_non_null(doc);
}

static void size_is_limited(void **state)
{
	_cleanup_free_ char *text = mem_alloc(JREAD_MAX_SIZE + 2);
	struct jdoc *doc = NULL;
	struct error err = { .text = "" };

	(void)state;
	memset(text, ' ', JREAD_MAX_SIZE + 1);
	text[0] = '7';
	assert_int_equal(jread_parse(text, JREAD_MAX_SIZE, "config.json", &doc, &err), 0);
	doc = jdoc_free(doc);
	assert_int_equal(jread_parse(text, JREAD_MAX_SIZE + 1, "config.json", &doc, &err), -EFBIG);
	assert_non_null(strstr(err.text, "larger than 16 MiB"));
	assert_null(doc);
}

static void values_are_limited(void **state)
{
	struct buf text = { .data = NULL };

	(void)state;
	buf_add_str(&text, "[\n");
	for (unsigned i = 0; i + 1 < JREAD_MAX_NODES; i++)
		buf_add_str(&text, "1,");
	text.data[text.len - 1] = ']';
	(void)jdoc_free(good_len(text.data, text.len));
	text.data[text.len - 1] = ',';
	buf_add_str(&text, "1]");
	bad_len(text.data, text.len, "more than 262144 JSON values", 2, 2 * JREAD_MAX_NODES - 1);
	buf_done(&text);
}

static void files(void **state)
{
	_cleanup_(jdoc_freep) struct jdoc *doc = NULL;
	char dir[] = "/tmp/knarr-jread-XXXXXX";
	_cleanup_close_ int dirfd = -EBADF;
	struct error err = { .text = "" };

	(void)state;
	assert_non_null(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dirfd >= 0);
	assert_int_equal(jread_file_at(dirfd, "config.json", "config.json", &doc, &err), -ENOENT);
	assert_string_equal(err.text, "cannot read 'config.json'");
	assert_int_equal(err.class, ERROR_NOT_FOUND);
	assert_int_equal(io_replace_file_at(dirfd, "config.json", 0600, "{\"a\":1}\n", 8), 0);
	assert_int_equal(jread_file_at(dirfd, "config.json", "the config", &doc, &err), 0);
	assert_string_equal(doc->name, "the config");
	assert_int_equal(doc->source_len, 8);
	assert_int_equal(unlinkat(dirfd, "config.json", 0), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void sentences_are_not_needed(void **state)
{
	struct jdoc *doc = NULL;

	(void)state;
	assert_int_equal(jread_parse("[1,", 3, "x", &doc, NULL), -EINVAL);
	assert_int_equal(jread_parse("{\"a\":1,\"a\":1}", 13, "x", &doc, NULL), -EINVAL);
	assert_null(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_and_values),
		cmocka_unit_test(digits_are_kept),
		cmocka_unit_test(offsets_are_exact),
		cmocka_unit_test(syntax_errors_say_what_was_expected),
		cmocka_unit_test(string_errors),
		cmocka_unit_test(encoding_errors),
		cmocka_unit_test(duplicate_members_are_refused),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(size_is_limited),
		cmocka_unit_test(values_are_limited),
		cmocka_unit_test(files),
		cmocka_unit_test(sentences_are_not_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
