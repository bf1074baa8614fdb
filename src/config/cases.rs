//! Case tables of rules, held against the rules.

use std::ops::Range;
use std::sync::Arc;

use super::chips::ChipRow;
use super::diagnostics::{Diagnostic, Problems};
use super::law::CaseFile;
use super::nations::NationRow;
use super::source::Source;
use crate::controls::{Attribute, ControlledItem, Law, ThreeValued};

/// The case table of every rule: rule index, case, the file that it stands in.
pub type CaseTable = Vec<(u16, CaseFile, Arc<Source>)>;

/// Holds the case table of every rule against it.
///
/// # Errors
/// For chips that are in no table, and for answers that differ from what the rule says.
pub fn check_cases(
    law: &Law,
    cases: &CaseTable,
    chips: &[ChipRow],
    nations: &[NationRow],
) -> Result<(), Problems> {
    let Some(china) = nations.iter().find(|n| n.iso3 == "CHN") else {
        return Ok(());
    };
    let names: Vec<&str> = chips.iter().map(|c| c.chip.as_str()).collect();
    let mut symbols = law.symbols.clone();
    let china = china.groups(&mut symbols);
    let mut problems = Problems::default();
    for (at, case, source) in cases {
        let rule = &law.rules[usize::from(*at)];
        let name = case.chip.get_ref();
        let mut wrong = |span: Range<usize>, message: String| {
            problems.0.push(Diagnostic::at(source, span, message));
        };
        if !rule.instrument.judges(ControlledItem::ChipSale) {
            let message = format!(
                "a case of a chip, expected none: a rule of instrument `{}` judges {}",
                rule.instrument.name(),
                rule.instrument.judged()
            );
            wrong(case.chip.span(), message);
            continue;
        }
        let Some(chip) = chips.iter().find(|c| c.chip == *name) else {
            let message = format!("found `{name}`, expected a chip of configs/world/chips.csv");
            let problem = Diagnostic::at(source, case.chip.span(), message);
            problems.0.push(problem.nearest(name, &names));
            continue;
        };
        let mut sale = chip.attributes(&mut symbols);
        sale.ship_to(&china, &china);
        let met = match rule.condition.eval(&sale) {
            ThreeValued::Yes => true,
            ThreeValued::No => false,
            ThreeValued::Unknown => {
                let open = rule
                    .condition
                    .missing_attribute(&sale)
                    .unwrap_or(Attribute::Tpp);
                let message = format!(
                    "whether `{}` is met by `{name}` cannot be told: its `{}` is unknown",
                    rule.id,
                    open.name()
                );
                wrong(case.met.span(), message);
                continue;
            }
        };
        if met != *case.met.get_ref() {
            let message = format!(
                "found met = {}, but the condition of `{}` is {}met by `{name}`: {}",
                case.met.get_ref(),
                rule.id,
                if met { "" } else { "not " },
                rule.condition.with_values(&sale, &symbols)
            );
            wrong(case.met.span(), message);
        } else if let Some(outcome) = &case.outcome {
            let said = law.own_verdict(*at, ControlledItem::ChipSale, &sale);
            if said != Some(*outcome.get_ref()) {
                let said = said.map_or_else(|| "nothing".into(), |v| format!("`{v}`"));
                let message = format!(
                    "found outcome `{}`, but `{}` says {said} of a sale of `{name}` to CHN",
                    outcome.get_ref(),
                    rule.id
                );
                wrong(outcome.span(), message);
            }
        }
    }
    problems.check()
}
