//! Nothing acts early: what a run knows in a month depends on what was announced by then, for every rule, cap, reply and process.

use std::sync::Arc;

use rayon::prelude::*;

use chokepoint::config::diagnostics::Problems;
use chokepoint::config::regimes::regime_from;
use chokepoint::config::source::{Configs, Source};
use chokepoint::config::study;
use chokepoint::controls::Regime;
use chokepoint::events::{Event, EventLog};
use chokepoint::foundation::calendar::Month;
use chokepoint::foundation::channels::Channel;
use chokepoint::policy::compiled::{CompiledCalendar, CompiledRules, SaleSubjects};
use chokepoint::study::{Library, Plan, PlanSettings, Worker};

use crate::{library, study_of};

/// The regimes that rules are added to: hardly any rule, one line, the record without replies, a government that reacts.
const BASES: [&str; 4] = ["none", "oct22", "history-free", "reactive"];

/// Days of announcement and compliance for a rule that is added to a base, and the month of the first. A government that
/// reacts takes up none after October 2026, when its process begins.
fn days_on(base: &str) -> ([&'static str; 2], usize) {
    match base {
        "reactive" => (["2026-02-15", "2026-06-01"], month(2026, 2)),
        _ => (["2028-01-15", "2028-07-01"], month(2028, 1)),
    }
}

/// Futures of every pair.
const FUTURES: u32 = 1;

fn month(year: i32, month: i32) -> usize {
    (Month::of(year, month) - Month::of(2020, 1)) as usize
}

/// Arms of a study, as its file has them.
struct Arms(Vec<String>);

impl Arms {
    fn new(base: &str) -> Self {
        Self(vec![format!("\"{base}\"")])
    }

    /// An arm composed from another; `how` is the rest of its table.
    fn add(&mut self, from: &str, how: &str) -> usize {
        let name = format!("arm {}", self.0.len());
        self.0
            .push(format!("{{ name = \"{name}\", from = \"{from}\", {how} }}"));
        self.0.len() - 1
    }

    /// The plan of the main study over these arms.
    fn plan(&self, library: &Library, more: &str) -> Plan {
        self.read(library, more).unwrap_or_else(|e| panic!("{e}"))
    }

    /// The plan, or why there is none.
    fn read(&self, library: &Library, more: &str) -> Result<Plan, Problems> {
        let source = library
            .configs
            .find("did-controls-work", "studies")
            .unwrap();
        let mut text = String::new();
        let lines = source.text.lines();
        for line in lines.filter(|line| !line.starts_with("headline = ")) {
            if line.starts_with("arms = ") {
                text += &format!("arms = [\n{}\n]\n{more}\n", self.0.join(",\n"));
            } else if line.starts_with("baseline = ") {
                let name = self.0[0].trim_matches('"');
                text += &format!("baseline = \"{name}\"\n");
            } else if !line.starts_with("posterior = ") {
                text += &format!("{line}\n");
            }
        }
        let name = source.name;
        let file = study::read(&Source { name, text }, &library.configs)?;
        let settings = PlanSettings {
            seed: file.seed,
            runs: FUTURES,
            ..PlanSettings::default()
        };
        Plan::new(library, file, settings)
    }
}

/// All that a run recorded in its first months, bit by bit, and what happened in them.
#[derive(Clone, PartialEq)]
struct Told {
    bits: Vec<Vec<u64>>,
    events: Vec<Event>,
}

impl Told {
    fn of(
        worker: &mut Worker,
        calendar: &Arc<CompiledCalendar>,
        plan: &Plan,
        number: u32,
        months: usize,
    ) -> Self {
        worker.run(calendar, &plan.future(number), months, true);
        let columns = plan.blueprint.watch.columns.names().len();
        let bits = |c| {
            let months = &worker.record().column(c)[..months];
            months.iter().map(|v| v.to_bits()).collect()
        };
        let mut events = worker.stage.world.resource::<EventLog>().events.clone();
        for event in &mut events {
            if event.kind == chokepoint::events::EventKind::VariantBegun {
                // The number of the set of rules: those of a ladder are counted after all that the calendar holds.
                event.place = 0;
            }
        }
        Self {
            bits: (0..columns).map(bits).collect(),
            events,
        }
    }

    /// The first month in which two runs differ, and in what.
    fn first_difference(&self, other: &Self, plan: &Plan) -> Option<(usize, String)> {
        let mut first: Option<(usize, String)> = None;
        let mut note = |t: usize, what: String| {
            if first.as_ref().is_none_or(|(before, _)| t < *before) {
                first = Some((t, what));
            }
        };
        let names = plan.blueprint.watch.columns.names();
        for ((a, b), (measure, entity)) in self.bits.iter().zip(&other.bits).zip(names) {
            if let Some(t) = (0..a.len()).find(|t| a[*t] != b[*t]) {
                note(t, format!("{measure} of {entity}"));
            }
        }
        let differs = |(a, b): &(&Event, &Event)| format!("{a:?}") != format!("{b:?}");
        if let Some((a, b)) = self.events.iter().zip(&other.events).find(differs) {
            note(a.t.min(b.t).max(0) as usize, format!("{a:?} and {b:?}"));
        } else if self.events.len() != other.events.len() {
            let longer = if self.events.len() > other.events.len() {
                self
            } else {
                other
            };
            let at = self.events.len().min(other.events.len());
            let event = &longer.events[at];
            note(event.t.max(0) as usize, format!("{event:?} alone"));
        }
        first
    }
}

/// Holds pairs of arms to be equal in every recorded value and event before a month, in every future; answers how many.
fn equal_before(plan: &Plan, pairs: &[(usize, usize, String)], until: usize) -> usize {
    let wrong: Vec<String> = (0..FUTURES)
        .flat_map(|number| {
            let told: Vec<Told> = (0..plan.calendars.len())
                .into_par_iter()
                .map_init(
                    || Worker::new(&plan.blueprint),
                    |worker, arm| Told::of(worker, &plan.calendars[arm], plan, number, until),
                )
                .collect();
            let wrong = pairs.iter().filter_map(|(arm, base, what)| {
                let (t, how) = told[*arm].first_difference(&told[*base], plan)?;
                Some(format!("future {number}, {what}: month {t}, {how}"))
            });
            wrong.collect::<Vec<_>>()
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} pairs differ early:\n{}",
        wrong.len(),
        pairs.len() * FUTURES as usize,
        wrong.join("\n")
    );
    pairs.len()
}

/// A change of dates, as an arm writes it.
fn dated(id: &str, announced: &str, compliance: &str) -> String {
    format!(
        "change = [{{ rule = \"{id}\", announced = {announced}, compliance = {compliance}, ended = \"never\", early = \"none\" }}]"
    )
}

/// An arm for every rule of the library with these dates beside one without it.
fn pairs_of(
    library: &Library,
    base: &str,
    ids: &[String],
    announced: &str,
    compliance: &str,
) -> (Arms, Vec<(usize, usize, String)>) {
    let held: Vec<u16> = library
        .regime(base)
        .unwrap()
        .entries
        .iter()
        .map(|e| e.rule)
        .collect();
    let mut arms = Arms::new(base);
    let mut pairs = Vec::new();
    for id in ids {
        let change = dated(id, announced, compliance);
        let (with, without) = if held.contains(&library.law.find(id).unwrap()) {
            let without = arms.add(base, &format!("remove = [\"{id}\"]"));
            (arms.add(base, &change), without)
        } else {
            (arms.add(base, &format!("add = [\"{id}\"], {change}")), 0)
        };
        pairs.push((with, without, format!("{id} on {base}")));
    }
    (arms, pairs)
}

fn ids_of(library: &Library) -> Vec<String> {
    library.law.rules.iter().map(|r| r.id.clone()).collect()
}

#[test]
fn each_of_83_shipped_rules_dated_anew_changes_nothing_before_on_4_bases_332_pairs() {
    let ids = ids_of(library());
    let mut equal = 0;
    for base in BASES {
        let ([announced, compliance], until) = days_on(base);
        let (arms, pairs) = pairs_of(library(), base, &ids, announced, compliance);
        let plan = arms.plan(library(), "");
        equal += equal_before(&plan, &pairs, until);
    }
    assert_eq!((ids.len(), equal), (83, 332));
}

#[test]
fn each_of_83_shipped_rules_dated_beyond_the_end_changes_nothing_at_all_on_3_bases_249_pairs() {
    let ids = ids_of(library());
    let mut equal = 0;
    for base in BASES.into_iter().filter(|base| *base != "reactive") {
        let (arms, pairs) = pairs_of(library(), base, &ids, "2036-01-01", "2036-07-01");
        let plan = arms.plan(library(), "");
        equal += equal_before(&plan, &pairs, plan.blueprint.months);
    }
    assert_eq!(equal, 249);
}

/// One rule: its name, kind, what it says, and the rest of its table.
struct Made {
    id: &'static str,
    issuer: &'static str,
    instrument: &'static str,
    condition: &'static str,
    licence: &'static str,
    to: &'static str,
    more: &'static str,
}

/// One rule of each instrument, two of those that answer or cap.
const MADE: [Made; 16] = {
    const fn made(
        id: &'static str,
        instrument: &'static str,
        condition: &'static str,
        licence: &'static str,
    ) -> Made {
        Made {
            id,
            issuer: "USA",
            instrument,
            condition,
            licence,
            to: "\"CHN\"",
            more: "",
        }
    }
    [
        made("made-line", "chip_threshold", "tpp >= 1000", "denied"),
        Made {
            to: "\"CHN\", \"HKG\"",
            ..made(
                "made-licence",
                "chip_threshold",
                "tpp >= 500",
                "case_by_case",
            )
        },
        Made {
            more: "numbers = { levy_share = 0.3 }",
            ..made("made-levy", "levy", "tpp >= 500", "levied")
        },
        Made {
            to: "\"foreign\"",
            more: "numbers = { tier2_cap_tpp = 1e6 }",
            ..made("made-cap", "country_cap", "tpp >= 1000", "capped")
        },
        Made {
            to: "\"IND\"",
            more: "numbers = { tier2_cap_tpp = 1e12 }",
            ..made("made-cap-of-one", "country_cap", "tpp >= 1000", "capped")
        },
        made(
            "made-list",
            "entity_list",
            "buyer in ['Huawei', 'SMIC', 'Cambricon']",
            "denied",
        ),
        Made {
            issuer: "CHN",
            ..made(
                "made-import-ban",
                "import_ban",
                "tpp >= 1000 && hq_country != 'CHN'",
                "denied",
            )
        },
        Made {
            issuer: "CHN",
            ..made(
                "made-state-ban",
                "import_ban",
                "buyer_state_funded && hq_country != 'CHN'",
                "denied",
            )
        },
        made("made-tools", "equipment", "fab_node_nm <= 16", "denied"),
        made(
            "made-memory",
            "memory",
            "hbm_bandwidth_density_gbs_mm2 > 2.0",
            "denied",
        ),
        made("made-foundry", "foundry", "process_node_nm <= 16", "denied"),
        Made {
            to: "\"foreign\"",
            ..made(
                "made-weights",
                "model_weights",
                "training_flop >= 1e24",
                "denied",
            )
        },
        made(
            "made-model",
            "model_access",
            "model in ['Fable 5']",
            "denied",
        ),
        Made {
            to: "\"foreign\"",
            ..made("made-rental", "remote_access", "headquarters_d5", "denied")
        },
        Made {
            issuer: "CHN",
            to: "\"foreign\"",
            ..made("made-materials", "input_restriction", "true", "denied")
        },
        Made {
            to: "\"USA\"",
            more: "numbers = { research_usd_per_year = 5e9, energy_usd_per_year = 5e9, build_out_usd_per_year = 5e9 }",
            ..made("made-support", "promotion", "true", "free")
        },
    ]
};

/// Rules that void others; they come last, when those are known.
const VOIDING: &str =
    "supersedes = [\"us-2022-10-3a090\", \"us-2023-10-3a090a\", \"us-2023-10-3a090b\"]";

impl Made {
    fn source(&self) -> Source {
        let Self {
            id,
            issuer,
            instrument,
            condition,
            licence,
            to,
            more,
        } = self;
        // Firms and models that no table of the world holds.
        let outside: Vec<&str> = ["'SMIC'", "'Fable 5'"]
            .into_iter()
            .filter(|name| condition.contains(name))
            .collect();
        let outside = match outside.is_empty() {
            true => String::new(),
            false => format!("outside_names = [{}]\n", outside.join(", ")),
        };
        let text = format!(
            "title = \"test\"\nissuer = \"{issuer}\"\ncitation = \"made up for a test\"\nsource = \"made up for a test\"\nurl = \"\"\n{outside}\
             status = \"hypothetical\"\n[[rule]]\nid = \"{id}\"\ninstrument = \"{instrument}\"\ndescription = \"test\"\n\
             announced = 2024-03-10\ncompliance = 2024-06-20\nenforced = true\nconfidence = \"low\"\n\
             condition = \"{condition}\"\nlicence = \"{licence}\"\ndates_source = \"made up for a test\"\n\
             applies_to = {{ origin = \"any\", destinations = [{to}] }}\n{more}\n"
        );
        Source {
            name: format!("{id}.toml"),
            text,
        }
    }
}

fn library_with(rules: &[Made]) -> Library {
    let sources: Vec<Source> = rules.iter().map(Made::source).collect();
    Library::read(Configs::embedded(), &sources).unwrap_or_else(|e| panic!("{e}"))
}

fn with_voiding() -> Library {
    let mut sources: Vec<Source> = MADE.iter().map(Made::source).collect();
    let voiding = Made {
        id: "made-rescission",
        issuer: "USA",
        instrument: "rescission",
        condition: "true",
        licence: "free",
        to: "\"foreign\"",
        more: VOIDING,
    };
    sources.push(voiding.source());
    Library::read(Configs::embedded(), &sources).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn seventeen_rules_of_14_instruments_and_6_combinations_act_from_their_day_on_4_bases_92_pairs() {
    let library = with_voiding();
    let made: Vec<String> = ids_of(&library).split_off(83);
    assert_eq!(made.len(), 17);
    let instruments: std::collections::BTreeSet<_> = library.law.rules[83..]
        .iter()
        .map(|r| format!("{:?}", r.instrument))
        .collect();
    assert_eq!(instruments.len(), 14);
    let together: [&[&str]; 6] = [
        &["made-cap", "made-cap-of-one"],
        &["made-line", "made-import-ban", "made-materials"],
        &["made-licence", "made-levy", "made-rescission"],
        &["made-tools", "made-memory", "made-foundry"],
        &["made-weights", "made-model", "made-rental", "made-support"],
        &[
            "cn-2024-12-gallium-ban",
            "cn-2026-01-h200-customs",
            "hypothetical-embargo",
            "made-cap",
        ],
    ];
    let mut equal = 0;
    for base in BASES {
        let ([announced, compliance], until) = days_on(base);
        let (mut arms, mut pairs) = pairs_of(&library, base, &made, announced, compliance);
        for ids in together {
            let change: Vec<String> = ids
                .iter()
                .map(|id| {
                    let one = dated(id, announced, compliance);
                    one["change = [".len()..one.len() - 1].to_string()
                })
                .collect();
            let how = format!("add = {ids:?}, change = [{}]", change.join(", "));
            pairs.push((arms.add(base, &how), 0, format!("{ids:?} on {base}")));
        }
        let plan = arms.plan(&library, "");
        equal += equal_before(&plan, &pairs, until);
        if base != "oct22" {
            continue;
        }
        // None of these rules is idle: each is seen once it is announced.
        let mut worker = Worker::new(&plan.blueprint);
        let mut told = |arm: usize| Told::of(&mut worker, &plan.calendars[arm], &plan, 0, 192);
        let without = told(0);
        let idle: Vec<&str> = pairs
            .iter()
            .filter(|(arm, ..)| told(*arm).bits == without.bits)
            .map(|(.., what)| what.as_str())
            .collect();
        assert!(idle.is_empty(), "{idle:?}");
    }
    assert_eq!(equal, 92);
}

#[test]
fn arms_may_differ_from_the_month_of_the_announcement_and_the_window_begins_with_it() {
    let library = with_voiding();
    let made = ids_of(&library).split_off(83);
    let (arms, pairs) = pairs_of(&library, "history-free", &made, "2028-03-31", "2028-07-01");
    let plan = arms.plan(&library, "");
    assert_eq!(plan.month_of(plan.window.from), Month::of(2028, 3));
    for (arm, base, what) in &pairs {
        let two = [*base, *arm].map(|at| plan.regimes[at].clone());
        let first = plan.blueprint.subjects.first_difference(&two);
        assert_eq!(first, Some(Month::of(2028, 3)), "{what}");
    }
    equal_before(&plan, &pairs, month(2028, 3));
    // A firm that is bound before the others sets two arms apart as well.
    let mut arms = Arms::new("oct22");
    let change = "change = [{ rule = \"us-2022-10-3a090\", early = \"none\" }]";
    let all_at_once = arms.add("oct22", change);
    let plan = arms.plan(&library, "");
    let announced = Month::of(2022, 9);
    assert_eq!(plan.month_of(plan.window.from), announced);
    let pair = [(all_at_once, 0, "no early firm".to_string())];
    equal_before(&plan, &pair, (announced - Month::of(2020, 1)) as usize);
}

#[test]
fn nobody_is_bound_before_the_rule_is_announced() {
    // The date of a single firm is left as it was: refused, since nobody could know of it.
    let mut arms = Arms::new("none");
    let how = "add = [\"us-2022-10-3a090\"], change = [{ rule = \"us-2022-10-3a090\", announced = 2028-01-15, compliance = 2028-07-01, ended = \"never\" }]";
    arms.add("none", how);
    let refused = arms.read(library(), "").err().expect("refused").to_string();
    assert!(refused.contains("binds a firm on 2022-10-07"), "{refused}");
    let mut arms = Arms::new("none");
    let how = how.replace("2028-07-01", "2028-07-01, early = \"none\"");
    let late = arms.add("none", &how);
    let plan = arms.plan(library(), "");
    equal_before(&plan, &[(late, 0, how)], month(2028, 1));
}

#[test]
fn a_regime_frozen_in_a_month_is_recorded_history_until_then() {
    let mut arms = Arms::new("history");
    let frozen = [
        (2022, 8),
        (2022, 12),
        (2023, 8),
        (2024, 12),
        (2025, 10),
        (2026, 3),
    ];
    for (year, month) in frozen {
        arms.0.push(format!("\"frozen-{year}-{month:02}\""));
    }
    arms.0.push("\"history-free\"".into());
    let plan = arms.plan(library(), "");
    let mut to_the_end = 0;
    for (at, (year, last)) in frozen.into_iter().enumerate() {
        // What was reported by then and not yet published is no part of the frozen rules.
        let kept = &plan.regimes[at + 1].entries;
        let record = plan.regimes[0].entries.iter();
        let left_out = record.filter(|e| !kept.iter().any(|k| k.rule == e.rule));
        let reported = left_out.map(|e| Month::from_date(e.announced.min(e.compliance)));
        let first = reported.map(|m| (m - plan.blueprint.first) as usize).min();
        let end = month(year, last + 1);
        to_the_end += usize::from(first.is_none_or(|first| first >= end));
        let until = first.unwrap_or(end).min(end);
        equal_before(&plan, &[(at + 1, 0, format!("{year}-{last}"))], until);
    }
    assert!(to_the_end >= 2, "{to_the_end} of them hold to the end");
    // The target's own first act is announced in March 2023.
    let free = frozen.len() + 1;
    equal_before(&plan, &[(free, 0, "history-free".into())], month(2023, 3));
}

#[test]
fn the_target_answers_of_its_own_accord_until_its_first_reply_is_on_record() {
    // A ban of 2028 that ends in 2029, before the target is denied everything in 2031.
    let ban = "{ rule = \"cn-2024-12-gallium-ban\", announced = 2028-01-15, compliance = 2028-07-01, ended = 2029-06-30 }";
    let embargo =
        "{ rule = \"hypothetical-embargo\", announced = 2031-01-01, compliance = 2031-01-01 }";
    let mut arms = Arms::new("none");
    let with = arms.add(
        "oct22",
        &format!("add = [\"cn-2024-12-gallium-ban\"], change = [{ban}]"),
    );
    let recorded = arms.add(
        "none",
        &format!("add = [\"hypothetical-embargo\", \"cn-2024-12-gallium-ban\"], change = [{embargo}, {ban}]"),
    );
    let generated = arms.add(
        "none",
        &format!("add = [\"hypothetical-embargo\"], change = [{embargo}]"),
    );
    let plan = arms.plan(library(), "");
    let mut worker = Worker::new(&plan.blueprint);
    let mut replies = |arm: usize| -> Vec<i32> {
        let mut future = plan.future(0);
        future.parameters.retaliation_probability = 1.0;
        worker.run(&plan.calendars[arm], &future, 192, true);
        let events = &worker.stage.world.resource::<EventLog>().events;
        let kept_back = |e: &&Event| e.kind == chokepoint::events::EventKind::Restricted;
        events.iter().filter(kept_back).map(|e| e.t).collect()
    };
    let in_2022 = replies(with);
    assert!(
        in_2022.iter().any(|t| *t < month(2023, 1) as i32),
        "{in_2022:?}"
    );
    let after = |list: Vec<i32>| list.iter().filter(|t| **t >= month(2028, 1) as i32).count();
    assert_eq!(after(replies(recorded)), 0);
    assert!(after(replies(generated)) > 0);
}

#[test]
fn nobody_hears_of_a_process_or_an_administration_before_it_comes() {
    let changed = |name: &str, changes: &[(&str, &str)]| -> Regime {
        let source = library().configs.find(name, "regimes").unwrap();
        let text = changes.iter().fold(source.text, |text, (from, to)| {
            assert!(text.contains(from), "{name} has no `{from}`");
            text.replace(from, to)
        });
        let name = source.name;
        regime_from(&Source { name, text }, &library().law).unwrap_or_else(|e| panic!("{e}"))
    };
    let administrations = "administrations = [\"2029-01\", \"2033-01\"]";
    let on_rung = ("\"us-2025-04-h20\",\n", "\n");
    let mut equal = 0;
    for name in ["reactive", "stochastic", "reactive-2022"] {
        let (written, from) = if name == "reactive-2022" {
            (
                "administrations = [\"2025-01\", \"2029-01\", \"2033-01\"]",
                "2022-10",
            )
        } else {
            (administrations, "2026-11")
        };
        let begins: Month = from.parse().unwrap();
        let begins = (begins - Month::of(2020, 1)) as usize;
        let moved = |to: &str| changed(name, &[(written, &format!("administrations = [{to}]"))]);
        let regimes = vec![
            library().regime(name).unwrap(),
            moved(if name == "reactive-2022" {
                "\"2025-01\", \"2028-01\", \"2033-01\""
            } else {
                "\"2028-01\", \"2033-01\""
            }),
            moved(if name == "reactive-2022" {
                "\"2025-01\""
            } else {
                ""
            }),
            changed(
                name,
                &[
                    (&format!("from = \"{from}\""), "from = \"2028-01\""),
                    (written, administrations),
                ],
            ),
        ];
        let plan = crate::plan_of(regimes, FUTURES);
        let pair = |a: usize, b: usize, what: &str| (a, b, format!("{what} of {name}"));
        equal += equal_before(
            &plan,
            &[
                pair(1, 0, "an administration in 2028 for one in 2029"),
                pair(2, 1, "no administration from 2028 on"),
            ],
            month(2028, 1),
        );
        equal += equal_before(&plan, &[pair(3, 0, "a later beginning")], begins);
    }
    for (name, when) in [
        ("reactive", "2026-11"),
        ("reactive", "2028-01"),
        ("stochastic", "2028-01"),
    ] {
        let mut with = changed(
            name,
            &[
                on_rung,
                ("from = \"2026-11\"", &format!("from = \"{when}\"")),
            ],
        );
        let mut calendar = library().regime("history-free").unwrap();
        let at = library().law.find("us-2025-04-h20").unwrap();
        // Announced before the process begins, to bind when it has begun: dropped then, and not before. A file that says so is
        // refused, but the rule of a calendar can wait like that when the process comes.
        let waits = |regime: &mut Regime| {
            for entry in regime.entries.iter_mut().filter(|e| e.rule == at) {
                entry.announced = "2026-03-15".parse().unwrap();
                entry.text = library().law.rules[usize::from(at)].text_from(entry.announced);
                entry.compliance = "2027-06-01".parse().unwrap();
            }
        };
        waits(&mut calendar);
        waits(&mut with);
        let process = with.process.clone().unwrap();
        process.freeze(&mut with.entries);
        let begins = (when.parse::<Month>().unwrap() - Month::of(2020, 1)) as usize;
        let plan = crate::plan_of(vec![calendar, with], FUTURES);
        equal += equal_before(
            &plan,
            &[(1, 0, format!("{name} from {when} and its calendar"))],
            begins,
        );
    }
    assert_eq!(equal, 12);
}

/// Compute of a nation at the end of a year under each arm.
fn compute(plan: &Plan, arms: &[usize], nation: &str, year: i32) -> Vec<f64> {
    let at = plan
        .blueprint
        .watch
        .columns
        .find("compute_h100e", nation)
        .unwrap();
    let mut worker = Worker::new(&plan.blueprint);
    // What a nation has itself: what it rents to others would be taken off. Caps alone: no chips designed around them, and no
    // later chips that lost sales make worse for all.
    let mut future = plan.future(0);
    let channels = future.channels.without(Channel::RemoteAccess);
    let channels = channels.without(Channel::DesignAround);
    future.channels = channels.without(Channel::RdFeedback);
    arms.iter()
        .map(|arm| {
            worker.run(&plan.calendars[*arm], &future, 192, false);
            worker.record().column(at)[month(year, 12)]
        })
        .collect()
}

/// What a cap of a test says beside its number.
fn cap(id: &'static str, to: &'static str, more: &'static str) -> Made {
    Made {
        id,
        issuer: "USA",
        instrument: "country_cap",
        condition: "tpp >= 1000",
        licence: "capped",
        to,
        more,
    }
}

#[test]
fn a_later_cap_acts_when_it_binds_whether_looser_or_tighter() {
    let library = library_with(&[
        cap(
            "cap-first",
            "\"tier:2\"",
            "numbers = { tier2_cap_tpp = 2e7 }",
        ),
        cap(
            "cap-looser",
            "\"tier:2\"",
            "supersedes = [\"cap-first\"]\nnumbers = { tier2_cap_tpp = 1e13 }",
        ),
        cap(
            "cap-newer",
            "\"tier:2\"",
            "numbers = { tier2_cap_tpp = 1e13 }",
        ),
        cap(
            "cap-of-one",
            "\"IND\"",
            "numbers = { tier2_cap_tpp = 1e13 }",
        ),
        cap(
            "cap-wide",
            "\"tier:2\"",
            "numbers = { tier2_cap_tpp = 1e13 }",
        ),
        cap(
            "cap-tighter",
            "\"tier:2\"",
            "numbers = { tier2_cap_tpp = 1e6 }",
        ),
        cap(
            "cap-general",
            "\"foreign\"",
            "numbers = { tier2_cap_tpp = 1e13 }",
        ),
    ]);
    let first = "change = [{ rule = \"ID\", announced = 2024-03-11, compliance = 2024-06-20 }";
    let later = ", { rule = \"ID\", announced = 2028-01-15, compliance = 2028-03-01 }]";
    let mut arms = Arms::new("none");
    let mut arm = |one: &str, ended: &str, two: &str| {
        let mut how = format!("add = [\"{one}\"");
        if !two.is_empty() {
            how += &format!(", \"{two}\"");
        }
        how += &format!("], {}", first.replace("ID", one));
        if !ended.is_empty() {
            how = how.replace(" }", &format!(", ended = {ended} }}"));
        }
        how += &if two.is_empty() {
            "]".into()
        } else {
            later.replace("ID", two)
        };
        arms.add("none", &how)
    };
    let narrow = arm("cap-first", "", "");
    let looser = [
        arm("cap-first", "", "cap-looser"),
        arm("cap-first", "", "cap-newer"),
        arm("cap-first", "", "cap-of-one"),
        arm("cap-first", "2027-12-31", "cap-newer"),
    ];
    let general = arm("cap-first", "", "cap-general");
    let wide = arm("cap-wide", "", "");
    let tighter = arm("cap-wide", "", "cap-tighter");
    let ended = arm("cap-wide", "2027-12-31", "");
    let plan = arms.plan(&library, "");
    let mut pairs: Vec<(usize, usize, String)> = Vec::new();
    for (at, arm) in looser[..3].iter().enumerate() {
        pairs.push((*arm, narrow, format!("looser {at}")));
    }
    pairs.push((general, narrow, "general".into()));
    pairs.push((tighter, wide, "tighter".into()));
    assert_eq!(equal_before(&plan, &pairs, month(2028, 1)), 5);
    let all: Vec<usize> = (0..plan.regimes.len()).collect();
    let india = compute(&plan, &all, "IND", 2031);
    let brazil = compute(&plan, &all, "BRA", 2031);
    assert!(
        india[narrow] < 0.5 * india[0],
        "the first cap binds: {india:?}"
    );
    for arm in looser {
        assert!(india[arm] > 1.5 * india[narrow], "arm {arm}: {india:?}");
    }
    // A cap for one nation loosens nothing elsewhere, and a later general one leaves an earlier special one as it was.
    assert!(
        brazil[looser[2]] < 1.1 * brazil[narrow] && brazil[looser[0]] > 1.5 * brazil[narrow],
        "{brazil:?}"
    );
    // The general cap binds in the target as well, for which makers design variants below it; India buys some of these.
    assert!(india[general] < 0.03 * india[0], "{india:?}");
    assert!(india[tighter] < 0.7 * india[wide], "{india:?}");
    assert!((india[ended] / india[0] - 1.0).abs() < 1e-3, "{india:?}");
}

#[test]
fn a_cap_halves_compute_where_it_is_named_and_leaves_other_nations_within_two_percent() {
    let library = library_with(&[
        cap("cap-india", "\"IND\"", "numbers = { tier2_cap_tpp = 1e6 }"),
        cap(
            "cap-brazil",
            "\"BRA\"",
            "numbers = { tier2_cap_tpp = 1e13 }",
        ),
        // The condition leaves out what the destinations let in.
        Made {
            condition: "tpp >= 1000 && destination_tier >= 2",
            ..cap(
                "cap-by-condition",
                "\"foreign\"",
                "numbers = { tier2_cap_tpp = 1e6 }",
            )
        },
    ]);
    let mut arms = Arms::new("none");
    let brazil = arms.add("none", "add = [\"cap-brazil\"]");
    let both = arms.add("none", "add = [\"cap-india\", \"cap-brazil\"]");
    let condition = arms.add("none", "add = [\"cap-by-condition\"]");
    let plan = arms.plan(&library, "");
    let arms = [0, brazil, both, condition];
    let in_brazil = compute(&plan, &arms, "BRA", 2030);
    let in_india = compute(&plan, &arms, "IND", 2030);
    let in_germany = compute(&plan, &arms, "DEU", 2030);
    assert!(in_india[2] < 0.5 * in_india[0], "{in_india:?}");
    assert!(
        (in_brazil[2] / in_brazil[1] - 1.0).abs() < 0.02,
        "{in_brazil:?}"
    );
    assert!(
        in_india[3] < 0.5 * in_india[0] && in_germany[3] > 0.99 * in_germany[0],
        "{in_germany:?}"
    );
}

#[test]
fn markets_that_no_law_tells_apart_come_to_the_same_apart_or_together() {
    // Which markets are alike is found over all sets of rules of an arm, later ones too: it saves work and changes nothing.
    let arms = Arms(
        ["none", "history-free", "diffusion", "reactive"]
            .map(|r| format!("\"{r}\""))
            .into(),
    );
    let plan = arms.plan(library(), "");
    let mut together = 0;
    for (arm, calendar) in plan.calendars.iter().enumerate() {
        let mut apart = CompiledCalendar::clone(calendar);
        let markets = apart.shipments.len();
        together += (0..markets)
            .filter(|m| usize::from(calendar.equivalent_market[*m]) < *m)
            .count();
        apart.equivalent_market = (0..markets as u16).collect();
        for law in &calendar.sales {
            let subjects = SaleSubjects {
                chips: &apart.chips,
                shipments: &apart.shipments,
                equivalent_market: &apart.equivalent_market,
                target_market: apart.target_market,
                parts: &law.parts,
            };
            let sets = (law.in_force.clone(), law.announced.clone());
            let anew = CompiledRules::new(sets, &subjects, &[]);
            assert!(
                anew.terms == law.terms
                    && anew.free == law.free
                    && anew.announced_bar == law.announced_bar
            );
        }
        let mut worker = Worker::new(&plan.blueprint);
        let mut told =
            |calendar: &Arc<CompiledCalendar>| Told::of(&mut worker, calendar, &plan, 0, 192);
        let (a, b) = (told(calendar), told(&Arc::new(apart)));
        assert!(a.first_difference(&b, &plan).is_none(), "arm {arm}");
    }
    assert!(together > 0);
}

#[test]
fn a_study_that_ends_later_is_the_same_until_then() {
    let mut study = study_of(&["history-free", "history", "reactive"]);
    study.last_month = Month::of(2030, 12);
    let settings = || PlanSettings {
        seed: 3,
        runs: FUTURES,
        ..PlanSettings::default()
    };
    let short = Plan::new(library(), study.clone(), settings()).unwrap();
    study.last_month = Month::of(2035, 12);
    let long = Plan::new(library(), study, settings()).unwrap();
    let months = short.blueprint.months;
    for arm in 0..3 {
        let [a, b] = [&short, &long].map(|plan| {
            let mut worker = Worker::new(&plan.blueprint);
            let future = plan.future(1);
            worker.run(&plan.calendars[arm], &future, months, false);
            let names = plan.blueprint.watch.columns.names().iter().enumerate();
            let columns =
                names.map(|(c, name)| (name.clone(), worker.record().column(c)[..months].to_vec()));
            columns.collect::<std::collections::BTreeMap<_, _>>()
        });
        for (name, column) in &a {
            let other = &b[name];
            let first = (0..months).find(|t| column[*t].to_bits() != other[*t].to_bits());
            assert_eq!(
                first,
                None,
                "arm {arm}, {name:?}: {:?}",
                first.map(|t| (column[t], other[t]))
            );
        }
    }
}
