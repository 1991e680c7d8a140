/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli: argv in, text on stdout and an exit status out. The only folder that knows either. Host half.
 *
 * Each verb is one file, cmd_<verb>.c, which describes itself in a struct command (src/cli/command.h); the
 * table of them in commands.c drives dispatch, help, the check of the manual pages and shell completion.
 */
#ifndef KNARR_CLI_H
#define KNARR_CLI_H

/*
 * Parses argv, opens the log, runs the verb and reports its one error.
 * Returns the exit status: 0, the program's own status for a foreground `run` or `exec`, 1 for a failure,
 * 3 for an unknown verb, 255 for an `exec` that did not start its program.
 * argv is reordered.
 */
int cli_main(int argc, char **argv);

#endif
