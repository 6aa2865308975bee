// SPDX-License-Identifier: MIT
//! Refuses targets without io_uring; with the feature `header`, generates `uring.h`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    assert!(os == "linux", "uring_rs is for Linux: {os} has no io_uring");

    #[cfg(feature = "header")]
    header::generate();
}

#[cfg(feature = "header")]
mod header {
    use std::path::Path;
    use std::{env, fs};

    /// The files of `src/ffi` in the order in which they become sections of the header. `ext.rs` has a header of its own.
    const SECTIONS: [&str; 12] = [
        "ring",
        "queue",
        "prep",
        "prep/rw",
        "prep/fs",
        "prep/names",
        "prep/net",
        "recvmsg",
        "prep/poll",
        "prep/misc",
        "buf_ring",
        "register",
    ];

    /// Writes `OUT_DIR/uring.h`, and the file that `URING_HEADER_OUT` names where that says something else.
    pub fn generate() {
        println!("cargo::rerun-if-env-changed=URING_HEADER_OUT");
        println!("cargo::rerun-if-changed=cbindgen.toml");
        println!("cargo::rerun-if-changed=src");

        let mut config = cbindgen::Config::from_file("cbindgen.toml").expect("cbindgen.toml");
        let head = config.header.take().expect("the header's head");
        let tail = config.trailer.take().expect("the header's tail");
        let sections = SECTIONS.map(|name| section(&config, name)).concat();
        let text = [head.trim_start(), &sections, &tail].concat();

        let out_dir = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
        fs::write(Path::new(&out_dir).join("uring.h"), &text).expect("OUT_DIR is writable");
        if let Some(path) = env::var_os("URING_HEADER_OUT") {
            println!("cargo::rerun-if-changed={}", path.to_string_lossy());
            if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
                fs::write(&path, &text).expect("URING_HEADER_OUT is writable");
            }
        }
    }

    /// One file: its `//!` lines as a heading, and the prototypes of its exports.
    fn section(config: &cbindgen::Config, name: &str) -> String {
        let file = format!("src/ffi/{name}.rs");
        let source = fs::read_to_string(&file).expect("a source file");
        let mut builder = cbindgen::Builder::new().with_config(config.clone());
        for types in fs::read_dir("src/core/abi").expect("src/core/abi") {
            builder = builder.with_src(types.expect("src/core/abi").path());
        }
        let mut prototypes = Vec::new();
        builder.with_src("src/ffi/ctypes.rs").with_src(&file).generate().expect(&file).write(&mut prototypes);
        let prototypes = String::from_utf8(prototypes).expect("cbindgen writes UTF-8");
        format!("\n{}\n{}\n", heading(&source), in_words_of_c(prototypes.trim()))
    }

    /// The file's own documentation as a comment, its first line underlined.
    fn heading(source: &str) -> String {
        let mut lines = source.lines().filter_map(|line| line.strip_prefix("//!"));
        let title = lines.next().expect("a heading").trim().trim_end_matches('.');
        let text: String = lines.map(|line| format!(" *{line}\n")).collect();
        format!("/*\n * {title}\n * {}\n{text} */\n", "-".repeat(title.len()))
    }

    /// C types that exist only where `_GNU_SOURCE` is defined, so their functions do too.
    const GNU_TYPES: [&str; 2] = ["loff_t", "cpu_set_t"];

    /// cbindgen's output as a C programmer wants it.
    fn in_words_of_c(prototypes: &str) -> String {
        let mut text = String::new();
        for prototype in prototypes.split_inclusive(";\n\n") {
            let prototype = prototype.trim_end();
            let declaration = prototype.rsplit("*/").next().expect("a declaration");
            if GNU_TYPES.iter().any(|name| declaration.contains(name)) {
                text += &format!("#ifdef _GNU_SOURCE\n{prototype}\n#endif\n\n");
            } else {
                text += &format!("{prototype}\n\n");
            }
        }
        // Rust's heading for what a caller has to see to.
        text.replace(" * # Safety\n *\n * - ", " * Requires: ").trim_end().to_string()
    }
}
