/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interrupt: waits that a user may break off. Host half.
 *
 * A foreground `run` blocks signals before there is a container, so that none is lost between its
 * start and its supervision. A hook that hangs, or a container half that waits for one, must not
 * make the command deaf for that: during these waits alone the signals that ask a program to end
 * are let in. Their handler only notes which it was, and makes ppoll(2) return.
 */
#include <errno.h>
#include <signal.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static volatile sig_atomic_t noted;

static void note(int signal)
{
	noted = signal;
}

int interrupt_signal(void)
{
	return noted;
}

void interrupt_prepare(void)
{
	struct sigaction ours = { .sa_handler = note }, had;

	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		/* What the caller ignores (nohup) stays ignored. */
		if (sigaction(ending[i], NULL, &had) == 0 && had.sa_handler == SIG_DFL)
			(void)sigaction(ending[i], &ours, NULL);
}

void interrupt_end(void)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	struct sigaction had;

	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		if (sigaction(ending[i], NULL, &had) == 0 && had.sa_handler == note)
			(void)sigaction(ending[i], &standard, NULL);
}

/* The mask of now without those that have our handler; false: there are none to let in. */
static bool open_mask(sigset_t *mask)
{
	struct sigaction had;
	bool some = false;

	if (sigprocmask(SIG_BLOCK, NULL, mask) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++) {
		if (!sigismember(mask, ending[i]) || sigaction(ending[i], NULL, &had) < 0 ||
		    had.sa_handler != note)
			continue;
		sigdelset(mask, ending[i]);
		some = true;
	}
	return some;
}

int interrupt_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	sigset_t mask;

	if (open_mask(&mask)) {
		struct timespec timeout = { .tv_sec = timeout_ms / 1000,
					    .tv_nsec = timeout_ms % 1000 * 1000000L };
		int r = ppoll(fds, count, timeout_ms < 0 ? NULL : &timeout, &mask);

		return r < 0 ? -errno : r;
	}
	for (;;) {
		int r = poll(fds, count, timeout_ms);

		if (r >= 0)
			return r;
		if (errno != EINTR)
			return -errno;
		if (timeout_ms >= 0)
			return 0; /* the caller reckons what is left */
	}
}
