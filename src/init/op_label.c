/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AppArmor profile and SELinux label for the exec that follows. Runs in the container half. What was
 * written is read back and must be the very same: anything else would be a program that runs
 * unconfined in silence (R4).
 *
 * The files lie below "self" of a procfs that shows this process. After setns(2) into another pid
 * namespace the container's procfs does not show it, and in another user namespace the kernel
 * refuses a new procfs of the old pid namespace. So both handles are opened before anything is
 * joined, when "self" exists; they show every later child of this process as well.
 */
#include <errno.h>
#include <string.h>

#include "init/init.h"

enum { LABEL_MAX = 4096 };

/* "NAME (MODE)" as AppArmor answers; a name may hold spaces, so only the last one counts. */
static void cut_mode(char *text)
{
	size_t len = strlen(text);
	char *mode = strrchr(text, '(');

	if (len > 0 && text[len - 1] == ')' && mode && mode > text && mode[-1] == ' ')
		mode[-1] = '\0';
}

static int write_and_check(int procfd, const char *file, const char *prefix, const char *label,
			   bool has_mode)
{
	char text[LABEL_MAX];
	ssize_t n;
	int r;

	r = text_format(text, sizeof(text), "%s%s", prefix, label);
	if (r >= 0)
		r = procfs_write(procfd, file, text);
	if (r < 0)
		return r;
	n = procfs_read(procfd, file, text, sizeof(text));
	if (n < 0)
		return (int)n;
	if (STREQ(text, label))
		return 0;
	if (has_mode)
		cut_mode(text);
	return STREQ(text, label) ? 0 : -ESTALE;
}

static int apply(int procfd, uint32_t lsm, const char *label)
{
	int r;

	switch (lsm) {
	case PLAN_LSM_APPARMOR:
		/*
		 * Its own directory first: with several LSMs the common files belong to another
		 * one.
		 */
		r = write_and_check(procfd, "self/attr/apparmor/exec", "exec ", label, true);
		return r == -ENOENT
			       ? write_and_check(procfd, "self/attr/exec", "exec ", label, true)
			       : r;
	case PLAN_LSM_SELINUX:
		return write_and_check(procfd, "self/attr/exec", "", label, false);
	default:
		return write_and_check(procfd, "self/attr/keycreate", "", label, false);
	}
}

int label_prepare(struct init *in, struct error *err)
{
	const struct plan_op *ops = plan_ops(in->plan);
	uint32_t i = 0;

	while (i < in->plan->op_count && ops[i].type != OP_LABEL)
		i++;
	if (i == in->plan->op_count)
		return 0;
	in->label_fd = procfs_open();
	if (in->label_fd < 0)
		return init_fail(err, in->label_fd, "fsopen", NULL,
				 "cannot open a private procfs for the label of the program");
	/* The second choice; where it is missing, the refusal of the first one is the error. */
	in->label_attached_fd = procfs_open_attached();
	return 0;
}

void label_done(struct init *in)
{
	in->label_fd = fd_close(in->label_fd);
	in->label_attached_fd = fd_close(in->label_attached_fd);
}

int op_label(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_label *arg = init_arg(in, op);
	const char *label = init_string(in, arg->label),
		   *lsm = arg->lsm == PLAN_LSM_APPARMOR ? "AppArmor profile" : "SELinux label";
	int r = apply(in->label_fd, arg->lsm, label);

	/* A nested AppArmor profile knows only names below /proc, see op_sysctl.c. */
	if (r == -EACCES && in->label_attached_fd >= 0 && fallback_take(FALLBACK_PRIVATE_PROCFS))
		r = apply(in->label_attached_fd, arg->lsm, label);
	if (r >= 0)
		return 0;
	if (r == -ESTALE)
		return init_fail(err, r, "read", label,
				 "the %s '%s' was written but is not in force", lsm, label);
	init_fail(err, r, "write", label, "cannot apply the %s '%s'", lsm, label);
	if (r == -ENOENT && arg->lsm == PLAN_LSM_APPARMOR)
		error_add_remedy(err, "the profile is not loaded on this host");
	return r;
}
