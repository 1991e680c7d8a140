# TAP, as bats and cmocka write it, to rows: layer, verdict, file, test, words. Needs -v layer=, file=,
# status= (the exit status of what wrote it). Tests that were planned and never told of are failures.
function row(verdict, name, words) {
	gsub(/\t/, " ", name)
	gsub(/\t/, " ", words)
	printf "%s\t%s\t%s\t%s\t%s\n", layer, verdict, file, name, words
}
function flush() {
	if (failed != "")
		row("fail", failed, words)
	failed = words = ""
}
/^1\.\.[0-9]+/ {
	planned += substr($0, 4) + 0
	next
}
/^(not )?ok / {
	flush()
	told++
	bad = /^not /
	line = $0
	sub(/^(not )?ok +[0-9]* *(- )?/, "", line)
	reason = ""
	skipped = 0
	# the last one counts: a test's name may hold the word too
	if (match(line, /^.*# (skip|SKIP)/)) {
		skipped = 1
		reason = substr(line, RLENGTH + 1)
		line = substr(line, 1, RLENGTH - 6)
		sub(/^ +/, "", reason)
	}
	sub(/ +in [0-9]+ ?(ms|sec)/, "", line)
	sub(/ +$/, "", line)
	if (bad)
		failed = line
	else if (skipped)
		row("skip", line, reason)
	else
		row("pass", line, "")
	next
}
/^#/ && failed != "" {
	if (length(words) < 600)
		words = words (words == "" ? "" : " | ") substr($0, 3)
}
END {
	flush()
	if (told < planned)
		row("fail", "(" (planned - told) " of " planned " tests did not report)", "exit status " status)
	else if (told == 0 && status != 0)
		row("fail", "(nothing was reported)", "exit status " status)
	else if (status >= 124)
		row("fail", "(did not end)", "exit status " status)
}
