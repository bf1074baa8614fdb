//! `chokepoint classify`: prints the verdict on each chip and the rule behind it.

use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use super::{
    Answer, Failure, Format, LawArgs, csv_text, date, law, say, say_data, say_json, table,
};
use crate::config::chips::{self, ChipRow};
use crate::config::source::{Configs, Source};
use crate::controls::{
    Attributes, ControlledItem, Instrument, Regime, RuleSet, Symbols, VerdictReason,
};
use crate::foundation::calendar::Date;
use crate::study::Library;

#[derive(Args)]
pub struct ClassifyArgs {
    /// A table of chips of your own (CSV; columns as in the shipped table, all but `chip` may be missing).
    chips: Option<String>,
    /// Show only chips whose name contains this text.
    #[arg(long, value_name = "TEXT")]
    chip: Option<String>,
    /// Day of the sale, such as 2023-12-01.
    #[arg(long, value_name = "DATE")]
    on: String,
    /// Destination country, as an ISO3 code.
    #[arg(long, value_name = "ISO3", default_value = "CHN")]
    to: String,
    /// Country where the buyer's parent has its headquarters, as an ISO3 code; the default is the destination.
    #[arg(long, value_name = "ISO3")]
    buyer_hq: Option<String>,
    #[command(flatten)]
    law: LawArgs,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// The verdict on one chip.
#[derive(Serialize)]
pub struct ChipVerdictRow {
    pub chip: String,
    pub verdict: String,
    pub importer_verdict: String,
    /// The rule that decides for the exporter, or the line that the chip stays under.
    pub rule: String,
    pub because: String,
    pub eligible_exceptions: Vec<String>,
    pub importer_rule: String,
    pub importer_because: String,
}

/// A sale of chips that is asked about.
pub struct SaleQuery<'a> {
    pub on: Date,
    /// ISO3.
    pub to: &'a str,
    /// Where the buyer's parent has its headquarters; by default the destination.
    pub buyer_hq: Option<&'a str>,
}

/// The verdict on each chip of a table, or of the shipped one.
///
/// # Errors
/// When a nation is not known, or the table cannot be read or holds no chip.
pub fn rulings(
    library: &Library,
    regime: &Regime,
    sale: &SaleQuery,
    own: Option<&Source>,
) -> Result<Vec<ChipVerdictRow>, Failure> {
    let destination = library.nation(sale.to)?;
    let headquarters = library.nation(sale.buyer_hq.unwrap_or(sale.to))?;
    let own = own.map(|source| Ok::<_, Failure>(chips::read(source, &library.nation_codes())?));
    let own = own.transpose()?;
    let book = regime.rules_in_force(&library.law, sale.on);
    let mut symbols = library.law.symbols.clone();
    let (to, hq) = (
        destination.groups(&mut symbols),
        headquarters.groups(&mut symbols),
    );
    let chips = own.as_ref().unwrap_or(&library.chips);
    let attributes: Vec<Attributes> = chips
        .iter()
        .map(|chip| {
            let mut a = chip.attributes(&mut symbols);
            a.ship_to(&to, &hq);
            a
        })
        .collect();
    // Reasons take most of the time of a long table, so rows are computed in parallel; their order is kept.
    let rows = chips.par_iter().zip(&attributes);
    Ok(rows
        .map(|(chip, a)| row(chip, &book, a, &symbols))
        .collect())
}

pub fn classify(configs: Configs, args: &ClassifyArgs) -> Answer {
    let sale = SaleQuery {
        on: date("--on", &args.on)?,
        to: &args.to,
        buyer_hq: args.buyer_hq.as_deref(),
    };
    let (library, regime) = law(configs, &args.law)?;
    let own = match &args.chips {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|e| Failure::Input(format!("error: {path}: {e}\n")))?;
            Some(Source {
                name: path.clone(),
                text,
            })
        }
        None => None,
    };
    let mut rows = rulings(&library, &regime, &sale, own.as_ref())?;
    if let Some(text) = &args.chip {
        rows.retain(|r| r.chip.to_lowercase().contains(&text.to_lowercase()));
    }
    match args.format {
        Format::Json => say_json(&rows),
        Format::Table | Format::Csv => {
            let mut lines = vec![
                ["chip", "exporter", "importer", "rule", "because"]
                    .map(String::from)
                    .to_vec(),
            ];
            lines.extend(rows.into_iter().map(|r| {
                let because = match (r.because.is_empty(), r.importer_because.is_empty()) {
                    (true, true) => "no rule in force reaches this sale".to_string(),
                    (false, true) => r.because,
                    (true, false) => r.importer_because,
                    (false, false) => format!("{}; importer: {}", r.because, r.importer_because),
                };
                let rule = [r.rule, r.importer_rule]
                    .iter()
                    .filter(|x| !x.is_empty())
                    .cloned()
                    .collect::<Vec<_>>();
                vec![
                    r.chip,
                    r.verdict,
                    r.importer_verdict,
                    rule.join(", "),
                    because,
                ]
            }));
            if args.format == Format::Csv {
                say_data(&csv_text(&lines))
            } else {
                say(&table(&lines))
            }
        }
    }
}

fn row(chip: &ChipRow, book: &RuleSet, a: &Attributes, symbols: &Symbols) -> ChipVerdictRow {
    let ruling = book.judge(ControlledItem::ChipSale, a);
    let reasons = book.explain(ControlledItem::ChipSale, a, symbols);
    // The rule that gave the verdict; for a free sale, the line of performance that the chip stays under.
    let side = |importer: bool, verdict: String| -> Option<&VerdictReason> {
        let mut mine = reasons.iter().filter(|r| r.importer == importer);
        let line = |r: &&VerdictReason| {
            !importer && verdict == "free" && r.instrument == Instrument::ChipThreshold
        };
        mine.find(|r| r.verdict == verdict || line(r))
    };
    let words = |reason: Option<&VerdictReason>| {
        reason.map_or((String::new(), String::new()), |r| {
            let exception = r
                .exception
                .as_ref()
                .map_or(String::new(), |e| format!(" (exception: {e})"));
            let not = if r.verdict == "not met" {
                "not met: "
            } else {
                ""
            };
            (r.rule.clone(), format!("{not}{}{exception}", r.because))
        })
    };
    let (rule, because) = words(side(false, ruling.exporter.to_string()));
    let (importer_rule, importer_because) = words(side(true, ruling.importer.to_string()));
    ChipVerdictRow {
        chip: chip.chip.clone(),
        verdict: ruling.exporter.to_string(),
        importer_verdict: ruling.importer.to_string(),
        rule,
        because,
        eligible_exceptions: reasons.iter().filter_map(|r| r.exception.clone()).collect(),
        importer_rule,
        importer_because,
    }
}
