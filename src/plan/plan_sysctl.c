/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.sysctl: keys that belong to a namespace of the container, in their one canonical form
 * (R14). Host half, pure.
 *
 * As sysctl(8): the first separator of a key decides. After a '.', dots separate and a '/' stands
 * for a dot inside a part; after a '/', slashes separate and dots are dots.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sched.h>
#include <string.h>

#include "plan/plan_build.h"

static const char *const ipc_keys[] = {
	"kernel/msgmax", "kernel/msgmnb", "kernel/msgmni",          "kernel/sem", "kernel/shmall",
	"kernel/shmmax", "kernel/shmmni", "kernel/shm_rmid_forced", NULL,
};

static char *key_canonical(const char *key)
{
	char *path = mem_strdup(key);
	size_t first = strcspn(key, "./");

	if (key[first] == '.')
		for (char *p = path; *p; p++)
			*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return path;
}

/* No empty part, no "." and "..", nothing that is not printable. */
static bool key_is_sound(const char *path)
{
	const char *part = path;

	for (const char *p = path;; p++) {
		if (*p != '\0' && (*p <= ' ' || *p > '~'))
			return false;
		if (*p != '/' && *p != '\0')
			continue;
		size_t len = (size_t)(p - part);

		if (len == 0 || (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		if (*p == '\0')
			return true;
		part = p + 1;
	}
}

static bool key_is_ipc(const char *path)
{
	for (size_t i = 0; ipc_keys[i]; i++)
		if (STREQ(path, ipc_keys[i]))
			return true;
	return text_has_prefix(path, "fs/mqueue/");
}

/* The kind of namespace that a key belongs to, NS_COUNT: none. */
static enum spec_ns key_namespace(const char *path)
{
	if (STREQ(path, "kernel/domainname"))
		return NS_UTS;
	if (key_is_ipc(path))
		return NS_IPC;
	if (text_has_prefix(path, "net/"))
		return NS_NETWORK;
	return text_has_prefix(path, "user/") ? NS_USER : NS_COUNT;
}

const char *plan_change_in(const struct plan_header *p, enum spec_ns ns)
{
	const struct plan_op *ops = plan_ops(p);

	for (uint32_t i = 0; i < p->op_count; i++) {
		const struct plan_arg_sysctl *arg = plan_at(p, ops[i].arg);

		if (ops[i].type == OP_SYSCTL && key_namespace(plan_string(p, arg->key)) == ns)
			return plan_string(p, arg->key);
		if (ns == NS_UTS && ops[i].type == OP_HOSTNAME)
			return "hostname";
		if (ns == NS_UTS && ops[i].type == OP_DOMAINNAME)
			return "domainname";
	}
	return NULL;
}

static int key_check(struct builder *b, const char *path, const struct spec_key_value *kv)
{
	const struct spec_namespace *ns = b->spec->namespaces;
	enum spec_ns need = key_namespace(path);

	if (STREQ(path, "kernel/hostname"))
		return builder_refuse(
			b, ERROR_CONFIG, kv->node,
			"sysctl '%s' is not for 'linux.sysctl': use the property 'hostname'",
			kv->key);
	if (need == NS_UTS && b->spec->domainname && b->spec->domainname[0])
		return builder_refuse(b, ERROR_CONFIG, kv->node,
				      "sysctl '%s' and the property 'domainname' are both given",
				      kv->key);
	if (need == NS_COUNT)
		return builder_refuse(
			b, ERROR_CONFIG, kv->node,
			"sysctl '%s' does not belong to a namespace: it would change the host",
			kv->key);
	if (!ns[need].present)
		return builder_refuse(
			b, ERROR_CONFIG, kv->node,
			"sysctl '%s' would change the host: 'linux.namespaces' has no %s namespace",
			kv->key, spec_ns_name(need));
	return 0;
}

int sysctls_plan(struct builder *b)
{
	for (size_t i = 0; i < b->spec->sysctl.count; i++) {
		const struct spec_key_value *kv = &b->spec->sysctl.items[i];
		_cleanup_free_ char *path = key_canonical(kv->key);
		int r;

		if (!key_is_sound(path))
			return builder_refuse(b, ERROR_CONFIG, kv->node,
					      "sysctl '%s' is not a valid key", kv->key);
		if ((r = key_check(b, path, kv)) < 0)
			return r;
		struct plan_arg_sysctl arg = {
			.key = plan_buffer_string(&b->buf, path),
			.value = plan_buffer_string(&b->buf, kv->value),
		};

		builder_op(b, OP_SYSCTL, 0, builder_origin(b, kv->node), &arg, sizeof(arg));
	}
	return 0;
}
