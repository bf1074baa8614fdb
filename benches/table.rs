//! Measures ratios of times, counts instructions, and writes the generated part of `docs/performance.md`.
//!
//! A ratio is the median of ratios of alternating measurements, so that other load on the machine affects both equally.
//! Instruction counts come from callgrind where it is installed; it runs `table runs N` and `table steps`.

#![allow(clippy::disallowed_methods)]

mod callgrind;
mod cases;
mod one_run;

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use cases::{Case, Shipped};
use chokepoint::config::study::StudyFile;
use chokepoint::foundation::run::Future;
use chokepoint::policy::compiled::CompiledCalendar;
use chokepoint::study::{
    Library, Plan, PlanSettings, RunRecord, RunRecordLayout, RunRequest, Worker, block,
    one_run as recorded_run,
};
use cpu_time::ProcessTime;

/// Start of the hand-written part of the document.
const BY_HAND: &str = "## Where bars are missed, and why";

/// Time of the plain loop of the reference market on the machine for which limits are given in milliseconds.
const REFERENCE_MS: f64 = 0.9;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("runs") => {
            one_run::main();
            println!("{}", ProcessTime::now().as_duration().as_secs_f64() * 1e3);
        }
        Some("steps") => repeat_steps(),
        Some("driver") => driver(&Shipped::new(), &mut Vec::new()),
        _ => write_document(),
    }
}

/// Runs each step of the model and of its reference model, and some recorded runs, for counting by callgrind.
fn repeat_steps() {
    let shipped = Shipped::new();
    for mut case in cases::steps(&shipped).into_iter().flatten() {
        (case.run)(callgrind::TIMES);
    }
    run_and_take_down(&shipped, callgrind::RECORDED);
}

#[inline(never)]
fn bare_run(worker: &mut Worker, calendar: &Arc<CompiledCalendar>, future: &Future, months: usize) {
    worker.run(calendar, future, months, false);
    std::hint::black_box("bare_run");
}

/// The same runs bare and taken down, each once before it counts: what runs of an arm share is found then.
fn run_and_take_down(s: &Shipped, times: u64) {
    let (layout, mut worker) = (
        RunRecordLayout::new(&s.plan),
        Worker::new(&s.plan.blueprint),
    );
    let mut record = RunRecord::default();
    // Beyond the first futures, whose events are kept.
    for number in 5..5 + times as u32 {
        let draw = s.plan.draw(number);
        let (calendar, future) = s.plan.in_arm(s.arm, number, &draw);
        worker.run(calendar, &future, layout.months, false);
        bare_run(&mut worker, calendar, &future, layout.months);
        let request = RunRequest {
            arm: s.arm,
            run: number,
            draw: &draw,
            baseline_path: None,
            keep_events: false,
        };
        recorded_run(&s.plan, &layout, &mut worker, &request, &mut record);
    }
}

fn write_document() {
    let text = write();
    let by_hand = std::fs::read_to_string(DOCUMENT)
        .ok()
        .and_then(|old| old.find(BY_HAND).map(|at| old[at..].to_string()))
        .unwrap_or_else(|| format!("{BY_HAND}\n\n## What was tried and did not help\n"));
    std::fs::write(DOCUMENT, text + &by_hand).expect("docs/performance.md can be written");
    println!("written: docs/performance.md");
}

/// One line of the table of bars.
struct Bar {
    what: String,
    measured: String,
    bar: String,
    met: bool,
}

