//! One month's learning written once more: flat arrays by lab, plain loops, no question put to chance.
//!
//! It says what `agents::lab::do_research` says with the equations of `capability`, and shares with them the numbers that
//! go in and no arithmetic.

use chokepoint::foundation::parameters::Parameters;

/// Labs and what they can learn from: one flat array each.
#[derive(Clone, Debug, Default)]
pub struct Learning {
    // By lab.
    pub bloc: Vec<usize>,
    pub skill: Vec<f64>,
    pub synthetic: Vec<bool>,
    pub compute_h100e: Vec<f64>,
    pub points: Vec<f64>,
    // By bloc.
    pub training_h100e: [f64; 3],
    pub research_h100e: [f64; 3],
    pub mean_points: [f64; 3],
    pub best_points: [f64; 3],
    /// Best latent score so far.
    pub latent: [f64; 3],
    pub induced_points: [f64; 3],
    pub cost_share: [f64; 3],
    /// Points that become known to all this month.
    pub spread_points: f64,
    /// Compute of public research, part of the issuer's.
    pub public_h100e: f64,
    /// 1 where open weights teach.
    pub open_diffusion: f64,
    /// 1 where served models teach.
    pub distillation: f64,
    /// 1 where the target may query the leader's models.
    pub model_access: f64,
    // By month: best knowledge anywhere, that behind the best open model and that behind the best of all; with how much compute.
    pub best_known: Vec<f64>,
    pub best_known_h100e: Vec<f64>,
    pub open_known: Vec<f64>,
    pub open_known_h100e: Vec<f64>,
    pub served_known: Vec<f64>,
    pub served_known_h100e: Vec<f64>,
}

impl Learning {
    /// One month at this decimal year.
    pub fn month(&mut self, year: f64, p: &Parameters) {
        let explained = p.points_per_decade_of_compute * f64::log10(p.frontier_compute_growth);
        let at_break =
            (p.frontier_points_per_year_before - explained) * (p.regime_break_year - 2023.2);
        let score_2026 = p.frontier_points_reference
            + p.frontier_points_per_year_before * (p.regime_break_year - 2023.2)
            + p.frontier_points_per_year_after * (2026.0 - p.regime_break_year);
        let growth = if year < p.regime_break_year {
            p.frontier_points_per_year_before
        } else {
            p.frontier_points_per_year_after
        };
        let mut rate = [0.0; 3];
        for bloc in 0..3 {
            self.research_h100e[bloc] = p.lab_share_of_compute * self.training_h100e[bloc];
            if bloc == 0 {
                self.research_h100e[bloc] +=
                    self.public_h100e - p.lab_share_of_compute * self.public_h100e;
            }
            let effort = f64::powf(
                f64::max(self.research_h100e[bloc] / p.research_reference_h100e, 0.0),
                p.research_compute_elasticity,
            );
            let known = self.mean_points[bloc] - at_break;
            let slope = if known < 0.0 {
                p.frontier_points_per_year_before
            } else {
                p.frontier_points_per_year_after
            };
            let years = known / f64::max(slope - explained, 0.25 * slope);
            let ahead = f64::max(self.latent[bloc] - score_2026, 0.0);
            rate[bloc] = f64::max(growth - explained, 0.0) / 12.0
                * effort
                * f64::exp(-p.research_saturation_per_year * years)
                * f64::min(f64::exp(p.ai_research_per_point * ahead), 100.0);
        }
        let moved = p.talent_share * rate[0];
        rate[0] -= moved;
        rate[1] += moved;
        let published = ago(
            &self.best_known,
            &self.best_known_h100e,
            p.publication_lag_months,
        );
        let open = ago(&self.open_known, &self.open_known_h100e, p.open_lag_months);
        let served = ago(
            &self.served_known,
            &self.served_known_h100e,
            p.distillation_lag_months,
        );
        let labs = self.points.len();
        for lab in 0..labs {
            let bloc = self.bloc[lab];
            let queries = if bloc != 1 || self.model_access >= 0.5 {
                1.0
            } else {
                0.0
            };
            let own = rate[bloc] * self.skill[lab] * (1.0 - self.cost_share[bloc]);
            let mut reach = 0.0;
            for (source, carries) in [
                (published, p.publication_share),
                (open, p.open_share * self.open_diffusion),
                (served, p.served_share * self.distillation * queries),
            ] {
                let Some((points, h100e)) = source else {
                    continue;
                };
                let mut below = 0.0;
                if h100e > self.compute_h100e[lab] {
                    below = f64::log10(h100e) - f64::log10(self.compute_h100e[lab]);
                }
                let usable = 1.0 - p.scale_dependence * f64::min(below / p.scale_span_decades, 1.0);
                let ahead = f64::max(points - self.points[lab], 0.0);
                reach = f64::max(reach, carries * usable * ahead);
            }
            self.points[lab] +=
                own + (1.0 - f64::exp(-p.catch_up_per_year / 12.0)) * reach + self.spread_points;
        }
        let (mut sum, mut weight) = ([0.0; 3], [0.0; 3]);
        let mut latent = [f64::NEG_INFINITY; 3];
        let (mut best, mut best_h100e) = (f64::NEG_INFINITY, 0.0);
        self.best_points = [f64::NEG_INFINITY; 3];
        for lab in 0..labs {
            let (compute, points) = (self.compute_h100e[lab], self.points[lab]);
            if self.synthetic[lab] || compute <= 0.0 {
                continue;
            }
            let bloc = self.bloc[lab];
            self.best_points[bloc] = f64::max(self.best_points[bloc], points);
            sum[bloc] += compute * points;
            weight[bloc] += compute;
            let decades = f64::log10(f64::max(compute / p.run_reference_h100e, 1e-9));
            let score = p.frontier_points_reference
                + p.points_per_decade_of_compute * decades
                + points
                + self.induced_points[bloc];
            latent[bloc] = f64::max(latent[bloc], score);
            if points > best {
                best = points;
                best_h100e = compute;
            }
        }
        for bloc in 0..3 {
            if weight[bloc] > 0.0 {
                self.mean_points[bloc] = sum[bloc] / weight[bloc];
            }
            self.latent[bloc] = f64::max(self.latent[bloc], latent[bloc]);
        }
        self.best_known.push(best);
        self.best_known_h100e.push(best_h100e);
    }
}

/// What stood in a record some months ago, and with how much compute; nothing before it began.
fn ago(points: &[f64], h100e: &[f64], months: f64) -> Option<(f64, f64)> {
    let back = 1 + f64::round(months) as usize;
    if points.len() < back {
        return None;
    }
    let at = points.len() - back;
    Some((points[at], h100e[at]))
}
