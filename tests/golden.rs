// SPDX-License-Identifier: MIT
//! The header against the C interface as data: layouts, constants, prototypes, and what every preparation helper writes,
//! through the inline helper and through the function that the library exports.

mod common;

#[path = "common/abi.rs"]
mod abi;
#[path = "common/compiler.rs"]
mod compiler;

use std::fmt::Write;
use std::path::Path;

use common::{stage, table};
use compiler::{execute, scratch, str, write, Compiler, Lang};

const BOTH: [Lang; 2] = [Lang::C, Lang::Cxx];

/// What the checks are written with, in both languages: `CHECK(text, condition)` at compile time, and whether two types are one.
const PRELUDE: &str = r#"
#ifdef __cplusplus
#include <type_traits>
#define CHECK(what, condition) static_assert(condition, what)
#define SAME_TYPE(a, ...) (std::is_same<std::remove_cv<a>::type, __VA_ARGS__>::value)
#define TYPE_OF(x) decltype(x)
#else
#define CHECK(what, condition) _Static_assert(condition, what)
#define SAME_TYPE(a, ...) __builtin_types_compatible_p(a, __VA_ARGS__)
#define TYPE_OF(x) __typeof__(x)
#endif
"#;

/// Compiles a file of compile-time checks: with the helpers inlined and, where `declarations` says so, as declarations only.
fn check_file(name: &str, text: &str, declarations: bool) {
    let stage = stage();
    let dir = scratch(name);
    let source = write(&dir, "checks.c", &format!("{PRELUDE}{text}"));
    let include = format!("-I{}", stage.include.display());
    for lang in BOTH {
        let standard = if lang == Lang::C { "-std=gnu17" } else { "-std=gnu++17" };
        for compiler in Compiler::all_for(lang) {
            let mut args = vec![standard, "-D_GNU_SOURCE=1", "-w", &include, "-fsyntax-only"];
            compiler.run(&source, &args);
            if declarations {
                args.push("-DURING_NO_INLINE");
                compiler.run(&source, &args);
            }
        }
    }
}

#[test]
fn every_struct_has_its_size_and_every_field_its_place_and_type() {
    let mut text = String::from("#include <uring.h>\n");
    let structs = table("c-tests/abi/structs.tsv");
    let fields = table("c-tests/abi/fields.tsv");
    assert!(structs.len() >= 49 && fields.len() > 250, "the data is cut short");

    for row in &structs {
        let (name, size) = (&row[0], &row[2]);
        writeln!(text, "CHECK(\"size of {name}\", sizeof(struct {name}) == {size});").unwrap();
    }
    for row in &fields {
        let [name, field, offset, size, kind] = &row[..] else { panic!("{row:?}") };
        let what = format!("{name}.{field}");
        let member = format!("((struct {name} *)0)->{field}");
        writeln!(text, "CHECK(\"offset of {what}\", offsetof(struct {name}, {field}) == {offset});").unwrap();
        if let Some(element) = kind.strip_suffix("[0]").or(kind.strip_suffix("[]")) {
            // An array without a length: it begins where it should, and its elements are right.
            if kind.ends_with("[0]") {
                writeln!(text, "CHECK(\"size of {what}\", sizeof({member}) == {size});").unwrap();
            }
            writeln!(text, "CHECK(\"element of {what}\", sizeof({member}[0]) == sizeof({element}));").unwrap();
            writeln!(text, "CHECK(\"element type of {what}\", SAME_TYPE(TYPE_OF(&{member}[0]), {element} *));").unwrap();
            continue;
        }
        writeln!(text, "CHECK(\"size of {what}\", sizeof({member}) == {size});").unwrap();
        if !kind.contains("{anon}") {
            writeln!(text, "CHECK(\"type of {what}\", SAME_TYPE(TYPE_OF({member}), {kind}));").unwrap();
        }
    }
    check_file("golden-layout", &text, true);
}

#[test]
fn every_constant_has_its_value_and_its_kind() {
    let mut text = String::from("#include <uring.h>\n");
    let constants = table("c-tests/abi/constants.tsv");
    assert!(constants.len() >= 250, "constants.tsv is cut short");

    for row in &constants {
        let [name, value, _, kind, owner] = &row[..] else { panic!("{row:?}") };
        writeln!(text, "CHECK(\"value of {name}\", (unsigned long long)({name}) == {value}ULL);").unwrap();
        if kind == "macro" {
            // Programs test macros with the preprocessor, which knows neither casts nor enumerators.
            writeln!(text, "#ifndef {name}\n#error {name} is not a macro\n#endif").unwrap();
            writeln!(text, "#if ({name}) != {value}ULL\n#error {name} in an #if\n#endif").unwrap();
        } else {
            writeln!(text, "#ifdef {name}\n#error {name} is a macro\n#endif").unwrap();
            if owner != "-" {
                writeln!(text, "#ifdef __cplusplus").unwrap();
                writeln!(text, "CHECK(\"type of {name}\", SAME_TYPE(decltype({name}), enum {owner}));").unwrap();
                writeln!(text, "#else\nCHECK(\"enum of {name}\", sizeof(enum {owner}) == 4);\n#endif").unwrap();
            }
        }
    }
    let newer = "IO_URING_CHECK_VERSION(2, 16) && IO_URING_CHECK_VERSION(3, 0)";
    let older = "IO_URING_CHECK_VERSION(2, 15) || IO_URING_CHECK_VERSION(2, 0) || IO_URING_CHECK_VERSION(1, 99)";
    writeln!(text, "#if !({newer}) || ({older})\n#error IO_URING_CHECK_VERSION\n#endif").unwrap();
    for guard in ["LIB_URING_H", "LINUX_IO_URING_H", "LIBURING_HAVE_DATA64", "uring_likely", "uring_unlikely"] {
        writeln!(text, "#ifndef {guard}\n#error {guard} is not defined\n#endif").unwrap();
    }
    check_file("golden-constants", &text, true);
}

