// SPDX-License-Identifier: MIT
//! Who takes part: which program a peer is, how it is built, how it is started.

use crate::child::{Failure, Program, Qemu, Runner};
use crate::plan::{Cpu, Workload};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A liburing to compile against: its header and library lie in `prefix`, or where the compiler looks by itself.
struct Library {
    id: &'static str,
    prefix: Option<PathBuf>,
    include: &'static str,
    link: &'static str,
    hint: String,
}

pub struct Peers {
    root: PathBuf,
    bin: PathBuf,
    pub data: PathBuf,
    blocks: &'static str,
    warm_ns: u64,
    cpus: Vec<usize>,
    libraries: Vec<Library>,
    built: HashMap<(String, String), Result<PathBuf, Failure>>,
    compiler: String,
    flags: Vec<String>,
}

/// What is linked to a program that needs more than the harness and a ring.
fn more_libraries(program: &str) -> &'static [&'static str] {
    match program {
        "read_peers" => &["-laio", "-lrt"],
        "read_uv" => &["-luv"],
        _ => &[],
    }
}

fn package_of(program: &str) -> &'static str {
    match program {
        "read_peers" => "it needs libaio (Debian: libaio-dev)",
        "read_uv" => "it needs libuv (Debian: libuv1-dev)",
        _ => "",
    }
}

/// The CPUs that this process may use.
fn own_cpus() -> Vec<usize> {
    // SAFETY: a cpu_set_t is plain bits, and the call fills no more than its size.
    let set = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, std::mem::size_of_val(&set), &mut set);
        set
    };
    // SAFETY: CPU_SETSIZE bits are there.
    (0..libc::CPU_SETSIZE as usize).filter(|cpu| unsafe { libc::CPU_ISSET(*cpu, &set) }).collect()
}

impl Peers {
    /// `blocks` is the name of the data file, `warm_ns` how long a program warms up.
    pub fn new(root: &Path, bin: &Path, data: &Path, blocks: &'static str, warm_ns: u64) -> Peers {
        let mut libraries = vec![
            Library {
                id: "ours",
                prefix: Some(root.join("target/stage")),
                include: "include/uring_rs",
                link: "uring_rs",
                hint: "make stage builds it".to_owned(),
            },
            Library {
                id: "liburing",
                prefix: None,
                include: "",
                link: "uring",
                hint: "no liburing is installed (Debian: liburing-dev)".to_owned(),
            },
        ];
        // What the drop-in suite has built, or what the environment names.
        for (id, version, suite) in [("liburing-2.9", "2.9", "trixie"), ("liburing-2.15", "2.15", "sid")] {
            let named = std::env::var_os("LIBURING_PREFIX").map(PathBuf::from).filter(|_| version == "2.15");
            libraries.push(Library {
                id,
                prefix: Some(named.unwrap_or_else(|| root.join(format!("target/dropin/{version}/upstream")))),
                include: "include",
                link: "uring",
                hint: format!("no liburing {version} in target/dropin (c-tests/dropin/run.sh --suite {suite})"),
            });
        }
        let variable = |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
        Peers {
            root: root.to_owned(),
            bin: bin.to_owned(),
            data: data.to_owned(),
            blocks,
            warm_ns,
            cpus: own_cpus(),
            libraries,
            built: HashMap::new(),
            compiler: variable("CC", "cc"),
            flags: variable("BENCH_CFLAGS", "-O2").split_whitespace().map(str::to_owned).collect(),
        }
    }

    pub fn cpus(&self) -> &[usize] {
        &self.cpus
    }

    /// Compiler and flags, for the record.
    pub fn build_line(&self) -> String {
        let version = Command::new(&self.compiler).arg("--version").output();
        let version = version.map(|output| String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or("?").to_owned());
        format!("{} {}", version.unwrap_or_else(|_| self.compiler.clone()), self.flags.join(" "))
    }

