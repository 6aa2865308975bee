// SPDX-License-Identifier: MIT
//! The header as programs meet it: silent in every language standard, whatever other headers come before or after, from several
//! translation units, as declarations only, and without leaving more for the linker to find than upstream's library has.

mod common;

#[path = "common/abi.rs"]
mod abi;
#[path = "common/compiler.rs"]
mod compiler;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use common::stage;
use compiler::{execute, scratch, str, write, Compiler, Lang, STRICT};

const C_STANDARDS: [&str; 6] = ["c99", "gnu99", "c11", "c17", "gnu17", "c2x"];
const CXX_STANDARDS: [&str; 6] = ["c++11", "c++14", "c++17", "c++20", "gnu++20", "c++2b"];

fn include_flag() -> String {
    format!("-I{}", stage().include.display())
}

/// Runs `jobs` on two threads: compilers are many and short-lived.
fn in_parallel<T: Send>(jobs: Vec<T>, work: impl Fn(T) + Sync) {
    let jobs = Mutex::new(jobs);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| loop {
                let Some(job) = jobs.lock().unwrap_or_else(|e| e.into_inner()).pop() else { break };
                work(job);
            });
        }
    });
}

/// Each compiler that is installed with each standard it should know.
fn compilers_and_standards() -> Vec<(Compiler, &'static str)> {
    let mut all = Vec::new();
    for (lang, standards) in [(Lang::C, C_STANDARDS), (Lang::Cxx, CXX_STANDARDS)] {
        for compiler in Compiler::all_for(lang) {
            all.extend(standards.map(|standard| (compiler.clone(), standard)));
        }
    }
    all
}

#[test]
fn no_standard_of_c_or_cxx_draws_a_warning() {
    let dir = scratch("header-standards");
    let plain = format!("#include <uring.h>\n{}", abi::calls_of_every_helper());
    let plain = write(&dir, "plain.c", &plain);
    let gnu = write(&dir, "gnu.c", "#define _GNU_SOURCE 1\n#include \"plain.c\"\n");
    let include = include_flag();
    let mut jobs = Vec::new();
    for (compiler, standard) in compilers_and_standards() {
        jobs.push((compiler.clone(), standard, &plain, "-O0"));
        if compiler.lang == Lang::C {
            // g++ and clang++ define _GNU_SOURCE always.
            jobs.push((compiler, standard, &gnu, "-O2"));
        }
    }
    in_parallel(jobs, |(compiler, standard, source, optimise)| {
        let object = format!("{}-{standard}-{optimise}.o", compiler.path.file_name().unwrap().to_string_lossy());
        let object = dir.join(object);
        let standard = format!("-std={standard}");
        let mut args = vec![standard.as_str(), optimise, &include, "-c", "-o", str(&object)];
        args.extend(STRICT);
        compiler.run(source, &args);
    });
}

/// More than was promised, but a header sits in other people's builds with other people's flags.
#[test]
fn stricter_warnings_find_nothing_either() {
    let dir = scratch("header-strict");
    let source = write(&dir, "all.c", &format!("#include <uring.h>\n{}", abi::calls_of_every_helper()));
    let include = include_flag();
    for lang in [Lang::C, Lang::Cxx] {
        for compiler in Compiler::all_for(lang) {
            let object = dir.join("all.o");
            let mut args = vec!["-O2", include.as_str(), "-c", "-o", str(&object)];
            args.extend(STRICT);
            args.extend(["-Wconversion", "-Wsign-conversion", "-Wundef", "-Wcast-align", "-Wredundant-decls"]);
            args.extend(["-Wmissing-declarations", "-Wcast-qual", "-Wwrite-strings", "-Wpointer-arith"]);
            if lang == Lang::C {
                // -Wshadow not in C++: io_uring_clone_buffers is a struct and a function, so the one hides the other's constructor.
                args.extend(["-Wstrict-prototypes", "-Wmissing-prototypes", "-Wshadow"]);
            }
            compiler.run(&source, &args);
        }
    }
}

