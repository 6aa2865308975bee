// SPDX-License-Identifier: MIT
//! System calls per operation, counted by strace between the two marks that the harness makes.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::{Command, Stdio};

/// Names of system calls and how many there are per operation, the most frequent first.
pub type Calls = Vec<(String, f64)>;

/// Threads of the program count, processes that it forks (the clients) do not, and neither do the kernel's own threads.
pub fn count(command: &Command, ops: u64, log: &Path) -> Result<Calls, String> {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "signal=none", "-o"]).arg(log).arg("--").arg(command.get_program());
    strace.args(command.get_args()).arg(format!("ops={ops}"));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = strace.output().map_err(|_| "strace is not installed".to_owned())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let text = std::fs::read_to_string(log).map_err(|e| e.to_string())?;
    let _ = std::fs::remove_file(log);
    parse(&text, ops)
}

fn parse(text: &str, ops: u64) -> Result<Calls, String> {
    let mut others: HashSet<&str> = HashSet::new();
    let mut unfinished: HashMap<&str, bool> = HashMap::new();
    let mut counts: HashMap<&str, u64> = HashMap::new();
    let mut marks = 0;
    for line in text.lines() {
        let Some((pid, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        // A fork may be reported in two lines, the second of which names the child.
        let is_fork = (rest.starts_with("clone") && !rest.contains("CLONE_THREAD"))
            || rest.starts_with("fork")
            || rest.starts_with("vfork");
        if is_fork || rest.starts_with("clone") {
            unfinished.insert(pid, is_fork && rest.contains("<unfinished"));
        }
        let resumes_fork = rest.starts_with("<... clone") && unfinished.get(pid) == Some(&true) && !rest.contains("CLONE_THREAD");
        if is_fork || resumes_fork {
            if let Some(child) = rest.rsplit_once("= ").map(|(_, child)| child.trim()) {
                others.insert(child);
            }
        }
        if others.contains(pid) || rest.starts_with("<...") || rest.starts_with("+++") || rest.starts_with("---") {
            continue;
        }
        let Some((name, _)) = rest.split_once('(') else { continue };
        if name == "getppid" {
            marks += 1;
        } else if marks == 1 {
            *counts.entry(name).or_default() += 1;
        }
    }
    if marks != 2 {
        return Err(format!("{marks} marks in strace's log"));
    }
    let mut calls: Calls = counts.into_iter().map(|(name, count)| (name.to_owned(), count as f64 / ops as f64)).collect();
    calls.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(calls)
}

/// For a table: the sum, and what most of it is.
pub fn describe(calls: &Calls) -> String {
    let sum: f64 = calls.iter().map(|(_, count)| count).sum();
    let parts: Vec<String> =
        calls.iter().filter(|(_, count)| *count >= 0.01).take(3).map(|(name, count)| format!("{name} {count:.2}")).collect();
    format!("{sum:.2} ({})", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_program_calls_between_the_marks_counts() {
        let log = "10 mmap(NULL) = 0\n\
            10 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD <unfinished ...>\n\
            11 read(3 <unfinished ...>\n\
            10 <... clone resumed>, child_tidptr=0x7f) = 11\n\
            10 clone3({flags=CLONE_VM|CLONE_THREAD}) = 12\n\
            10 getppid() = 1\n\
            10 sendto(4) = 64\n\
            10 sendto(4) = 64\n\
            11 <... read resumed>) = 8\n\
            11 sendto(3) = 64\n\
            12 futex(0x1 <unfinished ...>\n\
            12 <... futex resumed>) = 0\n\
            10 getppid() = 1\n\
            10 close(3) = 0\n\
            10 +++ exited with 0 +++\n";
        assert_eq!(parse(log, 2), Ok(vec![("sendto".to_owned(), 1.0), ("futex".to_owned(), 0.5)]));
        assert!(parse("10 getppid() = 1\n", 1).is_err());
    }
}
