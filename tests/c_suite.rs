// SPDX-License-Identifier: MIT
//! The behaviour tests of `c-tests/`, as a C programmer would build and run them: compiled once against the staged header, linked to
//! the shared and to the static library, run on each backend. One trial is one case, linked one way, on one backend:
//! `queue::so::kernel::a_full_submission_queue_gives_null`.

mod common;

#[path = "common/compiler.rs"]
mod compiler;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::SystemTime;

use compiler::{str, Compiler, Lang};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// A backend that the cases run on, and how a program is told to use it.
struct Backend {
    name: &'static str,
    env: &'static [(&'static str, &'static str)],
    /// Rings come from the kernel: cases that make sense only there run.
    is_kernel: bool,
    /// The cases themselves may make io_uring system calls.
    lets_cases_enter: bool,
    /// Provided buffers, multishot requests, direct descriptors and personalities are served.
    serves_part_two: bool,
    /// Runs unless `URING_RS_TEST_BACKENDS` (names with commas between them) says otherwise.
    runs: bool,
}

const BACKENDS: &[Backend] = &[
    Backend {
        name: "kernel",
        env: &[("URING_RS_BACKEND", "kernel")],
        is_kernel: true,
        lets_cases_enter: true,
        serves_part_two: true,
        runs: true,
    },
    Backend {
        name: "user",
        env: &[("URING_RS_BACKEND", "user")],
        is_kernel: false,
        lets_cases_enter: true,
        serves_part_two: false,
        runs: true,
    },
    engine_without_kernel("enosys", &[("URING_RS_BACKEND", "auto"), ("URING_TEST_SECCOMP", "enosys")]),
    engine_without_kernel("eperm", &[("URING_RS_BACKEND", "auto"), ("URING_TEST_SECCOMP", "eperm")]),
    engine_without_kernel("docker", &[("URING_RS_BACKEND", "auto"), ("URING_TEST_SECCOMP", "docker")]),
];

/// The engine, chosen by the library itself because a filter refuses the system calls.
const fn engine_without_kernel(name: &'static str, env: &'static [(&'static str, &'static str)]) -> Backend {
    Backend { name, env, is_kernel: false, lets_cases_enter: false, serves_part_two: false, runs: true }
}

/// The backends that run this time.
fn backends() -> Vec<&'static Backend> {
    let Ok(list) = std::env::var("URING_RS_TEST_BACKENDS") else {
        return BACKENDS.iter().filter(|backend| backend.runs).collect();
    };
    let named = |name: &str| BACKENDS.iter().find(|backend| backend.name == name);
    list.split(',').map(|name| named(name).unwrap_or_else(|| panic!("URING_RS_TEST_BACKENDS: no backend {name}"))).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    /// To the shared library.
    So,
    /// To the static library, in a program that is otherwise dynamic.
    Archive,
    /// To static libraries only, the C library's among them.
    Static,
}

impl Link {
    fn name(self) -> &'static str {
        match self {
            Link::So => "so",
            Link::Archive => "a",
            Link::Static => "static",
        }
    }
}

/// The program that is also linked with `-static`: it touches set-up, submission, completion, threads and registration.
const FULLY_STATIC: &str = "queue";

/// Objects that every program is linked with.
const FRAMEWORK: [&str; 2] = ["test", "scene"];

/// What a program exits with when the kernel lacks what the case is about.
const SKIPPED: i32 = 77;

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let (programs, backends) = (build(), backends());
    let refused = kernel_refuses();
    let skips = Arc::new(Mutex::new(BTreeMap::new()));
    let mut trials = Vec::new();
    for (program, link, path) in &programs {
        for case in cases_of(path) {
            for &backend in &backends {
                let name = format!("{program}::{}::{}::{}", link.name(), backend.name, case.name);
                let barred = case.barred_from(backend).or_else(|| refused.clone().filter(|_| backend.is_kernel));
                trials.push(trial(name, path.clone(), case.name.clone(), backend, barred, skips.clone()));
            }
        }
    }
    assert!(trials.len() > 300, "only {} trials: the list of cases is cut short", trials.len());
    let conclusion = libtest_mimic::run(&args, trials);
    let skips = skips.lock().unwrap();
    for (name, reason) in skips.iter() {
        eprintln!("SKIP {name}: {reason}");
    }
    if !skips.is_empty() {
        eprintln!("{} skipped", skips.len());
    }
    conclusion.exit_code()
}

