//! Audit: books, parameters without effect, rules that never bind, channels and events that never act.

use std::collections::BTreeSet;

use super::{Library, Plan, Settings, Worker};
use crate::config::diagnostics::Problems;
use crate::config::study::StudyFile;
use crate::controls::{Instrument, Subject, Verdict};
use crate::events::EventLog;
use crate::foundation::channels::Channel;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::Future;

/// What an audit found.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Largest imbalance of the books in any month of any run, relative to the month's volume.
    pub worst_imbalance: f64,
    pub runs: usize,
    /// Parameters that change no measure under any regime.
    pub inert_parameters: Vec<String>,
    /// Channels that change no measure when they are off.
    pub inert_channels: Vec<String>,
    /// Rules of shipped regimes that decide nothing that the model asks.
    pub idle_rules: Vec<String>,
    /// Kinds of event that never happen.
    pub missing_events: Vec<String>,
}

/// Kinds of rule that the month does not ask about, each with the reason.
pub const NOT_ASKED: &[(Instrument, &str)] = &[
    (
        Instrument::InputRestriction,
        "counter-controls on materials are left out (scope table)",
    ),
    (Instrument::Rescission, "acts by ending other rules"),
    (
        Instrument::EntityList,
        "buyers are nations, not firms; what names designers is asked at the foundry",
    ),
];

/// Rules that are in a shipped regime and decide no sale there, each with the reason.
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
        "speaks of state-funded buyers; purchase at home stands in for it",
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

/// Audits the shipped regimes with the study's months.
///
/// # Errors
/// When a regime cannot be read.
pub fn audit(library: &Library, study: &StudyFile) -> Result<Audit, Problems> {
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
    let mut study = study.clone();
    study.arms.clone_from(&names);
    study.baseline = names.first().cloned().unwrap_or_default();
    let plan = Plan::new(
        library,
        study,
        Settings {
            seed: 1,
            runs: 3,
            ..Settings::default()
        },
    )?;
    let mut worker = Worker::new(&plan.blueprint);
    let mut audit = Audit::default();
    let mut seen: BTreeSet<&'static str> = BTreeSet::new();
    for number in 0..3 {
        let future = plan.future(number);
        for calendar in &plan.calendars {
            let worst = worker.run(calendar, &future, plan.blueprint.months, true);
            audit.worst_imbalance = audit.worst_imbalance.max(worst);
            audit.runs += 1;
            let log = worker.stage.world.resource::<EventLog>();
            seen.extend(log.events.iter().map(|e| e.kind.name()));
        }
    }
    audit.missing_events = crate::events::EventKind::ALL
        .iter()
        .map(|k| k.name())
        .filter(|name| !seen.contains(name))
        .map(String::from)
        .collect();
    audit.idle_rules = idle_rules(&plan);
    let central = library.parameters.central();
    let arms: Vec<usize> = [
        "history-free",
        "oct22",
        "promote",
        "diffusion",
        "reactive-2022",
    ]
    .iter()
    .filter_map(|name| names.iter().position(|n| n == name))
    .collect();
    let mut future = Future {
        parameters: central.clone(),
        ..plan.future(0)
    };
    let base = tape(&plan, &mut worker, &arms, &future);
    for channel in Channel::ALL {
        future.channels = plan.channels.without(*channel);
        if tape(&plan, &mut worker, &arms, &future) == base {
            audit.inert_channels.push(channel.name().to_string());
        }
    }
    future.channels = plan.channels;
    let values = central.values();
    for (at, p) in library.parameters.0.iter().enumerate() {
        let likely = p
            .prior
            .as_ref()
            .map_or(p.value * 1.1, |prior| prior.quantile(0.9));
        let acts = [likely, p.value * 100.0, p.value * 0.01]
            .into_iter()
            .any(|other| {
                let mut changed = values.clone();
                changed[at] = other;
                if let Some(parameters) = Parameters::from_values(&changed) {
                    future.parameters = parameters;
                }
                tape(&plan, &mut worker, &arms, &future) != base
            });
        if !acts {
            audit.inert_parameters.push(p.id.clone());
        }
    }
    Ok(audit)
}

/// Every recorded value under these arms, bit by bit; calendars are drawn anew, for some parameters shape them.
fn tape(plan: &Plan, worker: &mut Worker, arms: &[usize], future: &Future) -> Vec<u64> {
    let b = &plan.blueprint;
    let mut all = Vec::new();
    for &arm in arms {
        let calendar = b.calendar(&plan.regimes[arm], &future.parameters);
        worker.run(&calendar, future, b.months, false);
        for column in 0..b.watch.columns.names().len() {
            all.extend(worker.record().column(column).iter().map(|v| v.to_bits()));
        }
    }
    all
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
            let inputs = !rule.instrument.judges(Subject::ChipSale);
            if !asked || inputs {
                // What speaks of inputs is asked by its kind, once a set of rules.
                working.insert(rule.id.clone());
                continue;
            }
            let alone = crate::controls::Regime {
                entries: vec![entry.clone()],
                ..crate::controls::Regime::default()
            };
            let book = alone.book(&b.law, entry.compliance);
            let binds = b.shipments.iter().any(|shipment| {
                b.slot_attributes.iter().any(|chip| {
                    let ruling = book.judge(Subject::ChipSale, &chip.with_shipment(shipment));
                    ruling.exporter != Verdict::Free || ruling.importer != Verdict::Free
                })
            });
            // A carve-out says nothing alone.
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
