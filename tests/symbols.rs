// SPDX-License-Identifier: MIT
//! What the libraries export: the names and version nodes of liburing, nothing without a node, nothing beside the maps; and what they
//! ask of a system: libc alone, and little space.

mod common;

#[path = "common/compiler.rs"]
mod compiler;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{root, stage, table};
use compiler::{scratch, str};

/// Bytes that a stripped shared library may take.
const MOST_BYTES: u64 = 256 * 1024;

/// A library as the three maps make it.
struct Library {
    name: &'static str,
    map: &'static str,
    shared: PathBuf,
    archive: PathBuf,
}

fn libraries() -> [Library; 3] {
    let stage = stage();
    let dropin = stage.dropin.join("lib");
    [("uring_rs", "uring_rs.map", &stage.lib), ("uring", "liburing.map", &dropin), ("uring-ffi", "liburing-ffi.map", &dropin)]
        .map(|(name, map, dir)| Library {
            name,
            map,
            shared: dir.join(format!("lib{name}.so.2")),
            archive: dir.join(format!("lib{name}.a")),
        })
}

fn library(name: &str) -> Library {
    libraries().into_iter().find(|library| library.name == name).expect("a library of this name")
}

/// Runs a tool of the C compiler's own binutils and returns what it prints.
fn tool(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).env("LC_ALL", "C").args(args).output();
    let output = output.unwrap_or_else(|e| panic!("{program} (binutils): {e}"));
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A symbol of a dynamic symbol table, defined here or elsewhere.
struct Symbol {
    name: String,
    /// The version node, with a note whether it is the default one (`@@`).
    node: Option<String>,
    is_default: bool,
    is_defined: bool,
    is_absolute: bool,
    kind: String,
}

fn dynamic_symbols(library: &Path) -> Vec<Symbol> {
    let text = tool("readelf", &["--dyn-syms", "--wide", str(library)]);
    let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    // Num: Value Size Type Bind Vis Ndx Name[@[@]NODE] [(index)]
    let rows = rows.filter(|row| row.len() >= 8 && row[0].ends_with(':') && row[0] != "Num:" && row[4] != "LOCAL");
    let symbols: Vec<_> = rows
        .map(|row| {
            let (name, node) = match row[7].split_once('@') {
                Some((name, node)) => (name, Some(node)),
                None => (row[7], None),
            };
            Symbol {
                name: name.to_owned(),
                is_default: node.is_some_and(|node| node.starts_with('@')),
                node: node.map(|node| node.trim_start_matches('@').to_owned()),
                is_defined: row[6] != "UND",
                is_absolute: row[6] == "ABS",
                kind: format!("{} {} {}", row[3], row[4], row[5]),
            }
        })
        .collect();
    assert!(symbols.len() > 80, "{}: readelf printed no symbol table that this test can read", library.display());
    symbols
}

/// Name and node of everything a library exports.
fn exports(library: &Path) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for symbol in dynamic_symbols(library).into_iter().filter(|symbol| symbol.is_defined) {
        let name = &symbol.name;
        // The linker lists the nodes themselves as well.
        if symbol.is_absolute && (name.starts_with("LIBURING_2.") || name == "URING_RS_1.0") {
            continue;
        }
        let node = symbol.node.unwrap_or_else(|| panic!("{}: {name} has no version node", library.display()));
        assert!(symbol.is_default, "{}: {name}@{node} is no default version: programs cannot link to it", library.display());
        assert_eq!(symbol.kind, "FUNC GLOBAL DEFAULT", "{}: {name}", library.display());
        let twice = exports.insert(symbol.name.clone(), node);
        assert!(twice.is_none(), "{}: {name} under two nodes", library.display());
    }
    exports
}