fn write() -> String {
    let shipped = Shipped::new();
    let mut bars = Vec::new();
    let mut text = String::from(
        "# Performance\n\n<!-- The first part is written by `just bench`; from the section on missed bars on, by hand. -->\n\n",
    );
    let _ = writeln!(text, "Machine: {}.\n", machine());
    let _ = writeln!(text, "The model: {}.\n", shipped.declaration());
    text += "Times are processor times, the shortest of many; ratios are medians of times taken in turn with what they are a ratio to. The reference is a plain loop over flat \
             arrays: 200 labs, 60 steps (`benches/cases/reference.rs`).\n\n";
    text += "| what | time | over the reference |\n|---|---|---|\n";
    let mut reference = cases::reference_loop();
    let (mut run_over_reference, mut run_us) = (f64::NAN, f64::NAN);
    for mut case in cases::runs(&shipped) {
        let pair = measure_alternately(&mut case, &mut reference);
        eprintln!("{}: {:?}, {:.3}", case.name, pair.first, pair.ratio);
        if case.name == "run" {
            run_over_reference = pair.ratio;
            run_us = pair.first.as_secs_f64() * 1e6;
            let time = show(pair.second);
            let _ = writeln!(text, "| reference: {} | {time} | 1 |", reference.what);
        }
        let (time, ratio) = (show(pair.first), pair.ratio);
        let _ = writeln!(
            text,
            "| {}: {} | {time} | {ratio:.4} |",
            case.name, case.what
        );
    }
    let here = run_over_reference * REFERENCE_MS;
    for (bar, what) in [
        (4.0, "one run of the shipped world"),
        (2.0, "the same, aimed at"),
    ] {
        bars.push(Bar {
            what: format!("{what}, where the reference takes {REFERENCE_MS} ms"),
            measured: format!("{here:.2} ms ({run_over_reference:.2} times the reference)"),
            bar: format!("at most {bar} ms"),
            met: here <= bar,
        });
    }
    steps(&shipped, &mut text, &mut reference, &mut bars);
    peer(&shipped, &mut text);
    earlier(&mut text);
    crowds(&shipped, &mut text, &mut bars);
    threads(&shipped, &mut bars);
    driver(&shipped, &mut bars);
    first_run(&mut bars);
    let (counts, taken_down) = callgrind::section();
    if let Some(part) = taken_down {
        let us = part * run_us;
        bars.push(Bar {
            what: "taking down what a run leaves behind, over the bare model: its part of a run by instructions".into(),
            measured: format!("{us:.0} us ({:.2} % of a run)", 100.0 * part),
            bar: "at most 20 us".into(),
            met: us <= 20.0,
        });
    }
    text += "\n## Bars\n\n| what | measured | bar | |\n|---|---|---|---|\n";
    for bar in bars {
        let word = if bar.met { "met" } else { "**missed**" };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {word} |",
            bar.what, bar.measured, bar.bar
        );
    }
    text += &counts;
    text
}

fn steps(shipped: &Shipped, text: &mut String, reference: &mut Case, bars: &mut Vec<Bar>) {
    for [mut model, mut reference_model] in cases::steps(shipped) {
        let pair = measure_alternately(&mut reference_model, &mut model);
        for case in [&mut model, &mut reference_model] {
            let ratio = measure_alternately(case, reference).ratio;
            let time = if case.name.contains("reference model") {
                pair.first
            } else {
                pair.second
            };
            let _ = writeln!(
                text,
                "| {}: {} | {} | {ratio:.5} |",
                case.name,
                case.what,
                show(time)
            );
        }
        bars.push(Bar {
            what: format!(
                "{}: speed of the model's step over its reference model's",
                model.name
            ),
            measured: format!("{:.2}", pair.ratio),
            bar: "at least 0.9".into(),
            met: pair.ratio >= 0.9,
        });
    }
}

/// The same month of trade in numpy, beside the system.
fn peer(shipped: &Shipped, text: &mut String) {
    let (market, bought) = cases::market_of_peer(shipped);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("market.json");
    std::fs::write(&file, market).expect("the market can be written");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peer.py");
    let ran = Command::new("python3").arg(script).arg(&file).output();
    let Some(said) = ran.ok().filter(|ran| ran.status.success()) else {
        *text += "| peer: a month of trade in numpy | not measured: numpy is not installed | |\n";
        return;
    };
    let said = String::from_utf8_lossy(&said.stdout);
    let numbers: Vec<f64> = said
        .split_whitespace()
        .filter_map(|x| x.parse().ok())
        .collect();
    let volume: f64 = bought.iter().sum();
    for (peer, reference) in numbers[1..].iter().zip(&bought) {
        assert!(
            (peer - reference).abs() <= 1e-9 * volume,
            "{peer} is not {reference}"
        );
    }
    let mut system = cases::steps(shipped)
        .into_iter()
        .flatten()
        .next()
        .expect("a step");
    let each = (system.run)(400).as_secs_f64() / 400.0;
    let _ = writeln!(
        text,
        "| peer: a month of trade in numpy, up to its deliveries (`benches/peer.py`) | {} | {:.0} times the system |",
        show(Duration::from_secs_f64(numbers[0])),
        numbers[0] / each
    );
}

