// SPDX-License-Identifier: MIT
//! Charts of a record, as SVG.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor;
use serde_json::Value;
use std::error::Error;
use std::path::Path;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

const FONT: &str = "sans-serif";
const GOOD: RGBColor = RGBColor(38, 128, 87);
const FAIR: RGBColor = RGBColor(201, 146, 26);
const POOR: RGBColor = RGBColor(190, 58, 52);
const GREY: RGBColor = RGBColor(90, 90, 90);

/// A colour for each peer, the same in every chart.
fn colour(peer: &str) -> RGBColor {
    match peer {
        "engine" => RGBColor(38, 128, 87),
        "kernel" => RGBColor(31, 90, 166),
        "liburing" => RGBColor(120, 94, 200),
        "crate" => RGBColor(214, 120, 40),
        "posix" => RGBColor(190, 58, 52),
        "pool" | "qemu-threads" => RGBColor(150, 110, 60),
        "libuv" => RGBColor(200, 90, 150),
        "libaio" => RGBColor(90, 150, 170),
        "epoll" => BLACK,
        _ => GREY,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Low, median and high of something measured.
fn spread(value: &Value) -> Option<(f64, f64, f64)> {
    Some((value["low"].as_f64()?, value["median"].as_f64()?, value["high"].as_f64()?))
}

fn workload<'a>(record: &'a Value, name: &str) -> Option<&'a Value> {
    list(&record["workloads"]).iter().find(|workload| workload["name"] == name)
}

fn ns_label(ns: &f64) -> String {
    match *ns {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{} us", ns / 1e3),
        ns => format!("{} ms", ns / 1e6),
    }
}

/// The chart's name, and below it what was measured where.
fn heading<'a>(root: &Area<'a>, title: &str, record: &Value) -> Result<Area<'a>, Box<dyn Error>> {
    root.fill(&WHITE)?;
    let machine = &record["machine"];
    let where_ = format!(
        "{}, {} CPUs, Linux {}, {}",
        text(&machine["cpu"]),
        machine["cpus"],
        text(&machine["kernel"]).split('-').next().unwrap_or_default(),
        text(&record["date"])
    );
    root.draw(&Text::new(title.to_owned(), (16, 12), (FONT, 19).into_font().color(&BLACK)))?;
    root.draw(&Text::new(where_, (16, 36), (FONT, 13).into_font().color(&GREY)))?;
    Ok(root.margin(58, 10, 10, 10))
}

struct Row {
    label: String,
    ratio: (f64, f64, f64),
    must: f64,
    verdict: String,
}

fn rows(record: &Value, keep: impl Fn(&Value) -> bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for bar in list(&record["bars"]).iter().filter(|bar| keep(bar)) {
        let Some(ratio) = spread(&bar["ratio"]) else { continue };
        let Some(workload) = workload(record, text(&bar["workload"])) else { continue };
        let title = text(&workload["title"]);
        let against = list(&workload["peers"]).iter().find(|peer| peer["peer"] == bar["against"]);
        let against = match (text(&bar["against"]), against) {
            ("kernel", _) | (_, None) => String::new(),
            (_, Some(peer)) => format!(", {}", text(&peer["label"])),
        };
        rows.push(Row {
            label: format!("{title}{against}"),
            ratio,
            must: bar["must"].as_f64().unwrap_or(1.0),
            verdict: text(&bar["verdict"]).to_owned(),
        });
    }
    rows
}

