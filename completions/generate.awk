# SPDX-License-Identifier: Apache-2.0
# Shell completion from `knarr --dump-commands`: awk -v shell=bash|zsh|fish -f generate.awk
# POSIX awk, so that a build needs nothing else. Records: command NAME ARGS SUMMARY; option and global OWNER NAME LETTER VALUE HELP.

BEGIN { FS = "\t" }

function words_of(value) # "text|json": a choice of fixed words
{
	return value ~ /^[a-z0-9]+(\|[a-z0-9]+)+$/
}
function files_of(value) { return value ~ /^(FILE|SOCKET)/ }
function directories_of(value) { return value ~ /^(DIR|BUNDLE)/ }
function quoted(text) # within single quotes
{
	gsub(/'/, "'\\''", text)
	return "'" text "'"
}
function replaced(text, from, to)
{
	gsub(from, to, text)
	return text
}

$1 == "command" {
	commands[++command_count] = $2
	args[$2] = $3
	summary[$2] = $4
}
$1 == "option" || $1 == "global" {
	row++
	owner[row] = $1 == "global" ? "" : $2
	name[row] = $3
	letter[row] = $4 == "-" ? "" : $4
	value[row] = $5 == "-" ? "" : $5
	help[row] = $6
}

END {
	if (shell == "bash")
		bash()
	else if (shell == "zsh")
		zsh()
	else if (shell == "fish")
		fish()
	else
		exit 1
}

# ---- bash ----

function bash_flags(who,    i, list)
{
	for (i = 1; i <= row; i++) {
		if (owner[i] == who)
			list = list " --" name[i] (letter[i] ? " -" letter[i] : "")
	}
	return substr(list, 2)
}

function bash_values(    i, pattern)
{
	for (i = 1; i <= row; i++) {
		if (value[i] == "")
			continue
		pattern = (owner[i] == "" ? "*" : owner[i]) ":--" name[i]
		if (letter[i])
			pattern = pattern "|" (owner[i] == "" ? "*" : owner[i]) ":-" letter[i]
		print "\t" pattern ")"
		if (words_of(value[i]))
			print "\t\tCOMPREPLY=($(compgen -W '" replaced(value[i], "\\|", " ") "' -- \"$cur\"))"
		else if (files_of(value[i]))
			print "\t\tcompopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))"
		else if (directories_of(value[i]))
			print "\t\tcompopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\"))"
		print "\t\treturn ;;"
	}
}

function bash_operands(    i, n, part, k, c)
{
	for (i = 1; i <= command_count; i++) {
		c = commands[i]
		n = split(args[c], part, " ")
		for (k = 1; k <= n; k++) {
			if (part[k] == "ID")
				print "\t" c ":" k ")\n\t\tCOMPREPLY=($(compgen -W \"$(_knarr_ids)\" -- \"$cur\")) ;;"
			else if (part[k] == "[SIGNAL]")
				print "\t" c ":" k ")\n\t\tCOMPREPLY=($(compgen -A signal -- \"$cur\")) ;;"
			else if (part[k] == "FILE")
				print "\t" c ":" k ")\n\t\tcompopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\")) ;;"
			else if (part[k] == "[BUNDLE]")
				print "\t" c ":" k ")\n\t\tcompopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\")) ;;"
			else if (words_of(part[k]))
				print "\t" c ":" k ")\n\t\tCOMPREPLY=($(compgen -W '" replaced(part[k], "\\|", " ") "' -- \"$cur\")) ;;"
		}
	}
}

function bash(    i, list)
{
	for (i = 1; i <= command_count; i++)
		list = list (i > 1 ? " " : "") commands[i]
	print "# bash completion of knarr; generated from its command table"
	print "# shellcheck shell=bash disable=SC2207"
	print ""
	print "_knarr_ids()"
	print "{"
	print "\tlocal i root=()"
	print "\tfor ((i = 1; i < COMP_CWORD; i++)); do"
	print "\t\t[[ ${COMP_WORDS[i]} == --root ]] && root=(--root \"${COMP_WORDS[i + 1]/#=/${COMP_WORDS[i + 2]}}\")"
	print "\tdone"
	print "\t\"${COMP_WORDS[0]}\" \"${root[@]}\" list -q 2>/dev/null"
	print "}"
	print ""
	print "_knarr_takes_value()"
	print "{"
	print "\tcase $1 in"
	for (i = 1; i <= row; i++) {
		if (value[i] != "")
			print "\t" (owner[i] == "" ? "*" : owner[i]) ":--" name[i] \
				(letter[i] ? "|" (owner[i] == "" ? "*" : owner[i]) ":-" letter[i] : "") ") return 0 ;;"
	}
	print "\tesac"
	print "\treturn 1"
	print "}"
	print ""
	print "_knarr()"
	print "{"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb= flags= i operand=1"
	print "\t[[ $cur == = ]] && cur="
	print "\t[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}"
	print "\tfor ((i = 1; i < COMP_CWORD; i++)); do"
	print "\t\tcase ${COMP_WORDS[i]} in"
	print "\t\t=) ((i++)) ;;"
	print "\t\t-*)"
	print "\t\t\tif [[ ${COMP_WORDS[i + 1]} != = ]] && _knarr_takes_value \"$verb:${COMP_WORDS[i]}\"; then ((i++)); fi ;;"
	print "\t\t*) if [[ -z $verb ]]; then verb=${COMP_WORDS[i]}; else ((operand++)); fi ;;"
	print "\t\tesac"
	print "\tdone"
	print "\tCOMPREPLY=()"
	print "\tcase \"$verb:$prev\" in"
	bash_values()
	print "\tesac"
	print "\tcase $verb in"
	for (i = 1; i <= command_count; i++) {
		if (bash_flags(commands[i]) != "")
			print "\t" commands[i] ") flags='" bash_flags(commands[i]) "' ;;"
	}
	print "\tesac"
	print "\tif [[ $cur == -* ]]; then"
	print "\t\tCOMPREPLY=($(compgen -W \"$flags " bash_flags("") "\" -- \"$cur\"))"
	print "\t\treturn"
	print "\tfi"
	print "\tif [[ -z $verb ]]; then"
	print "\t\tCOMPREPLY=($(compgen -W '" list "' -- \"$cur\"))"
	print "\t\treturn"
	print "\tfi"
	print "\tcase \"$verb:$operand\" in"
	bash_operands()
	print "\tesac"
	print "}"
	print ""
	print "complete -F _knarr knarr"
}

# ---- zsh ----

function zsh_text(text) # description in _arguments: [ ] : are special
{
	gsub(/\\/, "\\\\", text)
	gsub(/\[/, "\\[", text)
	gsub(/\]/, "\\]", text)
	gsub(/:/, "\\:", text)
	return text
}

function zsh_action(kind)
{
	if (words_of(kind))
		return "(" replaced(kind, "\\|", " ") ")"
	if (files_of(kind))
		return "_files"
	if (directories_of(kind) || kind == "[BUNDLE]")
		return "_files -/"
	if (kind == "ID")
		return "_knarr_ids"
	if (kind == "[SIGNAL]")
		return "_signals -p"
	return " "
}

function zsh_options(who,    i, spec, tail)
{
	for (i = 1; i <= row; i++) {
		if (owner[i] != who)
			continue
		tail = "[" zsh_text(help[i]) "]"
		if (value[i] != "")
			tail = tail ":" zsh_text(tolower(words_of(value[i]) ? name[i] : value[i])) ":" zsh_action(value[i])
		spec = help[i] ~ /repeatable/ ? "\\*" : ""
		print "\t\t" spec quoted("--" name[i] (value[i] == "" ? "" : "=") tail) " \\"
		if (letter[i])
			print "\t\t" spec quoted("-" letter[i] (value[i] == "" ? "" : "+") tail) " \\"
	}
}

function zsh(    i, k, n, part, c)
{
	print "#compdef knarr"
	print "# zsh completion of knarr; generated from its command table"
	print ""
	print "_knarr_ids()"
	print "{"
	print "\tlocal -a ids"
	print "\tids=(${(f)\"$(_call_program ids knarr ${opt_args[--root]:+--root ${opt_args[--root]}} list -q 2>/dev/null)\"})"
	print "\t_describe container ids"
	print "}"
	print ""
	print "_knarr_commands()"
	print "{"
	print "\tlocal -a commands"
	print "\tcommands=("
	for (i = 1; i <= command_count; i++)
		print "\t\t" quoted(commands[i] ":" summary[commands[i]])
	print "\t)"
	print "\t_describe command commands"
	print "}"
	print ""
	print "_knarr()"
	print "{"
	print "\tlocal context state state_descr line"
	print "\ttypeset -A opt_args"
	print "\t_arguments -C \\"
	zsh_options("")
	print "\t\t'1:command:_knarr_commands' \\"
	print "\t\t'*::argument:->argument'"
	print "\t[[ $state == argument ]] || return"
	print "\tcase $words[1] in"
	for (i = 1; i <= command_count; i++) {
		c = commands[i]
		print "\t" c ")"
		print "\t\t_arguments \\"
		zsh_options(c)
		n = split(args[c], part, " ")
		for (k = 1; k <= n; k++) {
			if (part[k] ~ /^(COMMAND|\[--|\[PS-OPTION)/) {
				print "\t\t'*::: :_normal' \\"
				break
			}
			print "\t\t" quoted(k ":" zsh_text(tolower(replaced(part[k], "[][]", ""))) ":" zsh_action(part[k])) " \\"
		}
		print "\t\t&& return ;;"
	}
	print "\tesac"
	print "}"
	print ""
	print "_knarr \"$@\""
}

# ---- fish ----

function fish_options(who, condition,    i, line)
{
	for (i = 1; i <= row; i++) {
		if (owner[i] != who)
			continue
		line = "complete -c knarr" condition " -l " name[i] (letter[i] ? " -s " letter[i] : "")
		if (words_of(value[i]))
			line = line " -x -a " quoted(replaced(value[i], "\\|", " "))
		else if (directories_of(value[i]))
			line = line " -x -a '(__fish_complete_directories)'"
		else if (files_of(value[i]))
			line = line " -r -F"
		else if (value[i] != "")
			line = line " -x"
		print line " -d " fish_quoted(help[i])
	}
}

function fish_quoted(text) # fish knows \' within single quotes
{
	gsub(/\\/, "\\\\", text)
	gsub(/'/, "\\'", text)
	return "'" text "'"
}

function fish(    i, c, condition)
{
	print "# fish completion of knarr; generated from its command table"
	print ""
	print "complete -c knarr -f"
	fish_options("", "")
	for (i = 1; i <= command_count; i++) {
		c = commands[i]
		print ""
		print "complete -c knarr -n __fish_use_subcommand -a " c " -d " fish_quoted(summary[c])
		condition = " -n '__fish_seen_subcommand_from " c "'"
		fish_options(c, condition)
		if (args[c] ~ /(^| )ID( |$)/)
			print "complete -c knarr" condition " -a '(knarr list -q 2>/dev/null)' -d container"
		if (args[c] ~ /\[BUNDLE\]/)
			print "complete -c knarr" condition " -a '(__fish_complete_directories)'"
		if (args[c] ~ /(^| )FILE( |$)/)
			print "complete -c knarr" condition " -F"
		if (args[c] ~ /^add/)
			print "complete -c knarr" condition " -a 'add remove'"
	}
}
