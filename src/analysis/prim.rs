//! Scenario boxes: conditions under which something happens, found by peeling and tested on held-out rows.
//!
//! The patient rule induction method of Friedman and Fisher (1999, <https://doi.org/10.1023/A:1008894516817>), as used
//! for scenario discovery (Bryant and Lempert 2010, <https://doi.org/10.1016/j.techfore.2009.08.002>). Rows are split in two:
//! a box is peeled, pasted and pruned on one half and scored on the other, and one that does not hold there is not reported.

use super::{EstimatorError, finite};
use crate::foundation::maths;

/// Share of the rows in a box that one peel takes away: small is patient.
const PEEL: f64 = 0.07;
/// Smallest share of rows that a box may hold.
const LEAST_SUPPORT: f64 = 0.06;
/// A limit is kept only if rows that it shuts out are as rare among hits as this by chance alone.
const KEEP_BELOW: f64 = 0.05;
/// Standard errors by which the held-out density must exceed the held-out base rate.
const ERRORS_ABOVE_BASE: f64 = 2.0;

/// One side of a box: rows with the factor at least `low` and at most `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoxLimit {
    pub factor: usize,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Share of resampled halves whose box limits the same factor on the same side.
    pub stability: f64,
}

/// How a box does on some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BoxScore {
    /// Rows inside.
    pub rows: usize,
    /// Share of all rows that are inside.
    pub support: f64,
    /// Share of all hits that are inside.
    pub coverage: f64,
    /// Share of the rows inside that are hits.
    pub density: f64,
    /// Share of all rows that are hits.
    pub base: f64,
}

/// A box that holds on rows it was not made from.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioBox {
    pub limits: Vec<BoxLimit>,
    pub training: BoxScore,
    pub held_out: BoxScore,
    /// Standard error of the held-out density if the box said nothing.
    pub held_out_error: f64,
}

type BoxSides = Vec<[Option<f64>; 2]>;

struct BoxSample<'a> {
    x: &'a [Vec<f64>],
    hit: &'a [bool],
}

/// Up to `boxes` boxes, each found among the rows that earlier ones leave; none where nothing holds on held-out rows.
///
/// `x[row][factor]`; `resamples` halves are drawn anew to see whether limits come back; `uniform(k)` is draw `k`.
///
/// # Errors
/// When rows differ in length, a factor is not finite, or there are fewer than 40 rows.
pub fn discover(
    x: &[Vec<f64>],
    hit: &[bool],
    boxes: usize,
    resamples: usize,
    uniform: &dyn Fn(u64) -> f64,
) -> Result<Vec<ScenarioBox>, EstimatorError> {
    if x.len() < 40 || x.len() != hit.len() {
        return Err(EstimatorError(format!(
            "conditions can be found among 40 futures or more, because half of the futures only test them; found {}",
            x.len()
        )));
    }
    let factors = x[0].len();
    for row in x {
        finite("parameters of a future", row)?;
        if row.len() != factors {
            return Err(EstimatorError("futures differ in their parameters".into()));
        }
    }
    let rows = BoxSample { x, hit };
    let (mut training, mut held_out): (Vec<usize>, Vec<usize>) =
        (0..x.len()).partition(|r| uniform(*r as u64) < 0.5);
    let mut found = Vec::new();
    for nth in 0..boxes {
        let sides = rows.find(&training);
        if sides.iter().flatten().all(Option::is_none) {
            break;
        }
        let score = rows.score(&held_out, &sides);
        let error = (score.base * (1.0 - score.base) / score.rows.max(1) as f64).sqrt();
        if score.rows == 0 || score.density - score.base <= ERRORS_ABOVE_BASE * error {
            break;
        }
        let again: Vec<BoxSides> = (0..resamples)
            .map(|s| {
                let n = training.len();
                let from = x.len() * (1 + s + nth * resamples);
                let drawn: Vec<usize> = (0..n)
                    .map(|k| {
                        training[((uniform((from + k) as u64) * n as f64) as usize).min(n - 1)]
                    })
                    .collect();
                rows.find(&drawn)
            })
            .collect();
        let limits = (0..factors)
            .filter(|f| sides[*f].iter().any(Option::is_some))
            .map(|factor| {
                let [low, high] = sides[factor];
                let same = |s: &&BoxSides| {
                    (low.is_none() || s[factor][0].is_some())
                        && (high.is_none() || s[factor][1].is_some())
                };
                BoxLimit {
                    factor,
                    low,
                    high,
                    stability: again.iter().filter(same).count() as f64 / resamples.max(1) as f64,
                }
            })
            .collect();
        found.push(ScenarioBox {
            limits,
            training: rows.score(&training, &sides),
            held_out: score,
            held_out_error: error,
        });
        training.retain(|r| !rows.inside(*r, &sides));
        held_out.retain(|r| !rows.inside(*r, &sides));
        if training.len() < 20 || held_out.len() < 20 {
            break;
        }
    }
    Ok(found)
}