/// The names of a map by node, in the order of the nodes.
fn map(path: &str) -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut nodes: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(node) = line.strip_suffix('{') {
            nodes.push((node.trim().to_owned(), Vec::new()));
        } else if let Some(name) = line.strip_suffix(';').filter(|name| !name.starts_with('}')) {
            let name = name.trim();
            // "local: *" closes the list of what is exported.
            if name != "*" && !name.starts_with("local:") {
                nodes.last_mut().expect("a node before the first name").1.push(name.to_owned());
            }
        }
    }
    nodes
}

fn map_names(path: &str) -> BTreeSet<String> {
    let nodes = map(path);
    let names: Vec<_> = nodes.into_iter().flat_map(|(_, names)| names).collect();
    let set: BTreeSet<_> = names.iter().cloned().collect();
    assert_eq!(names.len(), set.len(), "{path} names a function twice");
    set
}

/// The nodes of each function: in upstream's library proper and in its ffi library, where upstream exports it there.
fn wanted() -> Vec<(String, Option<String>, Option<String>)> {
    let node = |cell: &str| (cell != "-").then(|| cell.to_owned());
    let rows = table("c-tests/abi/functions.tsv");
    let wanted: Vec<_> = rows.into_iter().map(|row| (row[0].clone(), node(&row[4]), node(&row[5]))).collect();
    assert!(wanted.iter().filter(|row| row.1.is_some()).count() >= 82, "functions.tsv is cut short");
    assert!(wanted.iter().filter(|row| row.2.is_some()).count() >= 220, "functions.tsv is cut short");
    wanted
}

