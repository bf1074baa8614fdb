//! Reads and writes posterior samples, a table of parameters with a head that records what they were fitted to.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::diagnostics::{Diagnostic, MOST_ERRORS, Problems, nearest};
use super::parameters::{ParameterSet, check_value, limits};
use super::source::{Configs, Source};
use super::splits::{InputHashes, short};
use super::table::{CellType, KnownNames, TableReading, TableSpec, check_bounds, column};
use crate::foundation::chance::{permuted, stable_key};
use crate::foundation::parameters::Parameters;

/// The name with which a study says that futures are drawn from the priors.
pub const PRIOR: &str = "prior";

/// The path of a sealed table of samples that lay on the disk.
pub fn sealed_path(name: &str) -> String {
    format!("samples/{name}")
}

/// Samples from a posterior.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Posterior {
    pub name: String,
    /// What was fitted, with which program and seed: `# key: value` lines.
    pub head: BTreeMap<String, String>,
    pub parameters: Vec<String>,
    pub rows: Vec<Vec<f64>>,
}

impl Posterior {
    /// The shipped posterior of this name, or a file.
    ///
    /// # Errors
    /// When there is none, with the nearest name; when a cell is no number.
    pub fn find(configs: &Configs, name: &str) -> Result<Self, Problems> {
        let source = match Self::on_disk(configs, name)? {
            Some(source) => source,
            None if Self::shipped(configs, name) => {
                configs.read(&format!("posterior/{name}.csv"))?
            }
            None => {
                let shipped = configs.list("posterior", ".csv");
                let mut names: Vec<&str> = shipped
                    .iter()
                    .map(|p| p.trim_start_matches("posterior/").trim_end_matches(".csv"))
                    .filter(|p| !p.contains('/'))
                    .collect();
                names.push(PRIOR);
                let nothing = Source {
                    name: name.into(),
                    text: String::new(),
                };
                let hint = nearest(name, &names).map_or_else(
                    || format!("there are: {}", names.join(", ")),
                    |n| format!("did you mean `{n}`?"),
                );
                let message =
                    "no such posterior: no file of this name is here, and the program holds none";
                return Err(Diagnostic::at(&nothing, 0..0, message).help(hint).into());
            }
        };
        let short_name = name
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or(name)
            .trim_end_matches(".csv");
        Self::parse(short_name, &source)
    }

    /// The samples that a study names; none where it names the priors.
    ///
    /// # Errors
    /// As [`Posterior::find`], at the name in the study.
    pub fn of_study(
        configs: &Configs,
        study: &Source,
        name: Option<&str>,
    ) -> Result<Option<Self>, Problems> {
        let Some(name) = name.filter(|name| *name != PRIOR) else {
            return Ok(None);
        };
        let found = Self::find(configs, name).map_err(|mut problems| {
            if let Some(first) = problems.0.iter_mut().find(|p| p.file == name) {
                let message = format!("`{name}`: {}", first.message);
                let help = std::mem::take(&mut first.help);
                *first = Diagnostic::at_field(study, "posterior", message).help(help);
            }
            problems
        })?;
        Ok(Some(found))
    }

    /// The samples of this name where they ship or stand in the folder of `--configs`.
    ///
    /// # Errors
    /// When they are there and cannot be read.
    pub fn if_shipped(configs: &Configs, name: &str) -> Result<Option<Self>, Problems> {
        if !Self::shipped(configs, name) {
            return Ok(None);
        }
        Self::find(configs, name).map(Some)
    }

    fn shipped(configs: &Configs, name: &str) -> bool {
        let path = format!("posterior/{name}.csv");
        configs.list("posterior", ".csv").contains(&path)
    }

