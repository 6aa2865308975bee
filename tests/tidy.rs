// SPDX-License-Identifier: MIT
//! What keeps the tree in order: which module may use which, how long a file may grow, what a source file and an exported function have
//! to carry, and what has no place in a project.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Lines that a source file may have. Headers may be longer: a program includes one.
const MOST_LINES: usize = 800;
/// Columns that a line may have. rustfmt keeps Rust code at 130; comments, headers and scripts are not its business.
const MOST_COLUMNS: &[(&str, usize)] = &[("rs", 145), ("h", 145), ("c", 165), ("sh", 165), ("awk", 165), ("mk", 165)];
/// Columns that a tab takes.
const TAB: usize = 4;

/// The modules and whom they may use, from the bottom up. No arrow leads up, and none from the engine or a system call to what stands
/// above the seam (`backend`). A module may always use its own parts.
const MAY_USE: &[(&str, &[&str])] = &[
    ("abi", &[]),
    ("errno", &[]),
    ("primitive", &[]),
    ("rt", &[]),
    ("policy", &["errno"]),
    ("sys", &["abi", "errno"]),
    ("engine", &["abi", "errno", "primitive", "sys"]),
    ("backend", &["abi", "errno", "primitive", "sys", "engine", "policy"]),
    ("prep", &["abi"]),
    ("buf_ring", &["abi"]),
    ("recvmsg", &["abi"]),
    ("memcheck", &["abi", "mmap"]),
    ("mmap", &["abi", "errno", "primitive", "sys", "backend"]),
    ("register", &["abi", "errno", "sys", "backend", "mmap", "setup"]),
    ("setup", &["abi", "errno", "sys", "backend", "mmap", "register", "memcheck"]),
    ("probe", &["abi", "errno", "register", "setup"]),
    // `setup` for its tests, which make rings of plain memory.
    ("queue", &["abi", "errno", "primitive", "sys", "backend", "mmap", "prep", "memcheck", "setup"]),
    (
        "ffi",
        &[
            "abi", "errno", "sys", "policy", "backend", "prep", "buf_ring", "recvmsg", "mmap", "register", "setup", "probe",
            "queue",
        ],
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of the project, relative to its root: what git knows or would add, else everything outside `target`.
fn files() -> Vec<PathBuf> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root());
    let listed: Vec<PathBuf> = match git.output() {
        Ok(output) if output.status.success() => {
            let names = String::from_utf8(output.stdout).expect("names in UTF-8");
            names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect()
        }
        // An unpacked archive.
        _ => {
            let mut found = Vec::new();
            walk(root(), &mut found);
            found.iter().map(|path| path.strip_prefix(root()).expect("below the root").to_owned()).collect()
        }
    };
    let files: Vec<PathBuf> = listed.into_iter().filter(|path| root().join(path).is_file()).collect();
    assert!(files.iter().any(|path| path == Path::new("src/lib.rs")), "the list of files has no src/lib.rs");
    files
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if !["target", ".git"].iter().any(|name| path.ends_with(name)) {
                walk(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

fn read(path: &Path) -> String {
    let bytes = fs::read(root().join(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    String::from_utf8(bytes).unwrap_or_else(|_| panic!("{} is not UTF-8", path.display()))
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|found| extensions.iter().any(|extension| found == *extension))
}

fn starts_with(path: &Path, dir: &str) -> bool {
    path.starts_with(dir)
}

fn fail_on(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

// ------------------------------------------------------------------------------------------------------------ arrows

/// Rust source with comments and the contents of literals blanked out, so that what is left is code.
fn code_of(source: &str) -> String {
    let bytes: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = |text: &str| bytes[at..].iter().take(text.len()).collect::<String>() == text;
        if rest("//") {
            while at < bytes.len() && bytes[at] != '\n' {
                at += 1;
            }
        } else if rest("/*") {
            at += 2;
            while at + 1 < bytes.len() && !(bytes[at] == '*' && bytes[at + 1] == '/') {
                at += 1;
            }
            at += 2;
        } else if bytes[at] == '"' {
            code.push_str("\"\"");
            at += 1;
            while at < bytes.len() && bytes[at] != '"' {
                at += 1 + (bytes[at] == '\\') as usize;
            }
            at += 1;
        } else if bytes[at] == '\'' && bytes.get(at + 2) == Some(&'\'') {
            code.push_str("' '");
            at += 3;
        } else {
            code.push(bytes[at]);
            at += 1;
        }
    }
    code
}

/// The module that a file of `src` is, as a path from the crate's root.
fn module_of(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix("src").expect("a file of src").with_extension("");
    let mut path: Vec<String> = inside.iter().map(|part| part.to_str().expect("UTF-8").to_owned()).collect();
    if path.last().is_some_and(|last| last == "mod" || last == "lib") {
        path.pop();
    }
    path
}

/// Every path that begins with `crate` or `super` in a file, from the crate's root on.
fn paths_in(file: &Path, code: &str) -> Vec<Vec<String>> {
    let module = module_of(file);
    let mut found = Vec::new();
    // Modules written inside the file (`mod tests { … }`), by the depth of braces that they begin at: `super` is the file itself there.
    let mut inner: Vec<usize> = Vec::new();
    let mut depth = 0;
    let mut previous: Vec<&str> = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let word_len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if word_len == 0 {
            match first {
                '{' => {
                    depth += 1;
                    if previous.len() >= 2 && previous[previous.len() - 2] == "mod" {
                        inner.push(depth);
                    }
                }
                '}' => {
                    if inner.last() == Some(&depth) {
                        inner.pop();
                    }
                    depth -= 1;
                }
                _ => {}
            }
            if !first.is_whitespace() {
                previous.clear();
            }
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let word = &rest[..word_len];
        rest = &rest[word_len..];
        previous.push(word);
        if !(word == "crate" || word == "super") || !rest.starts_with("::") {
            continue;
        }
        let mut base: Vec<String> = Vec::new();
        if word == "super" {
            base.clone_from(&module);
            let mut ups: usize = 1;
            while let Some(shorter) = rest.strip_prefix("::super") {
                ups += 1;
                rest = shorter;
            }
            for _ in 0..ups.saturating_sub(inner.len()) {
                base.pop();
            }
        }
        let mut tails = Vec::new();
        let used = expand(&rest[2..], &base, &mut tails);
        rest = &rest[2 + used..];
        found.extend(tails);
    }
    found
}

/// Spells out `a::b` and `{a, b::c}` behind `base`; returns how much of the text that was.
fn expand(text: &str, base: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = base.to_vec();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if let Some(group) = rest.strip_prefix('{') {
            at += 1;
            let mut inside = group;
            loop {
                let trimmed = inside.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
                at += inside.len() - trimmed.len();
                if trimmed.is_empty() || trimmed.starts_with('}') {
                    return at + 1;
                }
                let used = expand(trimmed, &path, found).max(1);
                at += used;
                inside = &trimmed[used..];
                // An alias says nothing about where the path leads.
                let renamed = inside.find([',', '}']).unwrap_or(inside.len());
                at += renamed;
                inside = &inside[renamed..];
            }
        }
        let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let word = if rest.starts_with('*') { "*" } else { &rest[..len] };
        path.push(word.to_owned());
        at += word.len();
        if text[at..].starts_with("::") {
            at += 2;
        } else {
            found.push(path);
            return at;
        }
    }
}

/// The module of [`MAY_USE`] that a path from the crate's root leads into; None for names of the root itself.
fn layer_of(path: &[String]) -> Option<&str> {
    let name = match path.first()?.as_str() {
        "core" => path.get(1)?.as_str(),
        name => name,
    };
    MAY_USE.iter().find(|(layer, _)| *layer == name).map(|(layer, _)| *layer)
}

/// Why a file may not use what a path leads to, if it may not.
fn objection(file: &Path, path: &[String]) -> Option<String> {
    let module = module_of(file);
    let name = path.join("::");
    let Some(from) = layer_of(&module) else {
        return Some(format!("{}: on which layer does it stand? MAY_USE in tests/tidy.rs does not say", file.display()));
    };
    let Some(to) = layer_of(path) else {
        return Some(format!("{}: `{name}` leads to no module that MAY_USE in tests/tidy.rs knows", file.display()));
    };
    let (_, allowed) = MAY_USE.iter().find(|(layer, _)| *layer == from).expect("a layer");
    let is_allowed = from == to || allowed.contains(&to);
    (!is_allowed).then(|| format!("{}: {from} may not use {to} (`{name}`)", file.display()))
}

/// `lib.rs` and `core/mod.rs` only say which modules there are.
fn is_list_of_modules(file: &Path) -> bool {
    file == Path::new("src/lib.rs") || file == Path::new("src/core/mod.rs")
}

#[test]
fn modules_use_what_stands_below_them() {
    let mut complaints = Vec::new();
    let mut arrows = 0;
    for file in files().iter().filter(|file| starts_with(file, "src") && has_extension(file, &["rs"])) {
        if is_list_of_modules(file) {
            continue;
        }
        let paths = paths_in(file, &code_of(&read(file)));
        arrows += paths.len();
        complaints.extend(paths.iter().filter_map(|path| objection(file, path)));
    }
    assert!(arrows > 100, "only {arrows} paths found: this test does not understand the sources any more");
    fail_on(&complaints);
}

/// The test of the test above: what it has to notice.
#[test]
fn arrows_that_lead_up_are_noticed() {
    let check = |file: &str, code: &str| -> Vec<String> {
        let file = Path::new(file);
        paths_in(file, &code_of(code)).iter().filter_map(|path| objection(file, path)).collect()
    };
    let refused = [
        ("src/core/sys/mod.rs", "use crate::queue::submit;"),
        ("src/core/sys/mod.rs", "use super::backend::Backend;"),
        ("src/core/sys/x86_64.rs", "use super::super::setup;"),
        ("src/core/abi/sqe.rs", "use crate::core::{abi::io_uring, errno::Errno as E};"),
        ("src/engine/ops/net.rs", "fn f() { crate::core::backend::Backend::Kernel; }"),
        ("src/engine/mod.rs", "mod tests { fn f() { super::super::queue::submit(); } }"),
        ("src/queue/wait.rs", "use crate::{core::abi, ffi::ring};"),
        ("src/core/prep/rw.rs", "use super::super::*;"),
        ("src/core/news.rs", "use super::abi::*;"),
    ];
    for (file, code) in refused {
        assert_eq!(check(file, code).len(), 1, "{file}: {code}: {:?}", check(file, code));
    }
    let accepted = [
        ("src/core/sys/mod.rs", "// use crate::queue;\nconst A: &str = \"use crate::ffi\"; use super::abi::{a, b};"),
        ("src/queue/wait.rs", "use super::*; use crate::core::{abi::*, backend::Backend};"),
        ("src/core/mmap.rs", "use super::{sys, errno::{check, Errno}}; mod tests { use super::*; }\nuse super::abi::io_uring;"),
        ("src/ffi/prep/rw.rs", "use super::super::ctypes::*; use crate::core::prep;"),
        ("src/engine/ops/net.rs", "use crate::core::sys; use super::super::ring::Ring;"),
    ];
    for (file, code) in accepted {
        assert_eq!(check(file, code), Vec::<String>::new(), "{file}: {code}");
    }
}

#[test]
fn every_source_file_is_part_of_a_crate() {
    let files: BTreeSet<PathBuf> = files().into_iter().collect();
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| starts_with(file, "src") && has_extension(file, &["rs"])) {
        let mut module = module_of(file);
        let Some(name) = module.pop() else { continue };
        let dir = module.iter().fold(PathBuf::from("src"), |dir, part| dir.join(part));
        let parents = if module.is_empty() {
            [dir.join("lib.rs"), dir.join("lib.rs")]
        } else {
            [dir.join("mod.rs"), dir.with_extension("rs")]
        };
        let declares = |parent: &PathBuf| files.contains(parent) && code_of(&read(parent)).contains(&format!("mod {name};"));
        if !parents.iter().any(declares) {
            complaints.push(format!("{}: nobody says `mod {name};`", file.display()));
        }
    }
    fail_on(&complaints);
}

// ----------------------------------------------------------------------------------------------------- size and shape

#[test]
fn files_and_lines_are_short_enough_to_read() {
    let mut complaints = Vec::new();
    for file in files() {
        let Some((_, most_columns)) = MOST_COLUMNS.iter().find(|(extension, _)| has_extension(&file, &[extension])) else {
            continue;
        };
        let text = read(&file);
        let lines = text.lines().count();
        // A table of calls, one after the other, is one thing however long.
        let is_table = file.ends_with("fuzz/arguments_calls.c");
        if lines > MOST_LINES && !has_extension(&file, &["h"]) && !is_table {
            complaints.push(format!("{}: {lines} lines, {MOST_LINES} are enough", file.display()));
        }
        for (index, line) in text.lines().enumerate() {
            let columns = line.chars().fold(0, |column, c| if c == '\t' { (column / TAB + 1) * TAB } else { column + 1 });
            if columns > *most_columns {
                complaints.push(format!("{}:{}: {columns} columns, {most_columns} are enough", file.display(), index + 1));
            }
        }
    }
    fail_on(&complaints);
}

#[test]
fn text_files_are_clean() {
    let mut complaints = Vec::new();
    for file in files() {
        let text = read(&file);
        let mut complain = |what: &str| complaints.push(format!("{}: {what}", file.display()));
        if text.contains('\r') {
            complain("has carriage returns");
        }
        if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
            complain("does not end in one newline");
        }
        // Data keeps its columns, and some of them are empty.
        if !has_extension(&file, &["tsv"]) && text.lines().any(|line| line.ends_with([' ', '\t'])) {
            complain("has blanks at the end of a line");
        }
        if has_extension(&file, &["rs", "toml", "md"]) && text.contains('\t') && !starts_with(&file, "tests") {
            complain("has tabs");
        }
    }
    fail_on(&complaints);
}

#[test]
fn source_files_name_their_licence() {
    let sources = ["rs", "c", "h", "sh", "awk", "mk", "map", "cpp", "cc"];
    let line = concat!("SPDX-License-", "Identifier: MIT");
    let mut complaints = Vec::new();
    let mut seen = 0;
    for file in files() {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !has_extension(&file, &sources) && !["Makefile", "cbindgen.toml"].contains(&name) && file != Path::new(".ci/run") {
            continue;
        }
        seen += 1;
        // A script has its interpreter first.
        if !read(&file).lines().take(2).any(|first| first.contains(line)) {
            complaints.push(format!("{}: no line {line}", file.display()));
        }
    }
    assert!(seen > 50, "only {seen} source files found");
    fail_on(&complaints);
}

/// The project speaks about what it is, not about how it came to be, and leaves no notes to itself behind.
#[test]
fn no_word_is_out_of_place() {
    // Written so that this file does not have them.
    let words: [&str; 18] = [
        concat!("ses", "sion"),
        concat!("ses", "sions"),
        concat!("pro", "mpt"),
        concat!("pro", "mpts"),
        concat!("/wo", "rk"),
        concat!("../sha", "red"),
        concat!("/tm", "p/team"),
        concat!("/tm", "p/lead"),
        concat!("/ro", "ot/"),
        concat!("DES", "IGN.md"),
        concat!("ENG", "INE.md"),
        concat!("STY", "LE.md"),
        concat!("sub", "agent"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("HA", "CK"),
        concat!("todo", "!"),
    ];
    let mut complaints = Vec::new();
    for file in files() {
        for (index, line) in read(&file).lines().enumerate() {
            for word in words {
                if has_word(line, word) {
                    complaints.push(format!("{}:{}: {word}: {}", file.display(), index + 1, line.trim()));
                }
            }
        }
    }
    fail_on(&complaints);
}

/// Whether `line` has `word`, in any case of letters where it is written in small ones, and not as a part of a longer word.
fn has_word(line: &str, word: &str) -> bool {
    let is_small = !word.chars().any(char::is_uppercase);
    let line = if is_small { line.to_lowercase() } else { line.to_owned() };
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let starts_inside = before.is_some_and(is_part) && word.starts_with(is_part);
        !starts_inside && !after.is_some_and(is_part)
    })
}

