//! Computes the chip that a maker would derive from a parent under a regime on a day.

use serde::Serialize;

use crate::agents::nation::training_share;
use crate::config::chips::ChipRow;
use crate::config::diagnostics::Problems;
use crate::controls::{ControlledItem, Regime, Verdict};
use crate::foundation::calendar::{Date, Month};
use crate::foundation::parameters::Parameters;
use crate::policy::compiled::design_attributes;
use crate::study::Library;
use crate::technology::chip::{ChipSpec, H100, H100Times, unit_cost_usd};
use crate::technology::design::{
    CutKind, DesignCandidate, RedesignLimits, blended_value, candidates, profit_per_unit_usd,
};
use crate::technology::roadmap::fp8_share;

/// A design that the law lets through, and what it is worth.
#[derive(Clone, Debug, Serialize)]
pub struct DesignOption {
    /// What is less than in the parent, joined by `+`; `nothing` for the parent itself.
    pub cut: String,
    pub tpp: f64,
    pub interconnect_gbps: f64,
    pub mem_bandwidth_tbs: f64,
    pub die_area_mm2: f64,
    /// Buyers' mix of training and serving, relative to an H100.
    pub value: f64,
    pub cost_usd: f64,
    pub price_usd: f64,
    pub profit_usd: f64,
    #[serde(skip)]
    pub spec: ChipSpec,
}

/// Designs from one parent, most profitable first: the best of each kind of cut.
///
/// Parameters are those at the centre, and an H100's value sells at its list price.
///
/// # Errors
/// When the nation is not in the table.
pub fn designs(
    library: &Library,
    parent: &ChipRow,
    regime: &Regime,
    on: Date,
    to: &str,
) -> Result<Vec<DesignOption>, Problems> {
    let p = library.parameters.central();
    let mut symbols = library.law.symbols.clone();
    let mut sale = parent.attributes(&mut symbols);
    let nation = library.nation(to)?.groups(&mut symbols);
    sale.ship_to(&nation, &nation);
    let books = [
        regime.rules_in_force(&library.law, on),
        regime.announced(&library.law, on),
    ];
    let spec = parent.spec(|month| library.tables.deflate(month));
    let legal = |design: &ChipSpec| {
        let a = design_attributes(&sale, design);
        books.iter().all(|book| {
            let ruling = book.judge(ControlledItem::ChipSale, &a);
            ruling.exporter == Verdict::Free && ruling.importer == Verdict::Free
        })
    };
    let found = candidates(&spec, &RedesignLimits::of(&p), legal);
    let year = Month::from_date(on).decimal_year();
    let mut all: Vec<DesignOption> = found.iter().map(|c| appraise(c, &spec, year, &p)).collect();
    all.sort_by(|a, b| b.profit_usd.total_cmp(&a.profit_usd));
    let mut best: Vec<DesignOption> = Vec::new();
    for design in all {
        if !best.iter().any(|b| b.cut == design.cut) {
            best.push(design);
        }
    }
    Ok(best)
}

fn appraise(
    candidate: &DesignCandidate,
    parent: &ChipSpec,
    year: f64,
    p: &Parameters,
) -> DesignOption {
    let (training, fp8) = (training_share(year, p), fp8_share(year, p));
    let spec = candidate.spec;
    let value = blended_value(&spec, training, fp8, &H100Times::of(p), p);
    let going = H100.list_price_usd;
    DesignOption {
        cut: CutKind::of(&spec, parent).words(),
        tpp: spec.tpp,
        interconnect_gbps: spec.interconnect_gbps,
        mem_bandwidth_tbs: spec.mem_bandwidth_tbs,
        die_area_mm2: spec.die_area_mm2,
        value,
        cost_usd: unit_cost_usd(&spec, p),
        price_usd: value * going,
        profit_usd: profit_per_unit_usd(&spec, value, going, p),
        spec,
    }
}
