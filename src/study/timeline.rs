//! What happened in a run, in words.

use super::{Plan, Worker};
use crate::agents::government::Government;
use crate::events::{Event, EventKind, EventLog};
use crate::results::EventRow;
use crate::technology::roadmap::Chips;

/// The events of one run of the plan, run again for them.
pub fn timeline(plan: &Plan, arm: usize, number: u32) -> Vec<EventRow> {
    let mut worker = Worker::new(&plan.blueprint);
    let draw = plan.draw(number);
    let (calendar, future) = plan.in_arm(arm, number, &draw);
    worker.run(calendar, &future, plan.blueprint.months, true);
    events(plan, &worker, arm, number)
}

/// The events of the run that has just ended, in words.
pub fn events(plan: &Plan, worker: &Worker, arm: usize, run: u32) -> Vec<EventRow> {
    let b = &*plan.blueprint;
    let chips = worker.stage.world.resource::<Chips>();
    let log = worker.stage.world.resource::<EventLog>();
    let in_words = |(at, e): (usize, &Event)| {
        let object = e.object as usize;
        let (actor, object, cause, text) = match e.kind {
            EventKind::RulesChanged => {
                let ids = |book: &crate::controls::Book| -> Vec<String> {
                    book.rules()
                        .map(|r| b.law.rules[usize::from(r)].id.clone())
                        .collect()
                };
                let now = &plan.calendars[arm].books[object];
                let before = log.events[..at]
                    .iter()
                    .rev()
                    .find(|o| o.kind == EventKind::RulesChanged)
                    .map(|o| &plan.calendars[arm].books[o.object as usize]);
                let (had, had_announced) = before.map_or((Vec::new(), Vec::new()), |o| {
                    (ids(&o.in_force), ids(&o.announced))
                });
                let (has, announced) = (ids(&now.in_force), ids(&now.announced));
                let new = |a: &[String], b: &[String]| -> String {
                    a.iter()
                        .filter(|id| !b.contains(id))
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(", ")
                };
                let parts = [
                    ("binds", new(&has, &had)),
                    ("ends", new(&had, &has)),
                    ("announced", new(&announced, &had_announced)),
                ];
                let said: Vec<String> = parts
                    .iter()
                    .filter(|(_, l)| !l.is_empty())
                    .map(|(w, l)| format!("{w}: {l}"))
                    .collect();
                let text = if said.is_empty() {
                    "dates of single firms".to_string()
                } else {
                    said.join("; ")
                };
                (
                    String::new(),
                    format!("rules {object}"),
                    plan.regimes[arm].name.clone(),
                    text,
                )
            }
            EventKind::PolicyAnnounced => {
                let rung = |at: u32| {
                    let process = plan.regimes[arm].process.as_ref();
                    process.map_or(String::new(), |p| p.ladder[at as usize].name.clone())
                };
                let tape = &worker.stage.world.resource::<Government>().tape;
                let change = tape.iter().find(|change| change.announced == e.t);
                let text = format!(
                    "from {} to {}, binding {}",
                    rung(e.actor),
                    rung(e.object),
                    b.first.plus(e.value as i32)
                );
                (
                    plan.study.issuer.clone(),
                    rung(e.object),
                    change.map_or(String::new(), |c| c.cause.words().into()),
                    text,
                )
            }
            EventKind::VariantBegun | EventKind::VariantLaunched => {
                let slot = &b.roadmap.slots[object];
                let parent = &b.roadmap.slots[chips.parent[object]];
                let spec = &chips.spec[object];
                let text = if e.kind == EventKind::VariantLaunched {
                    format!(
                        "{} from {}: TPP {:.0}, links {:.0} GB/s, memory {:.2} TB/s, die {:.0} mm2, USD {:.0}",
                        slot.name,
                        parent.name,
                        spec.tpp,
                        spec.interconnect_gbps,
                        spec.mem_bandwidth_tbs,
                        spec.die_area_mm2,
                        e.value
                    )
                } else {
                    format!("{} is begun", slot.name)
                };
                (
                    b.maker_names[e.actor as usize].clone(),
                    slot.key.clone(),
                    "a market closed by rules".into(),
                    text,
                )
            }
            EventKind::Restricted => (
                String::new(),
                "materials".into(),
                "rules on the target tightened".into(),
                format!("the target keeps back materials for {:.0} months", e.value),
            ),
            EventKind::Refused => {
                let slot = &b.roadmap.slots[object];
                let text = format!(
                    "{} is discouraged, though its exporter has opened it",
                    slot.name
                );
                (
                    String::new(),
                    slot.key.clone(),
                    "a licence was opened".into(),
                    text,
                )
            }
            EventKind::Stolen => {
                let lab = b.lab_names[e.actor as usize].clone();
                let text = format!("{lab} obtains unreleased work worth {:.2} points", e.value);
                (
                    lab,
                    String::new(),
                    "the hazard of theft passed its threshold".into(),
                    text,
                )
            }
            EventKind::Seized => {
                let broker = b.broker_names[e.actor as usize].clone();
                let text = format!("{broker} is caught; {:.0} packages are seized", e.value);
                (
                    broker,
                    String::new(),
                    "the hazard of detection passed its threshold".into(),
                    text,
                )
            }
            EventKind::ModelReleased => {
                let lab = b.lab_names[e.actor as usize].clone();
                let text = format!(
                    "{lab} releases model {} at {:.1} points",
                    e.object + 1,
                    e.value
                );
                (
                    lab,
                    format!("model {}", e.object + 1),
                    "a training run ended".into(),
                    text,
                )
            }
        };
        EventRow {
            regime: plan.regimes[arm].name.clone(),
            run,
            month: b.first.plus(e.t),
            kind: e.kind.name().to_string(),
            actor,
            object,
            cause,
            text,
        }
    };
    log.events.iter().enumerate().map(in_words).collect()
}
