//! Metamorphic relations: what must not change when something irrelevant changes, and in which direction results move otherwise.
//! `rNN` are the numbers of the specification (36 is in `tests/politics.rs`, 37 in `tests/questions.rs`). Each is tested in twenty futures unless it needs none.

mod behaviour;
mod law;
mod market;
mod models;
mod tables;

use std::collections::BTreeSet;
use std::sync::Arc;

use chokepoint::config::source::{Configs, Source};
use chokepoint::controls::{DatedRule, Regime};
use chokepoint::foundation::channels::{Channel, Channels};
use chokepoint::foundation::parameters::Parameters;
use chokepoint::foundation::run::Future;
use chokepoint::outputs::record::MonthlyRecord;
use chokepoint::policy::compiled::CompiledCalendar;
use chokepoint::study::{Library, Plan, PlanSettings, Worker};

use crate::study_of;

/// Relations of the specification that cannot be asked of this model, with the reason.
const NOT_ASKED: &[(&str, &str)] = &[
    (
        "r14",
        "another unit of compute: one H100 is the definition of the unit, a constant of the code, so that nothing can be changed",
    ),
    (
        "r32",
        "labels of issuer and target swapped: rules name the issuer's goods and groups of countries by what they are in law",
    ),
];

/// The text of every file that tests relations.
const SOURCES: [&str; 7] = [
    include_str!("behaviour.rs"),
    include_str!("law.rs"),
    include_str!("market.rs"),
    include_str!("models.rs"),
    include_str!("tables.rs"),
    include_str!("../politics.rs"),
    include_str!("../questions.rs"),
];

/// How many relations of the specification have a test.
pub fn tested() -> usize {
    let names = SOURCES.iter().flat_map(|text| text.lines());
    let numbers = names.filter_map(|line| {
        let (number, _) = line.strip_prefix("fn r")?.split_once('_')?;
        number.parse::<u32>().ok()
    });
    numbers.collect::<BTreeSet<u32>>().len()
}

#[test]
fn a_relation_is_either_tested_or_not_asked() {
    let tests = SOURCES.concat();
    for (name, why) in NOT_ASKED {
        assert!(!tests.contains(&format!("fn {name}_")), "{name}: {why}");
    }
}

/// Futures of every relation.
const FUTURES: u32 = 20;

/// A plan over regimes of a library, with parameters set.
fn plan(library: &Library, regimes: Vec<Regime>, set: &[(&str, f64)]) -> Plan {
    let names: Vec<&str> = regimes.iter().map(|r| r.name.as_str()).collect();
    let settings = PlanSettings {
        seed: 3,
        runs: FUTURES,
        set: set.iter().map(|(id, v)| ((*id).to_string(), *v)).collect(),
        ..PlanSettings::default()
    };
    Plan::of(library, study_of(&names), regimes, settings).unwrap()
}

fn plan_of(names: &[&str], set: &[(&str, f64)]) -> Plan {
    let library = crate::library();
    let regimes = names.iter().map(|n| library.regime(n).unwrap()).collect();
    plan(library, regimes, set)
}

/// The library with tables changed.
fn library_with(change: impl FnOnce(&mut Library)) -> Library {
    let mut library = Library::read(Configs::embedded(), &[]).unwrap();
    change(&mut library);
    library
}

/// One run to the end, and its record.
fn record(
    worker: &mut Worker,
    calendar: &Arc<CompiledCalendar>,
    future: &Future,
    months: usize,
) -> MonthlyRecord {
    worker.run(calendar, future, months, false);
    worker.record().clone()
}

/// Both arms of a plan agree bit for bit in every month before `until`, in every future.
fn same_until(plan: &Plan, change: [&dyn Fn(Future) -> Future; 2], arms: [usize; 2], until: usize) {
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        let records = [0, 1].map(|side| {
            let future = change[side](plan.future(number));
            record(&mut worker, &plan.calendars[arms[side]], &future, until)
        });
        for (at, (measure, entity)) in plan.blueprint.watch.columns.names().iter().enumerate() {
            for t in 0..until {
                let [a, b] = [0, 1].map(|side| records[side].column(at)[t]);
                assert!(
                    a.to_bits() == b.to_bits(),
                    "future {number}, month {t}, {measure} of {entity}: {a} {b}"
                );
            }
        }
    }
}

/// Both arms agree to within a billionth of the largest value in every month, in every future.
fn equal_arms(plan: &Plan) {
    let mut worker = Worker::new(&plan.blueprint);
    let months = plan.blueprint.months;
    for number in 0..FUTURES {
        let future = plan.future(number);
        let [a, b] = [0, 1].map(|arm| record(&mut worker, &plan.calendars[arm], &future, months));
        for (at, (measure, entity)) in plan.blueprint.watch.columns.names().iter().enumerate() {
            let largest = a
                .column(at)
                .iter()
                .copied()
                .filter(|v| v.is_finite())
                .fold(1.0, f64::max);
            for (t, (x, y)) in a.column(at).iter().zip(b.column(at)).enumerate() {
                let equal = (x.is_nan() && y.is_nan()) || (x - y).abs() <= 1e-9 * largest;
                assert!(
                    equal,
                    "future {number}, month {t}, {measure} of {entity}: {x} {y}"
                );
            }
        }
    }
}

