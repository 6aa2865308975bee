// SPDX-License-Identifier: MIT
//! A benchmark program that waits for its turns; `c/harness.h` has the other side of the conversation.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::time::{Duration, Instant};

/// Why there is no number.
#[derive(Clone, Debug)]
pub enum Failure {
    /// This machine lacks something.
    Missing(String),
    /// A result was wrong, or the program did not end.
    Wrong(String),
}

/// One turn.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    pub ops: u64,
    pub wall_ns: u64,
    pub cpu_ns: u64,
    pub rss_kib: u64,
}

impl Turn {
    pub fn ns_per_op(&self) -> f64 {
        self.wall_ns as f64 / self.ops as f64
    }

    pub fn cpu_per_op(&self) -> f64 {
        self.cpu_ns as f64 / self.ops as f64
    }
}

/// Latencies in nanoseconds.
#[derive(Clone, Debug)]
pub struct Latency {
    pub count: u64,
    /// At the shares [`SHARES`], and the largest.
    pub ns: Vec<u64>,
}

pub const SHARES: [&str; 6] = ["p50", "p90", "p99", "p99.9", "p99.99", "max"];

/// How long a program may be silent beyond what it was asked for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Something that runs when it is its turn.
pub trait Runner {
    /// Operations for about `ns`.
    fn turn(&mut self, ns: u64) -> Result<Turn, Failure>;
    /// The same, each operation timed.
    fn latency(&mut self, ns: u64) -> Result<Latency, Failure>;
    /// Lets it end by itself, and looks how it does.
    fn finish(self: Box<Self>) -> Result<(), Failure>;
}

/// One of the programs of `c/`, or one that talks like them.
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Option<std::thread::JoinHandle<String>>,
}

impl Program {
    /// Starts it and waits until it has warmed up.
    pub fn start(command: &mut Command) -> Result<Program, Failure> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| Failure::Missing(format!("{:?}: {e}", command.get_program())))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("a pipe");
        let mut stderr = child.stderr.take().expect("a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text.trim().to_owned()
        });
        let mut program = Program { child, stdin, lines, errors: Some(errors) };
        program.answer("ready", Duration::ZERO)?;
        Ok(program)
    }

    fn answer(&mut self, word: &str, beyond: Duration) -> Result<Vec<u64>, Failure> {
        match self.lines.recv_timeout(PATIENCE + beyond) {
            Ok(line) => {
                let mut words = line.split_whitespace();
                let numbers = words.by_ref().skip(1).map(str::parse).collect::<Result<_, _>>();
                match (line.starts_with(word), numbers) {
                    (true, Ok(numbers)) => Ok(numbers),
                    _ => Err(Failure::Wrong(format!("it said: {line}"))),
                }
            }
            Err(_) => Err(self.reason()),
        }
    }

    fn ask(&mut self, question: &str, word: &str, beyond: Duration) -> Result<Vec<u64>, Failure> {
        let sent = self.stdin.as_mut().map(|stdin| writeln!(stdin, "{question}"));
        match sent {
            Some(Ok(())) => self.answer(word, beyond),
            _ => Err(self.reason()),
        }
    }

    /// Its exit code; None if it had to be killed.
    fn end(&mut self, patience: Duration) -> Option<i32> {
        let until = Instant::now() + patience;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status.code().unwrap_or(-1)),
                Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(1)),
                _ => {
                    let _ = self.child.kill();
                    let _ = self.child.wait();
                    return None;
                }
            }
        }
    }

    fn reason(&mut self) -> Failure {
        drop(self.stdin.take());
        let code = self.end(Duration::from_secs(1));
        let mut text = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        if text.is_empty() {
            text = match code {
                None => "no answer in time".to_owned(),
                Some(code) => format!("ended with {code}"),
            };
        }
        match code {
            Some(77) => Failure::Missing(text),
            _ => Failure::Wrong(text),
        }
    }
}

impl Runner for Program {
    fn turn(&mut self, ns: u64) -> Result<Turn, Failure> {
        match self.ask(&format!("time {ns}"), "time", Duration::from_nanos(ns))?[..] {
            [ops, wall_ns, cpu_ns, rss_kib] if ops > 0 => Ok(Turn { ops, wall_ns, cpu_ns, rss_kib }),
            _ => Err(Failure::Wrong("not four numbers".to_owned())),
        }
    }

    fn latency(&mut self, ns: u64) -> Result<Latency, Failure> {
        let mut numbers = self.ask(&format!("latency {ns}"), "latency", Duration::from_nanos(ns))?;
        if numbers.len() != SHARES.len() + 1 {
            return Err(Failure::Wrong("not as many numbers as shares".to_owned()));
        }
        Ok(Latency { count: numbers.remove(0), ns: numbers })
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        drop(self.stdin.take());
        match self.end(PATIENCE) {
            Some(0) => Ok(()),
            _ => Err(self.reason()),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.stdin.take());
        self.end(Duration::from_secs(5));
    }
}

/// `qemu-img bench`, which says itself how long its requests took.
pub struct Qemu {
    command: Box<dyn Fn(u64) -> Command>,
    ns_per_op: f64,
}

impl Qemu {
    /// `command` makes one for a number of requests.
    pub fn start(command: Box<dyn Fn(u64) -> Command>) -> Result<Qemu, Failure> {
        let mut qemu = Qemu { command, ns_per_op: 0.0 };
        qemu.ns_per_op = qemu.requests(1000)?.ns_per_op();
        Ok(qemu)
    }

    fn requests(&mut self, ops: u64) -> Result<Turn, Failure> {
        let output = (self.command)(ops).stdin(Stdio::null()).output();
        let output = output.map_err(|e| Failure::Missing(format!("qemu-img: {e} (Debian: qemu-utils)")))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let seconds =
            said.split_once("Run completed in ").and_then(|(_, rest)| rest.split_whitespace().next()?.parse::<f64>().ok());
        match seconds {
            Some(seconds) if output.status.success() => Ok(Turn { ops, wall_ns: (seconds * 1e9) as u64, cpu_ns: 0, rss_kib: 0 }),
            _ => {
                let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                // An engine of QEMU's that this kernel or this build does not have.
                let is_missing =
                    why.contains("Operation not permitted") || why.contains("not implemented") || why.contains("Invalid aio");
                Err(if is_missing { Failure::Missing(why) } else { Failure::Wrong(why) })
            }
        }
    }
}

impl Runner for Qemu {
    fn turn(&mut self, ns: u64) -> Result<Turn, Failure> {
        let turn = self.requests(((ns as f64 / self.ns_per_op) as u64).max(100))?;
        self.ns_per_op = turn.ns_per_op().max(1.0);
        Ok(turn)
    }

    fn latency(&mut self, _ns: u64) -> Result<Latency, Failure> {
        Err(Failure::Missing("qemu-img times no single requests".to_owned()))
    }

    fn finish(self: Box<Self>) -> Result<(), Failure> {
        Ok(())
    }
}
