//! What is seen, without a run, to compare nothing.

use super::futures::Override;
use crate::config::diagnostics::{Diagnostic, Problems, Source};
use crate::config::study::StudyFile;
use crate::controls::{Attribute, Attributes, ControlledItem, Regime, Rule, ThreeValued};
use crate::foundation::channels::{Channel, Channels};
use crate::foundation::parameters::Parameters;
use crate::policy::compiled::DESIGNED;
use crate::world::Blueprint;

/// What is seen to compare nothing without a run: arms that say the same, and rules of an arm that come after the study, end
/// before it, or meet no chip.
pub fn seen(study: &StudyFile, regimes: &[Regime], b: &Blueprint) -> Problems {
    let mut problems = Problems::default();
    same_arms(study, regimes, &mut problems);
    late_processes(study, regimes, &mut problems);
    for id in study.futures.levels.keys() {
        if !is_read(study, regimes, id) {
            let message = idle_parameter(study, id);
            problems
                .0
                .push(Diagnostic::at_text(&study.source, 0, id, message));
        }
    }
    idle_rules(study, regimes, b, &mut problems);
    problems
}

/// Arms that hold the rules and settings of an earlier one.
fn same_arms(study: &StudyFile, regimes: &[Regime], problems: &mut Problems) {
    let (source, arms) = (&study.source, &study.arms);
    for later in 0..arms.len() {
        let declared = |arm: usize, other: usize| {
            let composed = study.composed().find(|c| *c.name == *arms[arm].name());
            let same = composed.and_then(|c| c.same_as.as_ref());
            same.is_some_and(|same| same.arm.get_ref() == arms[other].name())
        };
        let says_the_same = |earlier: &usize| {
            let (a, b) = (&regimes[*earlier], &regimes[later]);
            a.entries == b.entries
                && a.process == b.process
                && Override::of_arm(&arms[*earlier]) == Override::of_arm(&arms[later])
                && !declared(later, *earlier)
                && !declared(*earlier, later)
        };
        if let Some(earlier) = (0..later).find(says_the_same) {
            let name = format!("\"{}\"", arms[later].name());
            let message = format!(
                "the arm `{}` holds the rules and settings of `{}`, so that nothing is compared",
                arms[later].name(),
                arms[earlier].name()
            );
            problems.0.push(
                Diagnostic::at_text(source, 0, &name, message)
                    .help("take one of them out, or declare `same_as` with a reason"),
            );
        }
    }
}

/// Processes that begin when the study has ended.
fn late_processes(study: &StudyFile, regimes: &[Regime], problems: &mut Problems) {
    for (arm, regime) in study.arms.iter().zip(regimes) {
        let Some(process) = regime
            .process
            .as_ref()
            .filter(|p| p.from > study.last_month)
        else {
            continue;
        };
        let message = format!(
            "the process of the arm `{}` begins in {}, after the study, which ends with {}",
            arm.name(),
            process.from,
            study.last_month
        );
        let name = format!("\"{}\"", arm.name());
        problems
            .0
            .push(Diagnostic::at_text(&study.source, 0, &name, message));
    }
}

/// Rules that an arm adds and that come after the study, end before it, or meet no chip.
fn idle_rules(study: &StudyFile, regimes: &[Regime], b: &Blueprint, problems: &mut Problems) {
    let (source, arms) = (&study.source, &study.arms);
    for arm in study.composed().filter(|arm| arm.same_as.is_none()) {
        let Some(at) = arms.iter().position(|a| *a.name() == *arm.name) else {
            continue;
        };
        for name in &arm.add {
            let entry = b.law.find(name.get_ref()).and_then(|rule| {
                let mut entries = regimes[at].entries.iter();
                entries.find(|e| e.rule == rule)
            });
            let Some(entry) = entry else {
                continue;
            };
            let rule = &b.law.rules[usize::from(entry.rule)];
            let why = if entry.announced.min(entry.compliance) > study.last_month.last_day() {
                format!(
                    "comes after the study, which ends with {}",
                    study.last_month
                )
            } else if entry
                .ended
                .is_some_and(|end| end < study.first_month.first_day())
            {
                format!(
                    "ends before the study, which begins with {}",
                    study.first_month
                )
            } else if meets_no_chip(b, rule) {
                "has a condition that no chip of the study meets".to_string()
            } else {
                continue;
            };
            let message = format!("the arm `{}` adds `{}`, which {why}", arm.name, rule.id);
            problems
                .0
                .push(Diagnostic::at(source, name.span(), message));
        }
    }
}

