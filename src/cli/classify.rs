//! `chokepoint classify`: prints the verdict on each chip and the rule behind it.

use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use super::{
    Answer, Failure, Format, LawArgs, csv_text, date, law, note, say, say_data, say_json, table,
    wrong_word,
};
use crate::config::chip_columns::ColumnChoice;
use crate::config::chips::ChipRow;
use crate::config::known_chips::{self, ChipDoubt};
use crate::config::source::{Configs, Source};
use crate::controls::{
    Attributes, ControlledItem, Instrument, Regime, RuleSet, Symbols, Verdict, VerdictReason,
};
use crate::foundation::calendar::{Date, Month};
use crate::study::Library;
use crate::study::verdicts::NOT_ON_SALE;

#[derive(Args)]
pub struct ClassifyArgs {
    /// A table of chips of your own (CSV, also with semicolons or tabs). Columns are known by their names in the shipped table
    /// (`chokepoint schema own_chips`), by those of the Epoch AI hardware table, and by common names with a unit; a name alone
    /// is looked up among the known chips.
    chips: Option<String>,
    /// Read the column THEIRS of your table as OURS; a factor may follow: `fp8_dense_tflops="FP8 (FLOP/s)/1e12"`.
    #[arg(long, value_name = "OURS=THEIRS", value_parser = ColumnChoice::parse)]
    column: Vec<ColumnChoice>,
    /// Show only chips whose name contains this text.
    #[arg(long, value_name = "TEXT")]
    chip: Option<String>,
    /// Day of the sale, such as 2023-12-01.
    #[arg(long, value_name = "DATE")]
    on: String,
    /// Destination country: an ISO code of two or three letters, or its name.
    #[arg(long, value_name = "NATION", default_value = "CHN")]
    to: String,
    /// Country where the buyer's parent has its headquarters; the default is the destination.
    #[arg(long, value_name = "NATION")]
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
    /// What decides, in words, on both sides.
    pub reason: String,
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

/// Verdicts on chips, with what is to be said of their table.
pub struct Rulings {
    pub rows: Vec<ChipVerdictRow>,
    /// What was read otherwise than as it stands.
    pub notes: Vec<String>,
    /// Figures that can be read in two ways, with both verdicts.
    pub warnings: Vec<String>,
}

/// The verdict on each chip of a table, or of the shipped one; `columns` names columns of the table.
///
/// # Errors
/// When a nation is not known, or the table cannot be read or holds no chip.
pub fn rulings(
    library: &Library,
    regime: &Regime,
    sale: &SaleQuery,
    own: Option<(&Source, &[ColumnChoice])>,
) -> Result<Rulings, Failure> {
    let Some((source, columns)) = own else {
        return Ok(Rulings {
            rows: judged(library, regime, sale, &library.chips)?,
            notes: Vec::new(),
            warnings: Vec::new(),
        });
    };
    let table = library.own_chips(source, columns)?;
    let rows = judged(library, regime, sale, &table.rows)?;
    Ok(Rulings {
        warnings: doubts(library, regime, sale, &table.rows, &rows)?,
        notes: table.notes,
        rows,
    })
}

/// The verdict on each of some chips.
fn judged(
    library: &Library,
    regime: &Regime,
    sale: &SaleQuery,
    chips: &[ChipRow],
) -> Result<Vec<ChipVerdictRow>, Failure> {
    let destination = library.nation(sale.to)?;
    let headquarters = library.nation(sale.buyer_hq.unwrap_or(sale.to))?;
    let book = regime.rules_in_force(&library.law, sale.on);
    let mut symbols = library.law.symbols.clone();
    let (to, hq) = (
        destination.groups(&mut symbols),
        headquarters.groups(&mut symbols),
    );
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
        .map(|(chip, a)| match chip.not_on_sale_before(sale.on) {
            Some(first) => not_on_sale(chip, first),
            None => row(chip, &book, a, &symbols),
        })
        .collect())
}

/// Notes with both verdicts, where a figure can be read in two ways; one note for all that have the same verdict both ways.
fn doubts(
    library: &Library,
    regime: &Regime,
    sale: &SaleQuery,
    chips: &[ChipRow],
    rows: &[ChipVerdictRow],
) -> Result<Vec<String>, Failure> {
    let found: Vec<ChipDoubt> = chips
        .iter()
        .enumerate()
        .filter_map(|(at, chip)| known_chips::doubt(at, chip, &library.chips))
        .collect();
    let others: Vec<ChipRow> = found.iter().map(|doubt| doubt.other.clone()).collect();
    let others = judged(library, regime, sale, &others)?;
    let said = |(doubt, other): (&ChipDoubt, &ChipVerdictRow)| {
        let row = &rows[doubt.row];
        let verdicts = |r: &ChipVerdictRow| match r.importer_verdict.as_str() {
            "free" => r.verdict.clone(),
            importer => format!("{} (importer: {importer})", r.verdict),
        };
        format!(
            "`{}`: {}; {}: {}; {}: {}",
            row.chip,
            doubt.words,
            doubt.given,
            verdicts(row),
            doubt.instead,
            verdicts(other)
        )
    };
    Ok(found.iter().zip(&others).map(said).collect())
}