#[test]
fn words_are_found_as_words() {
    assert!(has_word("a Word here", "word") && has_word("(word)", "word") && has_word("see /dir/x", "/dir"));
    assert!(!has_word("words", "word") && !has_word("sword", "word") && !has_word("/directory", "/dir"));
    assert!(has_word("a/dir/x", "/dir") && !has_word("note", "NOTE") && has_word("NOTE: x", "NOTE"));
}

// ------------------------------------------------------------------------------------------------------ documentation

/// The exported functions: file, name, documentation, and whether a caller has promises to keep.
fn exported() -> Vec<(PathBuf, String, Vec<String>, bool)> {
    let mut exported = Vec::new();
    for file in files().into_iter().filter(|file| starts_with(file, "src") && has_extension(file, &["rs"])) {
        let text = read(&file);
        let mut documentation = Vec::new();
        let mut is_exported = false;
        for line in text.lines().map(str::trim) {
            if let Some(doc) = line.strip_prefix("///") {
                documentation.push(doc.trim().to_owned());
            } else if line.starts_with("#[") {
                is_exported |= line.contains("no_mangle") || line.contains("export_name");
            } else {
                if is_exported {
                    let (before, name) = line.split_once("fn ").unwrap_or_else(|| panic!("{}: {line}", file.display()));
                    let name = name.split('(').next().expect("a name").to_owned();
                    exported.push((file.clone(), name, std::mem::take(&mut documentation), before.contains("unsafe")));
                }
                documentation.clear();
                is_exported = false;
            }
        }
    }
    exported
}

