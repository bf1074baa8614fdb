//! Patterns of recorded history that no single series shows, each tested against a null model with the behaviour off.
//!
//! A pattern passes when the median run of history is inside every band and the median run of its null is not. A pattern
//! that its null passes too is no evidence for the behaviour and counts 0.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::hindcast::Hindcast;
use super::predictive::future_of;
use crate::analysis::bands::quantile;
use crate::analysis::emulator::least_squares;
use crate::config::diagnostics::Problems;
use crate::config::posterior::Posterior;
use crate::events::{Event, EventKind, EventLog};
use crate::foundation::calendar::Month;
use crate::foundation::channels::Channel;
use crate::foundation::digest::hex;
use crate::foundation::maths;
use crate::foundation::run::Future;
use crate::outputs::record::MonthlyRecord;
use crate::policy::compiled::CompiledCalendar;
use crate::study::{Library, Worker};

/// One pattern and its null.
#[derive(Clone, Debug, Serialize)]
pub struct PatternScore {
    pub pattern: String,
    pub words: String,
    pub null: String,
    pub statistics: Vec<Statistic>,
    /// `passes`, `fails`, or `counts 0: its null passes too`.
    pub verdict: String,
    /// Claims that rest on it.
    pub claims: String,
}

/// One number a run, and the band that the median of runs has to be in.
#[derive(Clone, Debug, Serialize)]
pub struct Statistic {
    pub words: String,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub median: Option<f64>,
    pub share_inside: f64,
    pub null_median: Option<f64>,
    pub null_share_inside: f64,
}

const NONE: f64 = f64::INFINITY;

struct StylisedPattern {
    name: &'static str,
    words: &'static str,
    null: &'static str,
    claims: &'static str,
    /// What is read, and the band: low and high.
    bands: &'static [(&'static str, f64, f64)],
    read: fn(&mut PatternRunner, &Future, bool) -> Vec<f64>,
}

/// SHA-256 of the patterns as they are registered: names, words, nulls and bands.
pub fn registered_hash() -> String {
    let mut hash = Sha256::new();
    for p in PATTERNS {
        hash.update(format!("{} {} {} {:?}\n", p.name, p.words, p.null, p.bands));
    }
    hex(&hash.finalize())
}

/// Names of the patterns, as a registration gives them.
pub fn pattern_names() -> Vec<&'static str> {
    PATTERNS.iter().map(|p| p.name).collect()
}

