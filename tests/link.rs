// SPDX-License-Identifier: MIT
//! How programs come by the library: linking in every way that a build system uses, loading at run time, installing and uninstalling.

mod common;

#[path = "common/compiler.rs"]
mod compiler;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{root, stage};
use compiler::{execute, scratch, str, write, Compiler, Lang};

/// Does a request on a ring and says so. Where the system refuses io_uring there is still the linking to test.
const PROGRAM: &str = r#"
#include HEADER
#include <stdio.h>
#ifdef ALSO
#ifdef __cplusplus
extern "C"
#endif
int also(void);
#endif

int main(void)
{
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	int ret;

	if (io_uring_major_version() != 2 || io_uring_check_version(2, 15))
		return 10;
#ifdef ALSO
	if (also() != 5050)
		return 11;
#endif
	ret = io_uring_queue_init(4, &ring, 0);
	if (ret == -ENOSYS || ret == -EPERM || ret == -EACCES) {
		puts("io_uring is refused");
		return 0;
	}
	if (ret)
		return 12;
	sqe = io_uring_get_sqe(&ring);
	if (!sqe)
		return 13;
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, 42);
	if (io_uring_submit_and_wait(&ring, 1) != 1)
		return 14;
	if (io_uring_peek_cqe(&ring, &cqe) || cqe->user_data != 42 || cqe->res)
		return 15;
	io_uring_cqe_seen(&ring, cqe);
	io_uring_queue_exit(&ring);
	puts("a NOP went round");
	return 0;
}
"#;

/// Builds [`PROGRAM`], runs it with the library in `lib`, and returns the program.
fn build_and_run(dir: &Path, lang: Lang, header: &str, args: &[&str], lib: &Path) -> PathBuf {
    let source = write(dir, "program.c", PROGRAM);
    let program = dir.join("program");
    let header = format!("-DHEADER=<{header}>");
    let mut all = vec!["-Wall", "-Werror", "-O1", &header, "-o", str(&program)];
    all.extend(args);
    Compiler::default_for(lang).run(&source, &all);
    let said = execute(&program, lib);
    if said.contains("refused") {
        println!("SKIP: io_uring is refused on this machine, so programs were linked and started only");
    } else {
        assert_eq!(said, "a NOP went round\n");
    }
    program
}

