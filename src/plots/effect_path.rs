//! The figure of a claim: the effect after 12, 24 and 48 months and at the end, beside the size that matters.

use super::axis::{AxisScaleRange, PlotPanel, bounds};
use super::canvas::{Canvas, TextAnchor};
use super::svg::{self, TextRendering};
use super::theme::{BLUE, GRID, INK, SMALL, SOFT, in_unit, month, signed, supported, wrap};
use crate::config::figure::AxisScale;
use crate::results::claims::{ClaimEffect, ClaimFinding};

const SHEET: f64 = 560.0;
const LEFT: f64 = 118.0;
const RIGHT: f64 = SHEET - 172.0;
const ROW: f64 = 21.0;

/// The figure as SVG: for a page that carries the typeface, or with outlines as a file of its own.
pub fn draw_effect_path(finding: &ClaimFinding, is_file: bool) -> String {
    let (canvas, said) = compose(finding);
    let rendering = if is_file {
        TextRendering::Outlines
    } else {
        TextRendering::Page
    };
    let title = format!("{}: {}", finding.claim.id, finding.claim.title);
    let id = format!("figure-{}", finding.claim.id);
    svg::svg(&canvas, &id, &title, &said, rendering)
}

fn compose(finding: &ClaimFinding) -> (Canvas, String) {
    let mut canvas = Canvas::new(SHEET);
    let mut y = 14.0;
    let head = format!(
        "{}: {} less {}, in {}",
        finding.claim.reads, finding.arm_label, finding.baseline_label, finding.unit
    );
    for line in wrap(&head, SHEET - 16.0, SMALL) {
        canvas.text((8.0, y), line, SMALL, SOFT, TextAnchor::Left);
        y += 14.0;
    }
    let rows = finding.path.len() as f64;
    let (top, bottom) = (y + 6.0, y + 14.0 + ROW * rows);
    let size = finding.size;
    let ends = finding.path.iter().flat_map(|e| [e.p05, e.p95]);
    let range = bounds(ends.chain([-1.2 * size, 1.2 * size]), AxisScale::Linear);
    let across = AxisScaleRange::linear(range, LEFT, RIGHT);
    let panel = PlotPanel::of_rows(across, top, bottom);
    // Inside the band an effect is too small to matter.
    let (from, to) = (across.at(-size), across.at(size));
    canvas.rect((from, top), (to, bottom), GRID, 0.55);
    panel.values_below(&mut canvas, "");
    let mut said = Vec::new();
    for (turn, effect) in finding.path.iter().enumerate() {
        let at = top + 12.0 + ROW * turn as f64;
        said.push(draw_row(
            &mut canvas,
            &panel,
            effect,
            at,
            finding.effect.months,
        ));
    }
    let foot = "Thick: 50 % of futures; thin: 90 %; grey: too small to matter; bold: the window of the verdict.";
    canvas.text((8.0, bottom + 30.0), foot, SMALL, SOFT, TextAnchor::Left);
    canvas.height = bottom + 40.0;
    (canvas, format!("{}. {head}", said.join("; ")))
}

/// One time: its name, its intervals and its numbers; answers them in words.
fn draw_row(
    canvas: &mut Canvas,
    panel: &PlotPanel,
    effect: &ClaimEffect,
    y: f64,
    own_months: u32,
) -> String {
    let at = |value: f64| panel.across.at(value);
    let name = format!("{} mo., {}", effect.months, month(effect.month));
    let error = effect.monte_carlo_error;
    let end = |v: f64| in_unit(supported(v, error), "");
    let numbers = format!(
        "{} ({} to {})",
        signed(effect.p50, error, ""),
        end(effect.p05),
        end(effect.p95)
    );
    let (left, right) = ((LEFT - 8.0, y), (RIGHT + 10.0, y));
    if effect.months == own_months {
        canvas.bold(left, name.as_str(), SMALL, INK, TextAnchor::Right);
        canvas.bold(right, numbers.as_str(), SMALL, INK, TextAnchor::Left);
    } else {
        canvas.text(left, name.as_str(), SMALL, SOFT, TextAnchor::Right);
        canvas.text(right, numbers.as_str(), SMALL, SOFT, TextAnchor::Left);
    }
    canvas.line(vec![(at(effect.p05), y), (at(effect.p95), y)], BLUE, 1.4);
    canvas.line(vec![(at(effect.p25), y), (at(effect.p75), y)], BLUE, 5.0);
    let dot = at(effect.p50);
    canvas.rect((dot - 1.3, y - 5.5), (dot + 1.3, y + 5.5), INK, 1.0);
    format!("after {name}: {numbers}")
}
