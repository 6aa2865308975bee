// SPDX-License-Identifier: MIT
//! Runs the programs of `c/` in turns and compares them. See `docs/benchmarks.md`.

mod calls;
mod charts;
mod child;
mod peers;
mod plan;
mod record;
mod report;
mod run;
mod stats;

use child::Failure;
use peers::Peers;
use run::Effort;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

const USAGE: &str = "usage: uring_bench [OPTION]...
  --quick              the workloads marked q, shorter turns
  --smoke              every workload for a moment: whether it works, not how fast it is
  --only NAME,NAME...  workloads whose names begin so
  --peers NAME,...     these peers only
  --rounds N  --turns N  --turn-ms N
  --by-cpu             compare CPU time of the program instead of time
  --no-calls           no counting of system calls
  --list               names of workloads and their peers
  --draw FILE DIR      no measuring: the charts of a record of results
A run of everything, with the usual effort, is kept in bench/results and drawn in docs/charts, any other in target/bench.
Environment: CC, BENCH_CFLAGS (-O2), BENCH_DIR (where the data lies), LIBURING_PREFIX (a liburing 2.15)";

/// Size of the data file.
const DATA_BLOCKS: u64 = 65536;
const SMOKE_BLOCKS: u64 = 1024;

struct Options {
    /// The effort is what it is without options.
    is_usual: bool,
    is_quick: bool,
    is_smoke: bool,
    is_list: bool,
    only: Vec<String>,
    peers: Vec<String>,
    effort: Effort,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        is_usual: true,
        is_quick: false,
        is_smoke: false,
        is_list: false,
        only: Vec::new(),
        peers: Vec::new(),
        effort: Effort { rounds: 7, turns: 3, turn_ns: 80_000_000, latency_ns: 3_000_000_000, counted_ops: 2048, by_cpu: false },
    };
    let (mut rounds, mut turns, mut turn_ms, mut by_cpu) = (None, None, None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value\n{USAGE}"));
        let number = |text: String| text.parse::<u64>().ok().filter(|n| *n > 0).ok_or_else(|| format!("{text}?\n{USAGE}"));
        let names = |text: String| text.split(',').map(str::to_owned).collect();
        match argument.as_str() {
            "--quick" => {
                options.is_quick = true;
                options.effort = Effort { rounds: 5, turns: 1, turn_ns: 25_000_000, latency_ns: 100_000_000, ..options.effort };
                options.effort.counted_ops = 512;
            }
            "--smoke" => {
                options.is_smoke = true;
                options.effort =
                    Effort { rounds: 1, turns: 1, turn_ns: 1_000_000, latency_ns: 1_000_000, counted_ops: 0, by_cpu: false };
            }
            "--only" => options.only = names(value()?),
            "--peers" => options.peers = names(value()?),
            "--rounds" => rounds = Some(number(value()?)?),
            "--turns" => turns = Some(number(value()?)?),
            "--turn-ms" => turn_ms = Some(number(value()?)?),
            "--no-calls" => options.effort.counted_ops = 0,
            "--by-cpu" => by_cpu = true,
            "--list" => options.is_list = true,
            "--help" => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            _ => return Err(format!("{argument}?\n{USAGE}")),
        }
    }
    options.is_usual = rounds.is_none() && turns.is_none() && turn_ms.is_none() && !by_cpu && options.effort.counted_ops != 0;
    if let Some(rounds) = rounds {
        options.effort.rounds = rounds as usize;
    }
    if let Some(turns) = turns {
        options.effort.turns = turns as usize;
    }
    if let Some(turn_ms) = turn_ms {
        options.effort.turn_ns = turn_ms * 1_000_000;
    }
    options.effort.by_cpu = by_cpu;
    Ok(options)
}

/// Blocks that begin and end with their number plus one; what is between them differs from block to block.
fn make_data(path: &Path, blocks: u64) -> Result<(), String> {
    if std::fs::metadata(path).is_ok_and(|found| found.len() == blocks * 4096) {
        return Ok(());
    }
    let complain = |e: std::io::Error| format!("{}: {e}", path.display());
    let mut file = std::io::BufWriter::with_capacity(1 << 20, std::fs::File::create(path).map_err(complain)?);
    for block in 0..blocks {
        for word in 0..512u64 {
            let value =
                if word == 0 || word == 511 { block + 1 } else { (block * 512 + word).wrapping_mul(0x9e37_79b9_7f4a_7c15) };
            file.write_all(&value.to_le_bytes()).map_err(complain)?;
        }
    }
    let file = file.into_inner().map_err(|e| complain(e.into_error()))?;
    file.sync_all().map_err(complain)
}

