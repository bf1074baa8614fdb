//! Verdicts of each arm's rules on each chip, at the end of every month in which rules on chips change.

use super::{Library, Plan};
use crate::config::diagnostics::Problems;
use crate::controls::{ControlledItem, Instrument};
use crate::foundation::calendar::{Date, Month};
use crate::results::tables::SideTable;

/// The verdict on a chip before its first month.
pub const NOT_ON_SALE: &str = "not_on_sale";

/// One row a regime, month and chip: the verdict of the exporter and of the importer, and the rule that decides.
///
/// # Errors
/// When the target is no nation.
pub fn verdicts(library: &Library, plan: &Plan) -> Result<SideTable, Problems> {
    let mut table = SideTable {
        columns: [
            "regime",
            "month",
            "chip",
            "verdict",
            "importer_verdict",
            "rule",
        ]
        .map(String::from)
        .to_vec(),
        rows: Vec::new(),
    };
    let mut symbols = library.law.symbols.clone();
    let target = library.nation(&plan.study.target)?.groups(&mut symbols);
    for regime in &plan.regimes {
        let on_chips = |i: Instrument| i.judges(ControlledItem::ChipSale);
        let dates = regime.entries.iter().flat_map(|e| {
            let rule = &library.law.rules[usize::from(e.rule)];
            let chips = on_chips(rule.instrument) || rule.instrument == Instrument::Rescission;
            let dates: [Option<Date>; 2] = [Some(e.compliance), e.ended];
            dates.into_iter().flatten().filter(move |_| chips)
        });
        let mut months: Vec<Month> = dates
            .map(Month::from_date)
            .filter(|m| *m <= plan.study.last_month)
            .collect();
        months.sort();
        months.dedup();
        for month in months {
            let book = regime.rules_in_force(&library.law, month.last_day());
            for chip in &library.chips {
                let cells = |exporter: String, importer: String, rule: String| {
                    let (regime, month) = (regime.name.clone(), month.to_string());
                    vec![regime, month, chip.chip.clone(), exporter, importer, rule]
                };
                if chip.not_on_sale_before(month.last_day()).is_some() {
                    let neither = NOT_ON_SALE.to_string();
                    table
                        .rows
                        .push(cells(neither.clone(), neither, String::new()));
                    continue;
                }
                let mut attributes = chip.attributes(&mut symbols);
                attributes.ship_to(&target, &target);
                let ruling = book.judge(ControlledItem::ChipSale, &attributes);
                let rule = ruling.exporter_rule.map_or(String::new(), |r| {
                    library.law.rules[usize::from(r)].id.clone()
                });
                table.rows.push(cells(
                    ruling.exporter.to_string(),
                    ruling.importer.to_string(),
                    rule,
                ));
            }
        }
    }
    Ok(table)
}
