// SPDX-License-Identifier: MIT
//! Every exported function with NULL, numbers out of range and rings that are none (`c-tests/nonsense`): the answers are those that
//! liburing 2.15 gave, which stand in `expected.tsv`.
//!
//! `URING_OBSERVE=prefix-of-a-liburing-install cargo test --test nonsense -- --ignored` writes that table anew.

mod common;

#[path = "common/abi.rs"]
mod abi;
#[path = "common/compiler.rs"]
mod compiler;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{root, stage};
use compiler::{scratch, str, write, Compiler, Lang, STRICT};

const EXPECTED: &str = "c-tests/nonsense/expected.tsv";

/// The kernel whose answers the table holds. Others may know more, or less.
const KERNEL: &str = "6.18.";

/// Where our answer is not liburing's, and why.
const OURS: &[(&str, &str, &str)] = &[];

/// Younger than the library that was observed; the golden vectors have it.
const YOUNGER: &str = "io_uring_prep_cmd_zone_reset_all";

/// A line of the program or of the table.
#[derive(Debug)]
struct Row {
    who: String,
    answer: String,
}

type Rows = BTreeMap<(String, String), Row>;

fn rows_of(text: &str) -> Rows {
    let mut rows = Rows::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let [function, what, who, answer] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let row = Row { who: who.to_owned(), answer: answer.to_owned() };
        let twice = rows.insert((function.to_owned(), what.to_owned()), row);
        assert!(twice.is_none(), "{function}, {what}: two rows of one name");
    }
    rows
}

/// The rows of the helpers that write SQEs: what stands in the SQE afterwards.
fn rows_of_helpers() -> String {
    let mut text = String::from("#include \"nonsense.h\"\n\nvoid rows_prep(void)\n{\n");
    for function in abi::functions() {
        let params = function.params();
        let writes_sqe = function.kind == "inline" && params.iter().any(|(kind, _)| *kind == "struct io_uring_sqe *");
        if !writes_sqe || function.returns != "void" || function.name == YOUNGER {
            continue;
        }
        for (what, number) in [("nothing but 0 and NULL", "0"), ("all ones", "-1"), ("INT_MAX", "INT_MAX")] {
            let give = |kind: &&str| match *kind {
                "struct io_uring_sqe *" => "(struct io_uring_sqe *)memory".to_owned(),
                kind if kind.ends_with('*') => format!("({kind})(intptr_t)({number})"),
                kind => format!("({kind})({number})"),
            };
            let given: Vec<_> = params.iter().map(|(kind, _)| give(kind)).collect();
            let name = &function.name;
            writeln!(text, "\tif (row_begin(\"{name}\", \"{what}\", \"library\")) {{").unwrap();
            writeln!(text, "\t\t{name}({});\n\t\trow_bytes(memory, 64);\n\t}}", given.join(", ")).unwrap();
        }
    }
    text + "}\n"
}