pub fn classify(configs: Configs, args: &ClassifyArgs) -> Answer {
    let sale = SaleQuery {
        on: date("--on", &args.on)?,
        to: &args.to,
        buyer_hq: args.buyer_hq.as_deref(),
    };
    let (library, regime) = law(configs, &args.law)?;
    if args.chips.is_none() && !args.column.is_empty() {
        let message = "error: --column: found it without a table of chips, expected one\n";
        return Err(Failure::Input(message.into()));
    }
    let path = args.chips.as_deref().unwrap_or_default();
    if let Some(words) = args.chips.as_deref()
        && !std::path::Path::new(words).exists()
        && library
            .chips
            .iter()
            .any(|c| c.chip.to_lowercase().contains(&words.to_lowercase()))
    {
        let message = format!(
            "error: classify: found no file `{words}`, expected a table of chips; `--chip \"{words}\"` shows the chip of that name\n"
        );
        return Err(Failure::Input(message));
    }
    let source = args.chips.as_deref().map(Source::of_file).transpose()?;
    let own = source.as_ref().map(|source| (source, &args.column[..]));
    let found = rulings(&library, &regime, &sale, own)?;
    notes(path, &found.notes, "note");
    notes(path, &found.warnings, "warning");
    let mut rows = found.rows;
    if let Some(text) = &args.chip {
        let names: Vec<String> = rows.iter().map(|r| r.chip.clone()).collect();
        rows.retain(|r| r.chip.to_lowercase().contains(&text.to_lowercase()));
        if rows.is_empty() {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let expected = "a part of the name of a chip of the table";
            return Err(wrong_word("--chip", text, expected, &names));
        }
    }
    match args.format {
        Format::Json => say_json(&rows),
        Format::Table | Format::Csv => {
            let mut lines = vec![
                ["chip", "exporter", "importer", "rule", "reason", "because"]
                    .map(String::from)
                    .to_vec(),
            ];
            lines.extend(rows.into_iter().map(|r| {
                let because = match (r.because.is_empty(), r.importer_because.is_empty()) {
                    (true, true) => String::new(),
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
                    r.reason,
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

/// Notes that are printed of one table; more are counted.
const NOTES: usize = 20;

/// Prints notes on a table to standard error.
fn notes(path: &str, all: &[String], kind: &str) {
    for one in all.iter().take(NOTES) {
        note(&format!("{kind}: {path}: {one}\n"));
    }
    if all.len() > NOTES {
        let left = all.len() - NOTES;
        note(&format!("{kind}: {path}: and {left} more of this kind\n"));
    }
}

/// The answer for a day before the first month of a chip.
fn not_on_sale(chip: &ChipRow, first: Month) -> ChipVerdictRow {
    ChipVerdictRow {
        chip: chip.chip.clone(),
        verdict: NOT_ON_SALE.into(),
        importer_verdict: NOT_ON_SALE.into(),
        rule: String::new(),
        because: format!("not on sale before {first}"),
        reason: format!("not on sale before {first}"),
        eligible_exceptions: Vec::new(),
        importer_rule: String::new(),
        importer_because: String::new(),
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
    let (by, importer_by) = (
        side(false, ruling.exporter.to_string()),
        side(true, ruling.importer.to_string()),
    );
    let reason = match (by, importer_by) {
        (None, None) => "no rule in force reaches this sale".to_string(),
        (Some(one), None) => one.words.clone(),
        (None, Some(other)) => format!("importer: {}", other.words),
        (Some(one), Some(other)) => format!("{}; importer: {}", one.words, other.words),
    };
    // Under every line the sale is free, not only this line's test failed.
    let reason = match reason.strip_suffix(": not met") {
        Some(why) if ruling.exporter == Verdict::Free => format!("{why}: free"),
        _ => reason,
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
    let (rule, because) = words(by);
    let (importer_rule, importer_because) = words(importer_by);
    ChipVerdictRow {
        chip: chip.chip.clone(),
        verdict: ruling.exporter.to_string(),
        importer_verdict: ruling.importer.to_string(),
        rule,
        because,
        reason,
        eligible_exceptions: reasons.iter().filter_map(|r| r.exception.clone()).collect(),
        importer_rule,
        importer_because,
    }
}
