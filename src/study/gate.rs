//! The gate: finds arms that are the same, and rules, parameters and channels of an arm that act on nothing.
//!
//! Such arms compare nothing, and a report would answer all the same. Arms that are known to be the same are declared with
//! `same_as` and a reason.

use rayon::prelude::*;

use super::comparisons::meets_no_chip;
use super::ensemble::MemoryRunStore;
use super::futures::Override;
use super::join::JoinedRuns;
use super::{Library, Plan, RunRecord, RunRecordLayout, Worker};
use crate::config::diagnostics::Problems;
use crate::config::study::ComposedArm;
use crate::controls::Regime;
use crate::foundation::parameters::Parameters;
use crate::results::{GateFinding, ResultsError};

/// Futures in which an element of an arm is tried before it is called inert.
const FUTURES: usize = 32;

/// Everything that the arms of a study compare with nothing. A single future says nothing of a study.
///
/// # Errors
/// When runs cannot be read.
pub fn gate(library: &Library, joined: &JoinedRuns<'_>) -> Result<Vec<GateFinding>, ResultsError> {
    let plan = joined.plan;
    if plan.futures.len() < 2 {
        return Ok(Vec::new());
    }
    let arms = 0..plan.regimes.len();
    let pairs: Vec<(usize, usize)> = arms.flat_map(|b| (0..b).map(move |a| (a, b))).collect();
    let equal: Result<Vec<bool>, ResultsError> = pairs
        .par_iter()
        .map(|(a, b)| are_equal(joined, *a, *b))
        .collect();
    let equal: Vec<(usize, usize)> = pairs
        .into_iter()
        .zip(equal?)
        .filter_map(|(pair, equal)| equal.then_some(pair))
        .collect();
    let mut found = equal_arms(plan, &equal, joined.futures.len());
    let settled: Vec<String> = found
        .iter()
        .filter(|f| f.declared)
        .map(|f| f.arm.clone())
        .collect();
    let asked = |arm: &&ComposedArm| !settled.iter().any(|name| *arm.name == **name);
    let composed: Vec<&ComposedArm> = plan.study.composed().filter(asked).collect();
    let idle: Result<Vec<Vec<GateFinding>>, Problems> = composed
        .into_par_iter()
        .map(|arm| idle_elements(library, plan, arm))
        .collect();
    // The regimes were read when the plan was made.
    found.extend(idle.unwrap_or_default().concat());
    Ok(found)
}

/// What the gate finds in runs in memory and the study does not declare.
pub fn gate_in_memory(library: &Library, plan: &Plan, records: &[RunRecord]) -> Vec<GateFinding> {
    let layout = RunRecordLayout::new(plan);
    let runs = MemoryRunStore {
        records,
        futures: plan.futures.len(),
        months: layout.months,
    };
    let found = JoinedRuns::new(plan, &layout, &runs, plan.futures.clone())
        .and_then(|joined| gate(library, &joined));
    let mut found = found.unwrap_or_else(|_| unreachable!("memory can be read"));
    found.retain(|f| !f.declared);
    found
}

/// The arms that are the same as the baseline in every outcome of the futures that are there.
///
/// # Errors
/// When runs cannot be read.
pub fn equal_to_baseline(joined: &JoinedRuns<'_>) -> Result<Vec<usize>, ResultsError> {
    let baseline = joined.plan.baseline();
    let mut found = Vec::new();
    for arm in (0..joined.plan.regimes.len()).filter(|arm| *arm != baseline) {
        if are_equal(joined, baseline, arm)? {
            found.push(arm);
        }
    }
    Ok(found)
}

/// Relative difference below which two numbers are the same: sums that are taken in another order differ in their last digits.
const ROUNDING: f64 = 1e-9;

fn is_same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
        || a.is_nan() && b.is_nan()
        || (a - b).abs() <= ROUNDING * a.abs().max(b.abs())
}

