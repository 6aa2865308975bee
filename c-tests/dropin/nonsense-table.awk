# SPDX-License-Identifier: MIT
# Makes the table of functions that nonsense.c includes, from c-tests/abi/functions.tsv: for each exported function a call through a
# pointer of its type, and what its parameters are.
BEGIN { FS = "\t"; print "/* Written by nonsense-table.awk. */" }
/^#/ || $1 == "name" || $2 == "local-inline" && $5 == "-" && $6 == "-" { next }
{
	name = $1; returns = $3; list = $4
	gsub(/^\(|\)$/, "", list)
	n = list == "void" ? 0 : split(list, param, /, */)
	arguments = kinds = usual = names = ""
	sqe_helper = $2 != "extern" && list ~ /struct io_uring_sqe \*/ && returns == "void"
	for (i = 1; i <= n; i++) {
		type = word = param[i]
		sub(/[A-Za-z_0-9]+$/, "", type)
		sub(/^.*[^A-Za-z_0-9]/, "", word)
		number = "1"
		if (type ~ /struct io_uring \*/) kind = "RING"
		else if (type ~ /struct io_uring_sqe \*/) kind = "SQE"
		else if (type ~ /\*/) kind = "POINTER"
		else if (word ~ /flags$/) { kind = "FLAGS"; number = "0" }
		else if (word == "opcode") kind = "OPCODE"
		else if (word == "fd" && !sqe_helper && name ~ /(enter2?|register|queue_mmap)$/) kind = "DESCRIPTOR"
		else {
			kind = "NUMBER"
			if (word ~ /^n?entries$/) number = "8"
			if (word == "buf_size") number = "SLOT"
			if (word == "sz") number = "0"
		}
		cast = type ~ /\*/ ? "(" type ")(uintptr_t)" : "(" type ")"
		arguments = arguments (i > 1 ? ", " : "") cast "a[" i - 1 "]"
		kinds = kinds (i > 1 ? ", " : "") kind
		usual = usual (i > 1 ? ", " : "") number
		names = names (i > 1 ? ", " : "") "\"" word "\""
	}
	call = "((__typeof__(&" name "))f)(" arguments ")"
	printf "static uint64_t call_%s(void *f, const uint64_t *a)\n{\n\t(void)a;\n", name
	if (returns == "void") { answer = "NOTHING"; printf "\t%s;\n\treturn 0;\n}\n", call }
	else if (returns ~ /\*/) { answer = "ADDRESS"; printf "\treturn (uintptr_t)%s;\n}\n", call }
	else if (returns ~ /cqe_iter/) { answer = "ITERATOR"; printf "\t*iterator() = %s;\n\treturn 0;\n}\n", call }
	else if (returns ~ /int$|ssize_t/ && returns !~ /unsigned/) { answer = "SIGNED"; printf "\treturn (uint64_t)(int64_t)%s;\n}\n", call }
	else { answer = "UNSIGNED"; printf "\treturn (uint64_t)%s;\n}\n", call }
	row[rows++] = sprintf("{ \"%s\", call_%s, %s, %s, %d, { %s }, { %s }, { %s } },", name, name, answer, sqe_helper ? "false" : "true",
		n, n ? kinds : "RING", n ? usual : "0", n ? names : "NULL")
}
END {
	print "static const struct function functions[] = {"
	for (i = 0; i < rows; i++) print "\t" row[i]
	print "};"
}