/// Channels that the command line switches off and that can do nothing in any arm: the results would be those without the
/// switch.
pub fn idle_switches(study: &StudyFile, regimes: &[Regime], channels: Channels) -> Problems {
    let reacts = |regime: &Regime| regime.process.as_ref().is_some_and(|p| p.reactive);
    if regimes.iter().any(reacts) {
        return Problems::default();
    }
    // Only a process that reacts reads them.
    let idle = [Channel::PolicyReaction, Channel::Lobbying];
    let idle = idle.into_iter().filter(|c| !channels.on(*c));
    let said = idle.filter(|c| !is_off(study, *c)).map(|channel| {
        let message = format!(
            "found `{}`, which changes nothing: no arm of `{}` has a process that reacts, expected a channel that an arm has",
            channel.name(),
            study.name
        );
        of_option(channel, message)
    });
    Problems(said.collect())
}

/// Parameters that the command line fixes and that nothing reads: those of policy processes where no arm has one that asks.
pub fn idle_settings<'a>(
    study: &StudyFile,
    regimes: &[Regime],
    ids: impl Iterator<Item = &'a String>,
) -> Problems {
    let idle = ids.filter(|id| !is_read(study, regimes, id));
    let said = idle.map(|id| {
        let option = Source {
            name: "--set".into(),
            text: id.clone(),
        };
        Diagnostic::at(&option, 0..id.len(), idle_parameter(study, id))
    });
    Problems(said.collect())
}

fn idle_parameter(study: &StudyFile, id: &str) -> String {
    format!(
        "found `{id}`, which changes nothing: no arm of `{}` has a process that reads it, expected a parameter that an arm reads",
        study.name
    )
}

/// Whether an arm reads a parameter, as far as that is seen from its policy process.
fn is_read(study: &StudyFile, regimes: &[Regime], id: &str) -> bool {
    if !Parameters::NAMES.contains(&("policy", id)) {
        return true;
    }
    let mut processes = regimes.iter().filter_map(|regime| regime.process.as_ref());
    processes.any(|process| match id {
        "policy_observation_months"
        | "policy_gap_response"
        | "policy_variant_response"
        | "policy_revenue_response" => process.reactive,
        _ if id.contains("administration") => {
            let mut months = process.administrations.iter();
            months.any(|month| *month <= study.last_month)
        }
        _ => true,
    })
}

/// Channels that the command line switches off and that the study has switched off in every future.
pub fn repeated_switches(study: &StudyFile, channels: Channels) -> Problems {
    let off = Channel::ALL.iter().copied().filter(|c| !channels.on(*c));
    let said = off.filter(|c| is_off(study, *c)).map(|channel| {
        let message = format!(
            "found `{}`, which `off` in the futures of `{}` switches off too, expected a channel that is on",
            channel.name(),
            study.name
        );
        of_option(channel, message)
    });
    Problems(said.collect())
}

fn is_off(study: &StudyFile, channel: Channel) -> bool {
    study.futures.off.iter().any(|name| name == channel.name())
}

fn of_option(channel: Channel, message: String) -> Diagnostic {
    let option = Source {
        name: "--off".into(),
        text: channel.name().into(),
    };
    Diagnostic::at(&option, 0..option.text.len(), message)
}

/// Whether a rule on chip sales meets no chip of the study, whoever buys it and wherever. A variant has numbers that are not
/// known before a run and a name that no rule holds.
pub fn meets_no_chip(b: &Blueprint, rule: &Rule) -> bool {
    let unknown = |chip: &Attributes, attributes: &[Attribute]| {
        let mut chip = *chip;
        attributes.iter().for_each(|a| chip.set(*a, f64::NAN));
        chip
    };
    let meets = |chip: &Attributes| {
        b.subjects.shipments.iter().any(|shipment| {
            let sale = unknown(&chip.with_shipment(shipment), BUYERS);
            rule.condition.eval(&sale) != ThreeValued::No
        })
    };
    let variant = |chip: &Attributes| {
        let mut variant = unknown(chip, DESIGNED);
        variant.set(Attribute::Chip, f64::from(u32::MAX));
        variant.flag(Attribute::ChinaSpecific, true);
        variant
    };
    let chips = || b.subjects.chips.iter();
    rule.instrument.judges(ControlledItem::ChipSale)
        && !chips().any(meets)
        && !chips().map(variant).any(|chip| meets(&chip))
}

/// Attributes of buyers that nobody in the model has, though some may in the world.
const BUYERS: &[Attribute] = &[
    Attribute::Buyer,
    Attribute::BuyerListed,
    Attribute::BuyerStateFunded,
    Attribute::BuyerCiiOperator,
    Attribute::ListedOwnershipShare,
];