/// What `pkg-config` answers, a word each.
fn pkg_config(pkgconfig: &Path, args: &[&str]) -> Vec<String> {
    let output = Command::new("pkg-config").args(args).env("PKG_CONFIG_PATH", pkgconfig).output().expect("pkg-config runs");
    assert!(output.status.success(), "pkg-config {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let words = String::from_utf8(output.stdout).expect("UTF-8");
    words.split_whitespace().map(str::to_owned).collect()
}

/// The shared libraries that a program names, and whether it is a dynamic program at all.
fn needed(program: &Path) -> Vec<String> {
    let output = Command::new("readelf").args(["--dynamic", "--wide"]).arg(program).env("LC_ALL", "C").output();
    let text = String::from_utf8(output.expect("readelf (binutils)").stdout).expect("UTF-8");
    let lines = text.lines().filter(|line| line.contains("(NEEDED)"));
    lines.map(|line| line.split(['[', ']']).nth(1).expect("a name in brackets").to_owned()).collect()
}

fn names_uring(program: &Path) -> Vec<String> {
    needed(program).into_iter().filter(|name| name.contains("uring")).collect()
}

/// Whether the C library can be linked statically here.
fn has_static_libc(lang: Lang) -> bool {
    let dir = scratch(&format!("link-static-{lang:?}"));
    let source = write(&dir, "nothing.c", "int main(void) { return 0; }\n");
    let there = Compiler::default_for(lang).try_run(&source, &["-static", "-o", str(&dir.join("nothing"))]).status.success();
    if !there {
        println!("SKIP: no static C library for {lang:?} on this machine");
    }
    there
}

const BOTH: [Lang; 2] = [Lang::C, Lang::Cxx];

#[test]
fn programs_link_dynamically_by_pkg_config_and_by_hand() {
    let stage = stage();
    let (include, lib) = (format!("-I{}", stage.include.display()), format!("-L{}", stage.lib.display()));
    for lang in BOTH {
        let dir = scratch(&format!("link-dynamic-{lang:?}"));
        let answer = pkg_config(&stage.pkgconfig, &["--cflags", "--libs", "uring_rs"]);
        let answer: Vec<_> = answer.iter().map(String::as_str).collect();
        let program = build_and_run(&dir, lang, "uring.h", &answer, &stage.lib);
        assert_eq!(names_uring(&program), ["liburing_rs.so.2"]);

        let program = build_and_run(&dir, lang, "liburing.h", &[&include, &lib, "-luring_rs"], &stage.lib);
        assert_eq!(names_uring(&program), ["liburing_rs.so.2"]);
    }
}

#[test]
fn programs_take_the_static_library_into_a_dynamic_program() {
    let stage = stage();
    let (include, lib) = (format!("-I{}", stage.include.display()), format!("-L{}", stage.lib.display()));
    let archive = stage.lib.join("liburing_rs.a");
    let ways: [&[&str]; 3] = [
        &[str(&archive)],
        &[&lib, "-Wl,-Bstatic", "-luring_rs", "-Wl,-Bdynamic"],
        // Warnings of the linker are errors here: an archive must not ask for an executable stack or leave relocations in the text.
        &[str(&archive), "-pie", "-fPIE", "-Wl,--fatal-warnings", "-Wl,-z,text", "-Wl,-z,now"],
    ];
    for lang in BOTH {
        for (index, way) in ways.iter().enumerate() {
            let dir = scratch(&format!("link-archive-{lang:?}-{index}"));
            let mut args = vec![include.as_str()];
            args.extend(*way);
            let program = build_and_run(&dir, lang, "uring.h", &args, Path::new("/nonexistent"));
            assert!(names_uring(&program).is_empty() && !needed(&program).is_empty());
        }
    }
}

#[test]
fn programs_link_with_static() {
    let stage = stage();
    for lang in BOTH {
        if !has_static_libc(lang) {
            continue;
        }
        let answer = pkg_config(&stage.pkgconfig, &["--static", "--cflags", "--libs", "uring_rs"]);
        for flag in ["-static", "-static-pie"] {
            let dir = scratch(&format!("link{flag}-{lang:?}"));
            let mut args: Vec<_> = answer.iter().map(String::as_str).collect();
            args.push(flag);
            let program = build_and_run(&dir, lang, "uring.h", &args, Path::new("/nonexistent"));
            assert!(needed(&program).is_empty(), "{} is dynamic", program.display());
        }
    }
}

/// The archive is one object; its functions must still be droppable one by one.
#[test]
fn unused_functions_fall_to_gc_sections() {
    let stage = stage();
    let (include, archive) = (format!("-I{}", stage.include.display()), stage.lib.join("liburing_rs.a"));
    let dir = scratch("link-gc-sections");
    let args = [include.as_str(), "-ffunction-sections", "-fdata-sections", str(&archive), "-Wl,--gc-sections"];
    let program = build_and_run(&dir, Lang::C, "uring.h", &args, Path::new("/nonexistent"));
    let output = Command::new("nm").args(["--defined-only", "--format=posix"]).arg(&program).output().expect("nm (binutils)");
    let symbols = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(symbols.lines().any(|line| line.starts_with("io_uring_queue_init ")), "{symbols}");
    for unused in ["io_uring_register_bpf_filter ", "io_uring_prep_read ", "io_uring_resize_rings "] {
        assert!(!symbols.lines().any(|line| line.starts_with(unused)), "{unused}is in a program that never calls it");
    }
}

#[test]
fn programs_written_for_liburing_build_against_the_drop_in_install() {
    let dropin = &stage().dropin;
    let (lib, pkgconfig) = (dropin.join("lib"), dropin.join("lib/pkgconfig"));
    for lang in BOTH {
        let ways = [
            ("liburing", "liburing.so.2", None),
            ("liburing-ffi", "liburing-ffi.so.2", None),
            ("liburing-ffi", "liburing-ffi.so.2", Some("-DURING_NO_INLINE")),
        ];
        for (package, soname, define) in ways {
            let dir = scratch(&format!("link-dropin-{lang:?}"));
            let answer = pkg_config(&pkgconfig, &["--cflags", "--libs", package]);
            let mut args: Vec<_> = answer.iter().map(String::as_str).collect();
            args.extend(define);
            let program = build_and_run(&dir, lang, "liburing.h", &args, &lib);
            assert_eq!(names_uring(&program), [soname]);
        }
        for package in ["liburing", "liburing-ffi"] {
            if has_static_libc(lang) {
                let dir = scratch(&format!("link-dropin-static-{lang:?}"));
                let answer = pkg_config(&pkgconfig, &["--static", "--cflags", "--libs", package]);
                let mut args: Vec<_> = answer.iter().map(String::as_str).collect();
                args.push("-static");
                let program = build_and_run(&dir, lang, "liburing.h", &args, Path::new("/nonexistent"));
                assert!(needed(&program).is_empty());
            }
        }
        let version = pkg_config(&pkgconfig, &["--modversion", "liburing"]);
        assert_eq!(version, ["2.15"]);
    }
}

/// The library looks at the environment before `main` begins, which depends on the linker keeping what does so.
#[test]
fn the_environment_chooses_the_backend_however_a_program_is_linked() {
    let text = r#"
#include <uring.h>
#include <uring_rs.h>
#include <stdio.h>

int main(void)
{
	struct io_uring ring;
	int ret = io_uring_queue_init(4, &ring, 0);

	if (ret == -ENOSYS || ret == -EPERM || ret == -EACCES) {
		puts("refused");
		return 0;
	}
	if (ret)
		return 1;
	puts(uring_rs_backend_name(uring_rs_backend(&ring)));
	io_uring_queue_exit(&ring);
	return 0;
}
"#;
    let stage = stage();
    let dir = scratch("link-environment");
    let source = write(&dir, "backend.c", text);
    let (include, lib) = (format!("-I{}", stage.include.display()), format!("-L{}", stage.lib.display()));
    let archive = stage.lib.join("liburing_rs.a");
    let mut ways: Vec<Vec<&str>> = vec![
        vec![&lib, "-luring_rs"],
        vec![str(&archive)],
        vec![str(&archive), "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"],
    ];
    if has_static_libc(Lang::C) {
        ways.push(vec![str(&archive), "-static", "-Wl,--gc-sections"]);
    }
    for way in ways {
        let program = dir.join("backend");
        let mut args = vec!["-Wall", "-Werror", &include, "-o", str(&program)];
        args.extend(&way);
        Compiler::default_for(Lang::C).run(&source, &args);
        // The third word is none, and changes nothing: on a machine with io_uring that is the kernel.
        for (wish, wanted) in [("user", ["user", "user"]), ("kernel", ["kernel", "refused"]), ("usher", ["kernel", "user"])] {
            let mut run = Command::new(&program);
            let output =
                run.env("LD_LIBRARY_PATH", &stage.lib).env("URING_RS_BACKEND", wish).output().expect("the program starts");
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let is_wanted = output.status.success() && wanted.contains(&said.trim());
            assert!(is_wanted, "{way:?}: URING_RS_BACKEND={wish} gave {said:?}, {}", output.status);
        }
    }
}

/// What README shows is what a newcomer tries first.
#[test]
fn the_program_in_the_readme_works() {
    let stage = stage();
    let dir = scratch("link-readme");
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let (_, rest) = readme.split_once("```c\n").expect("a program in C in README.md");
    let (text, _) = rest.split_once("```").expect("an end of the program");
    let source = write(&dir, "hello.c", text);
    let program = dir.join("hello");
    let answer = pkg_config(&stage.pkgconfig, &["--cflags", "--libs", "uring_rs"]);
    let mut args: Vec<_> = answer.iter().map(String::as_str).collect();
    args.extend(["-Wall", "-Wextra", "-Werror", "-o", str(&program)]);
    Compiler::default_for(Lang::C).run(&source, &args);
    let output = Command::new(&program).env("LD_LIBRARY_PATH", &stage.lib).output().expect("the program starts");
    match output.status.code() {
        Some(0) => assert_eq!(output.stdout, b"hello from a ring\n"),
        // The program says no more than that it could not have a ring.
        Some(1) => println!("SKIP: io_uring is refused on this machine"),
        _ => panic!("{}", output.status),
    }
}

/// A library of Rust's with the standard library in it: an allocator, an unwinder that is used, threads.
const RUST_LIBRARY: &str = r#"
use std::collections::HashMap;

#[no_mangle]
pub extern "C" fn also() -> i32 {
    let caught = std::panic::catch_unwind(|| {
        let _guard = vec![1u8; 100_000];
        std::panic::resume_unwind(Box::new(4950));
    });
    let caught = *caught.unwrap_err().downcast::<i32>().unwrap();
    let map: HashMap<i32, String> = (0..100).map(|n| (n, n.to_string())).collect();
    let counted = std::thread::spawn(move || map.len() as i32).join().unwrap();
    caught + counted
}
"#;

#[test]
fn another_rust_library_in_the_same_program_is_no_trouble() {
    let stage = stage();
    let dir = scratch("link-two-rusts");
    let source = write(&dir, "also.rs", RUST_LIBRARY);
    let other = dir.join("libalso.a");
    for panic in ["unwind", "abort"] {
        // The second flavour cannot catch; that it links is the point.
        let strategy = format!("panic={panic}");
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition=2021", "--crate-type=staticlib", "-Copt-level=1", "-C", &strategy, "-o"]).arg(&other).arg(&source);
        let output = rustc.output().expect("rustc runs");
        assert!(output.status.success(), "rustc: {}", String::from_utf8_lossy(&output.stderr));

        let include = format!("-I{}", stage.include.display());
        let (ours, lib) = (stage.lib.join("liburing_rs.a"), format!("-L{}", stage.lib.display()));
        let system = ["-lgcc_s", "-lpthread", "-ldl", "-lm", "-lc"];
        let whole = "-Wl,--whole-archive";
        let ways: [&[&str]; 4] = [
            &[str(&ours), str(&other)],
            &[str(&other), str(&ours)],
            &[whole, str(&other), str(&ours), "-Wl,--no-whole-archive"],
            &[str(&other), &lib, "-luring_rs"],
        ];
        for way in ways {
            let mut args = vec![include.as_str()];
            args.extend(way);
            args.extend(system);
            if panic == "unwind" {
                args.push("-DALSO");
            }
            build_and_run(&dir, Lang::C, "uring.h", &args, &stage.lib);
        }
    }
}

#[test]
fn the_library_can_be_loaded_and_closed_at_run_time() {
    let text = r#"
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <stdio.h>
#include <uring.h>

static int use(const char *path, const char *node, int (**version)(void))
{
	int (*init)(unsigned, struct io_uring *, unsigned);
	void (*finish)(struct io_uring *);
	struct io_uring ring;
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	int ret;

	if (!library) {
		puts(dlerror());
		return 1;
	}
	*(void **)&init = dlvsym(library, "io_uring_queue_init", node);
	*(void **)&finish = dlsym(library, "io_uring_queue_exit");
	*(void **)version = dlsym(library, "io_uring_minor_version");
	if (!init || !finish || !*version)
		return 2;
	ret = init(4, &ring, 0);
	if (!ret)
		finish(&ring);
	else if (ret != -ENOSYS && ret != -EPERM && ret != -EACCES)
		return 3;
	return dlclose(library) ? 4 : 0;
}

int main(int argc, char **argv)
{
	int (*version)(void), (*again)(void);
	int i, ret;

	if (argc != 3)
		return 9;
	ret = use(argv[1], argv[2], &version);
	for (i = 0; i < 100 && !ret; i++) {
		ret = use(argv[1], argv[2], &again);
		/* The code stays where it is, and stays. */
		if (!ret && (again != version || version() != 15))
			ret = 5;
	}
	printf("%d\n", ret);
	return ret;
}
"#;
    let stage = stage();
    let dir = scratch("link-dlopen");
    let source = write(&dir, "load.c", text);
    let program = dir.join("load");
    let include = format!("-I{}", stage.include.display());
    Compiler::default_for(Lang::C).run(&source, &["-Wall", "-Werror", &include, "-o", str(&program), "-ldl"]);
    assert!(names_uring(&program).is_empty());
    let dropin = stage.dropin.join("lib");
    // The name and the node that it has in each library.
    let libraries = [
        (stage.lib.join("liburing_rs.so.2"), "LIBURING_2.0"),
        (dropin.join("liburing.so.2"), "LIBURING_2.0"),
        (dropin.join("liburing-ffi.so.2"), "LIBURING_2.4"),
    ];
    for (library, node) in libraries {
        let output = Command::new(&program).arg(&library).arg(node).output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}: {} {said}", library.display(), output.status);
    }
}

