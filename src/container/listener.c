/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener: the seccomp notify descriptor's way to its receiver, with the container process state of config-linux.md.
 * Host half.
 */
#include <string.h>

#include "container/container_private.h"

#define RECEIVER "run.oci.seccomp.receiver"

const char *listener_receiver(const struct spec *spec)
{
	const char *path = spec_seccomp_receiver(spec);

	if (!path)
		path = getenv("RUN_OCI_SECCOMP_RECEIVER");
	return path && path[0] ? path : NULL;
}

int listener_check(const struct spec *spec, struct error *err)
{
	int r = listener_receiver(spec) ? 0 : spec_check_listener(spec, err);

	if (r >= 0)
		return r;
	for (size_t i = 0; i < spec->annotations.count; i++)
		if (spec->annotations.items[i].off &&
		    STREQ(spec->annotations.items[i].key, RECEIVER))
			error_add_remedy(err, "--annotations=" RECEIVER
					      " allows the annotation that names one");
	return r;
}

int listener_deliver(const struct spec *spec, const struct state *state, pid_t pid, int listener_fd,
		     struct error *err)
{
	const char *receiver = listener_receiver(spec);
	struct jwrite *doc, *fds;
	_cleanup_free_ char *state_text =
		state_json(state, state->creating ? STATUS_CREATING : STATUS_RUNNING, false);
	_cleanup_free_ char *text = NULL;

	if (!receiver)
		return error_fail(
			err, ERROR_CONFIG, 0,
			"the filter uses SCMP_ACT_NOTIFY, which needs 'linux.seccomp.listenerPath'");
	doc = jwrite_object();
	fds = jwrite_array();
	jwrite_string(doc, "ociVersion", spec->oci_version);
	jwrite_string(fds, NULL, "seccompFd");
	jwrite_put(doc, "fds", fds);
	jwrite_int(doc, "pid", pid);
	if (spec->seccomp.listener_metadata)
		jwrite_string(doc, "metadata", spec->seccomp.listener_metadata);
	jwrite_put(doc, "state", jwrite_parsed(state_text));
	text = jwrite_text(doc, 0);
	return filter_send_listener(receiver, text, listener_fd, err);
}