const PATTERNS: &[StylisedPattern] = &[
    StylisedPattern {
        name: "P1",
        words: "a compliant variant is on sale within half a year of a threshold rule, and none before",
        null: "design_around off",
        claims: "C1, C2",
        bands: &[
            ("months from 2022-08 to NVIDIA's first variant", 1.0, 6.0),
            (
                "months from 2023-10 to NVIDIA's first begun since that line was known",
                1.0,
                6.0,
            ),
            ("variants of all makers before 2022-08", -0.5, 0.5),
        ],
        read: p1,
    },
    StylisedPattern {
        name: "P2",
        words: "sales of a variant end when its line closes",
        null: "the rules after 2023-09 ignored",
        claims: "C2",
        bands: &[
            (
                "NVIDIA's variants for the line of 2022: 2024-05 over their peak",
                0.0,
                0.1,
            ),
            (
                "those for the line of 2023: 2025-07 over their peak",
                0.0,
                0.1,
            ),
        ],
        read: p2,
    },
    StylisedPattern {
        name: "P3",
        words: "legal units to the target recover past their peak of 2023 while their compute does not",
        null: "design_around off",
        claims: "C1, C2",
        bands: &[
            ("units of 2024-Q4 over 2023-Q3", 1.0, NONE),
            ("peak H100e of 2024-Q4 over 2023-Q3", 0.0, 1.0),
        ],
        read: p3,
    },
    StylisedPattern {
        name: "P4",
        words: "imports are pulled forward before a rule binds",
        null: "stockpiling off",
        claims: "C5",
        bands: &[
            (
                "part of the memory imported from 2024-07 on that comes in the last month",
                0.3,
                0.7,
            ),
            (
                "quarters from 2025-Q1 to the peak of legal flow, 2024-01 to 2025-06",
                -0.5,
                0.5,
            ),
        ],
        read: p4,
    },
    StylisedPattern {
        name: "P5",
        words: "the leader's revenue grows sevenfold to tenfold while the target's share of it falls by a third to two thirds",
        null: "no rules after 2022-08",
        claims: "C2, C10",
        bands: &[
            ("revenue of fiscal 2025 over fiscal 2023", 7.0, 10.0),
            (
                "revenue of the quarter to 2025-01 over that to 2022-10",
                7.0,
                10.0,
            ),
            (
                "fall of the target's share between those years",
                0.333,
                0.667,
            ),
        ],
        read: p5,
    },
    StylisedPattern {
        name: "P6",
        words: "the target's training compute grows slower than others', and yet its gap does not rise",
        null: "channels of diffusion off",
        claims: "C14, C16",
        bands: &[
            (
                "growth of the target's largest run a year, 2021 to 2024",
                2.4,
                3.8,
            ),
            (
                "growth of the issuer's largest run a year, 2021 to 2024",
                4.0,
                6.0,
            ),
            (
                "slope of the gap in months a month, 2023 to 2025",
                -NONE,
                0.1,
            ),
        ],
        read: p6,
    },
    StylisedPattern {
        name: "P7",
        words: "home makers' part of cards rises from a tenth to a quarter or a third",
        null: "indigenisation off",
        claims: "C13",
        bands: &[
            ("home part of cards, first half of 2023", 0.05, 0.15),
            ("home part of cards, 2024", 0.25, 0.34),
        ],
        read: p7,
    },
    StylisedPattern {
        name: "P8",
        words: "diversion is of the recorded size, at a premium that fell",
        null: "brokers' premium does not answer scarcity",
        claims: "C6",
        bands: &[(
            "of four: 10,000 to 500,000 chips in 2024; 0.29 to 1.6 million peak H100e by the end of 2025; premium 0 to 1 in 2024; lower than in 2023",
            2.5,
            4.5,
        )],
        read: p8,
    },
    StylisedPattern {
        name: "P9",
        words: "releases regressed as the record was: score on compute, date, target, and target by date",
        null: "one path of efficiency common to all",
        claims: "C11, C12, C14",
        bands: &[
            (
                "points a year that the target gains on equal compute",
                3.0,
                14.0,
            ),
            ("points a decade of compute, all releases", 8.0, 12.0),
            ("points a decade of compute, above 115 points", 2.5, 6.0),
        ],
        read: p9,
    },
    StylisedPattern {
        name: "P10",
        words: "what is permitted and then refused is hardly sold",
        null: "counter_measures off",
        claims: "C19",
        bands: &[(
            "what the opening of 2026-01 adds to NVIDIA's revenue in the target to 2026-07, over that without refusal",
            0.0,
            0.1,
        )],
        read: p10,
    },
    StylisedPattern {
        name: "P11",
        words: "suppliers do not replace lost sales within three years while supply is slack",
        null: "tight supply, which must differ",
        claims: "C10",
        bands: &[(
            "part of lost revenue that is made up elsewhere",
            -NONE,
            0.25,
        )],
        read: p11,
    },
];

/// The series of one run that patterns read.
struct PatternReading<'a> {
    h: &'a Hindcast,
    record: MonthlyRecord,
    events: Vec<Event>,
}

struct PatternRunner<'a> {
    h: &'a Hindcast,
    worker: Worker,
    calendars: &'a BTreeMap<&'static str, Arc<CompiledCalendar>>,
    /// Recorded history in the future at hand, run once for all patterns.
    history: Option<PatternReading<'a>>,
}

/// As history-free, without what the issuer opened from 2026 on.
const CLOSED_AGAIN: &str = "history-free to 2025";
const REGIMES: [&str; 5] = [
    "history",
    "history-free",
    "none",
    "embargo",
    "frozen-2023-09",
];

