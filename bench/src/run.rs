// SPDX-License-Identifier: MIT
//! One workload: its peers in turns.

use crate::calls::{self, Calls};
use crate::child::{Failure, Latency, Runner, Turn};
use crate::peers::Peers;
use crate::plan::Workload;
use crate::stats::Spread;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// New processes each.
    pub rounds: usize,
    /// Turns of each process.
    pub turns: usize,
    pub turn_ns: u64,
    pub latency_ns: u64,
    /// Operations that strace watches: enough that what happens once does not show, few enough that strace is done soon. 0: none.
    pub counted_ops: u64,
    /// Compare CPU time instead of time, for a machine that does other things as well.
    pub by_cpu: bool,
}

/// What one peer did; `turns` has a place for each turn of each round.
pub struct PeerResult {
    pub peer: String,
    pub label: String,
    pub turns: Vec<Option<Turn>>,
    pub latency: Option<Latency>,
    pub calls: Option<Result<Calls, String>>,
    pub failure: Option<Failure>,
}

impl PeerResult {
    fn spread(&self, number: impl Fn(&Turn) -> f64) -> Option<Spread> {
        Spread::of(&self.turns.iter().flatten().map(number).collect::<Vec<_>>())
    }

    pub fn ns(&self) -> Option<Spread> {
        self.spread(Turn::ns_per_op)
    }

    /// None where nobody counted it.
    pub fn cpu(&self) -> Option<Spread> {
        self.spread(Turn::cpu_per_op).filter(|cpu| cpu.median > 0.0)
    }

    pub fn rss_kib(&self) -> Option<Spread> {
        self.spread(|turn| turn.rss_kib as f64)
    }
}

pub struct Outcome {
    pub workload: Workload,
    pub by_cpu: bool,
    pub peers: Vec<PeerResult>,
}

impl Outcome {
    pub fn peer(&self, name: &str) -> Option<&PeerResult> {
        self.peers.iter().find(|peer| peer.peer == name)
    }

    /// Time of `against` by time of `who`, turn by turn: above 1, `who` is faster.
    pub fn ratio(&self, who: &str, against: &str) -> Option<Spread> {
        let (who, against) = (self.peer(who)?, self.peer(against)?);
        let pairs = who.turns.iter().zip(&against.turns);
        let cost = |turn: &Turn| if self.by_cpu { turn.cpu_per_op() } else { turn.ns_per_op() };
        let ratios = pairs.filter_map(|(who, against)| Some(cost(against.as_ref()?) / cost(who.as_ref()?)));
        Spread::of(&ratios.collect::<Vec<_>>())
    }
}

pub fn run(workload: &Workload, peers: &mut Peers, effort: Effort, mut progress: impl FnMut(&str)) -> Outcome {
    let mut results: Vec<PeerResult> = workload
        .peers
        .iter()
        .map(|peer| PeerResult {
            peer: peer.clone(),
            label: peers.label(peer),
            turns: vec![None; effort.rounds * effort.turns],
            latency: None,
            calls: None,
            failure: None,
        })
        .collect();
    for round in 0..effort.rounds {
        one_round(workload, peers, effort, round, &mut results, &mut progress);
    }
    if effort.counted_ops > 0 && workload.is_counted && !peers.is_one_shot(workload) {
        for result in results.iter_mut().filter(|result| result.failure.is_none()) {
            progress(&format!("{}, system calls", result.label));
            if let Ok(command) = peers.command(workload, &result.peer) {
                result.calls = Some(calls::count(&command, effort.counted_ops, &peers.data.join("calls")));
            }
        }
    }
    Outcome { workload: workload.clone(), by_cpu: effort.by_cpu, peers: results }
}

fn one_round(
    workload: &Workload,
    peers: &mut Peers,
    effort: Effort,
    round: usize,
    results: &mut [PeerResult],
    progress: &mut impl FnMut(&str),
) {
    let mut programs: Vec<Option<Box<dyn Runner>>> = Vec::new();
    for result in results.iter_mut() {
        progress(&format!("round {} of {}, {} warms up", round + 1, effort.rounds, result.label));
        let mut program = None;
        if result.failure.is_none() {
            match peers.start(workload, &result.peer) {
                Ok(started) => program = Some(started),
                Err(failure) => result.failure = Some(failure),
            }
        }
        programs.push(program);
    }
    progress(&format!("round {} of {}", round + 1, effort.rounds));
    let count = results.len();
    for turn in 0..effort.turns {
        let place = round * effort.turns + turn;
        // Each time another peer is the first.
        for index in (0..count).map(|index| (index + place) % count) {
            let Some(program) = &mut programs[index] else { continue };
            match program.turn(effort.turn_ns) {
                Ok(measured) => results[index].turns[place] = Some(measured),
                Err(failure) => {
                    results[index].failure = Some(failure);
                    programs[index] = None;
                }
            }
        }
    }
    let is_last = round + 1 == effort.rounds;
    for (program, result) in programs.into_iter().zip(results) {
        let Some(mut program) = program else { continue };
        if is_last && workload.has_latency && effort.latency_ns > 0 {
            progress(&format!("{}, latencies", result.label));
            match program.latency(effort.latency_ns) {
                Ok(latency) => result.latency = Some(latency),
                Err(failure) => {
                    result.failure = Some(failure);
                    continue;
                }
            }
        }
        if let Err(failure) = program.finish() {
            result.failure = Some(failure);
        }
    }
}