fn main() {
    match work() {
        Ok(true) => {}
        Ok(false) => std::process::exit(1),
        Err(why) => {
            eprintln!("{why}");
            std::process::exit(2);
        }
    }
}

/// How many tasks were running in the last minute, on average.
fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(0.0)
}

fn draw_only(arguments: &[String]) -> Result<bool, String> {
    let [file, dir] = arguments else { return Err(USAGE.to_owned()) };
    let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
    let record = serde_json::from_str(&text).map_err(|e| format!("{file}: {e}"))?;
    for name in charts::draw(&record, Path::new(dir))? {
        println!("{dir}/{name}");
    }
    Ok(true)
}

fn work() -> Result<bool, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "--draw") {
        return draw_only(&arguments[1..]);
    }
    let options = options()?;
    let root = std::env::current_dir().map_err(|e| e.to_string())?;
    let read = |name: &str| {
        let path = root.join("bench").join(name);
        std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}: run this in the project's root", path.display()))
    };
    let all = plan::workloads(&read("workloads.tsv")?)?;
    let bars = plan::bars(&read("bars.tsv")?, &all)?;
    let mut chosen: Vec<plan::Workload> = all
        .into_iter()
        .filter(|workload| !options.is_quick || workload.is_quick)
        .filter(|workload| options.only.is_empty() || options.only.iter().any(|name| workload.name.starts_with(name)))
        .collect();
    if !options.peers.is_empty() {
        for workload in &mut chosen {
            workload.peers.retain(|peer| options.peers.contains(peer));
        }
        chosen.retain(|workload| !workload.peers.is_empty());
    }
    if options.is_list {
        for workload in &chosen {
            println!("{:<20} {}", workload.name, workload.peers.join(" "));
        }
        return Ok(true);
    }
    if chosen.is_empty() {
        return Err("no such workload: --list shows what there is".to_owned());
    }

    let bin = root.join("target/bench/bin");
    let data = std::env::var_os("BENCH_DIR").map_or_else(|| root.join("target/bench/data"), PathBuf::from);
    for dir in [&bin, &data] {
        std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    }
    let (blocks, warm_ns) = if options.is_smoke { ("blocks.small", 100_000) } else { ("blocks", 10_000_000) };
    let mut peers = Peers::new(&root, &bin, &data, blocks, warm_ns);
    make_data(&peers.data_file(), if options.is_smoke { SMOKE_BLOCKS } else { DATA_BLOCKS })?;

    let load = load();
    if !options.is_smoke && load > 0.5 {
        println!("this machine has other work (a load of {load}): times will be spread, --by-cpu less so");
    }
    let began = Instant::now();
    let is_terminal = std::io::stderr().is_terminal();
    let total = chosen.len();
    let mut results = Vec::new();
    for (index, workload) in chosen.iter().enumerate() {
        let progress = |what: &str| {
            if is_terminal {
                eprint!("\r\x1b[K[{}/{total}, {} s] {}: {what}", index + 1, began.elapsed().as_secs(), workload.name);
            }
        };
        let result = run::run(workload, &mut peers, options.effort, progress);
        if is_terminal {
            eprint!("\r\x1b[K");
        }
        print!("{}", if options.is_smoke { report::smoke(&result) } else { report::workload(&result) });
        let _ = std::io::stdout().flush();
        results.push(result);
    }
    let _ = std::fs::remove_file(data.join("copy"));
    if !options.is_smoke {
        let judged = report::judge(&bars, &results);
        print!("{}", report::scale(&report::curves(&results)));
        print!("{}", report::bars(&judged));
        print!("{}", report::rows(&judged));
        let is_whole = options.is_usual && !options.is_quick && options.only.is_empty() && options.peers.is_empty();
        let (kept, drawn) =
            if is_whole { ("bench/results", "docs/charts") } else { ("target/bench/results", "target/bench/charts") };
        let record = record::record((options.effort, load), &peers, &results, &judged, &root);
        let file = format!("{kept}/{}.json", record::today());
        record::write(&root.join(&file), &record)?;
        let names = charts::draw(&record, &root.join(drawn))?;
        println!("written: {file}, {drawn}/{{{}}}", names.join(","));
    }
    let failed = |result: &run::Outcome| result.peers.iter().any(|peer| matches!(peer.failure, Some(Failure::Wrong(_))));
    let failures: Vec<&str> =
        results.iter().filter(|result| failed(result)).map(|result| result.workload.name.as_str()).collect();
    println!("{total} workloads in {} s", began.elapsed().as_secs());
    if !failures.is_empty() {
        println!("failed: {}", failures.join(" "));
    }
    Ok(failures.is_empty())
}