/// A plugin makes a ring, leaves requests behind, and goes, its library with it; they complete, and the plugin that comes back finds them.
#[test]
fn a_plugin_s_requests_outlive_its_being_loaded() {
    let plugin = r#"
#include <poll.h>
#include <string.h>
#include <uring.h>

static struct __kernel_timespec soon = { .tv_nsec = 20000000 };

int plugin(int step, struct io_uring *ring, int *fds, char *got);
int plugin(int step, struct io_uring *ring, int *fds, char *got)
{
	unsigned n = 0;
	struct io_uring_cqe *cqe;
	int sum = 0, ret;

	if (step == 0) {
		ret = io_uring_queue_init(8, ring, 0);
		if (ret)
			return ret;
		io_uring_prep_read(io_uring_get_sqe(ring), fds[0], got, 1, 0);
		io_uring_prep_poll_add(io_uring_get_sqe(ring), fds[0], POLLIN);
		io_uring_prep_timeout(io_uring_get_sqe(ring), &soon, 0, IORING_TIMEOUT_ETIME_SUCCESS);
		io_uring_prep_openat(io_uring_get_sqe(ring), -100, ".", 0, 0);
		return io_uring_submit(ring) == 4 ? 0 : 2;
	}
	for (n = 0; n < 4; n++) {
		do
			ret = io_uring_wait_cqe(ring, &cqe);
		while (ret == -EINTR);
		if (ret)
			return 3;
		sum += cqe->res < 0;
		io_uring_cqe_seen(ring, cqe);
	}
	io_uring_queue_exit(ring);
	return sum == 1 && *got == 'x' ? 0 : 4;
}
"#;
    let host = r#"
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static int call(const char *path, int step, void *ring, int *fds, char *got)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	int (*plugin)(int, void *, int *, char *);
	int ret;

	if (!library) {
		puts(dlerror());
		return 11;
	}
	*(void **)&plugin = dlsym(library, "plugin");
	ret = plugin(step, ring, fds, got);
	return dlclose(library) ? 12 : ret;
}

