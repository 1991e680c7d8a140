/* SPDX-License-Identifier: Apache-2.0 */
/* output: the way to stdout. A result that could not be written is a failure of the verb. Host half. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

int output_text(const char *text, struct error *err)
{
	int r = io_write_all(STDOUT_FILENO, text, strlen(text));

	if (r < 0) {
		error_set(err, -r, "cannot write to standard output");
		return r;
	}
	return 0;
}

int output_line(const char *text, struct error *err)
{
	_cleanup_(buf_done) struct buf b = { 0 };

	buf_add_str(&b, text);
	buf_add_str(&b, "\n");
	return output_text(b.data, err);
}

void output_table(const char *const *cells, size_t rows, size_t columns, struct buf *out)
{
	for (size_t r = 0; r < rows; r++) {
		for (size_t c = 0; c < columns; c++) {
			const char *cell = cells[r * columns + c];
			size_t width = 12, start = out->len;

			buf_add_str(out, cell);
			if (cell[0])
				text_sanitize(out->data + start); /* as many bytes as before */
			if (c + 1 == columns)
				break;
			for (size_t i = 0; i < rows; i++) {
				size_t len = strlen(cells[i * columns + c]) + 3;

				if (len > width)
					width = len;
			}
			for (size_t len = strlen(cell); len < width; len++)
				buf_add(out, " ", 1);
		}
		buf_add_str(out, "\n");
	}
}
