//! `chokepoint rules`: lists the rules in force on a day, and compares two regimes or two days.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    Answer, Failure, Format, LawArgs, csv_text, date, law, say, say_data, say_json, table,
};
use crate::config::chips::ChipRow;
use crate::config::source::Configs;
use crate::controls::{ControlledItem, Law, Regime, RuleSet};
use crate::foundation::calendar::Date;
use crate::study::Library;

#[derive(Args)]
pub struct RulesArgs {
    #[command(subcommand)]
    diff: Option<RulesCommand>,
    /// Only rules in force on this day; by default every rule of the regime.
    #[arg(long, value_name = "DATE")]
    on: Option<String>,
    #[command(flatten)]
    law: LawArgs,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Subcommand)]
enum RulesCommand {
    /// Compare two regimes on one day, or two days of one regime: rules, and verdicts on chips.
    Diff {
        /// A regime or a day.
        a: String,
        /// A regime or a day.
        b: String,
        /// The day on which regimes are compared.
        #[arg(long, value_name = "DATE", default_value = "2026-02-01")]
        on: String,
        /// The regime of which two days are compared.
        #[arg(long, default_value = "history")]
        regime: String,
        /// Destination country, as an ISO3 code.
        #[arg(long, value_name = "ISO3", default_value = "CHN")]
        to: String,
        /// How the answer is printed.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

#[derive(Serialize)]
struct RuleRow {
    id: String,
    issuer: String,
    instrument: String,
    announced: Date,
    compliance: Date,
    ended: Option<Date>,
    words: String,
    citation: String,
}

pub fn rules(configs: Configs, args: &RulesArgs) -> Answer {
    if let Some(RulesCommand::Diff {
        a,
        b,
        on,
        regime,
        to,
        format,
    }) = &args.diff
    {
        return diff(configs, [a, b], on, regime, to, *format);
    }
    let (library, regime) = law(configs, &args.law)?;
    let rows: Vec<RuleRow> = match &args.on {
        Some(on) => {
            let book = regime.rules_in_force(&library.law, date("--on", on)?);
            let in_force: Vec<u16> = book.rules().collect();
            rows(&library.law, &regime)
                .into_iter()
                .filter(|(at, _)| in_force.contains(at))
                .map(|(_, r)| r)
                .collect()
        }
        None => rows(&library.law, &regime)
            .into_iter()
            .map(|(_, r)| r)
            .collect(),
    };
    match args.format {
        Format::Json => say_json(&rows),
        Format::Table | Format::Csv => {
            let head = [
                "rule",
                "issuer",
                "kind",
                "announced",
                "binds",
                "ends",
                "what it says",
            ];
            let mut lines = vec![head.map(String::from).to_vec()];
            lines.extend(rows.into_iter().map(|r| {
                let ended = r.ended.map_or(String::new(), |d| d.to_string());
                vec![
                    r.id,
                    r.issuer,
                    r.instrument,
                    r.announced.to_string(),
                    r.compliance.to_string(),
                    ended,
                    r.words,
                ]
            }));
            if args.format == Format::Csv {
                say_data(&csv_text(&lines))
            } else {
                let process = regime.process.as_ref();
                let process = process.map_or(String::new(), |p| p.describe() + "\n");
                say(&(table(&lines) + &process))
            }
        }
    }
}

fn rows(law: &Law, regime: &Regime) -> Vec<(u16, RuleRow)> {
    let mut all: Vec<(u16, RuleRow)> = regime
        .entries
        .iter()
        .map(|e| {
            let rule = &law.rules[usize::from(e.rule)];
            let row = RuleRow {
                id: rule.id.clone(),
                issuer: rule.issuer.clone(),
                instrument: rule.instrument.short().into(),
                announced: e.announced,
                compliance: e.compliance,
                ended: e.ended,
                words: rule.words.clone(),
                citation: rule.citation.clone(),
            };
            (e.rule, row)
        })
        .collect();
    all.sort_by(|a, b| {
        a.1.compliance
            .cmp(&b.1.compliance)
            .then_with(|| a.1.id.cmp(&b.1.id))
    });
    all
}

#[derive(Serialize)]
struct RuleDifference {
    only_a: Vec<String>,
    only_b: Vec<String>,
    chips: Vec<VerdictChange>,
}

#[derive(Serialize)]
struct VerdictChange {
    chip: String,
    exporter_a: String,
    exporter_b: String,
    importer_a: String,
    importer_b: String,
}

fn diff(
    configs: Configs,
    sides: [&String; 2],
    on: &str,
    regime: &str,
    to: &str,
    format: Format,
) -> Answer {
    let library = Library::read(configs, &[])?;
    let day = date("--on", on)?;
    let book = |side: &str| -> Result<RuleSet, Failure> {
        match side.parse::<Date>() {
            Ok(date) => Ok(library.regime(regime)?.rules_in_force(&library.law, date)),
            Err(_) => Ok(library.regime(side)?.rules_in_force(&library.law, day)),
        }
    };
    let (a, b) = (book(sides[0])?, book(sides[1])?);
    let ids = |book: &RuleSet| -> Vec<String> {
        book.rules()
            .map(|at| library.law.rules[usize::from(at)].id.clone())
            .collect()
    };
    let (of_a, of_b) = (ids(&a), ids(&b));
    let mut symbols = library.law.symbols.clone();
    let nation = library.nation(to)?.groups(&mut symbols);
    let changed = |chip: &ChipRow| {
        let mut sale = chip.attributes(&mut symbols);
        sale.ship_to(&nation, &nation);
        let [x, y] = [&a, &b].map(|book| book.judge(ControlledItem::ChipSale, &sale));
        ((x.exporter, x.importer) != (y.exporter, y.importer)).then(|| VerdictChange {
            chip: chip.chip.clone(),
            exporter_a: x.exporter.to_string(),
            exporter_b: y.exporter.to_string(),
            importer_a: x.importer.to_string(),
            importer_b: y.importer.to_string(),
        })
    };
    let chips = library.chips.iter().filter_map(changed).collect();
    let without = |ids: &[String], others: &[String]| -> Vec<String> {
        let own = ids.iter().filter(|id| !others.contains(id));
        own.cloned().collect()
    };
    let difference = RuleDifference {
        only_a: without(&of_a, &of_b),
        only_b: without(&of_b, &of_a),
        chips,
    };
    if format == Format::Json {
        return say_json(&difference);
    }
    say(&describe_difference(&difference, sides, to, format))
}

fn describe_difference(
    difference: &RuleDifference,
    sides: [&String; 2],
    to: &str,
    format: Format,
) -> String {
    let list = |ids: &[String]| {
        if ids.is_empty() {
            "none".to_string()
        } else {
            ids.join(", ")
        }
    };
    let [a, b] = sides;
    let mut text = format!(
        "only {a}: {}\nonly {b}: {}\n",
        list(&difference.only_a),
        list(&difference.only_b)
    );
    if difference.chips.is_empty() {
        text.push_str("no chip of the table changes its verdict\n");
        return text;
    }
    let mut lines = vec![vec![
        format!("chip, to {to}"),
        format!("exporter, {a}"),
        format!("exporter, {b}"),
        format!("importer, {a}"),
        format!("importer, {b}"),
    ]];
    lines.extend(difference.chips.iter().map(|c| {
        [
            &c.chip,
            &c.exporter_a,
            &c.exporter_b,
            &c.importer_a,
            &c.importer_b,
        ]
        .map(String::clone)
        .to_vec()
    }));
    text.push_str(&if format == Format::Csv {
        csv_text(&lines)
    } else {
        table(&lines)
    });
    text
}