/// The system's older `<linux/io_uring.h>` has what it has; what it lacks must be there all the same.
#[test]
fn every_constant_is_there_after_the_system_header_too() {
    let dir = scratch("golden-constants-host-first");
    let mut text = String::from("#include <linux/io_uring.h>\n#include <uring.h>\n");
    for row in table("c-tests/abi/constants.tsv") {
        writeln!(text, "CHECK(\"value of {0}\", (unsigned long long)({0}) == {1}ULL);", row[0], row[1]).unwrap();
    }
    let source = write(&dir, "checks.c", &format!("{PRELUDE}{text}"));
    let include = format!("-I{}", stage().include.display());
    for lang in BOTH {
        let compiler = Compiler::default_for(lang);
        if !has_system_header(&compiler, &dir) {
            println!("SKIP: no <linux/io_uring.h> on this machine");
            return;
        }
        compiler.run(&source, &["-w", &include, "-fsyntax-only"]);
    }
}

fn has_system_header(compiler: &Compiler, dir: &Path) -> bool {
    let probe = write(dir, "probe.c", "#include <linux/io_uring.h>\n");
    compiler.try_run(&probe, &["-fsyntax-only"]).status.success()
}

#[test]
fn every_prototype_is_that_of_the_data() {
    let mut text = String::from("#include <uring.h>\n");
    for function in abi::functions() {
        let abi::Function { name, returns, parameters, .. } = &function;
        // In C++17 the promise not to throw belongs to the type; liburing's functions make it.
        let same = format!("SAME_TYPE(TYPE_OF(&{name}), {returns} (*){parameters} LIBURING_NOEXCEPT)");
        let check = function.guarded(&format!("CHECK(\"prototype of {name}\", {same});"));
        if function.is_exported() {
            text += &check;
        } else {
            writeln!(text, "#ifndef URING_NO_INLINE\n{check}#endif").unwrap();
        }
    }
    check_file("golden-prototypes", &text, true);
}

/// Without `_GNU_SOURCE` the two functions whose types need it leave their names free.
#[test]
fn guarded_functions_are_declared_for_gnu_source_only() {
    let mut text = String::from("#include <uring.h>\n");
    // Nobody can declare a function's name as an array as well.
    let guarded: Vec<_> = abi::functions().into_iter().filter(|f| f.guard != "-").collect();
    assert_eq!(guarded.len(), 2);
    for function in guarded {
        writeln!(text, "extern int {}[2];", function.name).unwrap();
    }
    let dir = scratch("golden-guards");
    let source = write(&dir, "guards.c", &text);
    let include = format!("-I{}", stage().include.display());
    for compiler in Compiler::all_for(Lang::C) {
        compiler.run(&source, &["-w", "-std=gnu17", &include, "-fsyntax-only"]);
        let seen = compiler.try_run(&source, &["-w", "-std=gnu17", "-D_GNU_SOURCE", &include, "-fsyntax-only"]);
        assert!(!seen.status.success(), "{}: not declared with _GNU_SOURCE", compiler.path.display());
    }
}

#[test]
fn the_header_asks_the_c_library_for_nothing() {
    let text = "#include <uring.h>\n#if defined(_GNU_SOURCE) || defined(_XOPEN_SOURCE)\n#error a feature test macro\n#endif\n";
    let dir = scratch("golden-features");
    let source = write(&dir, "features.c", text);
    let include = format!("-I{}", stage().include.display());
    for standard in ["-std=c11", "-std=gnu17"] {
        Compiler::default_for(Lang::C).run(&source, &["-w", standard, &include, "-fsyntax-only"]);
    }
}

