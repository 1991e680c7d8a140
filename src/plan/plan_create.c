/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create: the recipe, slice by slice, in the order in which the container half will act. Host half,
 * pure: no system call, the same input gives the same bytes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan_build.h"

int builder_init(struct builder *b, const struct spec *spec, const struct plan_host *host,
		 const struct plan_options *opt, struct error *err)
{
	*b = (struct builder){
		.spec = spec,
		.process = opt->process ? opt->process : &spec->process,
		.host = host,
		.opt = opt,
		.err = err,
	};
	plan_buffer_init(&b->buf);
	b->origin_default = plan_buffer_string(&b->buf, "default");
	uint32_t id = plan_buffer_string(&b->buf, opt->id ? opt->id : "");
	struct plan_header *h = plan_buffer_header(&b->buf);

	h->id = id;
	h->log_level = opt->log_level;
	h->require = opt->require;
	h->preserve_fds = opt->preserve_fds + opt->listen_fds;
	h->flags = opt->timing ? PLAN_TIMING : 0;
	if (!host->privileged)
		h->flags |= PLAN_ROOTLESS;
	if (h->preserve_fds > INT32_MAX || h->preserve_fds < opt->preserve_fds) {
		builder_done(b);
		return error_fail(err, ERROR_USAGE, 0, "cannot preserve %u descriptors",
				  opt->preserve_fds);
	}
	return 0;
}

void builder_done(struct builder *b)
{
	plan_buffer_done(&b->buf);
	for (size_t i = 0; b->destinations && i < b->spec->mount_count; i++)
		free(b->destinations[i]);
	free(b->destinations);
	for (size_t i = 0; i < b->late_count; i++)
		free(b->late[i].path);
	free(b->late);
	free(b->root);
}

int builder_finish(struct builder *b, struct plan *ret)
{
	if (plan_buffer_finish(&b->buf, &ret->header) < 0)
		return builder_refuse(b, ERROR_CONFIG, NULL,
				      "the container's plan is larger than %u MiB",
				      PLAN_MAX_SIZE >> 20);
	return 0;
}

/*
 * The process of an exec may come from a file of its own, whose pointers and lines are not those of
 * config.json.
 */
static bool is_of_config(const struct builder *b, const struct jnode *node)
{
	while (node->parent)
		node = node->parent;
	return b->spec->doc && node == b->spec->doc->root;
}

static const char *node_origin(const struct builder *b, const struct jnode *node, char *buf,
			       size_t size)
{
	static const char flag[] = "--process ";

	if (is_of_config(b, node))
		return jnode_pointer(node, buf, size);
	text_copy(buf, size, flag);
	(void)jnode_pointer(node, buf + strlen(flag), size - strlen(flag));
	return buf;
}

uint32_t builder_origin(struct builder *b, const struct jnode *node)
{
	char origin[sizeof(b->err->origin)];

	return node ? plan_buffer_string(&b->buf, node_origin(b, node, origin, sizeof(origin)))
		    : b->origin_default;
}

void builder_op(struct builder *b, enum plan_op_type type, unsigned flags, uint32_t origin,
		const void *arg, size_t size)
{
	plan_buffer_op(&b->buf, type, flags, origin, arg, size);
}

int builder_refuse(struct builder *b, enum error_class class, const struct jnode *node,
		   const char *fmt, ...)
{
	char text[sizeof(b->err->text)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)error_fail(b->err, class, 0, "%s", text);
	if (node && is_of_config(b, node))
		(void)error_at_node(b->err, b->spec->doc, node);
	else if (node)
		error_add_origin(b->err, node_origin(b, node, text, sizeof(text)));
	return -EINVAL;
}

/* Phases 1 and 2: namespaces and the root. */
static int build_container(struct builder *b)
{
	size_t early;
	int r;

	if ((r = rootless_check(b)) < 0 || (r = mounts_prepare(b)) < 0 ||
	    (r = namespaces_plan(b)) < 0 || (r = namespaces_plan_settings(b)) < 0 ||
	    (r = root_plan(b)) < 0)
		return r;
	early = mounts_before_devices(b);
	if ((r = mounts_plan(b, 0, early)) < 0 || (r = devices_plan(b)) < 0 ||
	    (r = mounts_plan(b, early, b->spec->mount_count)) < 0 || (r = notify_plan(b)) < 0)
		return r;
	namespaces_plan_network(b); /* hooks are to find it */
	if ((r = hooks_plan_runtime(b)) < 0 || (r = hooks_plan(b, HOOK_CREATE_CONTAINER)) < 0)
		return r;
	console_plan(b, true);
	process_plan_make_place(b);
	return paths_plan(b);
}

/* Phases 3 to 5: the process. */
static int build_process(struct builder *b)
{
	int r;

	if ((r = process_plan(b, false)) < 0 || (r = identity_plan(b)) < 0)
		return r;
	process_plan_place(b);
	process_plan_gate(b, b->opt->gate);
	if ((r = hooks_plan(b, HOOK_START_CONTAINER)) < 0)
		return r;
	return process_plan_final(b);
}

int plan_build_create(const struct spec *spec, const struct plan_host *host,
		      const struct plan_options *opt, struct plan *ret, struct error *err)
{
	struct builder b;
	int r = builder_init(&b, spec, host, opt, err);

	if (r < 0)
		return r;
	if (!b.process->present)
		r = builder_refuse(&b, ERROR_CONFIG, spec->doc ? spec->doc->root : NULL,
				   "'process' is missing: there is no program to run");
	if (r == 0)
		r = build_container(&b);
	if (r == 0)
		r = build_process(&b);
	if (r == 0)
		r = builder_finish(&b, ret);
	builder_done(&b);
	return r;
}

void plan_done(struct plan *p)
{
	free(p->header);
	p->header = NULL;
}