/// A line for each ratio: a bar from 1 to the median, the quartiles across it, and a mark where it must reach to.
fn ratios(path: &Path, title: &str, record: &Value, rows: &[Row], range: (f64, f64), ticks: &[f64]) -> Drawn {
    const LINE: u32 = 24;
    const LABELS: u32 = 470;
    let height = 58 + 50 + LINE * rows.len() as u32 + 16;
    let root = SVGBackend::new(path, (1000, height)).into_drawing_area();
    let area = heading(&root, title, record)?;
    let count = rows.len() as f64;
    let mut chart = ChartBuilder::on(&area)
        .set_label_area_size(LabelAreaPosition::Left, LABELS)
        .set_label_area_size(LabelAreaPosition::Bottom, 40)
        .build_cartesian_2d((range.0..range.1).log_scale(), 0.0..count)?;
    let place = |ratio: f64| ratio.clamp(range.0, range.1);
    for tick in ticks {
        let style = if *tick == 1.0 { BLACK.stroke_width(2) } else { GREY.mix(0.35).stroke_width(1) };
        chart.draw_series([PathElement::new(vec![(*tick, 0.0), (*tick, count)], style)])?;
    }
    for (index, row) in rows.iter().enumerate() {
        let top = count - index as f64;
        let (low, median, high) = row.ratio;
        let fill = match row.verdict.as_str() {
            "aim" => GOOD,
            "must" => FAIR,
            _ => POOR,
        };
        let bar = [(place(median.min(1.0)), top - 0.82), (place(median.max(1.0)), top - 0.18)];
        chart.draw_series([Rectangle::new(bar, fill.mix(0.75).filled())])?;
        let middle = top - 0.5;
        chart.draw_series([PathElement::new(vec![(place(low), middle), (place(high), middle)], BLACK.stroke_width(1))])?;
        for end in [low, high] {
            let mark = vec![(place(end), middle - 0.15), (place(end), middle + 0.15)];
            chart.draw_series([PathElement::new(mark, BLACK.stroke_width(1))])?;
        }
        let must = vec![(place(row.must), top - 0.9), (place(row.must), top - 0.1)];
        chart.draw_series([PathElement::new(must, POOR.stroke_width(2))])?;
    }
    // Labels by hand: an axis would put them at its own places.
    let plot = chart.plotting_area();
    for (index, row) in rows.iter().enumerate() {
        let (x, y) = plot.map_coordinate(&(range.0, count - index as f64 - 0.5));
        let right = text_anchor::Pos::new(text_anchor::HPos::Right, text_anchor::VPos::Center);
        let style = (FONT, 13).into_font().color(&BLACK).pos(right);
        root.draw(&Text::new(row.label.clone(), (x - 58, y), style.clone()))?;
        root.draw(&Text::new(format!("{:.2}", row.ratio.1), (x - 10, y), style))?;
    }
    for tick in ticks {
        let (x, y) = plot.map_coordinate(&(*tick, 0.0));
        let style =
            (FONT, 13).into_font().color(&BLACK).pos(text_anchor::Pos::new(text_anchor::HPos::Center, text_anchor::VPos::Top));
        root.draw(&Text::new(format!("{tick}"), (x, y + 5), style))?;
    }
    let (x, y) = plot.map_coordinate(&(range.0, 0.0));
    let explain = "times as fast; line: the middle half of all turns; red mark: what it must reach";
    root.draw(&Text::new(explain, (x, y + 24), (FONT, 12).into_font().color(&GREY)))?;
    root.present()?;
    Ok(())
}

/// One line of a curve chart.
struct Curve {
    label: String,
    colour: RGBColor,
    points: Vec<(f64, f64, f64, f64)>,
}

/// Curves over a number, both axes logarithmic, in one panel.
fn panel(area: &Area, title: &str, unit: &str, curves: &[Curve], legend: bool) -> Drawn {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let bounds = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::MAX, 0.0), |(low, high): (f64, f64), value| (low.min(value), high.max(value)))
    };
    if points().next().is_none() {
        return Ok(());
    }
    let x = bounds(&mut points().map(|point| point.0));
    let y = bounds(&mut points().flat_map(|point| [point.1, point.3]));
    let decade = |value: f64, up: bool| 10f64.powf(if up { value.log10().ceil() } else { value.log10().floor() });
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 15))
        .margin(6)
        .margin_right(16)
        .x_label_area_size(34)
        .y_label_area_size(58)
        .build_cartesian_2d(
            (x.0..(x.1 * 1.02)).log_scale().base(if x.1 > 1000.0 { 10.0 } else { 2.0 }),
            (decade(y.0, false)..decade(y.1, true).max(decade(y.0, false) * 10.0)).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_max_light_lines(1)
        .y_max_light_lines(1)
        .light_line_style(GREY.mix(0.1))
        .bold_line_style(GREY.mix(0.3))
        .x_desc(unit)
        .x_label_formatter(&|x| format!("{x}"))
        .y_label_formatter(&ns_label)
        .label_style((FONT, 12))
        .draw()?;
    for curve in curves {
        let style = curve.colour.stroke_width(2);
        let line = curve.points.iter().map(|(x, _, y, _)| (*x, *y));
        let series = chart.draw_series(LineSeries::new(line, style))?;
        if legend {
            let colour = curve.colour;
            series.label(&curve.label).legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], colour.stroke_width(2)));
        }
        chart.draw_series(
            curve.points.iter().map(|(x, low, y, high)| ErrorBar::new_vertical(*x, *low, *y, *high, curve.colour.filled(), 6)),
        )?;
    }
    if legend {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.85))
            .border_style(GREY.mix(0.4))
            .label_font((FONT, 12))
            .draw()?;
    }
    Ok(())
}

