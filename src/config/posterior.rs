//! Posterior samples: a table of parameters with a head that says what they were fitted to.

use std::collections::BTreeMap;

use super::diagnostics::{Diagnostic, Problems, nearest};
use super::parameters::ParameterSet;
use super::source::{Configs, Source};
use super::splits::{Hashes, short};

/// The path of a sealed table of samples.
pub fn sealed_path(name: &str) -> String {
    format!("posterior/{name}")
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
        let sealed = configs.sealed_file(&sealed_path(name)).cloned();
        let text = sealed.or_else(|| configs.on_disk(name).filter(|_| name.ends_with(".csv")));
        let source = match text {
            Some(text) => Source {
                name: name.into(),
                text,
            },
            None => configs
                .read(&format!("posterior/{name}.csv"))
                .map_err(|_| {
                    let shipped = configs.list("posterior", ".csv");
                    let names: Vec<&str> = shipped
                        .iter()
                        .map(|p| p.trim_start_matches("posterior/").trim_end_matches(".csv"))
                        .filter(|p| !p.contains('/'))
                        .collect();
                    let nothing = Source {
                        name: name.into(),
                        text: String::new(),
                    };
                    let hint = nearest(name, &names).map_or_else(
                        || format!("there are: {}", names.join(", ")),
                        |n| format!("did you mean `{n}`?"),
                    );
                    Problems::from(
                        Diagnostic::at(&nothing, 0..0, "no such posterior is shipped").help(hint),
                    )
                })?,
        };
        let short_name = name
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or(name)
            .trim_end_matches(".csv");
        Self::parse(short_name, &source)
    }

    fn parse(name: &str, source: &Source) -> Result<Self, Problems> {
        let mut found = Self {
            name: name.into(),
            ..Self::default()
        };
        let mut at = 0;
        let mut problems = Problems::default();
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
            } else if !line.is_empty() {
                let mut cell_at = start;
                let mut row = Vec::with_capacity(found.parameters.len());
                for cell in line.split(',') {
                    match cell.parse::<f64>() {
                        Ok(value) if value.is_finite() => row.push(value),
                        _ => problems.0.push(Diagnostic::at(
                            source,
                            cell_at..cell_at + cell.len().max(1),
                            format!("found `{cell}`, expected a number"),
                        )),
                    }
                    cell_at += cell.len() + 1;
                }
                if row.len() != found.parameters.len() {
                    problems.0.push(Diagnostic::at(
                        source,
                        start..start + line.len(),
                        format!(
                            "found {} numbers, expected {}",
                            row.len(),
                            found.parameters.len()
                        ),
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
    pub fn stale(&self, now: &Hashes, priors: &ParameterSet) -> Vec<String> {
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
        all
    }

    /// (parameter, value) of the sample that this future takes.
    pub fn sample(&self, future: u64) -> impl Iterator<Item = (&str, f64)> {
        let row = &self.rows[(future % self.rows.len() as u64) as usize];
        self.parameters
            .iter()
            .map(String::as_str)
            .zip(row.iter().copied())
    }
}

fn six_digits(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    format!("{rounded}")
}