/// Every pattern, over `draws` futures from the samples or the prior.
///
/// # Errors
/// When a regime cannot be read.
pub fn patterns(
    library: &Library,
    h: &Hindcast,
    draws: u32,
    posterior: Option<&Arc<Posterior>>,
) -> Result<Vec<PatternScore>, Problems> {
    let subjects = &h.plan.blueprint.subjects;
    let central = subjects.calendar_parameters(&h.plan.parameters.central());
    let mut calendars = REGIMES
        .iter()
        .map(|name| {
            let regime = library.regime(name)?;
            Ok((*name, subjects.compile_calendar(&regime, &central)))
        })
        .collect::<Result<BTreeMap<_, _>, Problems>>()?;
    let mut closed = library.regime("history-free")?;
    closed
        .entries
        .retain(|e| Month::from_date(e.compliance) < Month::of(2026, 1));
    calendars.insert(CLOSED_AGAIN, subjects.compile_calendar(&closed, &central));
    let all: Vec<Vec<[Vec<f64>; 2]>> = (0..draws)
        .into_par_iter()
        .map_init(
            || PatternRunner {
                h,
                worker: h.worker(),
                calendars: &calendars,
                history: None,
            },
            |runner, number| {
                let future = future_of(h, number, posterior);
                runner.history = None;
                PATTERNS
                    .iter()
                    .map(|p| [false, true].map(|null| (p.read)(runner, &future, null)))
                    .collect()
            },
        )
        .collect();
    Ok(PATTERNS
        .iter()
        .enumerate()
        .map(|(at, p)| {
            let of = |null: usize, s: usize| -> Vec<f64> {
                all.iter().map(|run| run[at][null][s]).collect()
            };
            scored(p, &of)
        })
        .collect())
}

fn scored(pattern: &StylisedPattern, of: &dyn Fn(usize, usize) -> Vec<f64>) -> PatternScore {
    let finite = |x: f64| x.is_finite().then_some(x);
    let statistics: Vec<Statistic> = pattern
        .bands
        .iter()
        .enumerate()
        .map(|(s, (words, low, high))| {
            let side = |null: usize| {
                let mut values: Vec<f64> = of(null, s);
                let n = values.len().max(1) as f64;
                let inside = values
                    .iter()
                    .filter(|v| (*low..=*high).contains(*v))
                    .count();
                // A number that is undefined in a run lies outside every band.
                values
                    .iter_mut()
                    .filter(|v| v.is_nan())
                    .for_each(|v| *v = NONE);
                values.sort_by(f64::total_cmp);
                (median(&values), inside as f64 / n)
            };
            let (mine, null) = (side(0), side(1));
            Statistic {
                words: (*words).into(),
                low: finite(*low),
                high: finite(*high),
                median: finite(mine.0),
                share_inside: mine.1,
                null_median: finite(null.0),
                null_share_inside: null.1,
            }
        })
        .collect();
    let passes = |value: fn(&Statistic) -> Option<f64>| {
        statistics
            .iter()
            .zip(pattern.bands)
            .all(|(s, (_, low, high))| value(s).is_some_and(|v| (*low..=*high).contains(&v)))
    };
    let verdict = match (passes(|s| s.median), passes(|s| s.null_median)) {
        (true, false) => "passes",
        (true, true) => "counts 0: its null passes too",
        (false, _) => "fails",
    };
    PatternScore {
        pattern: pattern.name.into(),
        words: pattern.words.into(),
        null: pattern.null.into(),
        statistics,
        verdict: verdict.into(),
        claims: pattern.claims.into(),
    }
}

/// The middle of sorted values, without a mean of infinity and a number.
fn median(sorted: &[f64]) -> f64 {
    let value = quantile(sorted, 0.5);
    if value.is_nan() {
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    } else {
        value
    }
}