/// Builds the program and returns what it prints.
fn run(name: &str, include: &Path, lib: &Path, link: &[&str], flags: &[&str]) -> String {
    let dir = scratch(name);
    let sources = root().join("c-tests/nonsense");
    let helpers = write(&dir, "helpers.c", &rows_of_helpers());
    let program = dir.join("nonsense");
    let (include, lib_dir) = (format!("-I{}", include.display()), format!("-L{}", lib.display()));
    let own = format!("-I{}", sources.display());
    let files: Vec<PathBuf> = ["setup.c", "queue.c", "register.c"].iter().map(|name| sources.join(name)).collect();

    let mut args = vec!["-O1", "-g", &include, &own];
    args.extend(flags);
    args.extend(files.iter().map(|file| str(file)));
    args.push(str(&helpers));
    args.extend(["-o", str(&program), &lib_dir]);
    args.extend(link);
    Compiler::default_for(Lang::C).run(&sources.join("nonsense.c"), &args);

    // The table is about the kernel, whatever else the library can do where that refuses.
    let output = Command::new(&program).env("LD_LIBRARY_PATH", lib).env("URING_RS_BACKEND", "kernel").output();
    let output = output.expect("the program runs");
    assert!(output.status.success(), "{}: {}", program.display(), output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn kernel_release() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// Compares what the program printed with the table.
fn check(name: &str, printed: &str) {
    let text = std::fs::read_to_string(root().join(EXPECTED)).expect(EXPECTED);
    let mut expected = rows_of(&text);
    let rows = rows_of(printed);
    let refused = printed.contains("# a ring\tnothing odd\tkernel\tno ring");
    let same_kernel = kernel_release().starts_with(KERNEL) && !refused;
    let (mut equal, mut skipped, mut wrong) = (0, 0, Vec::new());
    for ((function, what), row) in &rows {
        let Some(want) = expected.remove(&(function.clone(), what.clone())) else {
            wrong.push(format!("{function}, {what}: not in {EXPECTED}"));
            continue;
        };
        let ours = OURS.iter().find(|(f, w, _)| f == function && w == what);
        let want = ours.map_or(want.answer.as_str(), |(_, _, answer)| answer);
        if row.answer == want {
            equal += 1;
        } else if row.answer == "no ring" || (row.who == "kernel" && !same_kernel) {
            skipped += 1;
        } else {
            wrong.push(format!("{function}, {what}: {} instead of {want}", row.answer));
        }
    }
    wrong.extend(expected.keys().map(|(function, what)| format!("{function}, {what}: no longer called")));
    println!("{name}: {equal} answers as liburing's, {skipped} not comparable on {}", kernel_release());
    assert!(wrong.is_empty(), "{name}: {} of {} answers differ:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn nonsense_gets_liburings_answers_inline() {
    let stage = stage();
    let flags = [&STRICT[..2], &["-Werror"]].concat();
    check("inline", &run("nonsense-inline", &stage.include, &stage.lib, &["-luring_rs"], &flags));
}

#[test]
fn nonsense_gets_liburings_answers_from_the_exported_functions() {
    let stage = stage();
    check("exported", &run("nonsense-exported", &stage.include, &stage.lib, &["-luring_rs"], &["-DURING_NO_INLINE"]));
}

#[test]
fn nonsense_gets_liburings_answers_from_the_static_library() {
    let stage = stage();
    let archive = stage.lib.join("liburing_rs.a");
    check("static", &run("nonsense-static", &stage.include, &stage.lib, &[str(&archive)], &["-DURING_NO_INLINE"]));
}

#[test]
fn every_exported_function_is_asked_something_odd() {
    let text = std::fs::read_to_string(root().join(EXPECTED)).expect(EXPECTED);
    let asked: BTreeSet<String> = rows_of(&text).into_keys().map(|(function, _)| function).collect();
    let exported = abi::functions().into_iter().filter(|f| f.is_exported() && f.name != YOUNGER);
    let missing: Vec<_> = exported.map(|f| f.name).filter(|name| !asked.contains(name)).collect();
    assert!(missing.is_empty(), "no rows for {missing:?}");
}

#[test]
#[ignore = "writes the table from a liburing install: URING_OBSERVE=prefix"]
fn observe() {
    let prefix = PathBuf::from(std::env::var_os("URING_OBSERVE").expect("URING_OBSERVE, the prefix of a liburing 2.15 install"));
    assert!(kernel_release().starts_with(KERNEL), "the table is for Linux {KERNEL}x");
    let printed = run("nonsense-observe", &prefix.join("include"), &prefix.join("lib"), &["-luring"], &["-w"]);
    let mut text = format!("# What liburing 2.15 answers to odd calls, on Linux {KERNEL}x; written by tests/nonsense.rs.\n");
    writeln!(text, "# function\twhat is odd\twho answers\tanswer").unwrap();
    for ((function, what), row) in &rows_of(&printed) {
        assert!(!row.answer.starts_with("signal"), "{function}, {what}: {}", row.answer);
        writeln!(text, "{function}\t{what}\t{}\t{}", row.who, row.answer).unwrap();
    }
    std::fs::write(root().join(EXPECTED), text).expect(EXPECTED);
}
