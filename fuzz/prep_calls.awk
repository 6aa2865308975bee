# SPDX-License-Identifier: MIT
#
# From the C interface as data (c-tests/abi/functions.tsv): for each helper that writes an SQE and that the library exports too, a C
# function that calls the inline body, one that calls through a pointer, and a row of the table that prep.c goes through.
BEGIN { FS = "\t" }
/^#/ || $1 == "name" || $2 != "inline" || $3 != "void" || $4 !~ /struct io_uring_sqe \*sqe/ { next }
{
	list = substr($4, 2, length($4) - 2)
	nr = split(list, params, /, */)
	given = types = ""
	numbers = 0
	for (i = 1; i <= nr; i++) {
		match(params[i], /[A-Za-z0-9_]+$/)
		type = substr(params[i], 1, RSTART - 1)
		sub(/ +$/, "", type)
		if (type == "struct io_uring_sqe *")
			arg = "sqe"
		else if (type ~ /\*$/)
			arg = "(" type ")(uintptr_t)a[" numbers++ "]"
		else
			arg = "(" type ")a[" numbers++ "]"
		given = given (i > 1 ? ", " : "") arg
		types = types (i > 1 ? ", " : "") type
	}
	printf "static void inlined_%s(struct io_uring_sqe *sqe, const uint64_t *a)\n{\n\t(void)a;\n\t%s(%s);\n}\n", $1, $1, given
	printf "static void pointed_%s(void (*f)(void), struct io_uring_sqe *sqe, const uint64_t *a)\n{\n\t(void)a;\n", $1
	printf "\t((void (*)(%s))f)(%s);\n}\n\n", types, given
	rows = rows sprintf("\t{ \"%s\", %d, inlined_%s, pointed_%s, (void (*)(void))%s, NULL },\n", $1, numbers, $1, $1, $1)
}
END {
	printf "static struct helper helpers[] = {\n%s};\n", rows
}