/// Whether two arms have the same outcomes, at every horizon, in all futures that did not fail.
fn are_equal(joined: &JoinedRuns<'_>, a: usize, b: usize) -> Result<bool, ResultsError> {
    for at in 0..joined.layout.angles.len() {
        let number = joined.layout.angle(at);
        let values = |arm| joined.runs.numbers(arm, number, 0..joined.futures.len());
        let pairs = values(a)?.into_iter().zip(values(b)?).zip(&joined.failed);
        let mut kept = pairs.filter(|(_, failed)| !**failed);
        if !kept.all(|((x, y), _)| is_same(x, y)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Pairs of equal arms, the earlier first, and declarations that do not hold.
fn equal_arms(plan: &Plan, equal: &[(usize, usize)], futures: usize) -> Vec<GateFinding> {
    let arms = &plan.study.arms;
    let declared = |arm: usize| {
        let composed = plan.study.composed().find(|c| *c.name == *arms[arm].name());
        let same = composed.and_then(|c| c.same_as.as_ref())?;
        let other = arms.iter().position(|a| a.name() == same.arm.get_ref())?;
        Some((other, same.reason.get_ref().trim_end_matches('.')))
    };
    let are_equal = |a: usize, b: usize| equal.contains(&(a.min(b), a.max(b)));
    let mut found = Vec::new();
    for arm in 0..arms.len() {
        let name = arms[arm].name();
        let mut say = |other: usize, text: String, declared: bool| {
            found.push(GateFinding {
                arm: name.to_string(),
                other: arms[other].name().to_string(),
                text,
                declared,
            });
        };
        if let Some((other, reason)) = declared(arm) {
            let (holds, known) = (are_equal(arm, other), arms[other].name());
            if holds {
                let text =
                    format!("`{name}` is the same as `{known}`, as the study declares: {reason}");
                say(other, text, true);
                continue;
            }
            let text = format!(
                "`{name}` is declared the same as `{known}` ({reason}), and it differs: `same_as` has to go"
            );
            say(other, text, false);
        }
        let same = |other: &usize| {
            let said = declared(*other).is_some_and(|(known, _)| known == arm);
            are_equal(*other, arm) && !said
        };
        if let Some(other) = (0..arm).find(same) {
            let text = format!(
                "`{}` and `{name}` are the same in every outcome of all {futures} futures: they compare nothing",
                arms[other].name()
            );
            say(other, text, false);
        }
    }
    found
}

/// What an arm consists of, beside the regime that it starts from.
struct ArmContent {
    regime: Regime,
    switch: Override,
}

/// The elements of an arm that act on nothing in the first futures. A rule acts where the arm differs without it, or where the
/// regime that the arm starts from differs with it: one of two rules that do the same is not inert.
fn idle_elements(
    library: &Library,
    plan: &Plan,
    arm: &ComposedArm,
) -> Result<Vec<GateFinding>, Problems> {
    let Some(at) = plan.study.arms.iter().position(|a| *a.name() == *arm.name) else {
        return Ok(Vec::new());
    };
    let whole = ArmContent {
        regime: plan.regimes[at].clone(),
        switch: plan.arms[at].clone(),
    };
    let from = library.regime(arm.from.get_ref())?;
    let mut trial = Trial::new(plan);
    let mut idle = Vec::new();
    for rule in rules_of(plan, arm) {
        let base = ArmContent {
            regime: from.clone(),
            switch: whole.switch.clone(),
        };
        let alone = base.with_rule_of(rule, &whole.regime);
        let without = whole.with_rule_of(rule, &from);
        if !trial.differ(&whole, &without) && !trial.differ(&base, &alone) {
            let rule = &plan.blueprint.law.rules[usize::from(rule)];
            let why = if meets_no_chip(&plan.blueprint, rule) {
                ", whose condition no chip of the study meets,"
            } else {
                ""
            };
            idle.push(format!("the rule {}{why}", rule.id));
        }
    }
    for (what, switch) in settings_of(&whole.switch) {
        if !trial.differ(&whole, &whole.switched(switch)) {
            idle.push(what);
        }
    }
    let tried = trial.futures.len();
    let say = |what: String| GateFinding {
        arm: arm.name.to_string(),
        other: String::new(),
        text: format!(
            "`{}`: {what} changes nothing in the first {tried} futures",
            arm.name
        ),
        declared: false,
    };
    Ok(idle.into_iter().map(say).collect())
}

/// Every setting of an arm in words, with the others of that arm.
fn settings_of(switch: &Override) -> Vec<(String, Override)> {
    let mut all = Vec::new();
    for place in 0..switch.set.len() {
        let mut others = switch.clone();
        let (parameter, value) = others.set.remove(place);
        let (_, name) = Parameters::NAMES[parameter];
        all.push((format!("the parameter {name} = {value}"), others));
    }
    for place in 0..switch.off.len() {
        let mut others = switch.clone();
        let channel = others.off.remove(place);
        all.push((
            format!("switching off the channel {}", channel.name()),
            others,
        ));
    }
    if let Some(planning) = switch.planning {
        let others = Override {
            planning: None,
            ..switch.clone()
        };
        all.push((format!("the expectations {}", planning.name()), others));
    }
    all
}

/// The rules that an arm adds, takes out or dates anew.
fn rules_of(plan: &Plan, arm: &ComposedArm) -> Vec<u16> {
    let named = arm.add.iter().chain(&arm.remove);
    let changed = arm.change.iter().map(|change| &change.rule);
    let mut rules: Vec<u16> = named
        .chain(changed)
        .filter_map(|name| plan.blueprint.law.find(name.get_ref()))
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

impl ArmContent {
    /// The same with the dates that a rule has in another regime, or without it where that does not hold it.
    fn with_rule_of(&self, rule: u16, other: &Regime) -> Self {
        let mut regime = self.regime.clone();
        regime.entries.retain(|e| e.rule != rule);
        let there = other.entries.iter().filter(|e| e.rule == rule);
        regime.entries.extend(there.cloned());
        regime.entries.sort_by_key(|e| e.rule);
        Self {
            regime,
            switch: self.switch.clone(),
        }
    }

    fn switched(&self, switch: Override) -> Self {
        Self {
            regime: self.regime.clone(),
            switch,
        }
    }
}

/// Runs of two contents of an arm in the same futures.
struct Trial<'a> {
    plan: &'a Plan,
    worker: Worker,
    futures: std::ops::Range<u32>,
}

impl<'a> Trial<'a> {
    fn new(plan: &'a Plan) -> Self {
        let futures = plan.futures.clone();
        let end = futures.end.min(futures.start + FUTURES as u32);
        Self {
            plan,
            worker: Worker::new(&plan.blueprint),
            futures: futures.start..end,
        }
    }

    /// Whether any month of any measure differs in one of the futures.
    fn differ(&mut self, a: &ArmContent, b: &ArmContent) -> bool {
        let mut futures = self.futures.clone();
        futures.any(|number| {
            let (first, second) = (self.record(a, number), self.record(b, number));
            !first.iter().zip(&second).all(|(x, y)| is_same(*x, *y))
        })
    }

    fn record(&mut self, arm: &ArmContent, number: u32) -> Vec<f64> {
        let b = &self.plan.blueprint;
        let draw = self.plan.draw(number);
        let (calendar, future) = self.plan.under(&arm.regime, &arm.switch, number, &draw);
        self.worker.run(&calendar, &future, b.months, false);
        let columns = 0..b.watch.columns.names().len();
        let record = self.worker.record();
        columns
            .flat_map(|column| record.column(column).iter().copied())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::Configs;
    use crate::config::study;
    use crate::study::{PlanSettings, run_all};

    fn findings(arms: &str) -> Vec<GateFinding> {
        let library = Library::read(Configs::embedded(), &[]).unwrap();
        let source = library
            .configs
            .find("did-controls-work", "studies")
            .unwrap();
        let fields = [
            ("arms", arms),
            ("baseline", "\"none\""),
            ("last_month", "\"2026-12\""),
            ("window_months", "24"),
            ("headline", "\"a\""),
        ]
        .map(|(field, value)| (field.to_string(), value.to_string()));
        let source = study::overridden(&source, &fields).unwrap();
        let study = study::read(&source, &library.configs).unwrap_or_else(|e| panic!("{e}"));
        let settings = PlanSettings {
            seed: 1,
            runs: 2,
            ..PlanSettings::default()
        };
        let plan = Plan::new(&library, study, settings).unwrap();
        let records = run_all(&plan, &|| {}, &std::sync::atomic::AtomicBool::new(false));
        let layout = RunRecordLayout::new(&plan);
        let runs = MemoryRunStore {
            records: &records,
            futures: 2,
            months: layout.months,
        };
        let joined = JoinedRuns::new(&plan, &layout, &runs, 0..2).unwrap();
        gate(&library, &joined).unwrap()
    }

    #[test]
    fn an_arm_that_adds_what_no_sale_meets_is_found_with_the_rule_and_declared_it_is_known() {
        let added = "from = \"none\", add = [\"cn-2023-05-micron\"]";
        let found = findings(&format!("[\"none\", {{ name = \"a\", {added} }}]"));
        let texts: Vec<&str> = found.iter().map(|f| f.text.as_str()).collect();
        assert_eq!(found.len(), 2, "{texts:?}");
        assert!(
            texts[0].contains("`none` and `a` are the same"),
            "{texts:?}"
        );
        assert!(texts[1].contains("cn-2023-05-micron"), "{texts:?}");
        let same = "same_as = { arm = \"none\", reason = \"a test\" }";
        let found = findings(&format!("[\"none\", {{ name = \"a\", {added}, {same} }}]"));
        assert!(found.len() == 1 && found[0].declared, "{found:?}");
    }

    #[test]
    fn a_declaration_that_does_not_hold_is_a_fault() {
        let arm =
            "{ name = \"a\", from = \"oct22\", same_as = { arm = \"none\", reason = \"a test\" } }";
        let found = findings(&format!("[\"none\", {arm}]"));
        assert!(found.len() == 1 && !found[0].declared, "{found:?}");
    }

    #[test]
    fn an_arm_that_differs_in_what_it_says_passes() {
        let arm = "{ name = \"a\", from = \"oct22\", off = [\"design_around\"] }";
        assert_eq!(findings(&format!("[\"none\", \"oct22\", {arm}]")), []);
    }
}