#[test]
fn other_headers_may_come_before_and_after() {
    let dir = scratch("header-orders");
    let others = [
        "linux/io_uring.h",
        "linux/openat2.h",
        "linux/stat.h",
        "linux/fs.h",
        "linux/futex.h",
        "linux/time_types.h",
        "linux/types.h",
        "sys/stat.h",
        "sys/epoll.h",
        "sys/mount.h",
        "sys/syscall.h",
        "fcntl.h",
        "signal.h",
        "poll.h",
    ];
    let default = Compiler::default_for(Lang::C);
    let installed = |header: &&str| {
        let probe = write(&dir, "probe.c", &format!("#include <{header}>\n"));
        let there = default.try_run(&probe, &["-fsyntax-only"]).status.success();
        if !there {
            println!("SKIP: no <{header}> on this machine");
        }
        there
    };
    let others: Vec<&str> = others.into_iter().filter(installed).collect();
    let sandwich = |before: &str, after: &str, ours: &str| {
        // After all of it the names work, whoever declared them.
        let body = "int use(struct io_uring *ring, struct open_how *how, struct __kernel_timespec *ts);\n\
                    int use(struct io_uring *ring, struct open_how *how, struct __kernel_timespec *ts)\n{\n\
                    \tstruct io_uring_sqe *sqe = io_uring_get_sqe(ring);\n\n\
                    \tio_uring_prep_openat2(sqe, -1, \"\", how);\n\tio_uring_prep_timeout(sqe, ts, 0, 0);\n\
                    \tio_uring_prep_futex_wait(sqe, NULL, 0, FUTEX_BITSET_MATCH_ANY, FUTEX2_SIZE_U32, 0);\n\
                    \treturn (int)how->flags + (int)ts->tv_nsec + IORING_OP_URING_CMD128;\n}\n";
        format!("{before}#include <{ours}>\n{after}{body}")
    };

    let line = |header: &str| format!("#include <{header}>\n");
    let mut texts = Vec::new();
    for (index, before) in others.iter().enumerate() {
        // One before and one after, in turn, then all before and all after.
        let after = others[(index + 1) % others.len()];
        texts.push(sandwich(&line(before), &line(after), "uring.h"));
        texts.push(sandwich(&line(after), &line(before), "liburing.h"));
        texts.push(sandwich(&line(before), &line(before), "liburing.h"));
    }
    let all: String = others.iter().map(|header| line(header)).collect();
    let reversed: String = others.iter().rev().map(|header| line(header)).collect();
    for (before, after) in [(all.as_str(), ""), ("", all.as_str()), (reversed.as_str(), ""), ("", reversed.as_str())] {
        texts.push(sandwich(before, after, "uring.h"));
    }

    let include = include_flag();
    let mut jobs = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        for gnu in [false, true] {
            let define = if gnu { "#ifndef _GNU_SOURCE\n#define _GNU_SOURCE\n#endif\n" } else { "" };
            let source = write(&dir, &format!("order{index}{gnu}.c"), &format!("{define}{text}"));
            for lang in [Lang::C, Lang::Cxx] {
                let standard = if lang == Lang::C { "-std=gnu17" } else { "-std=c++17" };
                if gnu || lang == Lang::C {
                    jobs.push((Compiler::default_for(lang), standard, source.clone()));
                }
            }
        }
    }
    in_parallel(jobs, |(compiler, standard, source)| {
        let mut args = vec![standard, include.as_str(), "-fsyntax-only"];
        args.extend(STRICT);
        compiler.run(&source, &args);
    });
}

/// A file per header: no part of the interface depends on what its user included before.
#[test]
fn the_parts_that_programs_include_alone_stand_alone() {
    let dir = scratch("header-parts");
    let include = include_flag();
    let parts = [
        "liburing/barrier.h",
        "liburing/compat.h",
        "liburing/io_uring.h",
        "liburing/io_uring/bpf_filter.h",
        "liburing/io_uring/query.h",
        "liburing/io_uring_version.h",
        "liburing.h",
        "uring.h",
        "uring_rs.h",
    ];
    for part in parts {
        let twice = format!("#include <{part}>\n#include <{part}>\n#include <uring.h>\nint nothing;\n");
        let source = write(&dir, "part.c", &twice);
        for lang in [Lang::C, Lang::Cxx] {
            let mut args = vec![include.as_str(), "-fsyntax-only"];
            args.extend(STRICT);
            Compiler::default_for(lang).run(&source, &args);
        }
    }
}

/// Two files of C and two of C++ in one program, one of each as declarations only. A helper has one address: the library's.
#[test]
fn translation_units_share_one_program() {
    let stage = stage();
    let dir = scratch("header-units");
    let include = include_flag();
    let unit = |name: &str| {
        format!(
            "#include <uring.h>\n\
             #ifdef __cplusplus\nextern \"C\"\n#endif\n\
             unsigned char {name}(void (**address)(struct io_uring_sqe *));\n\
             unsigned char {name}(void (**address)(struct io_uring_sqe *))\n{{\n\
             \tstruct io_uring_sqe sqe;\n\n\
             \tsqe.opcode = 255;\n\tio_uring_prep_nop128(&sqe);\n\t*address = io_uring_prep_nop128;\n\treturn sqe.opcode;\n}}\n"
        )
    };
    let units = [
        ("c_inline", Lang::C, ""),
        ("c_declared", Lang::C, "-DURING_NO_INLINE"),
        ("cxx_inline", Lang::Cxx, ""),
        ("cxx_declared", Lang::Cxx, "-DURING_NO_INLINE"),
    ];
    let mut main = String::from("#include <uring.h>\n#include <stdio.h>\n");
    for (name, _, _) in units {
        main += &format!("unsigned char {name}(void (**)(struct io_uring_sqe *));\n");
    }
    main +=
        "int main(void)\n{\n\tvoid (*first)(struct io_uring_sqe *) = io_uring_prep_nop128, (*one)(struct io_uring_sqe *);\n\n";
    for (name, _, _) in units {
        main += &format!("\tif ({name}(&one) != IORING_OP_NOP128 || one != first)\n\t\treturn 1;\n");
    }
    main += "\tputs(\"one address\");\n\treturn 0;\n}\n";

    let mut objects = Vec::new();
    for optimise in ["-O0", "-O2"] {
        for (name, lang, define) in units {
            let source = write(&dir, &format!("{name}.c"), &unit(name));
            let object = dir.join(format!("{name}{optimise}.o"));
            let mut args = vec![optimise, include.as_str(), "-c", "-o", str(&object)];
            args.extend(STRICT);
            if !define.is_empty() {
                args.push(define);
            }
            Compiler::default_for(lang).run(&source, &args);
            objects.push(object);
        }
        let source = write(&dir, "main.c", &main);
        let object = dir.join(format!("main{optimise}.o"));
        Compiler::default_for(Lang::C).run(&source, &[optimise, &include, "-c", "-o", str(&object)]);
        objects.push(object);

        let program = dir.join(format!("program{optimise}"));
        let lib = format!("-L{}", stage.lib.display());
        let mut args: Vec<&str> = objects.iter().map(|object| str(object)).collect();
        args.extend(["-o", str(&program), &lib, "-luring_rs"]);
        Compiler::default_for(Lang::Cxx).link(&args);
        assert_eq!(execute(&program, &stage.lib).trim(), "one address");
        objects.clear();
    }
}

