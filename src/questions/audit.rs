//! Audits the model for unbalanced accounts, parameters and channels without effect, rules that never bind, and events
//! and states that never occur.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::states::{STATES, StateSnapshot, hosts_at_work, reached};
use crate::config::diagnostics::Problems;
use crate::config::study::StudyFile;
use crate::controls::{ControlledItem, Instrument, Verdict};
use crate::events::{EventKind, EventLog};
use crate::foundation::channels::Channel;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::Future;
use crate::study::gate::gate_in_memory;
use crate::study::{Library, Plan, PlanSettings, Worker, run_all};

/// What an audit found.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Largest imbalance of the accounts in any month of any run, relative to the month's volume.
    pub worst_imbalance: f64,
    pub runs: usize,
    pub findings: Vec<InactiveElement>,
}

/// A parameter, channel, rule, event or state that is inactive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InactiveElement {
    /// What kind of thing: one of [`KINDS`].
    pub kind: &'static str,
    pub name: String,
    /// Why it is known to be so; empty where nobody has said.
    pub known: String,
}

/// Kinds of finding, in the order in which they are printed.
pub const KINDS: &[&str] = &[
    "parameter without effect",
    "channel without effect",
    "rule that never binds",
    "event that never happens",
    "state that is never reached",
    "arm that compares nothing",
];

/// Kinds of rule that the month does not ask about, each with the reason.
pub const NOT_ASKED: &[(Instrument, &str)] = &[
    (Instrument::Rescission, "acts by ending other rules"),
    (
        Instrument::EntityList,
        "buyers are nations, not firms; what names designers is asked at the foundry",
    ),
];

/// Rules of a shipped regime that decide no sale there, each with the reason.
pub const NEVER_BIND: &[(&str, &str)] = &[
    (
        "cn-2023-05-micron",
        "speaks of one maker's memory, no accelerator",
    ),
    (
        "cn-2025-07-h20-guidance",
        "names a part that makers design anew in every run; generated refusal stands in for it",
    ),
    (
        "cn-2025-09-rtx6000d",
        "names a part that makers design anew in every run; generated refusal stands in for it",
    ),
    (
        "cn-2025-11-state-dc",
        "speaks of state-funded buyers: it closes no market, but what the state buys at home follows it",
    ),
    (
        "us-2025-05-gp10",
        "speaks of the use of chips, not of their sale",
    ),
    (
        "us-2026-05-hq-guidance",
        "speaks of buyers abroad with a parent in the target; buyers are nations, brokers stand in",
    ),
];

/// States and kinds of event that occur in no shipped study and regime, each with the reason.
pub const NOT_REACHED: &[(&str, &str)] = &[
    (
        "closed models barred somewhere",
        "the rule on weights (us-2025-01-4e091) never came to bind and no shipped regime holds it; claims on it put it in an arm",
    ),
    (
        "power short: third",
        "at what is believed of power, third countries can plug in all that they buy; where AI may take half of it they are 18 % short in 2031",
    ),
    (
        "premium at its ceiling",
        "a bound for odd parameters: at the central slope scarcity would have to keep back all but a three-thousandth",
    ),
];

/// Futures in which every regime is run, and in which what seems inert is tried again.
const FUTURES: u32 = 6;

/// Audits the shipped regimes with the months and nations of each of these studies.
///
/// # Errors
/// When a regime cannot be read.
pub fn audit(library: &Library, studies: &[StudyFile]) -> Result<Audit, Problems> {
    let names: Vec<String> = library
        .configs
        .list("regimes", ".toml")
        .iter()
        .map(|p| {
            p.trim_start_matches("regimes/")
                .trim_end_matches(".toml")
                .to_string()
        })
        .collect();
    let mut audit = Audit::default();
    let mut marks = ActivityMarks::default();
    // What acts in one study is not without effect: each looks only at what was inert in those before it.
    let mut found: Option<Vec<InactiveElement>> = None;
    for study in studies {
        compared(library, study, &mut audit)?;
        let mut study = study.clone();
        study.arms = names.iter().map(|n| n.as_str().into()).collect();
        study.baseline = names.first().cloned().unwrap_or_default();
        let settings = PlanSettings {
            seed: 1,
            runs: FUTURES,
            ..PlanSettings::default()
        };
        let plan = Plan::new(library, study, settings)?;
        visit(&plan, &mut audit, &mut marks);
        let mut inert = Vec::new();
        let mut add = |kind, items: Vec<String>, known: &dyn Fn(&str) -> Option<&'static str>| {
            inert.extend(items.into_iter().map(|name| InactiveElement {
                kind,
                known: known(&name).unwrap_or_default().to_string(),
                name,
            }));
        };
        let arms: Vec<usize> = [
            "history-free",
            "oct22",
            "promote",
            "history",
            "diffusion",
            "reactive-2022",
            "reactive",
        ]
        .iter()
        .filter_map(|name| names.iter().position(|n| n == name))
        .collect();
        let open = |kind: &'static str| {
            let found = &found;
            move |name: &str| {
                let inert = |f: &InactiveElement| f.kind == kind && f.name == name;
                found.as_ref().is_none_or(|list| list.iter().any(inert))
            }
        };
        let parameters = inert_parameters(library, &plan, &arms, open(KINDS[0]));
        add(KINDS[0], parameters, &|_| None);
        add(
            KINDS[1],
            inert_channels(&plan, &arms, open(KINDS[1])),
            &|_| None,
        );
        add(KINDS[2], idle_rules(&plan), &|id| {
            NEVER_BIND
                .iter()
                .find(|(rule, _)| *rule == id)
                .map(|(_, why)| *why)
        });
        if let Some(before) = &found {
            inert.retain(|f| before.contains(f));
        }
        found = Some(inert);
    }
    audit.findings.splice(0..0, found.unwrap_or_default());
    for (kind, name) in marks.missing() {
        let known = NOT_REACHED.iter().find(|(what, _)| *what == name);
        audit.findings.push(InactiveElement {
            kind,
            known: known.map(|(_, why)| (*why).to_string()).unwrap_or_default(),
            name,
        });
    }
    Ok(audit)
}

