//! Builds the manifest of a plan, which records what was run and from which inputs.

use std::ops::Range;

use super::Plan;
use super::layout::RunRecordLayout;

use crate::controls::{DatedRule, Regime};
use crate::foundation::channels::Channel;
use crate::foundation::digest::sha256;
use crate::outputs::measures::MEASURES;
use crate::outputs::outcomes::OUTCOMES;
use crate::results::{ArmInfo, Manifest, NamedQuantity, RuleInfo, StudyInfo};

/// Hash of all that goes into the results of these futures: equal hashes mean equal bytes, and the same plan.
pub fn made_from(plan: &Plan, futures: &Range<u32>) -> String {
    let off: Vec<&str> = Channel::ALL
        .iter()
        .filter(|c| !plan.channels.on(**c))
        .map(|c| c.name())
        .collect();
    let posterior = plan.design.posterior.as_ref().map(|p| p.text());
    let parts = (
        (env!("CARGO_PKG_VERSION"), env!("CHOKEPOINT_SOURCE")),
        (&plan.study.name, plan.seed, futures, plan.fail),
        (&plan.said, &plan.set, off, plan.planning.name()),
        (plan.inputs(), posterior),
    );
    sha256(format!("{parts:?}").as_bytes())
}

/// Channels that are off in every arm and future, by name.
pub fn channels_off(plan: &Plan) -> Vec<String> {
    let off = Channel::ALL.iter().filter(|c| !plan.channels.on(**c));
    off.map(|c| c.name().to_string()).collect()
}

/// What was run, with what.
pub fn manifest(
    plan: &Plan,
    layout: &RunRecordLayout,
    futures: u32,
    failed: u32,
    command: &str,
) -> Manifest {
    let named = |name: &str, unit: &str, words: &str| NamedQuantity {
        name: name.to_string(),
        unit: unit.to_string(),
        words: words.to_string(),
    };
    Manifest {
        program: "chokepoint".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        source: env!("CHOKEPOINT_SOURCE").into(),
        study: study_info(plan),
        seed: plan.seed,
        runs: futures,
        failed,
        channels_off: channels_off(plan),
        planning: plan.planning.name().to_string(),
        set: plan.said.clone(),
        posterior: plan.design.posterior.as_ref().map(|p| p.name.clone()),
        posterior_stale: plan.stale.clone(),
        inputs: plan.inputs().clone(),
        measures: MEASURES
            .iter()
            .map(|m| named(m.name, m.unit, m.words))
            .collect(),
        outcomes: OUTCOMES
            .iter()
            .map(|m| named(m.name, m.unit, m.words))
            .collect(),
        parameters: layout
            .parameters
            .iter()
            .map(|at| &plan.parameters.0[*at])
            .map(|p| named(&p.id, &p.unit, &p.words))
            .collect(),
        names: plan
            .blueprint
            .maker_keys
            .iter()
            .cloned()
            .zip(plan.blueprint.maker_names.iter().cloned())
            .collect(),
        command: command.to_string(),
        gate: Vec::new(),
    }
}

fn study_info(plan: &Plan) -> StudyInfo {
    let s = &plan.study;
    let name_of = |iso3: &str| {
        let row = plan.blueprint.nation_rows.iter().find(|n| n.iso3 == iso3);
        row.map_or(iso3.to_string(), |n| n.name.clone())
    };
    StudyInfo {
        name: s.name.clone(),
        question: s.question.clone(),
        words: s.description.clone(),
        arms: plan.regimes.iter().map(|r| arm_info(plan, r)).collect(),
        baseline: s.baseline.clone(),
        target: s.target.clone(),
        issuer: s.issuer.clone(),
        first_month: s.first_month,
        last_month: s.last_month,
        window_first: plan.month_of(plan.window.from),
        window_last: plan.month_of(plan.window.to - 1),
        headline: s.headline().unwrap_or_default().to_string(),
        matters: s.matters.clone().unwrap_or_default(),
        figures: Vec::new(),
        target_name: name_of(&s.target),
        issuer_name: name_of(&s.issuer),
        limits: s.limits.clone(),
        data_vintage: "sources to 2026-11".into(),
    }
}

fn arm_info(plan: &Plan, regime: &Regime) -> ArmInfo {
    let rule_info = |e: &DatedRule| {
        let rule = &plan.blueprint.law.rules[usize::from(e.rule)];
        RuleInfo {
            id: rule.id.clone(),
            title: rule.title.clone(),
            instrument: rule.instrument.short().into(),
            words: rule.words.clone(),
            citation: rule.citation.clone(),
            announced: e.announced,
            compliance: e.compliance,
            ended: e.ended,
        }
    };
    ArmInfo {
        name: regime.name.clone(),
        label: regime.label.clone(),
        words: regime.words.clone(),
        rules: regime.entries.iter().map(rule_info).collect(),
    }
}
