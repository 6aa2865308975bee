// SPDX-License-Identifier: MIT
//! The `io-uring` crate's turn: `nop.c` and `read.c` in Rust, with the conversation of `harness.h`.

use io_uring::{opcode, squeue, types, IoUring};
use std::collections::HashMap;
use std::io::BufRead;
use std::os::fd::AsRawFd;
use std::time::Instant;

const BLOCK: usize = 4096;

fn die(what: impl std::fmt::Display) -> ! {
    eprintln!("{what}");
    std::process::exit(1)
}

fn make_ring(depth: u32) -> IoUring {
    IoUring::new(depth).unwrap_or_else(|e| match e.raw_os_error() {
        Some(libc::ENOSYS | libc::EPERM | libc::EACCES) => {
            eprintln!("no ring: {e}");
            std::process::exit(77)
        }
        _ => die(format!("no ring: {e}")),
    })
}

fn push(ring: &mut IoUring, entry: &squeue::Entry) {
    // SAFETY: buffers and files of every request live as long as the ring.
    if unsafe { ring.submission().push(entry) }.is_err() {
        die("no SQE");
    }
}

struct Nops {
    ring: IoUring,
    depth: usize,
    may_wait: bool,
}

impl Nops {
    fn run(&mut self, ops: u64) -> u64 {
        let mut done = 0;
        while done < ops {
            for _ in 0..self.depth {
                push(&mut self.ring, &opcode::Nop::new().build());
            }
            let sent = if self.may_wait { self.ring.submit_and_wait(self.depth) } else { self.ring.submit() };
            if !matches!(sent, Ok(sent) if sent == self.depth) {
                die(format!("submit: {sent:?}"));
            }
            let seen = self.ring.completion().filter(|cqe| cqe.result() == 0).count();
            if seen != self.depth {
                die(format!("{seen} completions of {}", self.depth));
            }
            done += self.depth as u64;
        }
        done
    }
}

struct Reads {
    ring: IoUring,
    file: std::fs::File,
    blocks: u64,
    seed: u64,
    memory: Vec<u8>,
    wanted: Vec<u64>,
}

impl Reads {
    fn start(&mut self, slot: usize) {
        let mut x = self.seed;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.seed = x;
        let block = x % self.blocks;
        self.wanted[slot] = block;
        let buffer = self.memory[slot * BLOCK..].as_mut_ptr();
        let read = opcode::Read::new(types::Fd(self.file.as_raw_fd()), buffer, BLOCK as u32).offset(block * BLOCK as u64);
        push(&mut self.ring, &read.build().user_data(slot as u64));
    }

    fn check(&self, slot: usize) {
        let word = |at: usize| u64::from_ne_bytes(self.memory[at..at + 8].try_into().expect("eight bytes"));
        let wanted = self.wanted[slot] + 1;
        if word(slot * BLOCK) != wanted || word((slot + 1) * BLOCK - 8) != wanted {
            die("wrong data");
        }
    }

    fn run(&mut self, ops: u64) -> u64 {
        let mut free: Vec<usize> = (0..self.wanted.len()).collect();
        let (mut begun, mut done) = (0, 0);
        while done < ops {
            while begun < ops {
                let Some(slot) = free.pop() else { break };
                self.start(slot);
                begun += 1;
            }
            if let Err(e) = self.ring.submit_and_wait(1) {
                die(format!("submit and wait: {e}"));
            }
            let seen: Vec<_> = self.ring.completion().map(|cqe| (cqe.user_data() as usize, cqe.result())).collect();
            for (slot, result) in seen {
                if result != BLOCK as i32 {
                    die(format!("read: {result}"));
                }
                self.check(slot);
                free.push(slot);
                done += 1;
            }
        }
        done
    }
}

fn main() {
    let params: HashMap<String, String> =
        std::env::args().skip(1).filter_map(|text| text.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned()))).collect();
    let number = |name: &str, otherwise: u64| -> u64 {
        params.get(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| die(format!("{name}={text}?"))))
    };
    if params.contains_key("cpu") {
        // SAFETY: a cpu_set_t is plain bits.
        let failed = unsafe {
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            libc::CPU_SET(number("cpu", 0) as usize, &mut set);
            libc::sched_setaffinity(0, std::mem::size_of_val(&set), &set)
        };
        if failed != 0 {
            die("sched_setaffinity");
        }
    }
    let depth = number("depth", 1);
    let ring = make_ring(depth as u32);
    let mut run: Box<dyn FnMut(u64) -> u64> = match params.get("by").map(String::as_str) {
        Some("nop") => {
            let may_wait = params.get("mode").is_none_or(|mode| mode == "wait");
            let mut nops = Nops { ring, depth: depth as usize, may_wait };
            Box::new(move |ops| nops.run(ops))
        }
        Some("read") => {
            let path = params.get("file").unwrap_or_else(|| die("no file="));
            let file = std::fs::File::open(path).unwrap_or_else(|e| die(format!("{path}: {e}")));
            let blocks = file.metadata().map_or(0, |data| data.len()) / BLOCK as u64;
            let memory = vec![0; depth as usize * BLOCK];
            let wanted = vec![0; depth as usize];
            let mut reads = Reads { ring, file, blocks, seed: 88_172_645_463_325_252, memory, wanted };
            Box::new(move |ops| reads.run(ops))
        }
        other => die(format!("by={other:?}?")),
    };
    converse(&mut run, number("ops", 0), number("warm", 10_000_000));
}

fn cpu_ns() -> u64 {
    // SAFETY: the call fills what it is given.
    unsafe {
        let mut now: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut now);
        now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
    }
}

fn converse(run: &mut dyn FnMut(u64) -> u64, counted: u64, warm_ns: u64) {
    if counted > 0 {
        // SAFETY: a call without arguments; whoever counts system calls counts what is between these two.
        unsafe { libc::getppid() };
        run(counted);
        // SAFETY: as above.
        unsafe { libc::getppid() };
        return;
    }
    let mut ops = 1;
    let mut per_op = loop {
        let began = Instant::now();
        let done = run(ops);
        let ns = began.elapsed().as_nanos() as u64;
        if ns >= warm_ns {
            break ns as f64 / done as f64;
        }
        ops *= 2;
    };
    println!("ready");
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let Some(ns) = line.strip_prefix("time ").and_then(|ns| ns.parse::<u64>().ok()) else { break };
        let (cpu, began) = (cpu_ns(), Instant::now());
        let (mut done, mut wall) = (0, 0);
        while wall < ns - ns / 10 {
            let chunk = run((((ns - wall) as f64 / per_op) as u64).max(1));
            let now = began.elapsed().as_nanos() as u64;
            per_op = (now - wall + 1) as f64 / chunk as f64;
            (done, wall) = (done + chunk, now);
        }
        let cpu = cpu_ns() - cpu;
        println!("time {done} {wall} {cpu} 0");
    }
}