/// Runs a study as it is and notes what its arms compare with nothing.
fn compared(library: &Library, study: &StudyFile, audit: &mut Audit) -> Result<(), Problems> {
    let settings = PlanSettings {
        seed: study.seed,
        runs: FUTURES,
        ..PlanSettings::default()
    };
    let plan = Plan::new(library, study.clone(), settings)?;
    let records = run_all(&plan, &|| {}, &AtomicBool::new(false));
    audit.runs += records.len();
    for fault in gate_in_memory(library, &plan, &records) {
        audit.findings.push(InactiveElement {
            kind: KINDS[5],
            name: format!("{}: {}", study.name, fault.text),
            known: String::new(),
        });
    }
    Ok(())
}

/// What the runs of an audit could come to, and whether one of them did.
#[derive(Default)]
struct ActivityMarks(BTreeMap<(&'static str, String), bool>);

impl ActivityMarks {
    fn set(&mut self, kind: &'static str, name: &str, seen: bool) {
        let mark = self.0.entry((kind, name.to_string())).or_default();
        *mark |= seen;
    }

    fn missing(&self) -> Vec<(&'static str, String)> {
        self.0
            .iter()
            .filter(|(_, seen)| !**seen)
            .map(|((kind, name), _)| (*kind, name.clone()))
            .collect()
    }
}

/// Runs every regime in every future and notes the worst balance, every kind of event and every state.
fn visit(plan: &Plan, audit: &mut Audit, marks: &mut ActivityMarks) {
    let b = &plan.blueprint;
    let (event, state) = (KINDS[3], KINDS[4]);
    for kind in EventKind::ALL {
        marks.set(event, kind.name(), false);
    }
    let variant = |maker: usize| format!("a variant of {}", b.maker_names[maker]);
    for maker in (0..b.makers.len()).filter(|m| !b.variant_slots[*m].is_empty()) {
        marks.set(state, &variant(maker), false);
    }
    let rents = |row: usize| format!("compute rented in {}", b.host_nations[row]);
    for row in 0..b.hosts.len() {
        marks.set(state, &rents(row), false);
    }
    let mut worker = Worker::new(b);
    for number in 0..FUTURES {
        let future = plan.future(number);
        for calendar in &plan.calendars {
            worker.stage.reset(calendar, &future, true);
            for _ in 0..b.months {
                let before = StateSnapshot::of(&worker.stage.world);
                audit.worst_imbalance = audit.worst_imbalance.max(worker.step());
                let now = reached(&mut worker.stage.world, &before, &future.parameters);
                for (name, seen) in STATES.iter().zip(now) {
                    marks.set(state, name, seen);
                }
                for row in hosts_at_work(&mut worker.stage.world) {
                    marks.set(state, &rents(row as usize), true);
                }
            }
            audit.runs += 1;
            for e in &worker.stage.world.resource::<EventLog>().events {
                marks.set(event, e.kind.name(), true);
                if e.kind == EventKind::VariantLaunched {
                    marks.set(state, &variant(e.actor as usize), true);
                }
            }
        }
    }
}

fn inert_channels(plan: &Plan, arms: &[usize], asked: impl Fn(&str) -> bool) -> Vec<String> {
    let mut worker = Worker::new(&plan.blueprint);
    let mut bases: Vec<BaselineDigests> =
        (0..FUTURES).map(|_| BaselineDigests::new(arms)).collect();
    // The event that a channel needs may not occur in one future.
    let mut acts = |channel: &Channel| {
        (0..FUTURES).any(|number| {
            let whole = plan.future(number);
            let without = Future {
                channels: plan.channels.without(*channel),
                ..whole.clone()
            };
            bases[number as usize].differs(plan, &mut worker, &whole, &without)
        })
    };
    let asked = Channel::ALL.iter().filter(|channel| asked(channel.name()));
    let inert = asked.filter(|channel| !acts(channel));
    inert.map(|channel| channel.name().to_string()).collect()
}

/// Parameters that change no measure under any of these arms: at a likely value, at far ones, at the end of the range over
/// which they are swept. What decides by a draw may decide nothing in one future, so others are tried before one is called inert.
pub fn inert_parameters(
    library: &Library,
    plan: &Plan,
    arms: &[usize],
    asked: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut worker = Worker::new(&plan.blueprint);
    let values = library.parameters.central().values();
    let mut bases: Vec<BaselineDigests> =
        (0..FUTURES).map(|_| BaselineDigests::new(arms)).collect();
    let at = |number: u32, values: &[f64]| {
        let mut future = plan.future(number);
        if let Some(parameters) = Parameters::from_values(values) {
            future.parameters = parameters;
        }
        future
    };
    let mut inert = Vec::new();
    for (row, p) in library.parameters.0.iter().enumerate() {
        if !asked(&p.id) {
            continue;
        }
        let likely = p
            .prior
            .as_ref()
            .map_or(p.value * 1.1, |prior| prior.quantile(0.9));
        let swept = p.range.map_or(likely, |[_, high]| high);
        let acts = (0..FUTURES).any(|number| {
            let central = at(number, &values);
            [likely, p.value * 100.0, p.value * 0.01, swept]
                .into_iter()
                .any(|other| {
                    let mut changed = values.clone();
                    changed[row] = other;
                    let other = at(number, &changed);
                    bases[number as usize].differs(plan, &mut worker, &central, &other)
                })
        });
        if !acts {
            inert.push(p.id.clone());
        }
    }
    inert
}

/// What one future comes to under some arms, each found when it is first compared with.
struct BaselineDigests(Vec<(usize, Option<Vec<u64>>)>);

impl BaselineDigests {
    fn new(arms: &[usize]) -> Self {
        Self(arms.iter().map(|arm| (*arm, None)).collect())
    }

    /// Whether another future differs from this one in any measure of any month, bit for bit; the first arm in which it does
    /// is enough.
    fn differs(&mut self, plan: &Plan, worker: &mut Worker, base: &Future, other: &Future) -> bool {
        self.0.iter_mut().any(|(arm, found)| {
            let base = found.get_or_insert_with(|| tape(plan, worker, *arm, base));
            tape(plan, worker, *arm, other) != *base
        })
    }
}

/// Every recorded value under an arm; its calendar is drawn anew, for some parameters shape it.
fn tape(plan: &Plan, worker: &mut Worker, arm: usize, future: &Future) -> Vec<u64> {
    let b = &plan.blueprint;
    let parameters = b.subjects.calendar_parameters(&future.parameters);
    let calendar = b.subjects.compile_calendar(&plan.regimes[arm], &parameters);
    worker.run(&calendar, future, b.months, false);
    let columns = 0..b.watch.columns.names().len();
    columns
        .flat_map(|column| worker.record().column(column).iter().map(|v| v.to_bits()))
        .collect()
}

/// Rules in shipped regimes that never give an answer other than free to any chip, tool, stack, wafer or model.
fn idle_rules(plan: &Plan) -> Vec<String> {
    let b = &plan.blueprint;
    let mut idle = BTreeSet::new();
    let mut working = BTreeSet::new();
    for regime in &plan.regimes {
        for entry in &regime.entries {
            let rule = &b.law.rules[usize::from(entry.rule)];
            let asked = !NOT_ASKED.iter().any(|(kind, _)| *kind == rule.instrument);
            let inputs = !rule.instrument.judges(ControlledItem::ChipSale);
            if !asked || inputs {
                // What speaks of inputs is asked by its kind, once a set of rules.
                working.insert(rule.id.clone());
                continue;
            }
            let alone = crate::controls::Regime {
                entries: vec![entry.clone()],
                ..crate::controls::Regime::default()
            };
            let book = alone.rules_in_force(&b.law, entry.compliance);
            let binds = b.subjects.shipments.iter().any(|shipment| {
                b.subjects.chips.iter().any(|chip| {
                    let ruling =
                        book.judge(ControlledItem::ChipSale, &chip.with_shipment(shipment));
                    ruling.exporter != Verdict::Free || ruling.importer != Verdict::Free
                })
            });
            // A carve-out has no effect without the rule that it replaces.
            if binds || !rule.carves_out.is_empty() {
                working.insert(rule.id.clone());
            } else {
                idle.insert(rule.id.clone());
            }
        }
    }
    idle.into_iter()
        .filter(|id| !working.contains(id))
        .collect()
}
