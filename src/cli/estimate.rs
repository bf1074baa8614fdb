//! What a study will cost before it is run: seconds, memory and bytes.

use std::sync::Arc;
use std::time::Instant;

use crate::foundation::policy_path::PolicyChange;
use crate::outputs::outcomes::OUTCOMES;
use crate::study::{Plan, RunRecord, RunRecordLayout, RunRequest, TIMELINES, Worker, one_run};

/// Most runs that a thread times of each kind.
const TIMED: usize = 4;

/// Seconds of one run, while all threads work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct RunSeconds {
    /// Of a run whose events are kept.
    told: f64,
    /// Of any other run.
    plain: f64,
}

/// The work that is left.
pub(super) struct WorkLeft {
    /// Runs that are not there.
    pub runs: u64,
    /// Of these, runs whose events are kept.
    pub told: u64,
    /// Threads that will work: no more than there are blocks.
    pub threads: usize,
}

/// Expected seconds of the work that is left.
///
/// ```text
/// (told * seconds of a told run + (runs - told) * seconds of a plain run) / threads
/// ```
///
/// Runs whose events are kept take several times as long as others, so the first future alone says little of the rest.
fn expected_seconds(left: &WorkLeft, run: RunSeconds) -> f64 {
    let told = left.told.min(left.runs);
    let plain = left.runs - told;
    (told as f64 * run.told + plain as f64 * run.plain) / left.threads.max(1) as f64
}

/// "40 s", "12 minutes", "3.5 hours".
fn in_words(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{:.0} s", seconds.max(1.0))
    } else if seconds < 90.0 * 60.0 {
        format!("{:.0} minutes", seconds / 60.0)
    } else {
        format!("{:.1} hours", seconds / 3600.0)
    }
}

/// Arm and future of each run that a thread times: all arms in turn, futures spread over the plan.
fn sample(arms: usize, futures: std::ops::Range<u32>, most: usize) -> Vec<(usize, u32)> {
    let count = arms.clamp(1, most.max(1));
    let length = futures.len() as u64;
    (0..count)
        .map(|k| {
            let along = (2 * k as u64 + 1) * length / (2 * count as u64);
            (k * arms / count, futures.start + along as u32)
        })
        .collect()
}

/// Times runs on one thread; the first run, which fills the caches, is not counted.
fn timed(plan: &Plan, layout: &RunRecordLayout, most: usize) -> RunSeconds {
    let mut worker = Worker::new(&plan.blueprint);
    let mut record = RunRecord::default();
    // A run that is given its baseline's changes of rules is made twice; none are as many as any.
    let path: Arc<[PolicyChange]> = Arc::from([]);
    let mut seconds = |(arm, run): (usize, u32)| {
        let draw = plan.draw(run);
        let request = RunRequest {
            arm,
            run,
            draw: &draw,
            baseline_path: Some(&path),
            keep_events: run < TIMELINES,
        };
        let clock = Instant::now();
        one_run(plan, layout, &mut worker, &request, &mut record);
        clock.elapsed().as_secs_f64()
    };
    let (arms, all) = (plan.regimes.len(), plan.futures.clone());
    let told = all.start..all.end.min(TIMELINES).max(all.start);
    let plain = all.start.max(TIMELINES).min(all.end)..all.end;
    let mut mean = |futures: std::ops::Range<u32>, most: usize| {
        if futures.is_empty() {
            return 0.0;
        }
        let runs = sample(arms, futures, most);
        runs.iter().map(|run| seconds(*run)).sum::<f64>() / runs.len() as f64
    };
    mean(all.start..all.start + 1, 1);
    RunSeconds {
        told: mean(told, most.min(2)),
        plain: mean(plain, most),
    }
}

