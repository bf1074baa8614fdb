//! The table of ratios: measures, counts, and writes `docs/performance.md`, keeping the part of it that is written by hand.
//!
//! A ratio is a median of ratios of times taken in turn, so that what else the machine does falls on both alike. Instruction
//! counts come from callgrind where it is installed. `table runs N` runs the shipped world N times and ends: what is counted.

mod callgrind;
mod cases;
mod one_run;

use std::fmt::Write;
use std::time::{Duration, Instant};

use cases::{Case, Shipped};

/// From here on the document is written by hand.
const BY_HAND: &str = "## Where bars are missed, and why";

/// What the plain loop of the reference market takes on the machine for which bars are given in milliseconds.
const REFERENCE_MS: f64 = 0.9;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|a| a == "runs") {
        one_run::main();
        return;
    }
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
    text += "Ratios are medians of times taken in turn with what they are a ratio to. The reference is a plain loop over flat \
             arrays: 200 labs, 60 steps (`benches/cases/reference.rs`).\n\n";
    text += "| what | time | over the reference |\n|---|---|---|\n";
    let mut reference = cases::reference_loop();
    let mut run_over_reference = f64::NAN;
    let mut times = Vec::new();
    for mut case in cases::runs(&shipped) {
        let pair = in_turn(&mut case, &mut reference);
        eprintln!("{}: {:?}, {:.3}", case.name, pair.first, pair.ratio);
        if case.name == "run" {
            run_over_reference = pair.ratio;
            let time = show(pair.second);
            let _ = writeln!(text, "| reference: {} | {time} | 1 |", reference.what);
        }
        let (time, ratio) = (show(pair.first), pair.ratio);
        let _ = writeln!(
            text,
            "| {}: {} | {time} | {ratio:.4} |",
            case.name, case.what
        );
        times.push((case.name, pair.first));
    }
    let time = |name: &str| {
        times
            .iter()
            .find(|t| t.0 == name)
            .map_or(f64::NAN, |t| t.1.as_secs_f64())
    };
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
    let above = (time("run recorded") - time("run") - time("draw")) * 1e6;
    bars.push(Bar {
        what: "taking down a run's outcomes, over the bare model and its draw".into(),
        measured: format!("{above:.0} us"),
        bar: "at most 20 us".into(),
        met: above <= 20.0,
    });
    steps(&shipped, &mut text, &mut reference, &mut bars);
    crowds(&shipped, &mut text, &mut bars);
    threads(&shipped, &mut bars);
    first_run(&mut bars);
    text += "\n## Bars\n\n| what | measured | bar | |\n|---|---|---|---|\n";
    for bar in bars {
        let word = if bar.met { "met" } else { "**missed**" };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {word} |",
            bar.what, bar.measured, bar.bar
        );
    }
    text += &callgrind::section();
    text
}

fn steps(shipped: &Shipped, text: &mut String, reference: &mut Case, bars: &mut Vec<Bar>) {
    for [mut model, mut twin] in cases::steps(shipped) {
        let pair = in_turn(&mut twin, &mut model);
        for case in [&mut model, &mut twin] {
            let ratio = in_turn(case, reference).ratio;
            let time = if case.name.contains("twin") {
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
                "{}: speed of the model's step over its plain twin's",
                model.name
            ),
            measured: format!("{:.2}", pair.ratio),
            bar: "at least 0.9".into(),
            met: pair.ratio >= 0.9,
        });
    }
}

/// Worlds with ever more labs: time a lab and month beyond the world without them, and what one costs to hold.
fn crowds(shipped: &Shipped, text: &mut String, bars: &mut Vec<Bar>) {
    let sizes = [1_000_u32, 10_000, 100_000, 1_000_000];
    let mut without = cases::crowd(shipped, 0);
    let mut points = Vec::new();
    *text += "\n| synthetic labs | a month | beyond the shipped world, a lab and month |\n|---|---|---|\n";
    for labs in sizes {
        let mut with = cases::crowd(shipped, labs);
        let pair = in_turn(&mut with, &mut without);
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
        worker = kept.as_ref().map(chokepoint::study::Worker::new);
    });
    let bare = allocation_counter::measure(|| {
        drop(std::hint::black_box(chokepoint::study::Worker::new(
            &shipped.plan.blueprint,
        )));
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
    let plan = cases::plan(&shipped.library, 24);
    let mut ratios = Vec::new();
    let mut same = true;
    for _ in 0..9 {
        let ((one, a), (two, b)) = (cases::ensemble(&plan, 1), cases::ensemble(&plan, 2));
        let bits = |records: &[chokepoint::study::RunRecord]| -> Vec<u64> {
            let numbers = records
                .iter()
                .flat_map(|r| r.numbers.iter().chain(&r.series));
            numbers.map(|x| x.to_bits()).collect()
        };
        same &= bits(&a) == bits(&b);
        ratios.push(one.as_secs_f64() / two.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    let (middle, best) = (ratios[ratios.len() / 2], ratios[ratios.len() - 1]);
    let bytes = if same {
        "the same bytes"
    } else {
        "OTHER BYTES"
    };
    bars.push(Bar {
        what: format!("threads 1 to 2 on {} runs", 24 * plan.regimes.len()),
        measured: format!("{middle:.2} times in the middle, {best:.2} at best; {bytes}"),
        bar: "at least 1.85 times, the same bytes".into(),
        met: middle >= 1.85 && same,
    });
}

/// From the start of a process to its first finished run.
fn first_run(bars: &mut Vec<Bar>) {
    let program = std::env::current_exe().expect("this program has a path");
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let begun = Instant::now();
            let ended = std::process::Command::new(&program)
                .args(["runs", "1"])
                .status();
            assert!(ended.is_ok_and(|status| status.success()), "a run ends");
            begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let (best, middle) = (times[0], times[times.len() / 2]);
    bars.push(Bar {
        what: "process start to first finished run, data loaded".into(),
        measured: format!("{middle:.0} ms in the middle, {best:.0} ms at best"),
        bar: "at most 50 ms".into(),
        met: middle <= 50.0,
    });
}

/// Two cases taken in turn.
struct Pair {
    /// Shortest times of one of each.
    first: Duration,
    second: Duration,
    /// Median over rounds of the first over the second.
    ratio: f64,
}

fn in_turn(first: &mut Case, second: &mut Case) -> Pair {
    /// What a round of either takes at least, and how many there are.
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
    ratios.sort_by(f64::total_cmp);
    Pair {
        first: shortest[0],
        second: shortest[1],
        ratio: ratios[ratios.len() / 2],
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

/// Model of the processor, cores, and how busy they were.
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