/// A program that repeats every call of the data and compares the SQE.
fn vector_program(first_include: &str) -> String {
    let functions = abi::functions();
    let mut text = format!("#ifndef _GNU_SOURCE\n#define _GNU_SOURCE\n#endif\n{first_include}\n#include <uring.h>\n");
    text += r#"
#include <stdio.h>
#include <string.h>

static struct io_uring_sqe sqe;
static unsigned calls, wrong;

static void compare(const char *call, const char *want)
{
	const unsigned char *bytes = (const unsigned char *)&sqe;
	char got[129];
	int i;

	for (i = 0; i < 64; i++)
		snprintf(got + 2 * i, 3, "%02x", bytes[i]);
	calls++;
	if (strcmp(got, want) && wrong++ < 10)
		printf("%s\n  got  %s\n  want %s\n", call, got, want);
}

"#;
    let mut main = String::from("int main(void)\n{\n");
    let mut open = String::new();
    for row in table("c-tests/abi/sqe_vectors.tsv") {
        let [name, fill, arguments, sqe] = &row[..] else { panic!("{row:?}") };
        let function = functions.iter().find(|f| f.name == *name).unwrap_or_else(|| panic!("{name} in functions.tsv"));
        let params = function.params();
        let arguments: Vec<_> = arguments.split(' ').collect();
        assert_eq!(params.len(), arguments.len(), "{row:?}");
        let values: Vec<_> = params.iter().zip(&arguments).map(|((kind, _), value)| argument(kind, value)).collect();
        // One C function per helper keeps the compiler's work small.
        if open != *name {
            if !open.is_empty() {
                text += "}\n\n";
            }
            writeln!(text, "static void test_{name}(void)\n{{").unwrap();
            writeln!(main, "\ttest_{name}();").unwrap();
            open.clone_from(name);
        }
        let call = format!("{name}({})", values.join(", "));
        // The parentheses keep a macro from standing in for the function.
        let real = format!("({name})({})", values.join(", "));
        writeln!(text, "\tmemset(&sqe, 0x{fill}, sizeof(sqe));\n\t{real};\n\tcompare(\"{fill}: {call}\", \"{sqe}\");").unwrap();
    }
    text += "}\n\n";
    text + &main + "\tprintf(\"%u calls, %u wrong\\n\", calls, wrong);\n\treturn wrong != 0;\n}\n"
}

/// The data's spelling of a value as a C expression of the parameter's type.
fn argument(kind: &str, value: &str) -> String {
    if value == "SQE" {
        return "&sqe".to_owned();
    }
    if value.starts_with("0x") {
        return format!("({kind})(uintptr_t){value}ULL");
    }
    let number: i128 = value.parse().unwrap_or_else(|_| panic!("{value}"));
    let suffix = if number > i64::MAX.into() { "ULL" } else { "LL" };
    format!("({kind}){value}{suffix}")
}

/// Builds the program in each way that is asked for and runs it.
fn run_vectors(name: &str, first_include: &str, flags: &[&str], exported: bool) {
    let stage = stage();
    let dir = scratch(name);
    let source = write(&dir, "vectors.c", &vector_program(first_include));
    let include = format!("-I{}", stage.include.display());
    let lib = format!("-L{}", stage.lib.display());
    for lang in BOTH {
        for compiler in Compiler::all_for(lang) {
            for optimise in ["-O0", "-O2"] {
                let program = dir.join("vectors");
                let mut args = vec!["-w", optimise, &include, "-o", str(&program)];
                args.extend(flags);
                if exported {
                    args.extend([lib.as_str(), "-luring_rs"]);
                }
                compiler.run(&source, &args);
                let said = execute(&program, &stage.lib);
                assert!(said.contains("660 calls, 0 wrong"), "{said}");
            }
        }
    }
}

#[test]
fn inline_helpers_write_the_golden_sqes() {
    run_vectors("golden-inline", "", &[], false);
}

#[test]
fn exported_helpers_write_the_golden_sqes() {
    run_vectors("golden-exported", "", &["-DURING_NO_INLINE"], true);
}

/// The members of the system's older `struct io_uring_sqe` are fewer; the helpers fill the others as well.
#[test]
fn inline_helpers_write_the_golden_sqes_after_the_system_header() {
    let dir = scratch("golden-host-first-probe");
    if !has_system_header(&Compiler::default_for(Lang::C), &dir) {
        println!("SKIP: no <linux/io_uring.h> on this machine");
        return;
    }
    run_vectors("golden-host-first", "#include <linux/io_uring.h>", &[], false);
}

/// Helpers that work on rings, on buffer rings and on received messages: on memory that the program sets up as a kernel would.
#[test]
fn ring_helpers_keep_the_ring_protocol_inline_and_exported() {
    let stage = stage();
    let dir = scratch("golden-rings");
    let source = common::root().join("c-tests/golden/ring_helpers.c");
    let include = format!("-I{}", stage.include.display());
    let lib = format!("-L{}", stage.lib.display());
    for lang in BOTH {
        let compiler = Compiler::default_for(lang);
        for optimise in ["-O0", "-O2"] {
            for mode in ["-DURING_INLINED", "-DURING_NO_INLINE"] {
                let program = dir.join("ring_helpers");
                let args = ["-Wall", "-Wextra", "-Werror", optimise, mode, &include, "-o", str(&program), &lib, "-luring_rs"];
                compiler.run(&source, &args);
                let said = execute(&program, &stage.lib);
                assert!(said.contains("all checks passed"), "{mode} {optimise}: {said}");
            }
        }
    }
}
