// SPDX-License-Identifier: MIT
//! The tables of workloads and bars.

/// One line of `workloads.tsv`, braces expanded.
#[derive(Clone, Debug)]
pub struct Workload {
    pub name: String,
    /// Also in the quick run.
    pub is_quick: bool,
    /// Latencies of single operations are of interest.
    pub has_latency: bool,
    /// Its system calls per operation are worth a count.
    pub is_counted: bool,
    pub cpu: Cpu,
    pub program: String,
    pub params: Vec<String>,
    pub peers: Vec<String>,
    pub title: String,
}

impl Workload {
    /// Family and number of a point of a curve: `scale-FAMILY-NUMBER`.
    pub fn point(&self) -> Option<(&str, u64)> {
        let (family, number) = self.name.strip_prefix("scale-")?.rsplit_once('-')?;
        Some((family, number.parse().ok()?))
    }
}

/// Where a program may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cpu {
    One,
    All,
    Two,
}

/// One line of `bars.tsv`.
#[derive(Clone, Debug)]
pub struct Bar {
    pub row: String,
    pub workloads: Vec<String>,
    pub who: String,
    pub against: String,
    pub must: f64,
    pub aim: f64,
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// A line for each alternative of its braces; all braces of a line go together.
fn expand(line: &str) -> Result<Vec<String>, String> {
    let mut count = 1;
    for part in line.split('{').skip(1) {
        let inside = part.split_once('}').ok_or_else(|| format!("a brace is open: {line}"))?.0;
        let alternatives = inside.split(',').count();
        if count != 1 && count != alternatives {
            return Err(format!("braces of different length: {line}"));
        }
        count = alternatives;
    }
    let pick = |index: usize| -> String {
        let mut parts = line.split('{');
        let mut picked = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (inside, rest) = part.split_once('}').expect("checked above");
            picked.push_str(inside.split(',').nth(index).expect("counted above"));
            picked.push_str(rest);
        }
        picked
    };
    Ok((0..count).map(pick).collect())
}

pub fn workloads(text: &str) -> Result<Vec<Workload>, String> {
    let mut workloads = Vec::new();
    for line in lines(text) {
        for line in expand(line)? {
            let fields: Vec<&str> = line.split('\t').collect();
            let [name, letters, cpu, program, peers, title] = fields[..] else {
                return Err(format!("not six fields: {line}"));
            };
            let cpu = match cpu {
                "one" => Cpu::One,
                "all" => Cpu::All,
                "two" => Cpu::Two,
                _ => return Err(format!("cpu {cpu}: {line}")),
            };
            let mut params = words(program);
            if params.is_empty() {
                return Err(format!("no program: {line}"));
            }
            let program = params.remove(0);
            workloads.push(Workload {
                name: name.to_owned(),
                is_quick: letters.contains('q'),
                has_latency: letters.contains('l'),
                is_counted: !letters.contains('c'),
                cpu,
                program,
                params,
                peers: words(peers),
                title: title.to_owned(),
            });
        }
    }
    Ok(workloads)
}

pub fn bars(text: &str, workloads: &[Workload]) -> Result<Vec<Bar>, String> {
    let mut bars = Vec::new();
    for line in lines(text) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [row, names, who, against, must, aim] = fields[..] else {
            return Err(format!("not six fields: {line}"));
        };
        let number = |text: &str| text.parse::<f64>().map_err(|_| format!("{text} is no number: {line}"));
        for name in names.split_whitespace() {
            let workload = workloads.iter().find(|workload| workload.name == name);
            let workload = workload.ok_or_else(|| format!("no workload {name}: {line}"))?;
            for peer in [who, against] {
                if !workload.peers.iter().any(|found| found == peer) {
                    return Err(format!("{name} has no peer {peer}: {line}"));
                }
            }
        }
        bars.push(Bar {
            row: row.to_owned(),
            workloads: words(names),
            who: who.to_owned(),
            against: against.to_owned(),
            must: number(must)?,
            aim: number(aim)?,
        });
    }
    Ok(bars)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_go_together() {
        assert_eq!(expand("a").unwrap(), ["a"]);
        assert_eq!(expand("n-{1,2} d={1,2} x").unwrap(), ["n-1 d=1 x", "n-2 d=2 x"]);
        assert!(expand("{1,2} {1,2,3}").is_err());
        assert!(expand("{1,2").is_err());
    }

    #[test]
    fn the_tables_are_sound() {
        let workloads = workloads(include_str!("../workloads.tsv")).unwrap();
        let bars = bars(include_str!("../bars.tsv"), &workloads).unwrap();
        assert!(bars.iter().all(|bar| bar.must <= bar.aim));
        for (index, workload) in workloads.iter().enumerate() {
            assert!(workloads[..index].iter().all(|other| other.name != workload.name), "{} is there twice", workload.name);
        }
    }
}
