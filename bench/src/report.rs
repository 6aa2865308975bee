// SPDX-License-Identifier: MIT
//! What the terminal shows.

use crate::calls;
use crate::child::{Failure, SHARES};
use crate::plan::Bar;
use crate::run::{Outcome, PeerResult};
use crate::stats::Spread;

/// Nanoseconds, with three digits that say something.
pub fn time(ns: f64) -> String {
    match ns {
        ns if ns < 10.0 => format!("{ns:.2} ns"),
        ns if ns < 100.0 => format!("{ns:.1} ns"),
        ns if ns < 10_000.0 => format!("{ns:.0} ns"),
        ns if ns < 100_000.0 => format!("{:.1} us", ns / 1e3),
        ns if ns < 10_000_000.0 => format!("{:.0} us", ns / 1e3),
        ns => format!("{:.1} ms", ns / 1e6),
    }
}

fn with_spread(spread: Spread, show: impl Fn(f64) -> String) -> String {
    format!("{} ({} .. {})", show(spread.median), show(spread.low), show(spread.high))
}

fn times(number: f64) -> String {
    format!("{number:.2}")
}

fn failure(result: &PeerResult) -> Option<String> {
    result.failure.as_ref().map(|failure| match failure {
        Failure::Missing(why) => format!("skipped: {why}"),
        Failure::Wrong(why) => format!("FAILED: {why}"),
    })
}

/// The table of one workload.
pub fn workload(result: &Outcome) -> String {
    let mut text = format!("\n{}: {}\n", result.workload.name, result.workload.title);
    let first = &result.workload.peers[0];
    let heading = format!("of {first}'s time");
    text.push_str(&format!("  {:<20} {:>34} {:>10} {:>22}  {}\n", "", "an operation", "CPU", heading, "system calls"));
    for peer in &result.peers {
        if let Some(why) = failure(peer) {
            text.push_str(&format!("  {:<20} {}\n", peer.label, why.replace('\n', "\n    ")));
            continue;
        }
        let ns = peer.ns().map_or(String::new(), |ns| with_spread(ns, time));
        let cpu = peer.cpu().map_or(String::new(), |cpu| time(cpu.median));
        let ratio = result.ratio(first, &peer.peer).map_or(String::new(), |ratio| with_spread(ratio, times));
        let calls = match &peer.calls {
            None => String::new(),
            Some(Ok(calls)) => calls::describe(calls),
            Some(Err(why)) => format!("skipped: {why}"),
        };
        text.push_str(&format!("  {:<20} {ns:>34} {cpu:>10} {ratio:>22}  {calls}\n", peer.label));
    }
    for peer in result.peers.iter().filter(|peer| peer.latency.is_some()) {
        let latency = peer.latency.as_ref().expect("filtered");
        let shares: Vec<String> =
            SHARES.iter().zip(&latency.ns).map(|(share, ns)| format!("{share} {}", time(*ns as f64))).collect();
        text.push_str(&format!("  {:<20} {}\n", peer.label, shares.join("  ")));
    }
    text
}

/// A family of `scale-` workloads for one peer: numbers, and what an operation costs there.
pub struct Curve<'a> {
    pub family: String,
    pub peer: &'a PeerResult,
    pub points: Vec<(u64, Spread)>,
    /// KiB of memory of the process, per unit of the number between the first point and the last.
    pub kib_each: Option<f64>,
}

impl Curve<'_> {
    /// The largest factor between the costs at two neighbours.
    pub fn largest_step(&self) -> f64 {
        self.points.windows(2).map(|pair| pair[1].1.median / pair[0].1.median).fold(0.0, f64::max)
    }
}

pub fn curves(results: &[Outcome]) -> Vec<Curve<'_>> {
    let mut curves: Vec<Curve> = Vec::new();
    let mut memory: Vec<Vec<(u64, f64)>> = Vec::new();
    for result in results {
        let Some((family, number)) = result.workload.point() else { continue };
        for peer in &result.peers {
            let found = curves.iter().position(|curve| curve.family == family && curve.peer.peer == peer.peer);
            let index = found.unwrap_or_else(|| {
                curves.push(Curve { family: family.to_owned(), peer, points: Vec::new(), kib_each: None });
                memory.push(Vec::new());
                curves.len() - 1
            });
            if let Some(ns) = peer.ns() {
                curves[index].points.push((number, ns));
                memory[index].extend(peer.rss_kib().map(|rss| (number, rss.median)));
            }
        }
    }
    for (curve, memory) in curves.iter_mut().zip(memory) {
        if let (Some(first), Some(last)) = (memory.first(), memory.last()) {
            curve.kib_each = (last.0 > first.0).then(|| (last.1 - first.1) / (last.0 - first.0) as f64);
        }
    }
    curves.retain(|curve| !curve.points.is_empty());
    curves
}

/// How the cost of an operation grows, a line for each curve.
pub fn scale(curves: &[Curve]) -> String {
    let mut text = String::new();
    let mut family = "";
    for curve in curves {
        if curve.family != family {
            family = &curve.family;
            let numbers: Vec<String> = curve.points.iter().map(|(number, _)| format!("{number:>10}")).collect();
            text.push_str(&format!("\n{:<22}{}   largest step   KiB each\n", format!("{family}:"), numbers.join("")));
        }
        let costs: Vec<String> = curve.points.iter().map(|(_, ns)| format!("{:>10}", time(ns.median))).collect();
        let kib = curve.kib_each.map_or(String::new(), |kib| format!("{kib:.2}"));
        text.push_str(&format!("  {:<20}{} {:>14.2} {kib:>10}\n", curve.peer.label, costs.join(""), curve.largest_step()));
    }
    text
}