int main(int argc, char **argv)
{
	static long long ring[64];
	char got = 0;
	int fds[2], i, ret;

	if (argc != 2)
		return 9;
	for (i = 0; i < 20; i++) {
		if (pipe(fds))
			return 8;
		ret = call(argv[1], 0, ring, fds, &got);
		if (ret == -ENOSYS || ret == -EPERM || ret == -EACCES)
			return 77;
		/* Nobody but this program is here now. */
		if (write(fds[1], "x", 1) != 1)
			return 7;
		usleep(1000 * (i % 4));
		ret = ret ? ret : call(argv[1], 1, ring, fds, &got);
		if (ret) {
			printf("%d\n", ret);
			return 1;
		}
		close(fds[0]);
		close(fds[1]);
	}
	return 0;
}
"#;
    let stage = stage();
    let dir = scratch("link-plugin");
    let (source, library) = (write(&dir, "plugin.c", plugin), dir.join("plugin.so"));
    let include = format!("-I{}", stage.include.display());
    let libdir = format!("-L{}", stage.lib.display());
    let compiler = Compiler::default_for(Lang::C);
    compiler.run(&source, &["-fPIC", "-shared", &include, "-o", str(&library), &libdir, "-luring_rs"]);
    let (source, program) = (write(&dir, "host.c", host), dir.join("host"));
    compiler.run(&source, &["-Wall", "-Werror", "-o", str(&program), "-ldl"]);
    for backend in ["kernel", "user"] {
        let mut command = Command::new(&program);
        command.arg(&library).env("LD_LIBRARY_PATH", &stage.lib).env("URING_RS_BACKEND", backend);
        let output = command.output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.code() == Some(77) && backend == "kernel" {
            println!("SKIP: io_uring is refused on this machine: the plugin ran on the engine only");
            continue;
        }
        assert!(output.status.success(), "{backend}: {} {said}", output.status);
    }
}