/// One run of the main study in the last months of version 0.4.0, measured in turn with this one, where
/// `benches/earlier.sh` has built it.
fn earlier(text: &mut String) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/earlier/table");
    if !program.exists() {
        *text += "| one run at 0.4.0 | not measured: `benches/earlier.sh` has not built it | |\n";
        return;
    }
    let own = std::env::current_exe().expect("this program has a path");
    let took = |program: &Path, runs: &str| -> f64 {
        let ran = Command::new(program).args(["runs", runs]).output();
        let said = ran.expect("a run ends").stdout;
        let said = String::from_utf8_lossy(&said);
        said.trim().parse().expect("a run says what it took")
    };
    let each = |program: &Path| (took(program, "41") - took(program, "1")) / 40.0;
    let pairs: Vec<[f64; 2]> = (0..7).map(|_| [each(&program), each(&own)]).collect();
    let ratio = median(
        &mut pairs
            .iter()
            .map(|[then, now]| then / now)
            .collect::<Vec<_>>(),
    );
    let least = pairs
        .iter()
        .map(|[then, _]| *then)
        .fold(f64::INFINITY, f64::min);
    let _ = writeln!(
        text,
        "| earlier: one run at 0.4.0 (commit e5d17d6), with the mechanisms that it had | {} | {ratio:.2} times a run now |",
        show(Duration::from_secs_f64(least / 1e3))
    );
}

/// Worlds with ever more labs: time a lab and month beyond the world without them, and what one costs to hold.
fn crowds(shipped: &Shipped, text: &mut String, bars: &mut Vec<Bar>) {
    let sizes = [1_000_u32, 10_000, 100_000, 1_000_000];
    let mut without = cases::crowd(shipped, 0);
    let mut points = Vec::new();
    *text += "\n| synthetic labs | a month | beyond the shipped world, a lab and month |\n|---|---|---|\n";
    for labs in sizes {
        let mut with = cases::crowd(shipped, labs);
        let pair = measure_alternately(&mut with, &mut without);
        let beyond = (pair.first.as_secs_f64() - pair.second.as_secs_f64()) * 1e9;
        let each = beyond / f64::from(labs);
        let _ = writeln!(text, "| {labs} | {} | {each:.1} ns |", show(pair.first));
        points.push((f64::from(labs).log10(), beyond.log10()));
    }
    let exponent = slope(&points);
    bars.push(Bar {
        what: "labs from 1,000 to 1,000,000: exponent of time over labs, the shipped world's own time taken off".into(),
        measured: format!("{exponent:.3}"),
        bar: "at most 1.06".into(),
        met: exponent <= 1.06,
    });
    let labs = sizes[3];
    let mut kept = None;
    let shared = allocation_counter::measure(|| kept = Some(shipped.blueprint_with(labs)));
    let mut worker = None;
    let own = allocation_counter::measure(|| {
        worker = kept.as_ref().map(Worker::new);
    });
    let bare = allocation_counter::measure(|| {
        drop(std::hint::black_box(Worker::new(&shipped.plan.blueprint)));
    });
    let each = |bytes: i64| bytes as f64 / f64::from(labs);
    let _ = writeln!(
        text,
        "\nOf {labs} synthetic labs each takes {:.0} bytes in a worker's world and {:.0} bytes in the blueprint that workers \
         share (allocated, spare room included).\n",
        each(own.bytes_current - bare.bytes_max as i64),
        each(shared.bytes_current),
    );
    let mebibytes = bare.bytes_max as f64 / f64::from(1 << 20);
    bars.push(Bar {
        what: "memory of a worker for the shipped world".into(),
        measured: format!("{mebibytes:.2} MiB"),
        bar: "under 16 MiB".into(),
        met: mebibytes < 16.0,
    });
}