/// The peers of some workloads, as curves over the number that goes with each.
fn curves(record: &Value, workloads: &[(f64, &str)]) -> Vec<Curve> {
    let mut curves: Vec<(String, Curve)> = Vec::new();
    for (number, name) in workloads {
        let Some(workload) = workload(record, name) else { continue };
        for peer in list(&workload["peers"]) {
            let Some((low, median, high)) = spread(&peer["ns"]) else { continue };
            let id = text(&peer["peer"]);
            let index = curves.iter().position(|(known, _)| known == id).unwrap_or_else(|| {
                let curve = Curve { label: text(&peer["label"]).to_owned(), colour: colour(id), points: Vec::new() };
                curves.push((id.to_owned(), curve));
                curves.len() - 1
            });
            curves[index].1.points.push((*number, low, median, high));
        }
    }
    curves.into_iter().map(|(_, curve)| curve).collect()
}

fn depth(path: &Path, record: &Value) -> Drawn {
    let root = SVGBackend::new(path, (960, 520)).into_drawing_area();
    let area = heading(&root, "One cached random read of 4 KiB, by the number of reads under way", record)?;
    let names = [(1.0, "read-1"), (8.0, "read-8"), (32.0, "read-32"), (128.0, "read-128")];
    panel(&area, "", "reads under way", &curves(record, &names), true)?;
    root.present()?;
    Ok(())
}

const FAMILIES: [(&str, &str, &str); 6] = [
    ("event", "a poll gets ready", "pending polls"),
    ("cancel", "a poll is cancelled", "pending polls"),
    ("timeout", "a timeout is removed", "pending timeouts"),
    ("connections", "a message is echoed", "connections"),
    ("rings", "a NOP", "rings"),
    ("threads", "a cached read", "threads with a ring each"),
];

fn scale(path: &Path, record: &Value) -> Drawn {
    let root = SVGBackend::new(path, (960, 640)).into_drawing_area();
    let area = heading(&root, "How the cost of an operation grows", record)?;
    for (panel_area, (family, title, unit)) in area.split_evenly((2, 3)).iter().zip(FAMILIES) {
        let prefix = format!("scale-{family}-");
        let names: Vec<(f64, &str)> = list(&record["workloads"])
            .iter()
            .filter_map(|workload| {
                let name = text(&workload["name"]);
                Some((name.strip_prefix(&prefix)?.parse().ok()?, name))
            })
            .collect();
        panel(panel_area, title, unit, &curves(record, &names), family == "event" || family == "connections")?;
    }
    root.present()?;
    Ok(())
}

const LATENCIES: [(&str, &str); 3] =
    [("latency-cached", "cached read"), ("latency-direct", "O_DIRECT read"), ("pingpong-tcp", "ping-pong over TCP")];
const SHARES: [&str; 6] = ["p50", "p90", "p99", "p99.9", "p99.99", "max"];

