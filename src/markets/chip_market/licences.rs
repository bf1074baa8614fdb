//! The queues for licences: applied = granted + refused + still pending, every month.

use crate::foundation::maths;

/// Licences for one chip in one market, in packages.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LicenceQueue {
    pub pending: f64,
    /// Granted and not yet used: the upper bound on orders.
    pub authorised: f64,
    pub applied_total: f64,
    pub granted_total: f64,
    pub refused_total: f64,
    pub used_total: f64,
    pub lapsed_total: f64,
}

/// Share of pending applications decided in a month, where a decision takes `mean_days` on average:
/// `1 - exp(-30.4 / mean_days)`.
///
/// A fraction; less than a day counts as a day. Assumption: the chance of a decision is the same on every day that an
/// application waits. Source: see `licence_days_target` and `licence_days_elsewhere`.
pub fn decided_share(mean_days: f64) -> f64 {
    1.0 - maths::exp(-30.4 / mean_days.max(1.0))
}

impl LicenceQueue {
    /// Processes one month of applications, in packages.
    ///
    /// ```text
    /// applied     = max(0, wanted - pending - authorised)
    /// decided     = (pending + applied) * decided share
    /// pending'    = pending + applied - decided
    /// authorised' = authorised + approval * decided
    /// ```
    ///
    /// Buyers apply for the volume wanted beyond what is pending and authorised. What is refused leaves the queue, and
    /// buyers who still want it apply for it again next month. Source: see `approval_case_by_case_target`,
    /// `approval_notify_target` and `approval_elsewhere`.
    pub fn decide(&mut self, wanted: f64, approval: f64, decided_share: f64) {
        let applied = (wanted - self.pending - self.authorised).max(0.0);
        let decided = (self.pending + applied) * decided_share;
        self.applied_total += applied;
        self.granted_total += approval * decided;
        self.refused_total += (1.0 - approval) * decided;
        self.pending += applied - decided;
        self.authorised += approval * decided;
    }

    /// Uses licences for packages delivered: `authorised' = authorised - min(units, authorised)`.
    pub fn draw_down(&mut self, units: f64) {
        let used = units.min(self.authorised);
        self.authorised -= used;
        self.used_total += used;
    }

    /// Voids pending applications and unused licences after a change of the verdict.
    pub fn lapse(&mut self) {
        self.lapsed_total += self.pending + self.authorised;
        self.pending = 0.0;
        self.authorised = 0.0;
    }

    /// Applications that are not accounted for; zero up to rounding.
    pub fn imbalance(&self) -> f64 {
        let ended = self.refused_total + self.used_total + self.lapsed_total;
        self.applied_total - ended - self.pending - self.authorised
    }
}

/// Licences by market and chip slot.
#[derive(Clone, Debug)]
pub struct Licences {
    pub queues: Vec<LicenceQueue>,
    /// Indices of the queues in which a licence was ever applied for, in order of the first application.
    pub asked: Vec<u32>,
    was_asked: Vec<bool>,
}

impl Licences {
    pub fn new(queues: usize) -> Self {
        Self {
            queues: vec![LicenceQueue::default(); queues],
            asked: Vec::with_capacity(queues),
            was_asked: vec![false; queues],
        }
    }

    pub fn reset(&mut self) {
        for at in self.asked.drain(..) {
            self.queues[at as usize] = LicenceQueue::default();
            self.was_asked[at as usize] = false;
        }
    }

    /// Processes one month of applications in one queue; returns the packages that may be ordered.
    pub(super) fn decide(
        &mut self,
        at: usize,
        wanted: f64,
        approval: f64,
        decided_share: f64,
    ) -> f64 {
        if !self.was_asked[at] {
            self.was_asked[at] = true;
            self.asked.push(at as u32);
        }
        self.queues[at].decide(wanted, approval, decided_share);
        self.queues[at].authorised
    }

    /// Applications that are not accounted for over all applications.
    pub(super) fn imbalance(&self) -> f64 {
        let (mut open, mut applied) = (0.0, 0.0);
        for &at in &self.asked {
            let queue = &self.queues[at as usize];
            open += queue.imbalance().abs();
            applied += queue.applied_total;
        }
        open / (applied + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_application_is_accounted_for() {
        let mut queue = LicenceQueue::default();
        for month in 0..24 {
            queue.decide(100.0, 0.4, decided_share(90.0));
            queue.draw_down(7.0);
            if month == 12 {
                queue.lapse();
            }
            assert!(queue.imbalance().abs() < 1e-9);
        }
        assert!(queue.granted_total > 0.0 && queue.refused_total > 0.0);
    }
}