/// The expected number of runs, time and bytes of a study, from runs that are timed on as many threads as will work.
pub(super) fn estimate(plan: &Plan, total: u64, left: &WorkLeft, most: bool) -> String {
    let layout = RunRecordLayout::new(plan);
    // Of little work little is timed.
    let share = left.runs as usize / (8 * left.threads.max(1));
    let times: Vec<RunSeconds> = std::thread::scope(|scope| {
        let timed_on = if left.runs > 0 { left.threads } else { 0 };
        let threads: Vec<_> = (0..timed_on)
            .map(|_| scope.spawn(|| timed(plan, &layout, share.clamp(1, TIMED))))
            .collect();
        threads.into_iter().filter_map(|t| t.join().ok()).collect()
    });
    let count = times.len().max(1) as f64;
    let run = RunSeconds {
        told: times.iter().map(|t| t.told).sum::<f64>() / count,
        plain: times.iter().map(|t| t.plain).sum::<f64>() / count,
    };
    let series = layout.columns.len() * layout.months;
    // Half of the monthly values are the same in all futures of a chunk and are kept once; tables are compressed.
    let working = total as f64 * 8.0 * (layout.numbers() as f64 + 0.55 * series as f64);
    let bands = series * plan.regimes.len() * 60;
    let results =
        total as f64 * 8.0 * (layout.parameters.len() + OUTCOMES.len()) as f64 + bands as f64;
    format!(
        "{}: {} arms in {}{} futures, {total} runs of {} months; about {} on {}, \
         {:.0} MB while it runs, {:.0} MB of results\n",
        plan.study.name,
        plan.regimes.len(),
        if most { "at most " } else { "" },
        plan.futures.len(),
        plan.blueprint.months,
        in_words(expected_seconds(left, run)),
        count_threads(left.threads),
        working / 1e6,
        results / 1e6
    )
}

/// "1 thread", "4 threads".
pub(super) fn count_threads(threads: usize) -> String {
    let ending = if threads == 1 { "" } else { "s" };
    format!("{threads} thread{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(runs: u64, told: u64, threads: usize) -> WorkLeft {
        WorkLeft {
            runs,
            told,
            threads,
        }
    }

    /// Seconds measured on two cores for 180 runs of the main study, 15 of them with events: 7.4 on one thread.
    #[test]
    fn a_measured_study_is_expected_within_a_factor_of_one_and_a_half() {
        let run = RunSeconds {
            told: 0.205,
            plain: 0.027,
        };
        let one = expected_seconds(&left(180, 15, 1), run);
        assert!(one / 7.4 < 1.5 && 7.4 / one < 1.5, "{one}");
        // The first future alone announced 37 s.
        let first = expected_seconds(&left(180, 180, 1), run);
        assert!(first > 35.0, "{first}");
    }

    #[test]
    fn time_is_that_of_the_runs_left_over_the_threads_that_work() {
        let run = RunSeconds {
            told: 2.0,
            plain: 1.0,
        };
        assert_eq!(expected_seconds(&left(10, 4, 1), run), 14.0);
        assert_eq!(expected_seconds(&left(10, 4, 2), run), 7.0);
        assert_eq!(expected_seconds(&left(3, 4, 1), run), 6.0);
        assert_eq!(expected_seconds(&left(0, 0, 0), run), 0.0);
    }

    #[test]
    fn timed_runs_go_through_the_arms_and_are_spread_over_the_futures() {
        assert_eq!(sample(3, 5..105, 4), [(0, 21), (1, 55), (2, 88)]);
        assert_eq!(sample(8, 0..8, 4), [(0, 1), (2, 3), (4, 5), (6, 7)]);
        assert_eq!(sample(3, 7..8, 2), [(0, 7), (1, 7)]);
        assert_eq!(sample(1, 0..1, 0), [(0, 0)]);
    }

    #[test]
    fn times_are_in_the_unit_that_a_reader_uses() {
        assert_eq!(in_words(71.2), "71 s");
        assert_eq!(in_words(300.0), "5 minutes");
        assert_eq!(in_words(9000.0), "2.5 hours");
    }
}