    /// A table of the disk by its path, or as a plan carries it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn on_disk(configs: &Configs, name: &str) -> Result<Option<Source>, Problems> {
        if let Some(text) = configs.sealed_file(&sealed_path(name)) {
            return Ok(Some(Source {
                name: name.into(),
                text: text.clone(),
            }));
        }
        if name.ends_with(".csv") {
            configs.on_disk(name)
        } else {
            Ok(None)
        }
    }

    /// Checks a table of samples by itself.
    ///
    /// # Errors
    /// With the place of what is wrong.
    pub fn check(source: &Source) -> Result<(), Problems> {
        Self::parse("", source).map(|_| ())
    }

    fn parse(name: &str, source: &Source) -> Result<Self, Problems> {
        let mut found = Self {
            name: name.into(),
            ..Self::default()
        };
        let mut at = 0;
        let mut problems = Problems::default();
        // Looked up once a column: a table has a quarter of a million cells.
        let mut bounds: Vec<std::ops::RangeInclusive<f64>> = Vec::new();
        for line in source.text.split_inclusive('\n') {
            let start = at;
            at += line.len();
            let line = line.trim_end();
            if let Some(rest) = line.strip_prefix('#') {
                if let Some((key, value)) = rest.split_once(':') {
                    found.head.insert(key.trim().into(), value.trim().into());
                }
            } else if found.parameters.is_empty() {
                found.parameters = line.split(',').map(str::to_string).collect();
                let of = |id: &String| limits(id).map_or(f64::MIN..=f64::MAX, |(_, l, h)| l..=h);
                bounds = found.parameters.iter().map(of).collect();
                problems
                    .0
                    .extend(wrong_names(source, start, &found.parameters));
            } else if problems.0.len() > MOST_ERRORS {
                break;
            } else if !line.is_empty() {
                let mut cell_at = start;
                let mut row = Vec::with_capacity(found.parameters.len());
                for (column, cell) in line.split(',').enumerate() {
                    let inside =
                        |value: &f64| bounds.get(column).is_some_and(|b| b.contains(value));
                    let held = match cell.trim().parse::<f64>() {
                        Ok(value) if inside(&value) => Ok(value),
                        Ok(value) => {
                            let id = found.parameters.get(column).map_or("", String::as_str);
                            check_value(id, value).map(|()| value)
                        }
                        Err(_) => Err(format!("found `{cell}`, expected a number")),
                    };
                    match held {
                        Ok(value) => row.push(value),
                        Err(why) => problems.0.push(Diagnostic::at(
                            source,
                            cell_at..cell_at + cell.len().max(1),
                            why,
                        )),
                    }
                    cell_at += cell.len() + 1;
                }
                let cells = line.split(',').count();
                if cells != found.parameters.len() {
                    problems.0.push(Diagnostic::at(
                        source,
                        start..start + line.len(),
                        format!("found {cells} cells, expected {}", found.parameters.len()),
                    ));
                }
                found.rows.push(row);
            }
        }
        if found.rows.is_empty() {
            problems
                .0
                .push(Diagnostic::at(source, 0..1, "there are no samples in it"));
        }
        problems.check()?;
        Ok(found)
    }

    /// As it is shipped: the head, the names, one line a sample.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for (key, value) in &self.head {
            out.push_str(&format!("# {key}: {value}\n"));
        }
        out.push_str(&self.parameters.join(","));
        out.push('\n');
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|v| six_digits(*v)).collect();
            out.push_str(&cells.join(","));
            out.push('\n');
        }
        out
    }

    /// What is no longer as it was when the samples were drawn, in words; empty while they are good.
    pub fn stale(&self, now: &InputHashes, priors: &ParameterSet) -> Vec<String> {
        let said = |key: &str| self.head.get(key).map_or("", String::as_str);
        let mut all: Vec<String> = [
            ("priors", &now.priors),
            ("evidence", &now.evidence),
            ("splits", &now.splits),
        ]
        .into_iter()
        .filter(|(key, hash)| said(key) != hash.as_str())
        .map(|(key, hash)| {
            format!(
                "{key} changed: fitted with {}, now {}",
                short(said(key)),
                short(hash)
            )
        })
        .collect();
        let version = env!("CARGO_PKG_VERSION");
        if said("version") != version {
            all.push(format!(
                "the model changed: fitted with version {}, now {version}",
                said("version")
            ));
        }
        let missing: Vec<&str> = priors
            .0
            .iter()
            .filter(|p| p.prior.is_some() && !self.parameters.contains(&p.id))
            .map(|p| p.id.as_str())
            .collect();
        if !missing.is_empty() {
            all.push(format!("drawn from their priors: {}", missing.join(", ")));
        }
        let fixed: Vec<&str> = priors
            .0
            .iter()
            .filter(|p| p.prior.is_none() && self.parameters.contains(&p.id))
            .map(|p| p.id.as_str())
            .collect();
        if !fixed.is_empty() {
            all.push(format!(
                "fixed by their files, whatever the samples hold: {}",
                fixed.join(", ")
            ));
        }
        all
    }

    /// (parameter, value) of the sample that this future takes. Futures take whole samples in an order that the seed draws,
    /// each once before any comes again: neighbours in the file are steps of one chain and resemble each other.
    pub fn sample(&self, seed: u64, future: u64) -> impl Iterator<Item = (&str, f64)> {
        let count = self.rows.len() as u64;
        let row = permuted(seed, stable_key("posterior"), future % count, count);
        let row = &self.rows[row as usize];
        self.parameters
            .iter()
            .map(String::as_str)
            .zip(row.iter().copied())
    }
}

/// What is wrong with the names above the samples.
fn wrong_names(source: &Source, start: usize, names: &[String]) -> Vec<Diagnostic> {
    let known: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
    let mut at = start;
    let mut wrong = Vec::new();
    for (column, name) in names.iter().enumerate() {
        let range = at..at + name.len();
        if !known.contains(&name.as_str()) {
            let message = format!("found the column `{name}`, expected a parameter");
            wrong.push(Diagnostic::at(source, range, message).nearest(name, &known));
        } else if names[..column].contains(name) {
            let message = format!("the column `{name}` is there twice");
            wrong.push(Diagnostic::at(source, range, message));
        }
        at += name.len() + 1;
    }
    wrong
}