impl BoxSample<'_> {
    fn inside(&self, row: usize, sides: &BoxSides) -> bool {
        self.x[row]
            .iter()
            .zip(sides)
            .all(|(v, [low, high])| low.is_none_or(|l| *v >= l) && high.is_none_or(|h| *v <= h))
    }

    fn among(&self, rows: &[usize], sides: &BoxSides) -> Vec<usize> {
        rows.iter()
            .copied()
            .filter(|r| self.inside(*r, sides))
            .collect()
    }

    fn density(&self, rows: &[usize]) -> f64 {
        rows.iter().filter(|r| self.hit[**r]).count() as f64 / rows.len().max(1) as f64
    }

    fn score(&self, rows: &[usize], sides: &BoxSides) -> BoxScore {
        let inside = self.among(rows, sides);
        let hits = |rows: &[usize]| rows.iter().filter(|r| self.hit[**r]).count();
        BoxScore {
            rows: inside.len(),
            support: inside.len() as f64 / rows.len().max(1) as f64,
            coverage: hits(&inside) as f64 / hits(rows).max(1) as f64,
            density: self.density(&inside),
            base: self.density(rows),
        }
    }

    /// `support * (density - base)`: how many more hits the box holds than as many rows would by chance (weighted relative
    /// accuracy: Lavrac and others 1999). Peeling goes on while that rises.
    fn worth(&self, rows: &[usize], inside: &[usize]) -> f64 {
        inside.len() as f64 / rows.len() as f64 * (self.density(inside) - self.density(rows))
    }

    /// Peels, pastes, prunes.
    fn find(&self, rows: &[usize]) -> BoxSides {
        let mut sides: BoxSides = vec![[None; 2]; self.x[0].len()];
        let least = (LEAST_SUPPORT * rows.len() as f64).ceil() as usize;
        let base = self.density(rows);
        let mut inside = rows.to_vec();
        while let Some((factor, side, limit)) = self.next_peel(&inside, least, base) {
            sides[factor][side] = Some(limit);
            inside = self.among(&inside, &sides);
        }
        self.paste(rows, &mut sides);
        self.prune(rows, &mut sides);
        sides
    }

    /// A small peel from the side on which the best cut, however deep, promises most: factor, side (0 takes low values
    /// away), new limit. Looking along the whole axis keeps peels on noise apart from peels on a slope.
    fn next_peel(&self, inside: &[usize], least: usize, base: f64) -> Option<(usize, usize, f64)> {
        let n = inside.len();
        let take = ((PEEL * n as f64) as usize).max(1);
        // Hits beyond what the base rate gives: what a cut must raise.
        let excess = |hits: usize, rows: usize| hits as f64 - base * rows as f64;
        let hits = inside.iter().filter(|r| self.hit[**r]).count();
        let mut most = excess(hits, n);
        let mut best = None;
        let mut order = inside.to_vec();
        for factor in 0..self.x[0].len() {
            let value = |r: usize| self.x[r][factor];
            order.sort_unstable_by(|a, b| value(*a).total_cmp(&value(*b)));
            for side in 0..2 {
                // The rows that a cut takes away first, from this side.
                let nth = |k: usize| {
                    if side == 0 {
                        order[k]
                    } else {
                        order[n - 1 - k]
                    }
                };
                let mut lost = 0;
                for k in 0..n.saturating_sub(least) {
                    lost += usize::from(self.hit[nth(k)]);
                    let kept = excess(hits - lost, n - k - 1);
                    if kept > most + 1e-9 && value(nth(k)) != value(nth(k + 1)) {
                        most = kept;
                        let small = value(nth((k + 1).min(take)));
                        // Where many rows share the outermost value, a small peel would take none.
                        let deep = value(nth(k + 1));
                        let limit = if small == value(nth(0)) { deep } else { small };
                        best = Some((factor, side, limit));
                    }
                }
            }
        }
        best
    }

    /// Moves limits outwards again, one small step at a time, while that makes the box worth more.
    fn paste(&self, rows: &[usize], sides: &mut BoxSides) {
        let mut most = self.worth(rows, &self.among(rows, sides));
        loop {
            let mut step: Option<(f64, usize, usize, Option<f64>)> = None;
            for factor in 0..sides.len() {
                for side in 0..2 {
                    let Some(limit) = sides[factor][side] else {
                        continue;
                    };
                    let mut free = sides.clone();
                    free[factor][side] = None;
                    let mut beyond: Vec<f64> = self
                        .among(rows, &free)
                        .iter()
                        .map(|r| self.x[*r][factor])
                        .filter(|v| if side == 0 { *v < limit } else { *v > limit })
                        .collect();
                    beyond.sort_by(f64::total_cmp);
                    if side == 0 {
                        beyond.reverse();
                    }
                    let inside = self.among(rows, sides).len();
                    let add = ((PEEL * inside as f64) as usize).max(1);
                    free[factor][side] = beyond.get(add).copied();
                    let worth = self.worth(rows, &self.among(rows, &free));
                    if worth > most && step.is_none_or(|(w, ..)| worth > w) {
                        step = Some((worth, factor, side, free[factor][side]));
                    }
                }
            }
            let Some((worth, factor, side, limit)) = step else {
                return;
            };
            sides[factor][side] = limit;
            most = worth;
        }
    }

    /// Lifts limits that hits inside the box do not need: the rows that a limit shuts out must be poor in hits by more
    /// than chance (the quasi-p-value of Bryant and Lempert, with the normal approximation of the binomial).
    fn prune(&self, rows: &[usize], sides: &mut BoxSides) {
        loop {
            let inside = self.among(rows, sides);
            let (n, hits) = (
                inside.len() as f64,
                self.density(&inside) * inside.len() as f64,
            );
            let mut weakest: Option<(f64, usize, usize)> = None;
            for factor in 0..sides.len() {
                for side in 0..2 {
                    if sides[factor][side].is_none() {
                        continue;
                    }
                    let mut without = sides.clone();
                    without[factor][side] = None;
                    let wide = self.density(&self.among(rows, &without));
                    let sd = (n * wide * (1.0 - wide)).sqrt();
                    let z = if sd > 0.0 {
                        (hits - 0.5 - n * wide) / sd
                    } else {
                        0.0
                    };
                    let p = 1.0 - normal_below(z);
                    if p > KEEP_BELOW && weakest.is_none_or(|(w, ..)| p > w) {
                        weakest = Some((p, factor, side));
                    }
                }
            }
            let Some((_, factor, side)) = weakest else {
                return;
            };
            sides[factor][side] = None;
        }
    }
}