#[test]
fn every_exported_function_is_documented() {
    let exported = exported();
    assert!(exported.len() >= 232, "{} exports found", exported.len());
    let mut complaints = Vec::new();
    for (file, name, documentation, is_unsafe) in &exported {
        let mut complain = |what: &str| complaints.push(format!("{}: {name} {what}", file.display()));
        let safety = documentation.iter().position(|line| line == "# Safety");
        let said = documentation[..safety.unwrap_or(documentation.len())].join(" ");
        if said.split_whitespace().count() < 3 {
            complain("does not say what it does");
        }
        if !said.is_empty() && !said.trim_end().ends_with(['.', ':', ')', '`']) {
            complain("ends its description in the middle of a sentence");
        }
        if *is_unsafe && safety.is_none_or(|at| !documentation[at..].iter().any(|line| line.starts_with("- "))) {
            complain("does not say under `# Safety` what its caller has to see to");
        }
        if !is_unsafe && safety.is_some() {
            complain("asks its caller for care without need");
        }
    }
    fail_on(&complaints);
}

/// A function is exported when it is in the code and in the map; the linker sees to the one direction only.
#[test]
fn every_exported_function_is_in_the_map() {
    let map = read(Path::new("uring_rs.map"));
    let mapped: BTreeSet<&str> =
        map.lines().filter_map(|line| line.trim().strip_suffix(';')).filter(|name| *name != "*").collect();
    let exported = exported();
    let missing: Vec<_> =
        exported.iter().filter(|(_, name, ..)| !mapped.contains(name.as_str())).map(|(_, name, ..)| name).collect();
    assert!(missing.is_empty(), "not in uring_rs.map: {missing:?}");
}

