/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp: linux.seccomp -> BPF in the host half (R20), by a code generator of our own. libseccomp gives the numbers of
 * system calls; it is asked (knarr/library.h) on a cache miss only.
 */
#ifndef KNARR_SECCOMP_H
#define KNARR_SECCOMP_H

#include "knarr/base.h"
#include "knarr/library.h"
#include "knarr/spec.h"

/* A system call that libseccomp does not know, in a rule that is stricter than the default action. */
struct filter_unknown {
	const char *name;         /* the profile's */
	const struct jnode *node; /* its rule */
};
struct filter { /* struct sock_filter[] */
	void *insns;
	uint32_t count;
	uint32_t flags; /* SECCOMP_FILTER_FLAG_* for the load */
	bool listener;  /* SCMP_ACT_NOTIFY is used */
	struct filter_unknown *unknown;
	size_t unknown_count;
};
/*
 * Compiles, or takes from the cache below cache_fd (< 0: no cache). The cache key is a SHA-256 over the decoded
 * profile, this build's version, libseccomp's version on a miss being stored in the entry. Entries are verified (owner, mode, length, hash of content).
 * Unknown system call names are skipped (as the peers do) unless fail_unknown. One that was to be refused is warned
 * of and listed in ret; the cache never holds such a filter.
 */
int filter_compile(const struct spec_seccomp *s, int cache_fd, bool fail_unknown,
		   struct filter *ret, struct error *err);
void filter_done(struct filter *f);
/* Sends the listener fd with the container process state JSON to listenerPath (config-linux.md, "The Container Process State"). */
int filter_send_listener(const char *listener_path, const char *process_state_json, int listener_fd,
			 struct error *err);
/* For features: does this libseccomp know ...? NULL-terminated lists of the specification's words. */
const char *const *filter_actions(const struct library_facts *facts);
const char *const *filter_operators(const struct library_facts *facts);
const char *const *filter_archs(const struct library_facts *facts);
const char *const *filter_flags_known(void);
bool filter_flag_supported(const char *word); /* asks the kernel */

#endif
