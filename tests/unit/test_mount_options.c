/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/mount.h>
#include <string.h>

#include "knarr/spec.h"

#define ATIME MOUNT_ATTR__ATIME

struct fixture {
	struct arena *arena;
	const char *words[512];
	struct spec_mount m;
	struct error err;
};

/* Decodes the words of text, which are separated by spaces. */
static int decode(struct fixture *f, const char *type, const char *text)
{
	char *copy = arena_strndup(f->arena, text, strlen(text)), *rest = NULL;
	size_t n = 0;

	f->m = (struct spec_mount){ .type = type };
	f->err = (struct error){ .text = "" };
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		f->words[n++] = word;
	f->words[n] = NULL;
	f->m.options.items = f->words;
	f->m.options.count = n;
	return spec_mount_decode_options(f->arena, &f->m, NULL, &f->err);
}

static int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	f->arena = arena_new();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	(void)arena_free(f->arena);
	free(f);
	return 0;
}

struct attr_case {
	const char *words;
	uint64_t set, clear, rec_set, rec_clear;
};

static void attributes(void **state)
{
	static const struct attr_case cases[] = {
		{ "", 0, 0, 0, 0 },
		{ "ro", MOUNT_ATTR_RDONLY, 0, 0, 0 },
		{ "rw", 0, MOUNT_ATTR_RDONLY, 0, 0 },
		{ "ro rw", 0, MOUNT_ATTR_RDONLY, 0, 0 },
		{ "rw ro", MOUNT_ATTR_RDONLY, 0, 0, 0 },
		{ "nosuid nodev noexec", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		  0, 0, 0 },
		{ "suid dev exec", 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0,
		  0 },
		{ "nosuid suid", 0, MOUNT_ATTR_NOSUID, 0, 0 },
		{ "nodiratime", MOUNT_ATTR_NODIRATIME, 0, 0, 0 },
		{ "diratime", 0, MOUNT_ATTR_NODIRATIME, 0, 0 },
		{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, 0, 0 },
		{ "nosymfollow symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, 0, 0 },
		{ "rro", 0, 0, MOUNT_ATTR_RDONLY, 0 },
		{ "rrw", 0, 0, 0, MOUNT_ATTR_RDONLY },
		{ "rro rrw", 0, 0, 0, MOUNT_ATTR_RDONLY },
		{ "ro rrw", MOUNT_ATTR_RDONLY, 0, 0, MOUNT_ATTR_RDONLY },
		{ "nosuid rsuid", 0, 0, 0, MOUNT_ATTR_NOSUID },
		{ "rsuid nosuid", MOUNT_ATTR_NOSUID, 0, 0, MOUNT_ATTR_NOSUID },
		{ "rnosuid suid", 0, 0, MOUNT_ATTR_NOSUID, 0 },
		{ "rnosuid rnodev rnoexec suid dev exec", 0, 0,
		  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0 },
		{ "rrw ro", MOUNT_ATTR_RDONLY, 0, 0, MOUNT_ATTR_RDONLY },
		{ "rro rw", 0, 0, MOUNT_ATTR_RDONLY, 0 },
		{ "rnosuid rnodev rnoexec rnodiratime rnosymfollow", 0, 0,
		  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODIRATIME |
			  MOUNT_ATTR_NOSYMFOLLOW,
		  0 },
		{ "rsuid rdev rexec rdiratime rsymfollow", 0, 0, 0,
		  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODIRATIME |
			  MOUNT_ATTR_NOSYMFOLLOW },
		{ "noatime", MOUNT_ATTR_NOATIME, ATIME, 0, 0 },
		{ "relatime", 0, ATIME, 0, 0 },
		{ "strictatime", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0 },
		{ "noatime strictatime", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0 },
		{ "strictatime noatime", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0 },
		{ "noatime relatime", MOUNT_ATTR_NOATIME, ATIME, 0, 0 },
		{ "relatime noatime", MOUNT_ATTR_NOATIME, ATIME, 0, 0 },
		{ "strictatime relatime", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0 },
		{ "atime", 0, ATIME, 0, 0 },
		{ "noatime atime", 0, ATIME, 0, 0 },
		{ "strictatime atime", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0 },
		{ "nostrictatime", 0, ATIME, 0, 0 },
		{ "strictatime nostrictatime", 0, ATIME, 0, 0 },
		{ "noatime nostrictatime", MOUNT_ATTR_NOATIME, ATIME, 0, 0 },
		{ "norelatime", 0, 0, 0, 0 },
		{ "relatime norelatime", 0, 0, 0, 0 },
		{ "strictatime norelatime", MOUNT_ATTR_STRICTATIME, ATIME, 0, 0 },
		{ "rnoatime", 0, 0, MOUNT_ATTR_NOATIME, ATIME },
		{ "noatime rstrictatime", 0, 0, MOUNT_ATTR_STRICTATIME, ATIME },
		{ "rnoatime strictatime", MOUNT_ATTR_STRICTATIME, ATIME, MOUNT_ATTR_NOATIME,
		  ATIME },
		{ "rrelatime", 0, 0, 0, ATIME },
		{ "rnoatime ratime", 0, 0, 0, ATIME },
		{ "rstrictatime rnostrictatime", 0, 0, 0, ATIME },
		{ "rrelatime rnorelatime", 0, 0, 0, 0 },
		{ "defaults remount auto noauto nouser nofail _netdev x-systemd.automount comment=a",
		  0, 0, 0, 0 },
		{ "rsync rasync rdirsync rmand rnomand", 0, 0, 0, 0 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct attr_case *c = &cases[i];

		assert_int_equal(decode(f, "tmpfs", c->words), 0);
		if (f->m.attr_set != c->set || f->m.attr_clear != c->clear ||
		    f->m.rec_attr_set != c->rec_set || f->m.rec_attr_clear != c->rec_clear)
			fail_msg("%s: %#lx %#lx %#lx %#lx", c->words, (unsigned long)f->m.attr_set,
				 (unsigned long)f->m.attr_clear, (unsigned long)f->m.rec_attr_set,
				 (unsigned long)f->m.rec_attr_clear);
		assert_string_equal(f->m.data, "");
		assert_int_equal(f->m.flags, 0);
		assert_int_equal(f->m.propagation, 0);
	}
}

static void superblock(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(decode(f, "tmpfs", "ro sync dirsync mand lazytime silent iversion"), 0);
	assert_int_equal(f->m.sb_flags_set, MS_RDONLY | MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK |
						    MS_LAZYTIME | MS_SILENT | MS_I_VERSION);
	assert_int_equal(f->m.sb_flags_clear, 0);
	assert_int_equal(decode(f, "tmpfs", "rw async nomand nolazytime loud noiversion"), 0);
	assert_int_equal(f->m.sb_flags_set, 0);
	assert_int_equal(f->m.sb_flags_clear, MS_RDONLY | MS_SYNCHRONOUS | MS_MANDLOCK |
						      MS_LAZYTIME | MS_SILENT | MS_I_VERSION);
	assert_int_equal(decode(f, "tmpfs", "sync async lazytime"), 0);
	assert_int_equal(f->m.sb_flags_set, MS_LAZYTIME);
	assert_int_equal(decode(f, "none", "ro sync bind"), 0);
	assert_int_equal(f->m.sb_flags_set | f->m.sb_flags_clear, 0);
	assert_int_equal(f->m.attr_set, MOUNT_ATTR_RDONLY);
}

static void propagation(void **state)
{
	static const struct {
		const char *words;
		uint64_t flag;
		bool recursive;
	} cases[] = {
		{ "private", MS_PRIVATE, false },
		{ "rprivate", MS_PRIVATE, true },
		{ "shared", MS_SHARED, false },
		{ "rshared", MS_SHARED, true },
		{ "slave", MS_SLAVE, false },
		{ "rslave", MS_SLAVE, true },
		{ "unbindable", MS_UNBINDABLE, false },
		{ "runbindable", MS_UNBINDABLE, true },
		{ "rshared private", MS_PRIVATE, false },
		{ "private rslave", MS_SLAVE, true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(decode(f, "tmpfs", cases[i].words), 0);
		assert_int_equal(f->m.propagation, cases[i].flag);
		assert_int_equal(f->m.propagation_recursive, cases[i].recursive);
		assert_int_equal(f->m.attr_set | f->m.attr_clear, 0);
	}
}

static void binds(void **state)
{
	static const struct {
		const char *type, *words;
		unsigned flags;
	} cases[] = {
		{ "bind", "", SPEC_MOUNT_BIND },
		{ "bind", "ro", SPEC_MOUNT_BIND },
		{ "none", "bind", SPEC_MOUNT_BIND },
		{ "", "rbind", SPEC_MOUNT_BIND | SPEC_MOUNT_RECURSIVE },
		{ "ext4", "rbind", SPEC_MOUNT_BIND | SPEC_MOUNT_RECURSIVE },
		{ "bind", "rbind", SPEC_MOUNT_BIND | SPEC_MOUNT_RECURSIVE },
		{ "bind", "rbind bind", SPEC_MOUNT_BIND | SPEC_MOUNT_RECURSIVE },
		/* what CRI-O writes */
		{ "bind", "rbind ro bind", SPEC_MOUNT_BIND | SPEC_MOUNT_RECURSIVE },
		{ "bind", "bind rbind", SPEC_MOUNT_BIND | SPEC_MOUNT_RECURSIVE },
		{ "bind", "copy-symlink src-nofollow dest-nofollow",
		  SPEC_MOUNT_BIND | SPEC_MOUNT_COPY_SYMLINK | SPEC_MOUNT_SRC_NOFOLLOW |
			  SPEC_MOUNT_DEST_NOFOLLOW },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(decode(f, cases[i].type, cases[i].words), 0);
		assert_int_equal(f->m.flags, cases[i].flags);
		assert_string_equal(f->m.type, "bind");
	}
	assert_int_equal(decode(f, "tmpfs", "tmpcopyup"), 0);
	assert_int_equal(f->m.flags, SPEC_MOUNT_COPY_UP);
	assert_string_equal(f->m.type, "tmpfs");
}

static void filesystem_words(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(decode(f, "tmpfs", "nosuid strictatime mode=755 size=65536k"), 0);
	assert_string_equal(f->m.data, "mode=755,size=65536k");
	assert_int_equal(f->m.attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);
	assert_int_equal(decode(f, "devpts", "newinstance ptmxmode=0666 mode=0620 gid=5 noexec"),
			 0);
	assert_string_equal(f->m.data, "newinstance,ptmxmode=0666,mode=0620,gid=5");
	assert_int_equal(decode(f, "overlay", "lowerdir=/a:/b upperdir=/u workdir=/w userxattr"),
			 0);
	assert_string_equal(f->m.data, "lowerdir=/a:/b,upperdir=/u,workdir=/w,userxattr");
	assert_int_equal(decode(f, "proc", "hidepid=2 RO"), 0);
	assert_string_equal(f->m.data, "hidepid=2,RO");
}

static void refused(struct fixture *f, const char *type, const char *words, const char *sentence)
{
	assert_int_equal(decode(f, type, words), -EINVAL);
	assert_int_equal(f->err.class, ERROR_CONFIG);
	if (!strstr(f->err.text, sentence) && !strstr(f->err.remedy, sentence))
		fail_msg("%s\nsays: %s; %s\nshould say: %s", words, f->err.text, f->err.remedy,
			 sentence);
}

static void words_a_bind_cannot_take(void **state)
{
	struct fixture *f = *state;

	static const char *const ignored[] = { "z",         "Z",          "U",      "cached",
					       "delegated", "consistent", "nocopy", "copy",
					       "acl",       "noacl",      "user",   "users",
					       "owner",     "group",      "quiet",  "mode=755",
					       "size=3",    "foo" };

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++) {
		assert_int_equal(decode(f, "bind", ignored[i]), 0);
		assert_string_equal(f->m.data, "");
		assert_int_equal(f->m.attr_set | f->m.attr_clear, 0);
		assert_int_equal(decode(f, "tmpfs", ignored[i]), 0);
		assert_string_equal(f->m.data, ignored[i]);
	}
	refused(f, "none", "rbind noexecc", "bad mount option 'noexecc'");
	refused(f, "none", "rbind noexecc", "did you mean 'noexec'?");
	refused(f, "bind", "rroo", "did you mean 'rro'?");
	refused(f, "bind", "nosuidd", "did you mean 'nosuid'?");
}

static void id_maps_in_words(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(decode(f, "bind", "idmap"), 0);
	assert_int_equal(f->m.flags, SPEC_MOUNT_BIND | SPEC_MOUNT_IDMAP);
	assert_int_equal(f->m.uid_maps.count, 0);
	assert_int_equal(
		decode(f, "bind", "rbind ridmap=uids=0-1000-10#10-2000-5;gids=0-4294967293-1"), 0);
	assert_int_equal(f->m.flags, SPEC_MOUNT_BIND | SPEC_MOUNT_RECURSIVE | SPEC_MOUNT_RIDMAP);
	assert_int_equal(f->m.uid_maps.count, 2);
	assert_int_equal(f->m.uid_maps.items[0].container, 0);
	assert_int_equal(f->m.uid_maps.items[0].host, 1000);
	assert_int_equal(f->m.uid_maps.items[0].size, 10);
	assert_int_equal(f->m.uid_maps.items[1].host, 2000);
	assert_int_equal(f->m.gid_maps.count, 1);
	assert_true(f->m.gid_maps.items[0].host == 4294967293u);
	assert_int_equal(decode(f, "bind", "idmap=gids=0-1-1;uids=0-1-1;"), 0);
	assert_int_equal(f->m.flags, SPEC_MOUNT_BIND | SPEC_MOUNT_IDMAP);
}

static void bad_id_maps_in_words(void **state)
{
	static const struct {
		const char *words, *sentence;
	} cases[] = {
		{ "idmap=", "both uids and gids" },
		{ "idmap=uids=0-1-1", "both uids and gids" },
		{ "idmap=gids=0-1-1", "both uids and gids" },
		{ "idmap=uids=;gids=0-1-1", "three numbers" },
		{ "idmap=uids=0-1;gids=0-1-1", "three numbers" },
		{ "idmap=uids=0-1-1-1;gids=0-1-1", "followed by something else" },
		{ "idmap=uids=0-1-1#;gids=0-1-1", "three numbers" },
		{ "idmap=uids=#0-1-1;gids=0-1-1", "three numbers" },
		{ "idmap=uids=0-1-1,1-1-1;gids=0-1-1", "followed by something else" },
		{ "idmap=uids=@0-1-1;gids=0-1-1",
		  "'@' (relative to the container's user namespace) is not supported" },
		{ "idmap=uids=0-1-4294967295;gids=0-1-1", "three numbers below 4294967295" },
		{ "idmap=uids=0-4294967294-2;gids=0-1-1", "ends above id 4294967294" },
		{ "idmap=uids=0-1--1;gids=0-1-1", "three numbers" },
		{ "idmap=uids=0-1-0;gids=0-1-1", "maps no id" },
		{ "idmap=uids=0-1-5#4-100-1;gids=0-1-1",
		  "lines 0 and 1 of the uids of 'idmap' overlap: both hold container id 4" },
		{ "idmap=uids=0-1-5#10-5-1;gids=0-1-1", "both hold host id 5" },
		{ "idmap=uids=0-1-1;uids=0-1-1;gids=0-1-1", "mapped twice" },
		{ "idmap=pids=0-1-1", "'uids=' or 'gids=' expected" },
		{ "idmap=uids=0-1-1;gids=0-1-1;x", "'uids=' or 'gids=' expected" },
		{ "idmap=uids=99999999999999999999-1-1;gids=0-1-1", "three numbers" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		refused(f, "bind", cases[i].words, cases[i].sentence);
}

/* Every name that is told to callers of `features` is one the decoder takes, on a bind mount too. */
static void every_name_is_known(void **state)
{
	const char *const *names = spec_mount_option_names();
	struct fixture *f = *state;
	size_t n = 0;

	for (; names[n]; n++) {
		assert_int_equal(decode(f, "bind", names[n]), 0);
		assert_int_equal(decode(f, "tmpfs", names[n]), 0);
		assert_string_equal(f->m.data, "");
		if (n > 0)
			assert_true(strcmp(names[n - 1], names[n]) < 0);
	}
	assert_int_equal(n, 65);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes),          cmocka_unit_test(superblock),
		cmocka_unit_test(propagation),         cmocka_unit_test(binds),
		cmocka_unit_test(filesystem_words),    cmocka_unit_test(words_a_bind_cannot_take),
		cmocka_unit_test(id_maps_in_words),    cmocka_unit_test(bad_id_maps_in_words),
		cmocka_unit_test(every_name_is_known),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