/// The table of what trades off with what in a posterior.
#[rustfmt::skip]
static TRADES: TableSpec = TableSpec {
    path: "posterior/trades",
    row: "two parameters that trade off",
    key: &["one", "other"],
    columns: &[
        column("one", CellType::Name, ""),
        column("other", CellType::Name, ""),
        column("correlation", CellType::Number(-1.0, 1.0), ""),
    ],
};

#[derive(Deserialize)]
struct TradeRow {
    one: String,
    other: String,
}

/// Checks a table of what trades off with what (`posterior/trades/`), which may have no rows.
///
/// # Errors
/// With the place of what is wrong.
pub fn check_trades(source: &Source) -> Result<(), Problems> {
    if source.text.trim_end() == "one,other,correlation" {
        return Ok(());
    }
    let names = KnownNames::default();
    let mut table: TableReading<'_, TradeRow> = TableReading::of(source, &TRADES, &names)?;
    table.check(|row, found| {
        found.extend(unknown_parameter("one", &row.one));
        found.extend(unknown_parameter("other", &row.other));
    });
    table.finish().map(|_| ())
}

/// What is wrong with the name of a parameter in a cell.
fn unknown_parameter(column: &'static str, id: &str) -> Option<(&'static str, String)> {
    let known: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
    let hint =
        || nearest(id, &known).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
    let message = || format!("found `{id}`, expected a parameter{}", hint());
    (!known.contains(&id)).then(|| (column, message()))
}

/// That a posterior is narrower than its prior.
const INFORMED: &str = "informed";

/// The table of what a posterior is informed of.
#[rustfmt::skip]
static INFORMATION: TableSpec = TableSpec {
    path: "posterior/informed",
    row: "a parameter, its prior median and its posterior",
    key: &["parameter"],
    columns: &[
        column("parameter", CellType::Name, ""),
        column("prior_median", CellType::Number(-1e15, 1e15), "as of the parameter"),
        column("p05", CellType::Number(-1e15, 1e15), "as of the parameter"),
        column("p50", CellType::Number(-1e15, 1e15), "as of the parameter"),
        column("p95", CellType::Number(-1e15, 1e15), "as of the parameter"),
        column("variance_ratio", CellType::Number(0.0, 1e6), "posterior over prior"),
        column("verdict", CellType::Word(&[INFORMED, "not informed by data"]), ""),
    ],
};

#[derive(Deserialize)]
struct InformationRow {
    parameter: String,
    prior_median: f64,
    p05: f64,
    p50: f64,
    p95: f64,
    verdict: String,
}

/// Reads a table of what a posterior is informed of (`posterior/informed/`): the parameters that it is informed of.
///
/// # Errors
/// With the place of what is wrong.
pub fn informed(source: &Source) -> Result<Vec<String>, Problems> {
    let names = KnownNames::default();
    let mut table: TableReading<'_, InformationRow> =
        TableReading::of(source, &INFORMATION, &names)?;
    table.check(|row, found| {
        let unknown = unknown_parameter("parameter", &row.parameter);
        let is_known = unknown.is_none();
        found.extend(unknown);
        let quantiles = [
            ("prior_median", row.prior_median),
            ("p05", row.p05),
            ("p50", row.p50),
            ("p95", row.p95),
        ];
        for (column, value) in quantiles.into_iter().filter(|_| is_known) {
            found.extend(
                check_value(&row.parameter, value)
                    .err()
                    .map(|why| (column, why)),
            );
        }
        check_bounds(
            [row.p05, row.p50, row.p95],
            0.0,
            ["p05", "p50", "p95"],
            found,
        );
    });
    let rows = table.finish()?.into_iter();
    let of_data = rows.filter(|row| row.verdict == INFORMED);
    Ok(of_data.map(|row| row.parameter).collect())
}

fn six_digits(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_seed_takes_every_sample_once_in_an_order_of_its_own() {
        let samples = Posterior {
            parameters: vec!["a".into()],
            rows: (0..50).map(|row| vec![f64::from(row)]).collect(),
            ..Posterior::default()
        };
        let order = |seed: u64| -> Vec<f64> {
            let first = |future| samples.sample(seed, future).map(|(_, value)| value).next();
            (0..50).filter_map(first).collect()
        };
        let (one, other) = (order(1), order(2));
        assert_ne!(one, other);
        for mut values in [one, other] {
            assert!(!values.is_sorted());
            values.sort_by(f64::total_cmp);
            assert!((0..50).map(f64::from).eq(values));
        }
    }
}
