// SPDX-License-Identifier: MIT
//! What a run measured, as JSON: the record that is kept, and what the charts are drawn from.

use crate::child::{Failure, SHARES};
use crate::peers::Peers;
use crate::report::{self, Judged};
use crate::run::{Effort, Outcome, PeerResult};
use crate::stats::Spread;
use serde_json::{json, Map, Value};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Year, month, day of now (UTC), as in file names.
pub fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    date_of(seconds / 86_400)
}

/// The civil date of a day since 1970-01-01, by eras of 400 years that begin in March.
fn date_of(days: u64) -> String {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day_of_month:02}")
}

fn rounded(number: f64) -> Value {
    json!((number * 1000.0).round() / 1000.0)
}

fn spread(spread: Spread) -> Value {
    json!({ "low": rounded(spread.low), "median": rounded(spread.median), "high": rounded(spread.high) })
}

/// The first line of a file that begins with `key`, behind its colon.
fn line_of(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn machine(peers: &Peers) -> Value {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut versions = Map::new();
    for package in ["liburing", "libuv"] {
        if let Some(version) = Peers::version_of(package) {
            versions.insert(package.to_owned(), json!(version));
        }
    }
    json!({
        "cpu": line_of("/proc/cpuinfo", "model name"),
        "cpus": peers.cpus().len(),
        "architecture": std::env::consts::ARCH,
        "kernel": kernel.trim(),
        "memory": line_of("/proc/meminfo", "MemTotal"),
        "compiler": peers.build_line(),
        "versions": versions,
    })
}

fn peer(outcome: &Outcome, result: &PeerResult, root: &Path) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("peer", json!(result.peer));
    put("label", json!(result.label));
    // Where on this machine the project lies is nobody's business.
    let tell = |why: &str| json!(why.replace(&*root.to_string_lossy(), "."));
    match &result.failure {
        Some(Failure::Missing(why)) => {
            put("skipped", tell(why));
        }
        Some(Failure::Wrong(why)) => {
            put("failed", tell(why));
        }
        None => {}
    }
    let first = &outcome.workload.peers[0];
    let numbers = [
        ("ns", result.ns()),
        ("cpu_ns", result.cpu()),
        ("rss_kib", result.rss_kib().filter(|rss| rss.median > 0.0)),
        ("of_first", outcome.ratio(first, &result.peer)),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            put(name, spread(number));
        }
    }
    if let Some(Ok(calls)) = &result.calls {
        let calls: Map<String, Value> = calls.iter().map(|(name, count)| (name.clone(), rounded(*count))).collect();
        put("calls", Value::Object(calls));
    }
    if let Some(latency) = &result.latency {
        let mut shares: Map<String, Value> =
            SHARES.iter().zip(&latency.ns).map(|(share, ns)| ((*share).to_owned(), json!(ns))).collect();
        shares.insert("count".to_owned(), json!(latency.count));
        put("latency_ns", Value::Object(shares));
    }
    Value::Object(fields)
}

/// `load`: the machine's, before the run.
pub fn record((effort, load): (Effort, f64), peers: &Peers, outcomes: &[Outcome], judged: &[Judged], root: &Path) -> Value {
    let workloads: Vec<Value> = outcomes
        .iter()
        .map(|outcome| {
            let workload = &outcome.workload;
            let results: Vec<Value> = outcome.peers.iter().map(|result| peer(outcome, result, root)).collect();
            json!({
                "name": workload.name,
                "title": workload.title,
                "program": workload.program,
                "params": workload.params.join(" "),
                "cpu": format!("{:?}", workload.cpu).to_lowercase(),
                "peers": results,
            })
        })
        .collect();
    let bars: Vec<Value> = judged
        .iter()
        .map(|one| {
            json!({
                "row": one.bar.row,
                "workload": one.workload,
                "who": one.bar.who,
                "against": one.bar.against,
                "must": one.bar.must,
                "aim": one.bar.aim,
                "ratio": one.ratio.map(spread),
                "verdict": report::word(one.verdict()),
            })
        })
        .collect();
    json!({
        "date": today(),
        "machine": machine(peers),
        "effort": {
            "rounds": effort.rounds,
            "turns": effort.turns,
            "turn_ms": effort.turn_ns / 1_000_000,
            "load_before": load,
            "compares": if effort.by_cpu { "CPU time" } else { "time" },
        },
        "workloads": workloads,
        "bars": bars,
    })
}

pub fn write(path: &Path, record: &Value) -> Result<(), String> {
    let complain = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(|e| complain(&e))?;
    }
    // A line for each workload and bar: for looking at differences as well as for programs.
    let mut text = "{".to_owned();
    for (index, (name, value)) in record.as_object().into_iter().flatten().enumerate() {
        text.push_str(if index > 0 { ",\n" } else { "\n" });
        match value.as_array() {
            Some(values) => {
                let lines: Vec<String> = values.iter().map(|value| format!("  {value}")).collect();
                text.push_str(&format!(" \"{name}\": [\n{}\n ]", lines.join(",\n")));
            }
            None => text.push_str(&format!(" \"{name}\": {value}")),
        }
    }
    text.push_str("\n}");
    std::fs::write(path, text + "\n").map_err(|e| complain(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let days =
            [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (11_017, "2000-03-01"), (20_818, "2026-12-31")];
        for (day, date) in days {
            assert_eq!(date_of(day), date);
        }
    }
}