impl<'a> PatternRunner<'a> {
    fn run(&mut self, regime: &str, future: &Future) -> PatternReading<'a> {
        if let Some(calendar) = self.calendars.get(regime) {
            let months = self.h.months.max(79);
            if regime == "history" || regime.starts_with("frozen-") {
                let recorded = future.clone().on_record();
                self.worker.run(calendar, &recorded, months, true);
            } else {
                self.worker.run(calendar, future, months, true);
            }
        }
        PatternReading {
            h: self.h,
            record: self.worker.record().clone(),
            events: self
                .worker
                .stage
                .world
                .resource::<EventLog>()
                .events
                .clone(),
        }
    }

    fn history(&mut self, future: &Future) -> &PatternReading<'a> {
        if self.history.is_none() {
            self.history = Some(self.run("history", future));
        }
        self.history.get_or_insert_with(|| unreachable!("just run"))
    }

    /// Recorded history, or its null with channels off.
    fn without(&mut self, future: &Future, null: bool, off: &[Channel]) -> PatternReading<'a> {
        if !null {
            return self.history(future).clone();
        }
        let channels = off
            .iter()
            .fold(future.channels, |channels, c| channels.without(*c));
        self.run(
            "history",
            &Future {
                channels,
                ..future.clone()
            },
        )
    }
}

impl Clone for PatternReading<'_> {
    fn clone(&self) -> Self {
        Self {
            h: self.h,
            record: self.record.clone(),
            events: self.events.clone(),
        }
    }
}

impl PatternReading<'_> {
    /// An adjustment of the map in each month from one to another, both included.
    fn adjustment(&self, name: &str, from: (i32, i32), to: (i32, i32)) -> Vec<f64> {
        let (first, last) = (Month::of(from.0, from.1), Month::of(to.0, to.1));
        let months = (0..=last - first).map(|t| first.plus(t));
        self.h
            .evidence
            .adjustments
            .path(name, months)
            .unwrap_or_default()
    }

    fn at(&self, year: i32, month: i32) -> usize {
        (Month::of(year, month) - self.h.plan.study.first_month).max(0) as usize
    }

    fn column(&self, measure: &str, entity: &str) -> &[f64] {
        let columns = &self.h.plan.blueprint.watch.columns;
        columns
            .find(measure, entity)
            .map_or(&[], |at| self.record.column(at))
    }

    /// Sum over the months from one to another, both counted.
    fn sum(&self, measure: &str, entity: &str, from: (i32, i32), to: (i32, i32)) -> f64 {
        let span = self.at(from.0, from.1)..=self.at(to.0, to.1);
        self.column(measure, entity)
            .get(span)
            .map_or(f64::NAN, |s| s.iter().sum())
    }

    fn makers(&self, of: impl Fn(usize) -> bool) -> Vec<&str> {
        let b = &self.h.plan.blueprint;
        (0..b.maker_keys.len())
            .filter(|m| of(*m))
            .map(|m| b.maker_keys[m].as_str())
            .collect()
    }

    /// NVIDIA's variants: when each was begun, when it came on sale, and its slot.
    fn variants(&self) -> Vec<(usize, usize, usize)> {
        let keys = &self.h.plan.blueprint.maker_keys;
        let of = |kind: EventKind| {
            self.events
                .iter()
                .filter(move |e| e.kind == kind)
                .filter(|e| keys.get(e.actor as usize).is_some_and(|k| k == "nvidia"))
                .map(|e| (e.t.max(0) as usize, e.object as usize))
        };
        of(EventKind::VariantLaunched)
            .filter_map(|(sold, slot)| {
                let begun = of(EventKind::VariantBegun).rfind(|b| b.1 == slot && b.0 <= sold)?;
                Some((begun.0, sold, slot))
            })
            .collect()
    }
}

fn p1(r: &mut PatternRunner, future: &Future, null: bool) -> Vec<f64> {
    let run = r.without(future, null, &[Channel::DesignAround]);
    let (letters, announced, second) = (run.at(2022, 8), run.at(2023, 6), run.at(2023, 10));
    let after = |rule: usize, from: usize, to: usize| {
        let first = run
            .variants()
            .into_iter()
            .filter(|v| v.0 >= from && v.0 < to)
            .map(|v| v.1)
            .min();
        first.map_or(f64::NAN, |at| at as f64 - rule as f64)
    };
    let early = run
        .events
        .iter()
        .filter(|e| e.kind == EventKind::VariantLaunched && e.t < letters as i32)
        .count();
    vec![
        after(letters, letters, announced),
        // What is begun once the second line is known is made for it.
        after(second, announced, run.at(2025, 1)),
        early as f64,
    ]
}