    /// Versions of what is installed, for the record.
    pub fn version_of(package: &str) -> Option<String> {
        let output = Command::new("pkg-config").args(["--modversion", package]).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    pub fn label(&self, peer: &str) -> String {
        match peer {
            "engine" => "uring_rs, engine".to_owned(),
            "kernel" => "uring_rs, kernel".to_owned(),
            "liburing" => format!("liburing {}", Peers::version_of("liburing").unwrap_or_else(|| "installed".to_owned())),
            "crate" => "io-uring crate".to_owned(),
            "posix" => "POSIX AIO (glibc)".to_owned(),
            "libuv" => "libuv thread pool".to_owned(),
            "pool" => "pool of 4 threads".to_owned(),
            "loop" => "plain loop".to_owned(),
            "epoll" => "epoll loop".to_owned(),
            "qemu-threads" => "QEMU's thread pool".to_owned(),
            other => other.replace("liburing-", "liburing "),
        }
    }

    fn build(&mut self, program: &str, id: &str) -> Result<PathBuf, Failure> {
        let key = (program.to_owned(), id.to_owned());
        if let Some(found) = self.built.get(&key) {
            return found.clone();
        }
        let result = self.compile(program, id);
        self.built.insert(key, result.clone());
        result
    }

    fn compile(&self, program: &str, id: &str) -> Result<PathBuf, Failure> {
        let library = self.libraries.iter().find(|library| library.id == id);
        if let Some(Library { prefix: Some(prefix), hint, .. }) = library {
            if !prefix.join("include").is_dir() {
                let hint = hint.clone();
                return Err(if id == "ours" { Failure::Wrong(hint) } else { Failure::Missing(hint) });
            }
        }
        let source = self.root.join("bench/c");
        let output = self.bin.join(format!("{program}.{id}"));
        let mut command = Command::new(&self.compiler);
        command.args(&self.flags).args(["-g", "-pthread"]);
        command.arg(source.join(format!("{program}.c"))).arg(source.join("harness.c")).arg("-o").arg(&output);
        if let Some(library) = library {
            if let Some(prefix) = &library.prefix {
                let lib = prefix.join("lib");
                command.arg("-I").arg(prefix.join(library.include)).arg("-L").arg(&lib);
                command.arg(format!("-Wl,-rpath,{}", lib.display()));
            }
            command.arg(format!("-l{}", library.link));
        }
        command.args(more_libraries(program));
        let done = command.output().map_err(|e| Failure::Missing(format!("{}: {e}", self.compiler)))?;
        if !done.status.success() {
            // A header or library of others that is not there is the machine's affair; anything else is ours.
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            let is_missing = said.contains("No such file or directory") || said.contains("cannot find -l");
            let is_others = id != "ours" && source.join(format!("{program}.c")).is_file();
            let hint = library.map_or(package_of(program), |library| &library.hint);
            let is_machines = is_missing && is_others && !hint.is_empty();
            return Err(if is_machines { Failure::Missing(hint.to_owned()) } else { Failure::Wrong(said) });
        }
        self.check_library(&output, library)?;
        Ok(output)
    }

    /// A program that found another library than the one it is named for would measure the wrong thing.
    fn check_library(&self, program: &Path, library: Option<&Library>) -> Result<(), Failure> {
        let Some(library) = library else { return Ok(()) };
        let output = Command::new("ldd").arg(program).env_remove("LD_LIBRARY_PATH").output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let Some(line) = text.lines().find(|line| line.contains(&format!("lib{}.so", library.link))) else {
            return Err(Failure::Wrong(format!("{} loads no lib{}", program.display(), library.link)));
        };
        let is_own = line.contains(&*self.root.join("target").to_string_lossy());
        let is_wanted = match &library.prefix {
            Some(prefix) => line.contains(&*prefix.join("lib").to_string_lossy()),
            None => !is_own,
        };
        is_wanted.then_some(()).ok_or_else(|| Failure::Wrong(format!("{} loads another library: {line}", program.display())))
    }

    /// Whether it is a program of others that does its work and ends, instead of waiting for turns.
    pub fn is_one_shot(&self, workload: &Workload) -> bool {
        workload.program == "qemu-img"
    }

    /// Starts what `peer` runs for `workload`; it has warmed up then.
    pub fn start(&mut self, workload: &Workload, peer: &str) -> Result<Box<dyn Runner>, Failure> {
        if self.is_one_shot(workload) {
            return Ok(Box::new(Qemu::start(self.qemu(workload, peer)?)?));
        }
        let mut command = self.command(workload, peer)?;
        Ok(Box::new(Program::start(&mut command)?))
    }

    fn qemu(&self, workload: &Workload, peer: &str) -> Result<Box<dyn Fn(u64) -> Command>, Failure> {
        let (engine, backend) = match peer {
            "engine" => ("io_uring", Some("user")),
            "kernel" => ("io_uring", Some("kernel")),
            "liburing" => ("io_uring", None),
            "libaio" => ("native", None),
            "qemu-threads" => ("threads", None),
            other => return Err(Failure::Wrong(format!("nobody is called {other}"))),
        };
        let value = |name: &str, otherwise: &str| {
            let found = workload.params.iter().find_map(|param| param.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or(otherwise).to_owned()
        };
        let (cache, depth) = (value("cache", "none"), value("depth", "32"));
        let (library, file) = (self.root.join("target/stage-dropin/lib"), self.data_file());
        Ok(Box::new(move |ops| {
            let mut command = Command::new("qemu-img");
            command.args(["bench", "-f", "raw", "-s", "4096", "-t", &cache, "-d", &depth, "-i", engine, "-c", &ops.to_string()]);
            command.arg(&file).env_remove("LD_LIBRARY_PATH").env_remove("URING_RS_BACKEND");
            if let Some(backend) = backend {
                command.env("LD_LIBRARY_PATH", &library).env("URING_RS_BACKEND", backend);
            }
            command
        }))
    }

    /// The program that `peer` runs for `workload`, ready to be started.
    pub fn command(&mut self, workload: &Workload, peer: &str) -> Result<Command, Failure> {
        let program = workload.program.as_str();
        let mut by = None;
        let (path, backend) = match peer {
            "engine" => (self.build(program, "ours")?, Some("user")),
            "kernel" => (self.build(program, "ours")?, Some("kernel")),
            "crate" => {
                let mut path = std::env::current_exe().map_err(|e| Failure::Missing(e.to_string()))?;
                path.set_file_name("crate_peer");
                by = Some(program.to_owned());
                (path, None)
            }
            "posix" | "pool" | "libaio" => {
                by = Some(peer.to_owned());
                (self.build("read_peers", "plain")?, None)
            }
            "loop" if program == "read" => {
                by = Some(peer.to_owned());
                (self.build("read_peers", "plain")?, None)
            }
            "libuv" => (self.build("read_uv", "plain")?, None),
            "loop" | "epoll" => {
                by = Some(peer.to_owned());
                (self.build(program, "ours")?, None)
            }
            other if other.starts_with("liburing") => (self.build(program, other)?, None),
            other => return Err(Failure::Wrong(format!("nobody is called {other}"))),
        };
        let mut command = Command::new(path);
        command.env_remove("LD_LIBRARY_PATH").env_remove("URING_RS_BACKEND");
        if let Some(backend) = backend {
            command.env("URING_RS_BACKEND", backend);
        }
        command.args(&workload.params).arg(format!("warm={}", self.warm_ns));
        if let Some(by) = by {
            command.arg(format!("by={by}"));
        }
        match program {
            "read" => {
                command.arg(format!("file={}", self.data_file().display()));
            }
            "copy" => {
                command.arg(format!("file={}", self.data_file().display()));
                command.arg(format!("to={}", self.data.join("copy").display()));
            }
            "paths" => {
                command.arg(format!("dir={}", self.data.display()));
            }
            _ => {}
        }
        let (first, last) = (self.cpus[0], self.cpus[self.cpus.len() - 1]);
        match workload.cpu {
            Cpu::One => {
                command.arg(format!("cpu={last}"));
            }
            Cpu::Two => {
                command.arg(format!("cpu={last}")).arg(format!("client_cpu={first}"));
            }
            Cpu::All => {}
        }
        Ok(command)
    }

    pub fn data_file(&self) -> PathBuf {
        self.data.join(self.blocks)
    }
}