/// Prototypes come with their documentation, since programs' authors read the header and not the sources.
#[test]
fn every_prototype_of_the_header_follows_its_documentation() {
    let header = read(Path::new("include/uring.h"));
    let mut complaints = Vec::new();
    let mut prototypes = 0;
    let mut previous = "";
    for line in header.lines().filter(|line| !line.trim().is_empty()) {
        let begins = line.starts_with(|c: char| c.is_alphabetic() || c == '_') && line.contains('(') && !line.contains('"');
        if begins {
            prototypes += 1;
            if previous.trim() != "*/" {
                complaints.push(format!("include/uring.h: {line}"));
            }
        }
        previous = line;
    }
    assert!(prototypes >= 230, "{prototypes} prototypes found");
    fail_on(&complaints);
}

/// A name that no case has any more leaves nothing out, and says that it does.
#[test]
fn every_case_that_is_left_out_exists() {
    let tests: Vec<String> = files()
        .iter()
        .filter(|file| starts_with(file, "c-tests") && has_extension(file, &["c", "cc"]))
        .map(|file| read(file))
        .collect();
    let list = read(Path::new("c-tests/matrix/left_out.tsv"));
    let mut complaints = Vec::new();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [_, case, reason] = fields[..] else { panic!("left_out.tsv: {line}") };
        let defined = [format!("\nTEST({case})"), format!("\nTEST({case},")];
        if reason.is_empty() || !tests.iter().any(|text| defined.iter().any(|start| text.contains(start))) {
            complaints.push(format!("left_out.tsv: no case {case}, or no reason"));
        }
    }
    assert!(list.lines().count() > 20, "left_out.tsv was not understood");
    fail_on(&complaints);
}

