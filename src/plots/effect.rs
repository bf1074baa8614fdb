//! The effect itself over time: the difference to the baseline in the same future, with its bands, in a panel for each regime.

use super::axis::bounds;
use super::canvas::TextAnchor;
use super::fan::{fan_of, frame, mark_rules, open_panel};
use super::record::draw_record_end;
use super::theme::{
    INK, SMALL, SOFT, change_unit, fitted, in_unit, ink_of, month, rounded, signed, supported,
    width,
};
use super::{
    FigureLayout, answer_month, arm_colour, baseline_label, headline_arm, measure_unit, month_or,
    named,
};
use crate::config::figure::{AxisScale, EffectPathSpec};
use crate::foundation::calendar::Month;
use crate::results::{
    ALL, ArmInfo, BandRow, EffectComponent, EffectRow, HEADLINE_OUTCOME, Results,
};

/// Rules that an arm may have beyond the baseline for their titles to be written out.
const NAMED_RULES: usize = 3;

/// What stands at the month in which a named rule is announced.
const ANNOUNCED: &str = "announced";

/// The outcome that is the followed measure in the last month of a window.
const OUTCOME: &str = "latent_gap_months_last";

/// Draws a panel for each regime but the baseline; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    spec: &EffectPathSpec,
) -> Result<String, String> {
    let study = &results.manifest.study;
    let from = month_or(&spec.from, default_start(results));
    let unit = measure_unit(results, &spec.measure);
    let mine: Vec<&BandRow> = study
        .arms
        .iter()
        .flat_map(|a| effect_rows(results, spec, &a.name, from))
        .collect();
    if mine.is_empty() {
        return Err(format!(
            "no monthly differences were kept of {} of {}",
            spec.measure, spec.entity
        ));
    }
    let ends = |r: &&BandRow| [r.band.p05, r.band.p95];
    let range = bounds(mine.iter().flat_map(ends), AxisScale::Linear);
    let arms: Vec<&ArmInfo> = study
        .arms
        .iter()
        .filter(|a| a.name != study.baseline)
        .collect();
    let mut said = Vec::new();
    for arm in arms {
        let rows = effect_rows(results, spec, &arm.name, from);
        let Some(last) = rows.last() else {
            continue;
        };
        let end = EndLabel::of(results, arm, last, &unit);
        let span = (from, study.last_month);
        let rules = differing_rules(results, arm, span);
        let marks: Vec<(Month, Vec<&str>)> = rules
            .iter()
            .map(|(when, texts)| (*when, texts.iter().map(String::as_str).collect()))
            .collect();
        let panel = open_panel(sheet, &marks, span, range, AxisScale::Linear, end.room());
        frame(sheet, &panel, arm.label(), "", &unit);
        mark_rules(&mut sheet.canvas, &panel, &marks);
        let colour = arm_colour(results, &arm.name);
        fan_of(&mut sheet.canvas, &panel, &rows, &[], colour);
        let zero = panel.y(0.0);
        let across = vec![(panel.left(), zero), (panel.right(), zero)];
        sheet.canvas.line(across, INK, 1.2);
        draw_record_end(&mut sheet.canvas, &panel, results);
        let x = panel.right() + 6.0;
        let y = panel
            .y(last.band.p50)
            .clamp(panel.top() + 6.0, panel.bottom() - 18.0);
        let canvas = &mut sheet.canvas;
        canvas.bold(
            (x, y),
            end.median.as_str(),
            SMALL,
            ink_of(colour),
            TextAnchor::Left,
        );
        canvas.text(
            (x, y + 13.0),
            end.range.as_str(),
            SMALL,
            SOFT,
            TextAnchor::Left,
        );
        said.push(format!(
            "under {} the difference ends {} at {}, {}",
            arm.label(),
            month(last.month),
            end.median,
            end.range
        ));
        let labels = [arm.label(), "difference to the baseline", unit.as_str()];
        sheet.data.add_bands(labels, &rows);
        sheet.y = panel.bottom() + 26.0;
    }
    sheet.caption.push(format!(
        "Difference to {} in the same future. Line: median; dark band: 50 % of futures; light band: 90 %. Above zero: further behind. Dotted uprights: rules bind, or are announced, that the baseline does not have.",
        baseline_label(results)
    ));
    Ok(said.join("; "))
}

/// The monthly differences of one arm to the baseline, from a month on.
pub fn effect_rows<'a>(
    results: &'a Results,
    spec: &EffectPathSpec,
    arm: &str,
    from: Month,
) -> Vec<&'a BandRow> {
    let is_mine = |r: &&BandRow| {
        r.regime == arm && r.measure == spec.measure && r.entity == spec.entity && r.month >= from
    };
    results.effect_bands.iter().filter(is_mine).collect()
}

