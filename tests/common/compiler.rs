// SPDX-License-Identifier: MIT
//! C and C++ compilers as the tests call them, and what they make.

#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The flags under which the header stays silent.
pub const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    C,
    Cxx,
}

impl Lang {
    pub fn flag(self) -> &'static str {
        match self {
            Lang::C => "-xc",
            Lang::Cxx => "-xc++",
        }
    }
}

/// A compiler for one of the two languages.
#[derive(Clone, Debug)]
pub struct Compiler {
    pub path: PathBuf,
    pub lang: Lang,
}

impl Compiler {
    /// The compiler that builds the project: `$CC` or `$CXX`, else the system's.
    pub fn default_for(lang: Lang) -> Compiler {
        let env = if cfg!(target_env = "musl") { "musl" } else { "gnu" };
        let triple = format!("{}-unknown-linux-{env}", std::env::consts::ARCH);
        let mut build = cc::Build::new();
        build.cpp(lang == Lang::Cxx).target(&triple).host(&triple).opt_level(0).cargo_metadata(false);
        Compiler { path: build.get_compiler().path().to_owned(), lang }
    }

    /// The default compiler and, where they are installed, gcc and clang.
    pub fn all_for(lang: Lang) -> Vec<Compiler> {
        let names = match lang {
            Lang::C => ["gcc", "clang"],
            Lang::Cxx => ["g++", "clang++"],
        };
        let mut found: Vec<(String, Compiler)> = Vec::new();
        let default = Compiler::default_for(lang);
        for path in std::iter::once(default.path.clone()).chain(names.iter().map(PathBuf::from)) {
            match Command::new(&path).arg("--version").output() {
                // cc and gcc are mostly one program: their version texts differ in the name alone.
                Ok(out) if out.status.success() => {
                    let version = String::from_utf8_lossy(&out.stdout).into_owned();
                    let same = version.split_once(' ').map_or(version.clone(), |(_, rest)| rest.to_owned());
                    if found.iter().all(|(seen, _)| *seen != same) {
                        found.push((same, Compiler { path, lang }));
                    }
                }
                _ => println!("SKIP: {} is not installed", path.display()),
            }
        }
        assert!(!found.is_empty(), "no compiler for {lang:?}");
        found.into_iter().map(|(_, compiler)| compiler).collect()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        // Diagnostics in one language, whoever runs the tests.
        command.env("LC_ALL", "C");
        command
    }

    /// Compiles `source` and fails the test if the compiler complains.
    pub fn run(&self, source: &Path, args: &[&str]) {
        let output = self.try_run(source, args);
        assert!(
            output.status.success(),
            "{} {} {} failed:\n{}",
            self.path.display(),
            args.join(" "),
            source.display(),
            head(&output)
        );
    }

    pub fn try_run(&self, source: &Path, args: &[&str]) -> Output {
        let mut command = self.command();
        command.arg(self.lang.flag()).arg(source).arg("-xnone").args(args);
        command.output().unwrap_or_else(|e| panic!("{}: {e}", self.path.display()))
    }

    /// Links objects and libraries.
    pub fn link(&self, args: &[&str]) {
        let output = self.command().args(args).output().unwrap_or_else(|e| panic!("{}: {e}", self.path.display()));
        assert!(output.status.success(), "{} {} failed:\n{}", self.path.display(), args.join(" "), head(&output));
    }
}

/// The first lines of what a compiler said: enough to see the cause.
fn head(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().take(40).collect::<Vec<_>>().join("\n")
}

/// An empty directory of this test's own.
pub fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a scratch directory");
    dir
}

pub fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("a source file");
    path
}

/// Runs a program that the test made, with the library in `lib`, and returns what it printed.
pub fn execute(program: &Path, lib: &Path) -> String {
    let output = Command::new(program).env("LD_LIBRARY_PATH", lib).output();
    let output = output.unwrap_or_else(|e| panic!("{}: {e}", program.display()));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}\n{text}{errors}", program.display(), output.status);
    text
}

pub fn str(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