/// The errno of a kernel that has no io_uring or forbids it, as a reason to skip what needs it.
fn kernel_refuses() -> Option<String> {
    // SAFETY: no parameters to read, so that nothing can be set up: a kernel that allows the call answers EFAULT or EINVAL.
    let ret = unsafe { libc::syscall(libc::SYS_io_uring_setup, 0, std::ptr::null::<u8>()) };
    assert_eq!(ret, -1);
    let error = std::io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::ENOSYS | libc::EPERM | libc::EACCES) => Some(format!("this kernel refuses io_uring: {error}")),
        _ => None,
    }
}

// --------------------------------------------------------------------------------------------------------------- cases

/// A line of `program --list`: the name, then facts about the case.
struct Case {
    name: String,
    part_two: bool,
    kernel_only: Option<String>,
    needs_kernel: Option<String>,
}

impl Case {
    fn parse(line: &str) -> Case {
        let mut fields = line.split('\t');
        let name = fields.next().filter(|name| !name.is_empty()).expect("a case has a name").to_owned();
        let mut case = Case { name, part_two: false, kernel_only: None, needs_kernel: None };
        for field in fields {
            match field.split_once('=') {
                None if field == "part2" => case.part_two = true,
                Some(("kernel_only", why)) => case.kernel_only = Some(why.to_owned()),
                Some(("needs_kernel", why)) => case.needs_kernel = Some(why.to_owned()),
                _ => panic!("{line}: what is {field}?"),
            }
        }
        case
    }

    /// Why the case does not run on this backend.
    fn barred_from(&self, backend: &Backend) -> Option<String> {
        if !backend.is_kernel && self.kernel_only.is_some() {
            self.kernel_only.clone()
        } else if !backend.lets_cases_enter && self.needs_kernel.is_some() {
            self.needs_kernel.clone()
        } else if !backend.serves_part_two && self.part_two {
            Some(format!("not served by {} yet", backend.name))
        } else {
            None
        }
    }
}

fn cases_of(program: &Path) -> Vec<Case> {
    let output = Command::new(program).arg("--list").output().unwrap_or_else(|e| panic!("{}: {e}", program.display()));
    assert!(output.status.success(), "{} --list: {}", program.display(), output.status);
    let cases: Vec<_> = String::from_utf8(output.stdout).expect("names in UTF-8").lines().map(Case::parse).collect();
    assert!(!cases.is_empty(), "{} has no cases", program.display());
    cases
}

fn trial(
    name: String,
    program: PathBuf,
    case: String,
    backend: &'static Backend,
    barred: Option<String>,
    skips: Arc<Mutex<BTreeMap<String, String>>>,
) -> Trial {
    let full_name = name.clone();
    Trial::ignorable_test(name, move || {
        let skip = |reason: String| {
            skips.lock().unwrap().insert(full_name.clone(), reason.clone());
            Ok(Completion::ignored_with(reason))
        };
        if let Some(reason) = barred {
            return skip(reason);
        }
        let output = Command::new(&program).arg(&case).envs(backend.env.iter().copied()).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.code() {
            Some(0) => Ok(Completion::Completed),
            Some(SKIPPED) => {
                let said = text.lines().find_map(|line| line.strip_prefix("SKIP ")?.split_once(": "));
                let (_, reason) = said.ok_or_else(|| Failed::from(format!("skipped without a reason\n{text}")))?;
                skip(reason.to_owned())
            }
            _ => {
                let errors = String::from_utf8_lossy(&output.stderr);
                Err(format!("{} {case}: {}\n{text}{errors}", program.display(), output.status).into())
            }
        }
    })
}

// ------------------------------------------------------------------------------------------------------------ building