fn p2(r: &mut PatternRunner, future: &Future, null: bool) -> Vec<f64> {
    let run = if null {
        r.run("frozen-2023-09", future)
    } else {
        r.history(future).clone()
    };
    let slots = &r.h.plan.blueprint.roadmap.slots;
    // Sales in a month of variants that were begun between two months, over their peak until they were closed.
    let left = |from: usize, to: usize, closes: usize, then: usize| {
        let sold: Vec<&[f64]> = run
            .variants()
            .into_iter()
            .filter(|v| v.0 >= from && v.0 < to)
            .map(|v| run.column("variant_units", &slots[v.2].key))
            .collect();
        let month = |t: usize| sold.iter().map(|c| c[t]).sum::<f64>();
        month(then) / (0..closes).map(month).fold(0.0, f64::max)
    };
    vec![
        left(0, run.at(2023, 6), run.at(2023, 11), run.at(2024, 5)),
        left(
            run.at(2023, 6),
            run.at(2025, 1),
            run.at(2025, 4),
            run.at(2025, 7),
        ),
    ]
}

fn p3(r: &mut PatternRunner, future: &Future, null: bool) -> Vec<f64> {
    let run = r.without(future, null, &[Channel::DesignAround]);
    ["maker_units", "maker_peak_h100e"]
        .map(|m| {
            run.sum(m, "nvidia:target", (2024, 10), (2024, 12))
                / run.sum(m, "nvidia:target", (2023, 7), (2023, 9))
        })
        .to_vec()
}

fn p4(r: &mut PatternRunner, future: &Future, null: bool) -> Vec<f64> {
    let run = r.without(future, null, &[Channel::Stockpiling]);
    let bank = run.column("hbm_supply", "target");
    let (from, to) = (run.at(2024, 7), run.at(2024, 12));
    let came: Vec<f64> = (from..=to)
        .map(|t| (bank[t] - bank[t - 1]).max(0.0))
        .collect();
    // The last month is that of the rule, or the one before where the rule bound first.
    let last = came[came.len() - 1].max(came[came.len() - 2]);
    let quarters = [
        (2024, 1),
        (2024, 4),
        (2024, 7),
        (2024, 10),
        (2025, 1),
        (2025, 4),
    ];
    let flow =
        quarters.map(|(y, m)| run.sum("maker_peak_h100e", "nvidia:target", (y, m), (y, m + 2)));
    let peak = (0..flow.len())
        .max_by(|a, b| flow[*a].total_cmp(&flow[*b]))
        .unwrap_or(0);
    vec![last / came.iter().sum::<f64>(), peak as f64 - 4.0]
}

fn p5(r: &mut PatternRunner, future: &Future, null: bool) -> Vec<f64> {
    let run = if null {
        r.run("none", future)
    } else {
        r.history(future).clone()
    };
    let revenue =
        |place: &str, from, to| run.sum("maker_revenue_usd", &format!("nvidia:{place}"), from, to);
    // The record holds networking too, whose part fell.
    let with_networking = |from: (i32, i32), to: (i32, i32)| -> f64 {
        let months = &run.column("maker_revenue_usd", "nvidia:world")
            [run.at(from.0, from.1)..=run.at(to.0, to.1)];
        let times = run.adjustment("networking_in_data_centre_revenue", from, to);
        months
            .iter()
            .zip(times)
            .map(|(usd, times)| usd * times)
            .sum()
    };
    let (early, late) = (((2022, 2), (2023, 1)), ((2024, 2), (2025, 1)));
    let share = |(from, to)| revenue("target", from, to) / revenue("world", from, to);
    vec![
        with_networking(late.0, late.1) / with_networking(early.0, early.1),
        with_networking((2024, 11), (2025, 1)) / with_networking((2022, 8), (2022, 10)),
        1.0 - share(late) / share(early),
    ]
}

