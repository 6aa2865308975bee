// SPDX-License-Identifier: MIT
//! What the tests share: the staged install they compile and link against, as a user would.

#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// An install of the library, made by `make stage`.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The directory with `uring.h` and `liburing.h`.
    pub include: PathBuf,
    /// The directory with `liburing_rs.so` and `liburing_rs.a`.
    pub lib: PathBuf,
    /// The directory with `uring_rs.pc`.
    pub pkgconfig: PathBuf,
    /// The prefix of the drop-in install: `include/liburing.h`, `lib/liburing.so.2`, `lib/liburing-ffi.so.2`.
    pub dropin: PathBuf,
}

/// The project's directory.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The staged install, brought up to date once per test program.
pub fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let mut make = Command::new("make");
        // Cargo passes its own settings down, and the library is built by another cargo with others.
        make.args(["-s", "stage"]).current_dir(root()).env_remove("MAKEFLAGS").env_remove("CARGO_MAKEFLAGS");
        let status = make.status().expect("make runs");
        assert!(status.success(), "make stage failed");
        let prefix = root().join("target/stage");
        Stage {
            include: prefix.join("include/uring_rs"),
            lib: prefix.join("lib"),
            pkgconfig: prefix.join("lib/pkgconfig"),
            dropin: root().join("target/stage-dropin"),
        }
    })
}

/// The rows of a table of tab-separated values, without comments and without the line of column names.
pub fn table(path: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}
