# results.tsv to horizontal bars in SVG: the bar is the median, the tick in it the least.
$1 == "size" { next }
{
	if (!($1 in seen)) {
		seen[$1] = 1
		cases[++groups] = $1
	}
	count[$1]++
	name[$1, count[$1]] = $2
	median[$1, count[$1]] = $4 / 1000
	least[$1, count[$1]] = $5 / 1000
	if ($4 / 1000 > top[$1])
		top[$1] = $4 / 1000
	total++
}
END {
	left = 150; width = 520; bar = 18; gap = 6; head = 26
	colour["floor"] = "#9aa0a6"; colour["knarr"] = "#1f6f8b"; colour["crun"] = "#c9883a"; colour["runc"] = "#8a5a83"
	title["run"] = "run"; title["lifecycle"] = "create + start + delete"
	title["exec"] = "exec"; title["seccomp"] = "run, 400 seccomp rules"
	title["seccomp-cold"] = "run, 400 seccomp rules never seen before"
	for (n = 1; n <= 1000; n *= 10)
		title["mounts-" n] = "run, " n " bind mount" (n > 1 ? "s" : "")
	height = total * (bar + gap) + groups * head + 34
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", left + width + 90, height
	printf "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
	y = 10
	for (g = 1; g <= groups; g++) {
		c = cases[g]
		y += head
		printf "<text x=\"8\" y=\"%d\" font-weight=\"bold\">%s</text>\n", y - 8, (c in title) ? title[c] : c
		for (i = 1; i <= count[c]; i++) {
			w = median[c, i] / top[c] * width
			l = left + least[c, i] / top[c] * width
			printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left - 8, y + 13, name[c, i]
			printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", left, y, w, bar, (name[c, i] in colour) ? colour[name[c, i]] : "#555555"
			printf "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#000000\"/>\n", l, l, y, y + bar
			printf "<text x=\"%.1f\" y=\"%d\">%.2f ms</text>\n", left + w + 6, y + 13, median[c, i]
			y += bar + gap
		}
	}
	printf "<text x=\"8\" y=\"%d\" fill=\"#555555\">median wall time, each group in its own scale; tick: least; less is better</text>\n</svg>\n", height - 8
}