#[test]
fn without_inline_bodies_only_declarations_are_left() {
    let dir = scratch("header-declarations");
    let include = include_flag();
    let mut text = String::from("#include <uring.h>\n#ifdef URING_INLINE\n#error bodies\n#endif\n");
    // A body in the header would make this one a second.
    for function in abi::functions().iter().filter(|f| f.is_inline() && f.is_exported()) {
        let abi::Function { name, returns, parameters, .. } = function;
        text += &function.guarded(&format!("{returns} {name}{parameters} LIBURING_NOEXCEPT\n{{\n\t__builtin_trap();\n}}"));
    }
    let source = write(&dir, "declarations.c", &text);
    for lang in [Lang::C, Lang::Cxx] {
        for compiler in Compiler::all_for(lang) {
            let object = dir.join("declarations.o");
            let args = ["-w", "-DURING_NO_INLINE", "-D_GNU_SOURCE=1", include.as_str(), "-c", "-o", str(&object)];
            compiler.run(&source, &args);
        }
    }
}

/// The `io_uring` symbols that an object file wants from a library.
fn wanted(object: &Path) -> BTreeSet<String> {
    let output = Command::new("nm").args(["-u", "-P"]).arg(object).output().expect("nm (binutils)");
    assert!(output.status.success(), "nm failed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| name.contains("uring")).map(str::to_owned).collect()
}

/// So that a program compiled with this header runs on upstream's `liburing.so.2` as well.
#[test]
fn a_program_that_uses_every_helper_needs_extern_functions_only() {
    let dir = scratch("header-undefined");
    let text = format!("#define _GNU_SOURCE 1\n#include <uring.h>\n{}", abi::calls_of_every_helper());
    let source = write(&dir, "all.c", &text);
    let include = include_flag();
    let externs: BTreeSet<_> = abi::functions().into_iter().filter(|f| f.kind == "extern").map(|f| f.name).collect();
    assert_eq!(externs.len(), 82);
    for lang in [Lang::C, Lang::Cxx] {
        for compiler in Compiler::all_for(lang) {
            for optimise in ["-O0", "-O2", "-Os", "-O2 -fPIC"] {
                let object = dir.join("all.o");
                let mut args: Vec<&str> = optimise.split(' ').collect();
                args.extend(["-w", include.as_str(), "-c", "-o", str(&object)]);
                compiler.run(&source, &args);
                let wanted = wanted(&object);
                assert!(wanted.contains("__io_uring_get_cqe"), "{wanted:?}: the helpers that need it were not compiled");
                let others: Vec<_> = wanted.difference(&externs).collect();
                assert!(others.is_empty(), "{} {optimise}: {others:?}", compiler.path.display());
            }
        }
    }
}

/// The drop-in install has the headers under upstream's names.
#[test]
fn the_drop_in_install_is_silent_as_well() {
    let dir = scratch("header-dropin");
    let text = format!("#include <liburing.h>\n{}", abi::calls_of_every_helper());
    let source = write(&dir, "all.c", &text);
    let include = format!("-I{}", stage().dropin.join("include").display());
    for lang in [Lang::C, Lang::Cxx] {
        for compiler in Compiler::all_for(lang) {
            let mut args = vec![include.as_str(), "-fsyntax-only"];
            args.extend(STRICT);
            compiler.run(&source, &args);
        }
    }
    // Nothing but what upstream installs may appear beside other packages' headers.
    let mut names: Vec<_> = std::fs::read_dir(stage().dropin.join("include"))
        .expect("an include directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    assert_eq!(names, ["liburing", "liburing.h"]);
}