// --------------------------------------------------------------------------------------------------------------- installing

fn make(args: &[&str]) -> Output {
    let mut make = Command::new("make");
    make.arg("-s").args(args).current_dir(root());
    for name in ["MAKEFLAGS", "CARGO_MAKEFLAGS", "PREFIX", "LIBDIR", "INCLUDEDIR", "PKGCONFIGDIR", "DESTDIR"] {
        make.env_remove(name);
    }
    let output = make.output().expect("make runs");
    assert!(output.status.success(), "make {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Every file and link below `dir`: its path, and what a link leads to or the file's permissions.
fn tree(dir: &Path) -> BTreeMap<String, String> {
    fn walk(top: &Path, dir: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
            let path = entry.expect("an entry").path();
            let metadata = path.symlink_metadata().expect("metadata");
            let name = str(path.strip_prefix(top).expect("below the top")).to_owned();
            if metadata.is_dir() {
                walk(top, &path, found);
            } else if metadata.is_symlink() {
                let target = std::fs::read_link(&path).expect("a link");
                found.insert(name, format!("-> {}", target.display()));
            } else {
                use std::os::unix::fs::PermissionsExt;
                found.insert(name, format!("{:o}", metadata.permissions().mode() & 0o777));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, dir, &mut found);
    found
}

/// Something of another package in each directory that an install touches.
fn neighbours(dest: &Path) {
    for file in ["usr/include/other.h", "usr/include/linux/io_uring.h", "usr/lib/libother.so.2", "usr/lib/pkgconfig/other.pc"] {
        let path = dest.join(file);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::write(path, "not ours\n").expect("a file");
    }
}

/// The headers of the project, by their paths in `include`.
fn headers() -> Vec<String> {
    let headers: Vec<String> = tree(&root().join("include")).into_keys().collect();
    assert!(headers.len() >= 12 && headers.iter().all(|path| path.ends_with(".h")), "{headers:?}");
    headers
}

fn expect_library(expected: &mut BTreeMap<String, String>, lib: &str, name: &str) {
    expected.insert(format!("{lib}/lib{name}.a"), "644".to_owned());
    expected.insert(format!("{lib}/lib{name}.so"), format!("-> lib{name}.so.2"));
    expected.insert(format!("{lib}/lib{name}.so.2"), format!("-> lib{name}.so.2.15"));
    expected.insert(format!("{lib}/lib{name}.so.2.15"), "755".to_owned());
}

#[test]
fn install_puts_files_where_it_says_and_uninstall_takes_them_away() {
    stage();
    let dest = scratch("link-install");
    neighbours(&dest);
    let before = tree(&dest);
    let destdir = format!("DESTDIR={}", dest.display());

    make(&["install", "PREFIX=/usr", &destdir]);
    let mut expected = before.clone();
    expect_library(&mut expected, "usr/lib", "uring_rs");
    expected.insert("usr/lib/pkgconfig/uring_rs.pc".to_owned(), "644".to_owned());
    for header in headers() {
        expected.insert(format!("usr/include/uring_rs/{header}"), "644".to_owned());
    }
    assert_eq!(tree(&dest), expected);
    // A second time over the first changes nothing.
    make(&["install", "PREFIX=/usr", &destdir]);
    assert_eq!(tree(&dest), expected);

    make(&["uninstall", "PREFIX=/usr", &destdir]);
    assert_eq!(tree(&dest), before);
    // And again with nothing to take away.
    make(&["uninstall", "PREFIX=/usr", &destdir]);
    assert_eq!(tree(&dest), before);
}

#[test]
fn install_dropin_puts_upstreams_names_and_uninstall_dropin_takes_them_away() {
    stage();
    let dest = scratch("link-install-dropin");
    neighbours(&dest);
    let before = tree(&dest);
    let destdir = format!("DESTDIR={}", dest.display());

    make(&["install-dropin", "PREFIX=/usr", &destdir]);
    let mut expected = before.clone();
    for name in ["uring", "uring-ffi"] {
        expect_library(&mut expected, "usr/lib", name);
        expected.insert(format!("usr/lib/pkgconfig/lib{name}.pc"), "644".to_owned());
    }
    for header in headers().into_iter().filter(|header| header != "uring_rs.h") {
        // What upstream has keeps its place, and our own files move in beside it.
        let is_upstreams = header == "liburing.h" || header.starts_with("liburing/");
        let path = if is_upstreams { header } else { format!("liburing/{header}") };
        expected.insert(format!("usr/include/{path}"), "644".to_owned());
    }
    assert_eq!(tree(&dest), expected);

    make(&["uninstall-dropin", "PREFIX=/usr", &destdir]);
    assert_eq!(tree(&dest), before);
}

/// What a distribution does: other directories, a DESTDIR that the installed files must not mention, programs built in a sysroot.
#[test]
fn directories_of_choice_reach_the_pkg_config_files() {
    stage();
    let dest = scratch("link-directories");
    let destdir = format!("DESTDIR={}", dest.display());
    let place = ["PREFIX=/opt/uring", "LIBDIR=/opt/uring/lib64", "INCLUDEDIR=/opt/headers", destdir.as_str()];
    for (target, package, header) in [
        ("install", "uring_rs", "uring.h"),
        ("install-dropin", "liburing", "liburing.h"),
        ("install-dropin", "liburing-ffi", "liburing.h"),
    ] {
        let mut args = vec![target];
        args.extend(place);
        make(&args);
        let lib = dest.join("opt/uring/lib64");
        let pc = std::fs::read_to_string(lib.join(format!("pkgconfig/{package}.pc"))).expect("a pkg-config file");
        assert!(!pc.contains(str(&dest)) && !pc.contains('@'), "{pc}");
        for line in ["prefix=/opt/uring", "libdir=/opt/uring/lib64", "includedir=/opt/headers", "Version: 2.15"] {
            assert!(pc.lines().any(|found| found == line), "no line {line} in\n{pc}");
        }
        let mut pkg_config = Command::new("pkg-config");
        pkg_config.args(["--cflags", "--libs", package]).env("PKG_CONFIG_LIBDIR", lib.join("pkgconfig"));
        let output = pkg_config.env("PKG_CONFIG_SYSROOT_DIR", &dest).output().expect("pkg-config runs");
        let answer = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success() && answer.contains("lib64") && !answer.contains("GNU_SOURCE"), "{answer}");
        let args: Vec<_> = answer.split_whitespace().collect();
        build_and_run(&scratch("link-directories-program"), Lang::C, header, &args, &lib);
        let mut args = vec![if target == "install" { "uninstall" } else { "uninstall-dropin" }];
        args.extend(place);
        make(&args);
        assert_eq!(tree(&dest), BTreeMap::new());
    }
}