fn p6(r: &mut PatternRunner, future: &Future, null: bool) -> Vec<f64> {
    let off = [
        Channel::OpenDiffusion,
        Channel::Distillation,
        Channel::Theft,
    ];
    let run = if null {
        // Catch-up is switched off too, because publications also spread knowledge.
        let mut parameters = future.parameters.clone();
        parameters.catch_up_per_year = 0.0;
        let future = Future {
            parameters,
            ..future.clone()
        };
        r.without(&future, true, &off)
    } else {
        r.history(future).clone()
    };
    let growth = |bloc: &str| {
        let runs = run.column("largest_run_h100e_months", bloc);
        maths::pow(runs[run.at(2024, 12)] / runs[run.at(2020, 12)], 0.25)
    };
    let from = run.at(2023, 1);
    let gap = &run.column("gap_months", "target_vs_issuer")[from..=run.at(2025, 12)];
    let points: Vec<(Vec<f64>, f64)> = gap
        .iter()
        .enumerate()
        .filter(|(_, g)| g.is_finite())
        .map(|(t, g)| (vec![1.0, t as f64], *g))
        .collect();
    let slope = least_squares(&points).map_or(f64::NAN, |c| c[1]);
    vec![growth("target"), growth("issuer"), slope]
}

fn p7(r: &mut PatternRunner, future: &Future, null: bool) -> Vec<f64> {
    let run = r.without(future, null, &[Channel::Indigenisation]);
    let homes = &r.h.plan.blueprint.watch.home_of_maker;
    let units = |makers: &[&str], from, to| {
        let each = makers
            .iter()
            .map(|m| run.sum("maker_units", &format!("{m}:target"), from, to));
        each.sum::<f64>()
    };
    let (home, all) = (run.makers(|m| homes[m] == 1), run.makers(|_| true));
    // The record counts cards, those for workstations too, which the model does not sell.
    let workstation = |from, to| {
        run.adjustment("workstation_cards_in_the_target", from, to)
            .iter()
            .sum::<f64>()
            / 12.0
    };
    let share = |from, to| units(&home, from, to) / (units(&all, from, to) + workstation(from, to));
    vec![share((2023, 1), (2023, 6)), share((2024, 1), (2024, 12))]
}

fn p8(r: &mut PatternRunner, future: &Future, null: bool) -> Vec<f64> {
    let run = if null {
        let mut parameters = future.parameters.clone();
        parameters.grey_premium_per_scarcity = 0.0;
        let future = Future {
            parameters,
            ..future.clone()
        };
        r.run("history", &future)
    } else {
        r.history(future).clone()
    };
    let units = run.sum("grey_units", "target", (2024, 1), (2024, 12));
    let stock = run.sum("grey_peak_h100e", "target", (2020, 1), (2025, 12));
    let premium = |year| run.sum("grey_premium", "target", (year, 1), (year, 12)) / 12.0;
    let held = [
        (1e4..=5e5).contains(&units),
        (2.9e5..=1.6e6).contains(&stock),
        premium(2024) > 0.0 && premium(2024) <= 1.0,
        premium(2024) < premium(2023),
    ];
    vec![held.iter().filter(|h| **h).count() as f64]
}