/// Least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let xy: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    xy / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>()
}

fn threads(shipped: &Shipped, bars: &mut Vec<Bar>) {
    const FUTURES: u32 = 16;
    let plan = cases::plan(&shipped.library, FUTURES);
    let bits = |records: &[RunRecord]| -> Vec<u64> {
        let numbers = records
            .iter()
            .flat_map(|r| r.numbers.iter().chain(&r.series));
        numbers.map(|x| x.to_bits()).collect()
    };
    let (mut by_wall, mut by_processor, mut same) = (Vec::new(), Vec::new(), true);
    for _ in 0..7 {
        let (one, two) = (cases::ensemble(&plan, 1), cases::ensemble(&plan, 2));
        same &= bits(&one.2) == bits(&two.2);
        by_wall.push(one.0.as_secs_f64() / two.0.as_secs_f64());
        by_processor.push(one.1.as_secs_f64() / two.1.as_secs_f64());
    }
    let best = by_wall.iter().copied().fold(0.0, f64::max);
    let (middle, kept) = (median(&mut by_wall), median(&mut by_processor));
    let bytes = if same {
        "the same bytes"
    } else {
        "OTHER BYTES"
    };
    bars.push(Bar {
        what: format!("threads 1 to 2 on {} runs", FUTURES as usize * plan.regimes.len()),
        measured: format!(
            "{middle:.2} times in the middle, {best:.2} at best; processor time of one thread over that of two {kept:.2}; {bytes}"
        ),
        bar: "at least 1.85 times, the same bytes".into(),
        met: middle >= 1.85 && same,
    });
}

/// What blocks add to bare runs: draws, outcomes from every angle, the file on the disk. Microseconds from a short window
/// without series, since what is added hardly depends on the window; the part of a run from the shipped window and bands.
fn driver(shipped: &Shipped, bars: &mut Vec<Bar>) {
    let study = |short: bool| {
        let mut study = cases::main_study(&shipped.library);
        if short {
            study.last_month = "2022-01".parse().expect("a month");
            study.window_first = None;
            study.window_months = 25;
            study.bands.clear();
            study.figures.clear();
        }
        study
    };
    let (added, _) = blocks_over_bare(&shipped.library, study(true), 25);
    bars.push(Bar {
        what: "driver and recording of outcomes, no series kept".into(),
        measured: format!("{added:.1} us a run"),
        bar: "at most 20 us".into(),
        met: added <= 20.0,
    });
    let (_, speed) = blocks_over_bare(&shipped.library, study(false), 5);
    bars.push(Bar {
        what: "runs per second of blocks over the bare model's, shipped window and series".into(),
        measured: format!("{speed:.3}"),
        bar: "at least 0.9".into(),
        met: speed >= 0.9,
    });
    eprintln!("driver: {added:.1} us a run; runs per second {speed:.3} of the bare model's");
}

