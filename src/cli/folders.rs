//! `chokepoint export` and `chokepoint diff`: export tables of results, and compare two results folders.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;

use super::report::{SealArgs, figure_named, read};
use super::{Answer, Failure, output_failure, say, say_data, table, wrong_word};
use crate::config::figure::FigureFile;
use crate::config::source::Configs;
use crate::foundation::escape::csv_plain;
use crate::plots::compose;
use crate::results::Results;
use crate::results::compare::compare;
use crate::results::export::{export as write_table, tables};
use crate::results::tables::SideTable;

/// Number of rows that are shown without `--csv`.
const LOOK: usize = 20;

#[derive(Args)]
pub struct ExportArgs {
    /// A results folder.
    folder: PathBuf,
    /// Name of the table: outcomes, bands, effect_bands, effects, events, failures, record or series.
    #[arg(required_unless_present = "figure", conflicts_with = "figure")]
    table: Option<String>,
    /// Print the numbers that a figure draws: your own file, or a name from `chokepoint list figures`.
    #[arg(long, value_name = "FIGURE")]
    figure: Option<String>,
    /// Print the whole table as comma-separated values; without it the first 20 rows are shown.
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    seal: SealArgs,
}

pub fn export(configs: &Configs, args: &ExportArgs) -> Answer {
    let known = tables(&args.folder);
    if known.is_empty() {
        return Err(Failure::Input(format!(
            "error: {} is not a results folder\n",
            args.folder.display()
        )));
    }
    let Some(wanted) = &args.table else {
        return export_figure(configs, args);
    };
    // A table that is missing is one that was there.
    args.seal.check(&args.folder)?;
    if !known.contains(wanted) {
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        let expected = format!("a table of {}: {}", args.folder.display(), known.join(", "));
        return Err(wrong_word("export", wanted, &expected, &names));
    }
    if args.csv && io::stdout().is_terminal() {
        let mut text = Vec::new();
        write_table(&args.folder, wanted, usize::MAX, &mut text)?;
        return say_data(&String::from_utf8_lossy(&text));
    }
    if args.csv {
        let mut out = StandardOutput {
            to: io::BufWriter::new(io::stdout().lock()),
            failed: None,
        };
        let written =
            write_table(&args.folder, wanted, usize::MAX, &mut out).map_err(Failure::from);
        return match out.failed {
            Some(error) => Err(output_failure(&error)),
            None => written,
        };
    }
    let mut text = Vec::new();
    write_table(&args.folder, wanted, LOOK, &mut text)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_slice());
    let rows: Vec<Vec<String>> = reader
        .records()
        .flatten()
        .map(|r| r.iter().map(|cell| csv_plain(cell).to_string()).collect())
        .collect();
    say(&table(&rows))
}

/// Exports the numbers that a figure draws, of the study or by name.
fn export_figure(configs: &Configs, args: &ExportArgs) -> Answer {
    let name = args.figure.as_deref().unwrap_or_default();
    let results = read(&args.folder, &args.seal)?;
    let of_study = &results.manifest.study.figures;
    let figure = match of_study.iter().find(|f| f.name == name) {
        Some(figure) => figure.clone(),
        None => figure_named(configs, name)?,
    };
    let data = figure_data(&results, &figure)?;
    if args.csv || !io::stdout().is_terminal() {
        return say_data(&csv_of(&data)?);
    }
    let shown = data.rows.into_iter().take(LOOK);
    let rows: Vec<Vec<String>> = std::iter::once(data.columns).chain(shown).collect();
    say(&table(&rows))
}

/// The numbers that a figure draws.
fn figure_data(results: &Results, figure: &FigureFile) -> Result<SideTable, Failure> {
    let composed = compose(results, figure)
        .map_err(|why| Failure::No(format!("error: figure {}: {why}\n", figure.name)))?;
    Ok(composed.data.0)
}

/// The numbers that a figure draws, as comma-separated values.
///
/// # Errors
/// When these results cannot fill it.
pub fn figure_csv(results: &Results, figure: &FigureFile) -> Result<String, Failure> {
    csv_of(&figure_data(results, figure)?)
}

/// A table as comma-separated values.
fn csv_of(data: &SideTable) -> Result<String, Failure> {
    let failed = |e| Failure::Input(format!("error: {e}\n"));
    data.to_csv().map_err(failed)
}

/// Standard output that keeps its own error, so that it is not taken for an error of the table.
struct StandardOutput<'a> {
    to: io::BufWriter<io::StdoutLock<'a>>,
    failed: Option<io::Error>,
}

impl StandardOutput<'_> {
    fn keep<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            self.failed = Some(error);
            kind.into()
        })
    }
}

impl Write for StandardOutput<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.to.write(bytes);
        self.keep(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.to.flush();
        self.keep(result)
    }
}

#[derive(Args)]
pub struct DiffArgs {
    /// First results folder.
    first: PathBuf,
    /// Second results folder.
    second: PathBuf,
    /// Largest relative difference at which two numbers count as equal.
    #[arg(long, default_value = "0", value_parser = tolerance, allow_hyphen_values = true)]
    tolerance: f64,
    #[command(flatten)]
    seal: SealArgs,
}

fn tolerance(text: &str) -> Result<f64, String> {
    let number = text
        .parse()
        .ok()
        .filter(|t: &f64| *t >= 0.0 && t.is_finite());
    number.ok_or_else(|| "expected a number, zero or above".into())
}

/// Ends with 1 when results differ.
pub fn diff(args: &DiffArgs) -> Answer {
    for folder in [&args.first, &args.second] {
        args.seal.check(folder)?;
    }
    let found = compare(&args.first, &args.second, args.tolerance)?;
    let mut text = String::new();
    for cause in &found.causes {
        text.push_str(&format!("inputs: {cause}\n"));
    }
    if found.causes.is_empty() {
        text.push_str("inputs: the same\n");
    } else {
        text.push_str(&format!("inputs, equal: {}\n", found.shared.join("; ")));
    }
    for t in &found.tables {
        text.push_str(&format!("results: {}", t.table));
        for (count, of) in [(t.only_first, "first"), (t.only_second, "second")] {
            if count > 0 {
                text.push_str(&format!(", {count} rows only in the {of}"));
            }
        }
        if t.shared > 0 {
            text.push_str(&format!(
                ", {} of {} shared rows are equal",
                t.equal, t.shared
            ));
        }
        text.push('\n');
        let mut columns: Vec<_> = t.columns.iter().collect();
        columns.sort_by(|a, b| b.1.1.total_cmp(&a.1.1));
        for (column, (cells, largest, key)) in columns.iter().take(12) {
            let size = if largest.is_finite() {
                format!("{:.2e} relative", largest)
            } else {
                "text or a missing value".into()
            };
            text.push_str(&format!(
                "  {column}: {cells} cells, largest {size} ({key})\n"
            ));
        }
        if columns.len() > 12 {
            text.push_str(&format!("  and {} more columns\n", columns.len() - 12));
        }
    }
    if found.tables.is_empty() {
        text.push_str("results: the same\n");
        return say(&text);
    }
    if !found.equal_tables.is_empty() {
        text.push_str(&format!(
            "results, equal: {}\n",
            found.equal_tables.join(", ")
        ));
    }
    say(&text)?;
    Err(Failure::No(String::new()))
}