#[test]
fn the_drop_in_libraries_export_every_name_under_upstreams_node() {
    let so = exports(&library("uring").shared);
    let ffi = exports(&library("uring-ffi").shared);
    let mut wrong = Vec::new();
    for (name, so_node, ffi_node) in wanted() {
        for (library, exports, node) in [("liburing", &so, so_node), ("liburing-ffi", &ffi, ffi_node)] {
            if node.is_some() && exports.get(&name) != node.as_ref() {
                wrong.push(format!("{library}: {name} is under {:?}, upstream's under {node:?}", exports.get(&name)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A program that chose `liburing_rs` may need any function that either of upstream's libraries has.
#[test]
fn the_library_under_its_own_name_exports_the_union() {
    let exports = exports(&library("uring_rs").shared);
    let mut wrong = Vec::new();
    for (name, so_node, ffi_node) in wanted() {
        let found = exports.get(&name);
        let upstreams = [&so_node, &ffi_node];
        let is_upstreams = found.is_some() && upstreams.iter().any(|node| node.as_ref() == found);
        if upstreams.iter().any(|node| node.is_some()) && !is_upstreams {
            wrong.push(format!("{name} is under {found:?}, upstream's under {upstreams:?}"));
        }
    }
    for name in ["uring_rs_backend", "uring_rs_backend_name", "uring_rs_set_backend"] {
        if exports.get(name).map(String::as_str) != Some("URING_RS_1.0") {
            wrong.push(format!("{name} is not under URING_RS_1.0"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_library_exports_what_its_map_names_and_nothing_else() {
    for library in libraries() {
        let exports = exports(&library.shared);
        let mut from_map = BTreeMap::new();
        for (node, names) in map(library.map) {
            from_map.extend(names.into_iter().map(|name| (name, node.clone())));
        }
        assert_eq!(exports, from_map, "{} and {}", library.shared.display(), library.map);
    }
}

/// Names of our own in upstream's nodes would collide with what upstream adds there some day.
#[test]
fn only_upstreams_names_stand_under_upstreams_nodes() {
    let known: BTreeSet<String> = wanted().into_iter().map(|(name, ..)| name).collect();
    for library in libraries() {
        for (node, names) in map(library.map) {
            let (ours, theirs): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.starts_with("uring_rs_"));
            if node.starts_with("LIBURING_") {
                let strange: Vec<_> = theirs.iter().filter(|name| !known.contains(*name)).collect();
                assert!(ours.is_empty() && strange.is_empty(), "{}: {node} has {ours:?} {strange:?}", library.map);
            }
        }
    }
}

/// A binary that was linked to a later upstream asks for its node by name, and the loader looks for nothing but the name.
#[test]
fn every_node_of_upstream_is_defined_even_where_it_is_empty() {
    for library in libraries() {
        let text = tool("readelf", &["--version-info", "--wide", str(&library.shared)]);
        let first = if library.name == "uring-ffi" { 4 } else { 0 };
        for minor in first..=15 {
            let node = format!("Name: LIBURING_2.{minor}");
            let defined = text.lines().any(|line| line.contains("Rev:") && line.trim_end().ends_with(&node));
            assert!(defined, "{}: no node LIBURING_2.{minor}", library.shared.display());
        }
    }
}

#[test]
fn sonames_are_those_that_programs_record_and_libc_is_all_they_need() {
    for library in libraries() {
        let text = tool("readelf", &["--dynamic", "--wide", str(&library.shared)]);
        let values = |tag: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| line.contains(tag));
            lines.map(|line| line.split(['[', ']']).nth(1).expect("a name in brackets").to_owned()).collect()
        };
        assert_eq!(values("(SONAME)"), [format!("lib{}.so.2", library.name)]);
        let needed = values("(NEEDED)");
        assert!(needed.len() == 1 && needed[0].starts_with("libc."), "{}: {needed:?}", library.name);
        assert!(!text.contains("(TEXTREL)") && !text.contains("(RUNPATH)") && !text.contains("(RPATH)"), "{text}");
        // The code of a library whose threads may outlive a dlclose() must stay.
        assert!(text.contains("NODELETE") && text.contains("NOW"), "{}: {text}", library.name);
    }
}

/// The dynamic linker's work and the surface for surprises: what the libraries take from others.
#[test]
fn imports_are_the_c_librarys_and_versioned() {
    let optional = ["__gmon_start__", "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__cxa_finalize"];
    for library in libraries() {
        for symbol in dynamic_symbols(&library.shared).into_iter().filter(|symbol| !symbol.is_defined) {
            let name = symbol.name;
            let unwinds = name.starts_with("_Unwind") || name.contains("rust");
            assert!(!unwinds, "{}: {name} is imported", library.name);
            // musl has no versions, and what crtbegin.o mentions weakly need not exist at all.
            if cfg!(target_env = "gnu") && !optional.contains(&name.as_str()) {
                assert!(symbol.node.is_some(), "{}: {name} is imported from nowhere in particular", library.name);
            }
        }
    }
}

#[test]
fn stripped_libraries_are_small() {
    let dir = scratch("symbols-stripped");
    for library in libraries() {
        let stripped = dir.join(format!("lib{}.so", library.name));
        tool("strip", &["-o", str(&stripped), str(&library.shared)]);
        let size = std::fs::metadata(&stripped).expect("a stripped library").len();
        println!("lib{}.so: {size} bytes stripped", library.name);
        assert!(size <= MOST_BYTES, "lib{}.so has {size} bytes stripped, {MOST_BYTES} are allowed", library.name);
    }
}

/// So that Rust's own names cannot meet those of another Rust library in the same program.
#[test]
fn archives_define_the_public_names_and_no_other() {
    for library in libraries() {
        let text = tool("nm", &["--extern-only", "--defined-only", "--format=posix", str(&library.archive)]);
        let lines = text.lines().filter(|line| !line.ends_with(':'));
        let defined: BTreeSet<String> = lines.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
        assert_eq!(defined, map_names(library.map), "{}", library.archive.display());

        let text = tool("nm", &["--undefined-only", "--format=posix", str(&library.archive)]);
        let wanted: Vec<_> = text.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.ends_with(':')).collect();
        let is_rusts = |name: &&&str| name.contains("rust") || name.starts_with("_R") || name.starts_with("_ZN");
        let strange: Vec<_> = wanted.iter().filter(is_rusts).collect();
        assert!(!wanted.is_empty() && strange.is_empty(), "{} wants {strange:?}", library.archive.display());
    }
}