/// The finding of the figure in one line: the effect on the arm of the first answer in the month of that answer.
pub fn finding(results: &Results, spec: &EffectPathSpec) -> Option<String> {
    let study = &results.manifest.study;
    let arm = headline_arm(results)?;
    let when = answer_month(results);
    let row = results.effect_bands.iter().find(|r| {
        r.regime == arm.name
            && r.measure == spec.measure
            && r.entity == spec.entity
            && r.month == when
    })?;
    let unit = measure_unit(results, &spec.measure);
    let error = monte_carlo_error(results, arm, when);
    let (label, target) = (arm.label(), &study.target_name);
    let size = rounded(row.band.p50.abs(), error, &unit);
    Some(if supported(row.band.p50, error) == 0.0 {
        format!(
            "{label}: {target} is as far behind as without, {}",
            month(when)
        )
    } else {
        let way = if row.band.p50 > 0.0 {
            "further behind"
        } else {
            "less far behind"
        };
        format!("{label}: {target} is {size} {way} in {}", month(when))
    })
}

/// The effect is drawn from a year before arms can differ.
pub fn default_start(results: &Results) -> Month {
    let study = &results.manifest.study;
    study.window_first.plus(-12).max(study.first_month)
}

/// The Monte Carlo error of the effect on the outcome of this month, or of the headline.
fn monte_carlo_error(results: &Results, arm: &ArmInfo, when: Month) -> f64 {
    let study = &results.manifest.study;
    let months = |e: &EffectRow| {
        let own = (study.window_last - study.window_first + 1).max(0) as u32;
        e.horizon_months.unwrap_or(own) as i32
    };
    let own = results.effects.iter().find(|e| {
        e.outcome == OUTCOME
            && e.regime == arm.name
            && e.stratum == ALL
            && e.part == EffectComponent::Total
            && e.discount == 0.0
            && study.window_first.plus(months(e) - 1) == when
    });
    own.or_else(|| results.effect(HEADLINE_OUTCOME, &arm.name))
        .map_or(0.0, |e| e.monte_carlo_error)
}

/// What stands at the end of a curve: its median, and below it the 90 % of futures.
struct EndLabel {
    median: String,
    range: String,
}

impl EndLabel {
    fn of(results: &Results, arm: &ArmInfo, last: &BandRow, unit: &str) -> Self {
        let error = monte_carlo_error(results, arm, last.month);
        let (factor, shown) = change_unit(unit);
        let end = |v: f64| in_unit(supported(factor * v, error), shown);
        Self {
            median: format!("{} {shown}", signed(factor * last.band.p50, error, shown)),
            range: format!("90 %: {} to {}", end(last.band.p05), end(last.band.p95)),
        }
    }

    fn room(&self) -> f64 {
        let wide = width(&self.median, SMALL, true).max(width(&self.range, SMALL, false));
        wide + 14.0
    }
}

/// Months in which rules begin to bind that the baseline does not have, or has with other dates. Few rules have their titles
/// and the months of their announcement, many their kinds.
pub fn differing_rules(
    results: &Results,
    arm: &ArmInfo,
    (from, to): (Month, Month),
) -> Vec<(Month, Vec<String>)> {
    let study = &results.manifest.study;
    let baseline = study.arms.iter().find(|a| a.name == study.baseline);
    let is_shared = |id: &str, dates| {
        let of_baseline = baseline.iter().flat_map(|b| &b.rules);
        of_baseline
            .into_iter()
            .any(|r| r.id == id && (r.compliance, r.ended) == dates)
    };
    let own: Vec<_> = arm
        .rules
        .iter()
        .filter(|r| !is_shared(&r.id, (r.compliance, r.ended)))
        .collect();
    let is_few = own.len() <= NAMED_RULES;
    let binding = own.iter().map(|rule| {
        let title = named(results, rule.title.trim_end_matches('.'));
        let text = if is_few {
            fitted(&title, 320.0, SMALL)
        } else {
            rule.instrument.clone()
        };
        (Month::from_date(rule.compliance), text)
    });
    let announced = own
        .iter()
        .filter(|_| is_few)
        .map(|rule| (Month::from_date(rule.announced), ANNOUNCED.to_string()));
    let mut found: Vec<(Month, Vec<String>)> = Vec::new();
    for (when, text) in binding.chain(announced) {
        if when < from || when > to {
            continue;
        }
        match found.iter_mut().find(|(month, _)| *month == when) {
            // A rule that binds when it is announced needs one mark.
            Some((_, texts)) if text == ANNOUNCED || texts.contains(&text) => {}
            Some((_, texts)) => texts.push(text),
            None => found.push((when, vec![text])),
        }
    }
    found.sort();
    found
}