/// Distribution of the standard normal (Abramowitz and Stegun 26.2.17, error below 1e-7).
fn normal_below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let poly = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = maths::exp(-z * z / 2.0) / (2.0 * std::f64::consts::PI).sqrt() * poly;
    if z >= 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uniform(seed: u64) -> impl Fn(u64) -> f64 {
        move |k| super::super::uniform(k ^ (seed << 40))
    }

    fn table(rows: usize, factors: usize, seed: u64) -> Vec<Vec<f64>> {
        let u = uniform(seed);
        (0..rows)
            .map(|r| (0..factors).map(|f| u((r * factors + f) as u64)).collect())
            .collect()
    }

    #[test]
    fn a_planted_box_is_found_with_its_limits() {
        let x = table(1000, 12, 1);
        let u = uniform(2);
        // Hits: nine in ten inside x3 > 0.6 and x7 < 0.5, one in twenty elsewhere.
        let hit: Vec<bool> = x
            .iter()
            .enumerate()
            .map(|(r, x)| u(r as u64) < if x[3] > 0.6 && x[7] < 0.5 { 0.9 } else { 0.05 })
            .collect();
        let found = discover(&x, &hit, 1, 20, &uniform(3)).unwrap();
        let one = &found[0];
        let limited: Vec<usize> = one.limits.iter().map(|l| l.factor).collect();
        assert_eq!(limited, [3, 7], "{one:?}");
        assert!((one.limits[0].low.unwrap() - 0.6).abs() < 0.06 && one.limits[0].high.is_none());
        assert!((one.limits[1].high.unwrap() - 0.5).abs() < 0.06 && one.limits[1].low.is_none());
        assert!(
            one.held_out.density > 0.8 && one.held_out.coverage > 0.6,
            "{one:?}"
        );
        assert!(one.limits.iter().all(|l| l.stability > 0.7), "{one:?}");
    }

    #[test]
    fn a_second_box_is_found_where_the_first_leaves_hits() {
        let x = table(1600, 6, 4);
        let hit: Vec<bool> = x.iter().map(|x| x[0] > 0.8 || x[1] < 0.2).collect();
        let found = discover(&x, &hit, 3, 5, &uniform(5)).unwrap();
        assert!(found.len() >= 2, "{found:?}");
        assert!(found.iter().all(|b| b.held_out.density > 0.85));
    }

    #[test]
    fn noise_has_no_box() {
        let none = (0..40_u64)
            .filter(|seed| {
                let x = table(300, 20, 100 + seed);
                let u = uniform(200 + seed);
                let hit: Vec<bool> = (0..300).map(|r| u(r) < 0.3).collect();
                discover(&x, &hit, 1, 0, &uniform(300 + seed))
                    .unwrap()
                    .is_empty()
            })
            .count();
        // Two standard errors let one in forty through by chance.
        assert!(none >= 37, "{none} of 40 tables of noise without a box");
    }

    #[test]
    fn too_few_rows_and_numbers_that_are_none_are_refused() {
        let mut x = table(100, 3, 7);
        let hit = vec![true; 100];
        assert!(discover(&x[..30], &hit[..30], 1, 0, &uniform(8)).is_err());
        assert!(discover(&x, &hit, 1, 0, &uniform(8)).unwrap().is_empty());
        x[9][1] = f64::NAN;
        let message = discover(&x, &hit, 1, 0, &uniform(8))
            .unwrap_err()
            .to_string();
        assert!(message.contains("not finite"), "{message}");
    }

    #[test]
    fn the_normal_distribution_has_its_known_values() {
        for (z, p) in [(0.0, 0.5), (1.959_964, 0.975), (-1.0, 0.158_655_3)] {
            assert!((normal_below(z) - p).abs() < 1e-6);
        }
    }
}