/// Blocks of 32 futures on the disk and the same runs bare, in turn, on one thread: what a run costs more, microseconds,
/// and the runs per second of the blocks over those of the bare model. Shortest of `rounds`.
fn blocks_over_bare(library: &Library, study: StudyFile, rounds: u32) -> (f64, f64) {
    // Beyond the first futures, whose events are kept.
    const FUTURES: std::ops::Range<u32> = 5..37;
    let settings = PlanSettings {
        seed: 1,
        runs: FUTURES.end,
        ..PlanSettings::default()
    };
    let plan = Plan::new(library, study, settings).expect("the study is sound");
    let (layout, mut worker) = (RunRecordLayout::new(&plan), Worker::new(&plan.blueprint));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench.runs");
    let never = AtomicBool::new(false);
    let runs = f64::from(FUTURES.end - FUTURES.start) * plan.regimes.len() as f64;
    let (mut bare, mut whole) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..rounds {
        let draws: Vec<_> = FUTURES.map(|n| plan.draw(n)).collect();
        let begun = Instant::now();
        for arm in 0..plan.regimes.len() {
            for (number, draw) in FUTURES.zip(&draws) {
                let (calendar, future) = plan.in_arm(arm, number, draw);
                worker.run(calendar, &future, layout.months, false);
            }
        }
        bare = bare.min(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        let request = block::BlockRequest {
            plan: &plan,
            layout: &layout,
            hash: "bench",
            futures: FUTURES,
            path: &file,
            done: &|| {},
            stop: &never,
        };
        block::write(&request, &mut worker).expect("a block can be written");
        whole = whole.min(begun.elapsed().as_secs_f64());
    }
    ((whole - bare) / runs * 1e6, bare / whole)
}

/// From the start of a process to its first finished run.
fn first_run(bars: &mut Vec<Bar>) {
    let program = std::env::current_exe().expect("this program has a path");
    let (mut wall, mut processor) = (Vec::new(), Vec::new());
    for _ in 0..21 {
        let begun = Instant::now();
        let ended = Command::new(&program).args(["runs", "1"]).output();
        wall.push(begun.elapsed().as_secs_f64() * 1e3);
        let said = ended.expect("a run ends").stdout;
        let said = String::from_utf8_lossy(&said);
        processor.push(said.trim().parse().expect("a run says what it took"));
    }
    let least = wall.iter().copied().fold(f64::INFINITY, f64::min);
    let (wall, processor) = (median(&mut wall), median(&mut processor));
    bars.push(Bar {
        what: "process start to first finished run, data loaded".into(),
        measured: format!(
            "{wall:.0} ms in the middle, {least:.0} ms at best; {processor:.0} ms on the processor"
        ),
        bar: "at most 50 ms".into(),
        met: wall <= 50.0,
    });
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Two cases measured alternately.
struct Pair {
    /// Shortest time of each.
    first: Duration,
    second: Duration,
    /// Median over rounds of the first over the second.
    ratio: f64,
}

fn measure_alternately(first: &mut Case, second: &mut Case) -> Pair {
    /// Minimum time of a round, and number of rounds.
    const ROUND: Duration = Duration::from_millis(8);
    const ROUNDS: usize = 31;
    let often = |case: &mut Case| {
        (case.run)(1);
        let once = (case.run)(1).max(Duration::from_nanos(10));
        (ROUND.as_nanos() / once.as_nanos()).clamp(1, 100_000) as u64
    };
    let times = [often(first), often(second)];
    let mut shortest = [Duration::MAX; 2];
    let mut ratios = Vec::new();
    let begun = Instant::now();
    while ratios.len() < ROUNDS && (ratios.len() < 5 || begun.elapsed() < Duration::from_secs(12)) {
        let each = [(first.run)(times[0]), (second.run)(times[1])];
        let each = [0, 1].map(|at| each[at].as_secs_f64() / times[at] as f64);
        for (shortest, each) in shortest.iter_mut().zip(each) {
            *shortest = (*shortest).min(Duration::from_secs_f64(each));
        }
        ratios.push(each[0] / each[1]);
    }
    Pair {
        first: shortest[0],
        second: shortest[1],
        ratio: median(&mut ratios),
    }
}

fn show(time: Duration) -> String {
    let ns = time.as_secs_f64() * 1e9;
    match ns {
        _ if ns < 1e4 => format!("{ns:.0} ns"),
        _ if ns < 1e7 => format!("{:.1} us", ns / 1e3),
        _ => format!("{:.1} ms", ns / 1e6),
    }
}

/// Processor model, number of cores, and load.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info
        .lines()
        .find_map(|line| {
            line.strip_prefix("model name")
                .and_then(|l| l.split_once(": "))
        })
        .map_or("a processor without a name", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = read("/proc/loadavg");
    let load = load.split_whitespace().next().unwrap_or("unknown");
    format!("{model}, {cores} cores; mean load before measuring {load}")
}
