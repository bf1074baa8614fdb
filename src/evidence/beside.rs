//! Puts what others have published beside what the model reads for the same thing.

use std::sync::Arc;

use rayon::prelude::*;

use super::hindcast::Hindcast;
use super::predictive::future_of;
use crate::analysis::bands::quantile;
use crate::config::beside::{BesideFile, PublishedQuantity, RangeBasis};
use crate::config::diagnostics::{Diagnostic, Problems};
use crate::config::evidence::Evidence;
use crate::config::posterior::Posterior;
use crate::config::splits;
use crate::study::{Library, PlanSettings, Worker};

/// A published quantity and the model's number for it: median and 90 % of futures.
#[derive(Clone, Debug)]
pub struct ComparedQuantity {
    pub quantity: PublishedQuantity,
    pub median: f64,
    pub p05: f64,
    pub p95: f64,
}

impl ComparedQuantity {
    /// Whether the model's 90 % interval meets the range of the quantity.
    pub fn meets(&self) -> bool {
        self.p05 <= self.quantity.high && self.p95 >= self.quantity.low
    }

    /// Where the model stands: its median in the range, its interval at it, or neither.
    pub fn standing(&self) -> &'static str {
        if self.quantity.holds(self.median) {
            "yes"
        } else if self.meets() {
            "no; intervals meet"
        } else {
            "**no**"
        }
    }
}

/// Every quantity of the file, in its order, over futures of the posterior that studies use: those of the file, or `most` of
/// them. `done` is called after each run.
///
/// # Errors
/// When the file cannot be read, or a quantity has no column or month in the model.
pub fn compare(
    library: &Library,
    most: u32,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<ComparedQuantity>, Problems> {
    let mut file = BesideFile::read(&library.configs)?;
    file.runs = file.runs.min(most);
    let shipped = Evidence::read(&library.configs)?;
    let posterior = Posterior::if_shipped(&library.configs, "final")?.map(Arc::new);
    let discrepancy = splits::read(&library.configs)?.discrepancy;
    let mut found = Vec::new();
    for regime in file.regimes() {
        let settings = PlanSettings {
            seed: 1,
            runs: file.runs,
            ..PlanSettings::default()
        };
        let evidence = file.evidence(regime, &shipped);
        let h = Hindcast::new(library, evidence, &discrepancy, &[regime], settings)?;
        check_answered(library, &h)?;
        let draws = values(&h, file.runs, posterior.as_ref(), done);
        let quantities = file.quantity.iter().filter(|q| q.regime == regime);
        for (k, quantity) in quantities.enumerate() {
            let mut sorted: Vec<f64> = draws.iter().map(|row| row[k]).collect();
            sorted.sort_by(f64::total_cmp);
            found.push(ComparedQuantity {
                quantity: quantity.clone(),
                median: quantile(&sorted, 0.5),
                p05: quantile(&sorted, 0.05),
                p95: quantile(&sorted, 0.95),
            });
        }
    }
    let place = |c: &ComparedQuantity| {
        let named = |q: &PublishedQuantity| q.name == c.quantity.name;
        file.quantity.iter().position(named)
    };
    found.sort_by_key(place);
    Ok(found)
}

/// The model's numbers by future, as a study runs it: with every response on.
fn values(
    h: &Hindcast,
    runs: u32,
    posterior: Option<&Arc<Posterior>>,
    done: &(dyn Fn() + Sync),
) -> Vec<Vec<f64>> {
    let run = |worker: &mut Worker, number: u32| {
        let future = future_of(h, number, posterior);
        worker.run(&h.plan.calendars[0], &future, h.months, false);
        done();
        h.read(worker.record())
    };
    let numbers: Vec<u32> = (0..runs).collect();
    let made = numbers
        .par_iter()
        .map_init(|| h.worker(), |worker, number| run(worker, *number));
    made.collect()
}

fn check_answered(library: &Library, h: &Hindcast) -> Result<(), Problems> {
    let source = library.configs.read("evidence/beside_others.toml")?;
    let mut problems = Problems::default();
    for (row, silent) in h.evidence.rows.iter().zip(&h.silent) {
        if let Some(reason) = silent {
            let quoted = format!("\"{}\"", row.target_id);
            let place = Diagnostic::at_text(&source, 0, &quoted, reason.clone());
            problems.0.push(place);
        }
    }
    problems.check()
}

/// Three digits, as a reader compares them.
fn short(value: f64) -> String {
    match value.abs() {
        v if v.is_nan() => "-".into(),
        v if v >= 1e6 => format!("{value:.1e}"),
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The table and its sources in Markdown.
///
/// # Errors
/// As [`compare`].
pub fn beside_markdown(library: &Library) -> Result<String, Problems> {
    let rows = compare(library, u32::MAX, &|| {})?;
    let runs = BesideFile::read(&library.configs)?.runs;
    let held = rows.iter().filter(|r| r.quantity.holds(r.median)).count();
    let overlapping = rows.iter().filter(|r| r.meets()).count();
    let mut out = format!(
        "\nThe model's median lies in the range of {held} of {} quantities, and its 90 % interval meets the range of {overlapping}. \
         Values are those of {runs} futures of the posterior `final`.\n\n",
        rows.len()
    );
    out.push_str("| | quantity | published by | value (range) | model (90 %) | unit | rules | in range |\n|---|---|---|---|---|---|---|---|\n");
    for (number, r) in rows.iter().enumerate() {
        let q = &r.quantity;
        let judged = match q.range {
            RangeBasis::Published => "",
            RangeBasis::Judged => ", judged",
        };
        out.push_str(&format!(
            "| {} | {} | {}, {} | {} ({} to {}{judged}) | {} ({} to {}) | {} | `{}` | {} |\n",
            number + 1,
            q.description,
            q.publisher,
            q.date,
            short(q.value),
            short(q.low),
            short(q.high),
            short(r.median),
            short(r.p05),
            short(r.p95),
            q.unit,
            q.regime,
            r.standing(),
        ));
    }
    out.push_str("\n## Definitions and sources\n\n| | what was counted | how the model's number differs | source | read from |\n|---|---|---|---|---|\n");
    for (number, r) in rows.iter().enumerate() {
        let q = &r.quantity;
        let source = match q.url.as_str() {
            "" => q.source.clone(),
            url => format!("[{}]({url})", q.source),
        };
        let over = match &q.over[..] {
            [] => String::new(),
            over => format!(" over {}", over.join(", ")),
        };
        out.push_str(&format!(
            "| {} | {} | {} | {source} | `{}` of {}{over}, {:?}, {} to {} |\n",
            number + 1,
            q.definition,
            q.differs,
            q.measure.get_ref(),
            q.entities.join(", "),
            q.how,
            q.first,
            q.last,
        ));
    }
    Ok(out)
}
