//! The gap in months: the time since the leader reached the follower's present score.

/// The record of a leader: best score so far, by month, beginning before the first month of the run.
#[derive(Clone, Debug, Default)]
pub struct LeaderRecord {
    /// Running maximum, one value a month; index 0 is `months_before` months before the start of the run.
    best: Vec<f64>,
    months_before: usize,
}

impl LeaderRecord {
    /// Starts a record with `months_before` months of history at a constant slope that ends at `now`.
    ///
    /// No score of the index exists before 2023; the recorded slope to 2024 extends it to the left, so that a
    /// follower far behind still has a date to be compared with.
    pub fn begin(&mut self, now: f64, slope_points_per_month: f64, months_before: usize) {
        self.months_before = months_before;
        self.best.clear();
        for back in (1..=months_before).rev() {
            self.best.push(now - slope_points_per_month * back as f64);
        }
    }

    /// Adds this month's score; the record is the best so far.
    pub fn push(&mut self, score: f64) {
        let before = self.best.last().copied().unwrap_or(f64::NEG_INFINITY);
        self.best.push(before.max(score));
    }

    pub fn latest(&self) -> f64 {
        self.best.last().copied().unwrap_or(f64::NAN)
    }

    /// Value `months` ago; the earliest known if the record is shorter.
    pub fn lagged(&self, months: usize) -> f64 {
        let at = self.best.len().saturating_sub(1 + months);
        self.best.get(at).copied().unwrap_or(f64::NAN)
    }

    pub fn reserve(&mut self, months: usize) {
        self.best.reserve(months);
    }

    /// Months since this record first reached `level`, linear inside a month; `None` if it never did (not reached) or
    /// had it from the start (censored).
    fn months_since(&self, level: f64) -> Option<f64> {
        let first = self.best.partition_point(|&best| best < level);
        if first == 0 || first >= self.best.len() {
            return None;
        }
        let (before, after) = (self.best[first - 1], self.best[first]);
        let inside = if after > before {
            (after - level) / (after - before)
        } else {
            0.0
        };
        Some((self.best.len() - 1 - first) as f64 + inside)
    }
}

/// Gap in months, signed: positive when the follower is behind. NaN when censored.
///
/// `t - first{u : leader(u) >= follower(t)}` if the leader is ahead, else minus the same with the two exchanged.
pub fn gap_months(leader: &LeaderRecord, follower: &LeaderRecord) -> f64 {
    if leader.latest() >= follower.latest() {
        leader.months_since(follower.latest()).unwrap_or(f64::NAN)
    } else {
        follower
            .months_since(leader.latest())
            .map_or(f64::NAN, |months| -months)
    }
}

/// Gap in points over the leader's slope of the last 24 months.
pub fn trend_months(leader: &LeaderRecord, follower: &LeaderRecord) -> f64 {
    let slope = (leader.latest() - leader.lagged(24)) / 24.0;
    if slope > 1e-9 {
        (leader.latest() - follower.latest()) / slope
    } else {
        f64::NAN
    }
}

/// Upper bound on the number of one-point levels; the index is near 150 today, so more indicate invalid numbers.
const MOST_LEVELS: f64 = 1e5;

/// Mean over one-point levels that both reached between `from` and `to` (months into the run) of the time between.
/// Positive when the follower is later. NaN when there is no such level.
pub fn crossing_months(leader: &[f64], follower: &[f64], from: usize, to: usize) -> f64 {
    let [leader, follower] = [leader, follower].map(|s| &s[..to.min(s.len())]);
    // Only levels that both series can have crossed; series with invalid numbers have none.
    let start = |series: &[f64]| series.first().copied().unwrap_or(f64::NAN);
    let top = |series: &[f64]| series.iter().copied().fold(f64::NAN, f64::max);
    let low = start(leader).max(start(follower)).ceil();
    let high = top(leader).min(top(follower)).floor();
    if !(low.is_finite() && high.is_finite() && high - low < MOST_LEVELS) {
        return f64::NAN;
    }
    let (mut ahead, mut behind) = (RecordClimb::of(leader), RecordClimb::of(follower));
    let (mut sum, mut count) = (0.0, 0.0);
    for level in low as i64..=high as i64 {
        let (Some(a), Some(b)) = (
            ahead.crossing_month(level as f64),
            behind.crossing_month(level as f64),
        ) else {
            continue;
        };
        if b >= from as f64 && b < to as f64 {
            sum += b - a;
            count += 1.0;
        }
    }
    if count > 0.0 { sum / count } else { f64::NAN }
}

/// One pass over the best score so far, for ascending levels.
struct RecordClimb<'a> {
    series: &'a [f64],
    /// Number of months passed.
    months: usize,
    before: f64,
    best: f64,
}

impl<'a> RecordClimb<'a> {
    fn of(series: &'a [f64]) -> Self {
        Self {
            series,
            months: 0,
            before: f64::NEG_INFINITY,
            best: f64::NEG_INFINITY,
        }
    }

    /// Month of the crossing of a level, linear within a month; none if it never happened or the level held from the start.
    fn crossing_month(&mut self, level: f64) -> Option<f64> {
        while self.best < level {
            let score = *self.series.get(self.months)?;
            (self.before, self.best) = (self.best, self.best.max(score));
            self.months += 1;
        }
        let month = self.months.checked_sub(1).filter(|m| *m > 0)?;
        let inside = if self.before.is_finite() {
            (self.best - level) / (self.best - self.before)
        } else {
            0.0
        };
        Some(month as f64 - inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(scores: &[f64]) -> LeaderRecord {
        let mut r = LeaderRecord::default();
        r.begin(scores[0], 1.0, 12);
        scores.iter().for_each(|s| r.push(*s));
        r
    }

    #[test]
    fn the_gap_is_the_time_since_the_leader_stood_there() {
        let leader = record(&[10.0, 12.0, 14.0, 16.0]);
        let follower = record(&[5.0, 6.0, 7.0, 13.0]);
        assert!((gap_months(&leader, &follower) - 1.5).abs() < 1e-12);
        assert!((gap_months(&follower, &leader) + 1.5).abs() < 1e-12);
        assert!((gap_months(&leader, &leader)).abs() < 1e-12);
    }

    #[test]
    fn a_level_before_the_record_is_censored_not_zero() {
        assert!(gap_months(&record(&[100.0, 101.0]), &record(&[1.0, 2.0])).is_nan());
    }

    #[test]
    fn crossing_times_average_over_levels() {
        let leader: Vec<f64> = (0..10).map(f64::from).collect();
        let follower: Vec<f64> = (0..10).map(|m| f64::from(m) - 3.0).collect();
        assert!((crossing_months(&leader, &follower, 0, 10) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn numbers_that_are_lost_have_no_crossing_time_and_take_no_time() {
        let leader: Vec<f64> = (0..10).map(f64::from).collect();
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            for series in [vec![wrong; 10], vec![0.0, wrong], vec![wrong, 1.0]] {
                crossing_months(&leader, &series, 0, 10);
                crossing_months(&series, &leader, 0, 10);
            }
        }
        assert!(crossing_months(&[0.0, 1e300], &[0.0, 1e300], 0, 2).is_nan());
    }
}
