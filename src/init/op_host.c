/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the uts namespace. Runs in the container half. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "init/init.h"

static int name_failed(struct error *err, const char *call, const char *what, const char *name)
{
	int r = -errno;

	init_fail(err, r, call, name, "cannot set the %s to '%s'", what, name);
	if (r == -EINVAL)
		error_add_remedy(err, "the kernel takes at most 64 bytes");
	return r;
}

int op_hostname(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_name *arg = init_arg(in, op);
	const char *name = init_string(in, arg->name);

	return sethostname(name, strlen(name)) < 0
		       ? name_failed(err, "sethostname", "host name", name)
		       : 0;
}

int op_domainname(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_name *arg = init_arg(in, op);
	const char *name = init_string(in, arg->name);

	return setdomainname(name, strlen(name)) < 0
		       ? name_failed(err, "setdomainname", "domain name", name)
		       : 0;
}