/// Both arms agree bit for bit to the last month.
fn same_arms(plan: &Plan) {
    same_until(plan, [&|f| f, &|f| f], [0, 1], plan.blueprint.months);
}

/// Whether two arms differ anywhere, in the first future: a relation between equals must not be empty.
fn arms_differ(plan: &Plan, arms: [usize; 2]) -> bool {
    let mut worker = Worker::new(&plan.blueprint);
    let months = plan.blueprint.months;
    let [a, b] = arms.map(|arm| record(&mut worker, &plan.calendars[arm], &plan.future(0), months));
    (0..plan.blueprint.watch.columns.names().len()).any(|c| {
        a.column(c)
            .iter()
            .zip(b.column(c))
            .any(|(x, y)| x.to_bits() != y.to_bits())
    })
}

fn same(future: Future) -> Future {
    future
}

/// A future with channels off.
fn off(channels: &'static [Channel]) -> impl Fn(Future) -> Future {
    move |mut future| {
        future.channels = channels
            .iter()
            .fold(future.channels, |c, off| c.without(*off));
        future
    }
}

/// A future with every response off.
fn all_off(mut future: Future) -> Future {
    future.channels = Channel::ALL
        .iter()
        .fold(Channels::default(), |c, off| c.without(*off));
    future
}

/// A future with one parameter changed from what it drew.
fn changed(future: &Future, change: impl FnOnce(&mut Parameters)) -> Future {
    let mut future = future.clone();
    change(&mut future.parameters);
    future
}

/// One measure in every month.
fn series(worker: &Worker, plan: &Plan, measure: &str, entity: &str) -> Vec<f64> {
    let at = plan.blueprint.watch.columns.find(measure, entity);
    let at = at.unwrap_or_else(|| panic!("no {measure} of {entity}"));
    worker.record().column(at).to_vec()
}

/// A measure in the last month of a run of so many months.
fn value(
    worker: &mut Worker,
    plan: &Plan,
    arm: usize,
    future: &Future,
    of: (&str, &str),
    months: usize,
) -> f64 {
    worker.run(&plan.calendars[arm], future, months, false);
    series(worker, plan, of.0, of.1)[months - 1]
}

/// Near to `relative` of each other, or of one where they are smaller; or both no number.
fn near(a: f64, b: f64, relative: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= relative * a.abs().max(b.abs()).max(1.0)
}

/// The text of a rule of the issuer's for the target.
fn rule(id: &str, condition: &str, announced: &str, compliance: &str) -> Source {
    rule_with(
        id,
        condition,
        announced,
        compliance,
        "chip_threshold",
        "denied",
        "\"CHN\"",
        "",
    )
}

fn rule_with(
    id: &str,
    condition: &str,
    announced: &str,
    compliance: &str,
    instrument: &str,
    licence: &str,
    to: &str,
    more: &str,
) -> Source {
    let text = format!(
        "title = \"test\"\nissuer = \"USA\"\ncitation = \"made up for a test\"\nsource = \"made up for a test\"\nurl = \"\"\n\
         status = \"hypothetical\"\n[[rule]]\nid = \"{id}\"\ninstrument = \"{instrument}\"\ndescription = \"test\"\n\
         announced = {announced}\ncompliance = {compliance}\nenforced = true\nconfidence = \"low\"\n\
         condition = \"{condition}\"\nlicence = \"{licence}\"\ndates_source = \"made up for a test\"\n\
         applies_to = {{ origin = \"us\", destinations = [{to}] }}\n{more}\n"
    );
    Source {
        name: format!("{id}.toml"),
        text,
    }
}

/// A shipped regime and rules by id.
fn with_rules(library: &Library, base: &str, ids: &[&str]) -> Regime {
    let mut all = library.regime(base).unwrap();
    all.name = format!("{base} {}", ids.join(" "));
    for id in ids {
        let at = library.law.find(id).unwrap();
        let rule = &library.law.rules[usize::from(at)];
        all.entries.push(DatedRule {
            rule: at,
            announced: rule.announced.unwrap().min(rule.compliance.unwrap()),
            text: rule.announced.unwrap().min(rule.compliance.unwrap()),
            compliance: rule.compliance.unwrap(),
            ended: rule.ended,
            early: Vec::new(),
        });
    }
    all
}

/// A plan of arms that each add rules to a shipped regime.
fn plan_with(rules: &[Source], base: &str, arms: &[&[&str]], set: &[(&str, f64)]) -> Plan {
    let library = Library::read(Configs::embedded(), rules).unwrap();
    let regimes = arms
        .iter()
        .map(|ids| with_rules(&library, base, ids))
        .collect();
    plan(&library, regimes, set)
}