/// Compiles and links every program, as far as it is not up to date.
fn build() -> Vec<(String, Link, PathBuf)> {
    let stage = common::stage();
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c_suite");
    fs::create_dir_all(&out).expect("a directory for the programs");
    write_docker_profile(&out);

    let sources = common::root().join("c-tests");
    let mut headers = newest_in(&stage.include);
    headers = headers.max(changed(&sources.join("test.h"))).max(changed(&out.join("docker_allowed.h")));
    let mut jobs = Vec::new();
    for entry in fs::read_dir(&sources).expect("c-tests") {
        let path = entry.expect("an entry").path();
        let lang = match path.extension().and_then(OsStr::to_str) {
            Some("c") => Lang::C,
            Some("cc") => Lang::Cxx,
            _ => continue,
        };
        jobs.push((path, lang));
    }
    // The order in which a directory lists its files is no order.
    jobs.sort_by(|a, b| a.0.cmp(&b.0));
    let objects = in_parallel(&jobs, |(source, lang)| compile(source, *lang, &stage.include, &out, headers));

    let framework: Vec<PathBuf> = FRAMEWORK.iter().map(|name| out.join(format!("{name}.o"))).collect();
    let mut links = Vec::new();
    for ((source, lang), object) in jobs.iter().zip(objects) {
        let name = source.file_stem().and_then(OsStr::to_str).expect("a name").to_owned();
        if FRAMEWORK.contains(&name.as_str()) {
            continue;
        }
        for kind in [Link::So, Link::Archive, Link::Static] {
            if kind != Link::Static || name == FULLY_STATIC {
                links.push((name.clone(), kind, *lang, object.clone()));
            }
        }
    }
    in_parallel(&links, |(name, kind, lang, object)| {
        let program = out.join(format!("{name}-{}", kind.name()));
        link(&program, *kind, *lang, object, &framework, &stage.lib);
        (name.clone(), *kind, program)
    })
}

fn compile(source: &Path, lang: Lang, include: &Path, out: &Path, headers: SystemTime) -> PathBuf {
    let object = out.join(source.file_stem().expect("a name")).with_extension("o");
    if object.exists() && changed(&object) > changed(source).max(headers) {
        return object;
    }
    let (include, here) = (format!("-I{}", str(include)), format!("-I{}", str(out)));
    let standard = if lang == Lang::C { "-std=gnu11" } else { "-std=gnu++20" };
    let flags =
        [standard, "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-pthread", &include, &here];
    Compiler::default_for(lang).run(source, &[&flags[..], &["-c", "-o", str(&object)]].concat());
    object
}

fn link(program: &Path, kind: Link, lang: Lang, object: &Path, framework: &[PathBuf], lib: &Path) {
    let inputs: Vec<&Path> = std::iter::once(object).chain(framework.iter().map(PathBuf::as_path)).collect();
    let (shared, archive) = (lib.join("liburing_rs.so"), lib.join("liburing_rs.a"));
    let library = if kind == Link::So { &shared } else { &archive };
    let newest = inputs.iter().map(|path| changed(path)).max().expect("an object").max(changed(library));
    if program.exists() && changed(program) > newest {
        return;
    }
    let rpath = format!("-Wl,-rpath,{}", str(lib));
    let mut args = vec!["-o", str(program), "-pthread"];
    args.extend(inputs.iter().map(|path| str(path)));
    args.push(str(library));
    match kind {
        Link::So => args.push(&rpath),
        Link::Archive => {}
        Link::Static => args.push("-static"),
    }
    Compiler::default_for(lang).link(&args);
}

/// The numbers of the system calls that Docker's default profile allows, for the cases to build a filter of.
fn write_docker_profile(out: &Path) {
    let table = fs::read_to_string(common::root().join("c-tests/abi/docker-seccomp.tsv")).expect("the profile");
    let names = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let text: String = names.map(|name| format!("#ifdef SYS_{name}\nSYS_{name},\n#endif\n")).collect();
    let path = out.join("docker_allowed.h");
    if fs::read_to_string(&path).map_or(true, |old| old != text) {
        fs::write(&path, text).expect("docker_allowed.h");
    }
}

fn changed(path: &Path) -> SystemTime {
    let time = fs::metadata(path).and_then(|meta| meta.modified());
    time.unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn newest_in(dir: &Path) -> SystemTime {
    let entries = fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let times = entries.map(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            newest_in(&path)
        } else {
            changed(&path)
        }
    });
    times.max().expect("a header")
}

/// `f` of each item, on as many threads as there are processors, results in the order of the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, |n| n.get()) {
            scope.spawn(|| loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(index) else { break };
                let result = f(item);
                results.lock().unwrap().push((index, result));
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