#[test]
fn links_in_the_documents_lead_somewhere() {
    let mut complaints = Vec::new();
    let documents: Vec<_> = files().into_iter().filter(|file| has_extension(file, &["md"])).collect();
    for file in &documents {
        let text = read(file);
        let dir = file.parent().expect("a directory");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().expect("a path");
            if path.is_empty() || path.contains("://") {
                continue;
            }
            if !root().join(dir).join(path).exists() {
                complaints.push(format!("{}: {target}", file.display()));
            }
        }
    }
    assert!(documents.iter().any(|file| file == Path::new("README.md")), "no README.md");
    fail_on(&complaints);
}

#[test]
fn one_version_stands_everywhere() {
    let value = |file: &str, before: &str| -> String {
        let text = read(Path::new(file));
        let line = text.lines().find_map(|line| line.strip_prefix(before));
        line.unwrap_or_else(|| panic!("{file}: no line {before}")).trim().trim_matches('"').to_owned()
    };
    let version = value("Makefile", "VERSION :=");
    assert_eq!(value("Cargo.toml", "version ="), format!("{version}.0"));
    let header = "include/liburing/io_uring_version.h";
    let (major, minor) = (value(header, "#define IO_URING_VERSION_MAJOR"), value(header, "#define IO_URING_VERSION_MINOR"));
    assert_eq!(format!("{major}.{minor}"), version);
    assert_eq!(value("Makefile", "SOVERSION :="), major);
}