fn latency(path: &Path, record: &Value) -> Drawn {
    let root = SVGBackend::new(path, (960, 420)).into_drawing_area();
    let area = heading(&root, "Latency of single operations", record)?.margin(22, 0, 0, 0);
    let mut legend: Vec<(String, RGBColor)> = Vec::new();
    for (panel_area, (name, title)) in area.split_evenly((1, 3)).iter().zip(LATENCIES) {
        let Some(workload) = workload(record, name) else { continue };
        let lines: Vec<(String, RGBColor, Vec<f64>)> = list(&workload["peers"])
            .iter()
            .filter_map(|peer| {
                let values: Option<Vec<f64>> = SHARES.iter().map(|share| peer["latency_ns"][*share].as_f64()).collect();
                Some((text(&peer["label"]).to_owned(), colour(text(&peer["peer"])), values?))
            })
            .collect();
        let highest = lines.iter().flat_map(|line| &line.2).fold(1.0f64, |high, value| high.max(*value));
        let lowest = lines.iter().flat_map(|line| &line.2).fold(f64::MAX, |low, value| low.min(*value));
        if lines.is_empty() {
            continue;
        }
        let bottom = 10f64.powf(lowest.log10().floor());
        let mut chart = ChartBuilder::on(panel_area)
            .caption(title, (FONT, 15))
            .margin(6)
            .x_label_area_size(34)
            .y_label_area_size(58)
            .build_cartesian_2d(0.0..5.0, (bottom..highest * 1.5).log_scale())?;
        chart
            .configure_mesh()
            .light_line_style(GREY.mix(0.1))
            .bold_line_style(GREY.mix(0.3))
            .x_labels(6)
            .x_label_formatter(&|x: &f64| SHARES.get(x.round() as usize).copied().unwrap_or_default().to_owned())
            .y_label_formatter(&ns_label)
            .label_style((FONT, 12))
            .draw()?;
        for (label, colour, values) in lines {
            let line = values.iter().enumerate().map(|(index, ns)| (index as f64, *ns));
            chart.draw_series(LineSeries::new(line, colour.stroke_width(2)))?;
            if !legend.contains(&(label.clone(), colour)) {
                legend.push((label, colour));
            }
        }
    }
    // One legend for all panels, in the line below the heading.
    for (index, (label, colour)) in legend.into_iter().enumerate() {
        let (x, y) = (16 + 118 * index as i32, 66);
        root.draw(&PathElement::new(vec![(x, y), (x + 16, y)], colour.stroke_width(2)))?;
        root.draw(&Text::new(label, (x + 20, y - 7), (FONT, 12).into_font().color(&BLACK)))?;
    }
    root.present()?;
    Ok(())
}

/// Every chart that the record has something for; returns their names.
pub fn draw(record: &Value, dir: &Path) -> Result<Vec<String>, String> {
    std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let is = |bar: &Value, who: &str| bar["who"] == who;
    let engine = rows(record, |bar| is(bar, "engine") && bar["against"] == "kernel");
    let others = rows(record, |bar| is(bar, "engine") && bar["against"] != "kernel");
    let kernel = rows(record, |bar| is(bar, "kernel"));
    let has = |prefix: &str| list(&record["workloads"]).iter().any(|workload| text(&workload["name"]).starts_with(prefix));
    let mut drawn = Vec::new();
    let mut draw = |name: &str, is_there: bool, chart: &dyn Fn(&Path) -> Drawn| -> Result<(), String> {
        if is_there {
            let path = dir.join(name);
            chart(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            finish(&path)?;
            drawn.push(name.to_owned());
        }
        Ok(())
    };
    let wide = [0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];
    draw("engine.svg", !engine.is_empty(), &|path| {
        ratios(path, "The user-space engine beside the kernel's io_uring", record, &engine, (0.2, 20.0), &wide)
    })?;
    draw("alternatives.svg", !others.is_empty(), &|path| {
        ratios(path, "The user-space engine beside what works without io_uring", record, &others, (0.2, 20.0), &wide)
    })?;
    let narrow = [0.8, 0.9, 1.0, 1.1, 1.25];
    draw("kernel-path.svg", !kernel.is_empty(), &|path| {
        ratios(path, "On the kernel's io_uring: this library beside liburing", record, &kernel, (0.75, 1.35), &narrow)
    })?;
    draw("depth.svg", has("read-"), &|path| depth(path, record))?;
    draw("scale.svg", has("scale-"), &|path| scale(path, record))?;
    draw("latency.svg", has("latency-") || has("pingpong-tcp"), &|path| latency(path, record))?;
    Ok(drawn)
}

/// Text files of this project end in one newline and have no blanks before it.
fn finish(path: &Path) -> Result<(), String> {
    let complain = |e: std::io::Error| format!("{}: {e}", path.display());
    let svg = std::fs::read_to_string(path).map_err(complain)?;
    let lines: Vec<&str> = svg.lines().map(str::trim_end).collect();
    std::fs::write(path, lines.join("\n").trim_end().to_owned() + "\n").map_err(complain)
}