/// Whether a workload works, without numbers.
pub fn smoke(result: &Outcome) -> String {
    let works = result.peers.iter().filter(|peer| peer.failure.is_none()).count();
    let mut text = format!("{:<24} {works} of {} peers work\n", result.workload.name, result.peers.len());
    for peer in &result.peers {
        if let Some(why) = failure(peer) {
            text.push_str(&format!("  {:<22} {}\n", peer.label, why.replace('\n', "\n    ")));
        }
    }
    text
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Missed,
    Must,
    Aim,
}

/// The word for it; none stands for a bar that was not measured.
pub fn word(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        None => "skipped",
        Some(Verdict::Missed) => "missed",
        Some(Verdict::Must) => "must",
        Some(Verdict::Aim) => "aim",
    }
}

/// A bar on one workload; no ratio where a peer is missing or the workload did not run.
pub struct Judged<'a> {
    pub bar: &'a Bar,
    pub workload: &'a str,
    pub ratio: Option<Spread>,
}

impl Judged<'_> {
    pub fn verdict(&self) -> Option<Verdict> {
        let ratio = self.ratio?.median;
        Some(match ratio {
            ratio if ratio >= self.bar.aim => Verdict::Aim,
            ratio if ratio >= self.bar.must => Verdict::Must,
            _ => Verdict::Missed,
        })
    }
}

/// Every bar on every workload that it names and that was run.
pub fn judge<'a>(bars: &'a [Bar], results: &'a [Outcome]) -> Vec<Judged<'a>> {
    let mut judged = Vec::new();
    for bar in bars {
        for name in &bar.workloads {
            if let Some(result) = results.iter().find(|result| result.workload.name == *name) {
                judged.push(Judged { bar, workload: name, ratio: result.ratio(&bar.who, &bar.against) });
            }
        }
    }
    judged
}

pub fn bars(judged: &[Judged]) -> String {
    let mut text =
        format!("\n{:<42} {:<16} {:<18} {:>20} {:>5} {:>5}\n", "bar", "workload", "against", "times as fast", "must", "aim");
    let mut counts = [0; 4];
    for one in judged {
        let ratio = one.ratio.map_or_else(String::new, |ratio| with_spread(ratio, times));
        let word = word(one.verdict());
        counts[one.verdict().map_or(3, |verdict| verdict as usize)] += 1;
        let who = format!("{} / {}", one.bar.who, one.bar.against);
        text.push_str(&format!(
            "{:<42} {:<16} {:<18} {ratio:>20} {:>5} {:>5}  {word}\n",
            one.bar.row, one.workload, who, one.bar.must, one.bar.aim
        ));
    }
    text.push_str(&format!(
        "{} bars: {} reach what they aim at, {} more what they must, {} miss it, {} skipped\n",
        judged.len(),
        counts[2],
        counts[1],
        counts[0],
        counts[3]
    ));
    text
}

/// A line for each row of bars: it is worth what its weakest bar is worth.
pub fn rows(judged: &[Judged]) -> String {
    let mut text = String::new();
    let mut names: Vec<(&str, &str)> = Vec::new();
    for one in judged {
        let name = (one.bar.who.as_str(), one.bar.row.as_str());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut who = "";
    for name in names {
        if name.0 != who {
            who = name.0;
            text.push_str(&format!("\nrows of the {who}\n"));
        }
        let bars = judged.iter().filter(|one| (one.bar.who.as_str(), one.bar.row.as_str()) == name);
        let bars: Vec<&Judged> = bars.collect();
        let measured = bars.iter().filter(|one| one.verdict().is_some()).count();
        // How far a ratio is above what it must be tells the weakest of equals.
        let slack = |one: &Judged| one.ratio.map_or(f64::MAX, |ratio| ratio.median / one.bar.must);
        let weakest = bars.iter().filter(|one| one.verdict().is_some()).min_by(|a, b| slack(a).total_cmp(&slack(b)));
        let verdict = bars.iter().filter_map(|one| one.verdict()).min();
        let word = word(verdict);
        text.push_str(&format!("  {word:<8} {:<44}", name.1));
        if let Some(weakest) = weakest {
            let ratio = weakest.ratio.map_or(0.0, |ratio| ratio.median);
            let (must, aim) = (weakest.bar.must, weakest.bar.aim);
            let against = &weakest.bar.against;
            text.push_str(&format!(" least: {} beside {against} {ratio:.2} of {must} / {aim}", weakest.workload));
        }
        if measured < bars.len() && verdict.is_some() {
            text.push_str(&format!(", {} of {} bars skipped", bars.len() - measured, bars.len()));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        let shown: Vec<String> = [1.234, 12.34, 1234.0, 12345.0, 1234567.0, 12345678.0].map(time).to_vec();
        assert_eq!(shown, ["1.23 ns", "12.3 ns", "1234 ns", "12.3 us", "1235 us", "12.3 ms"]);
    }
}