fn p9(r: &mut PatternRunner, future: &Future, null: bool) -> Vec<f64> {
    let run = if null {
        let mut parameters = future.parameters.clone();
        parameters.catch_up_per_year = 24.0;
        parameters.scale_dependence = 0.0;
        parameters.publication_share = 1.0;
        parameters.publication_lag_months = 1.0;
        parameters.target_knowledge_gap_2020 = 0.0;
        let future = Future {
            parameters,
            ..future.clone()
        };
        r.run("history", &future)
    } else {
        r.history(future).clone()
    };
    let b = &r.h.plan.blueprint;
    // The months of the scored releases of the record.
    let (from, to) = (run.at(2023, 2), run.at(2025, 8));
    let mut releases: Vec<(Vec<f64>, f64)> = Vec::new();
    for e in &run.events {
        let (t, lab) = (e.t.max(0) as usize, e.actor as usize);
        if e.kind != EventKind::ModelReleased || t < from || t > to {
            continue;
        }
        let Some(trained) = e.cause.map(|cause| &run.events[cause.0 as usize]) else {
            continue;
        };
        let h100e = trained.values[1];
        if h100e <= 0.0 {
            continue;
        }
        let target = f64::from(u8::from(
            b.labs[lab].bloc == crate::foundation::bloc::Bloc::Target,
        ));
        let year = t as f64 / 12.0 - 4.0;
        releases.push((
            vec![1.0, maths::log10(h100e), year, target, target * year],
            e.values[0],
        ));
    }
    let all = least_squares(&releases);
    let high: Vec<(Vec<f64>, f64)> = releases.into_iter().filter(|x| x.1 > 115.0).collect();
    let above = least_squares(&high);
    let of = |c: &Option<Vec<f64>>, at: usize| c.as_ref().map_or(f64::NAN, |c| c[at]);
    vec![of(&all, 4), of(&all, 1), of(&above, 1)]
}

fn p10(r: &mut PatternRunner, future: &Future, null: bool) -> Vec<f64> {
    let free = Future {
        channels: future.channels.without(Channel::CounterMeasures),
        ..future.clone()
    };
    let revenue =
        |run: &PatternReading| run.sum("maker_revenue_usd", "nvidia:target", (2026, 2), (2026, 7));
    let mut added = |future: &Future| {
        let open = revenue(&r.run("history-free", future));
        open - revenue(&r.run(CLOSED_AGAIN, future))
    };
    let without = added(&free);
    let with = if null { without } else { added(future) };
    vec![with / without]
}

fn p11(r: &mut PatternRunner, future: &Future, null: bool) -> Vec<f64> {
    let mut parameters = future.parameters.clone();
    if null {
        parameters.supply_multiplier = 0.6;
    } else {
        // Slack is pools and makers' own capacity alike.
        parameters.supply_multiplier = 3.0;
        parameters.capacity_speed = 1.0;
    }
    // Chips that brokers buy abroad for the target are not part of demand there.
    let future = Future {
        parameters,
        channels: future.channels.without(Channel::GreyMarket),
        ..future.clone()
    };
    let (denied, open) = (r.run("embargo", &future), r.run("none", &future));
    let watch = &r.h.plan.blueprint.watch;
    let makers = denied.makers(|m| watch.merchant[m] && watch.home_of_maker[m] == 0);
    let revenue = |run: &PatternReading, place: &str| {
        let each = makers.iter().map(|m| {
            run.sum(
                "maker_revenue_usd",
                &format!("{m}:{place}"),
                (2022, 10),
                (2025, 9),
            )
        });
        each.sum::<f64>()
    };
    let lost = revenue(&open, "target") - revenue(&denied, "target");
    let elsewhere = |run: &PatternReading| revenue(run, "world") - revenue(run, "target");
    vec![(elsewhere(&denied) - elsewhere(&open)) / lost]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(mine: [f64; 3], null: [f64; 3]) -> String {
        let all = [mine, null];
        scored(&PATTERNS[9], &|side, _| all[side].to_vec()).verdict
    }

    #[test]
    fn a_pattern_that_its_null_passes_counts_nothing() {
        assert_eq!(verdict([0.0, 0.05, 1.0], [1.0, 1.0, 1.0]), "passes");
        assert_eq!(verdict([0.0, 0.5, 1.0], [1.0, 1.0, 1.0]), "fails");
        assert!(verdict([0.0, 0.0, 0.0], [0.0, 0.0, 1.0]).starts_with("counts 0"));
        assert_eq!(verdict([f64::NAN, f64::NAN, 0.0], [1.0, 1.0, 1.0]), "fails");
    }
}
