# results.tsv (case, program, rounds, median us, least us, peak KiB) to a table in Markdown.
function ratio(what, other, c, p,    key) {
	key = c SUBSEP other
	return ((key in what) && what[key] > 0) ? sprintf("%.2f", what[c, p] / what[key]) : "-"
}
$1 == "size" {
	size[$2] = $4
	sized[++sizes] = $2
	next
}
{
	rows[++n] = $1 SUBSEP $2
	median[$1, $2] = $4
	least[$1, $2] = $5
	peak[$1, $2] = $6
	rounds = $3
}
END {
	print "| case | program | median ms | least ms | x floor (median, least) | x crun (median, least) | peak RSS KiB |"
	print "|---|---|---:|---:|---:|---:|---:|"
	for (i = 1; i <= n; i++) {
		split(rows[i], k, SUBSEP)
		c = k[1]
		p = k[2]
		# create+start+delete and exec have no floor of their own
		printf "| %s | %s | %.2f | %.2f | %s, %s | %s, %s | %s |\n", c, p, median[c, p] / 1000, least[c, p] / 1000,
			ratio(median, "floor", c, p), ratio(least, "floor", c, p),
			ratio(median, "crun", c, p), ratio(least, "crun", c, p), (p == "floor" ? "-" : peak[c, p])
	}
	print ""
	for (i = 1; i <= sizes; i++)
		printf "%s%s: %d KiB", (i > 1 ? ", " : "Stripped size: "), sized[i], size[sized[i]] / 1024
	printf "\n%d rounds, interleaved; Linux %s\n", rounds, kernel
}
