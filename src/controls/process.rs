//! Policy processes: from one month on, the rules of a regime move along a ladder from loose to strict.

use super::rule::DatedRule;
use crate::foundation::calendar::{Date, Month};

/// The process that moves the rules of a regime after the end of its calendar. Rules that are in force then and on no rung of
/// the ladder are pinned: they stay in force and the process does not change them.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyProcess {
    /// Whether it reacts to the gap, to variants and to lost revenue; otherwise it is purely random.
    pub reactive: bool,
    /// The first month that the process governs.
    pub from: Month,
    /// Rungs from loose to strict.
    pub ladder: Vec<PolicyStep>,
    /// The rung on which it begins.
    pub start: usize,
    /// Months in which a new administration takes office.
    pub administrations: Vec<Month>,
}

/// One state of the rules that a process can reach.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyStep {
    pub name: String,
    /// Rules in force on it, beside the pinned ones.
    pub rules: Vec<u16>,
}

impl PolicyProcess {
    fn is_on_ladder(&self, rule: u16) -> bool {
        self.ladder.iter().any(|rung| rung.rules.contains(&rule))
    }

    /// Freezes the calendar of a regime at the first day of the process: rules in force stay, rules on other rungs end the day
    /// before, and rules that would come into force later are withdrawn. Earlier announcements are kept until that day, since
    /// the process is not known in advance.
    pub fn freeze(&self, entries: &mut Vec<DatedRule>) {
        let day = self.from.first_day();
        let start = &self.ladder[self.start].rules;
        entries.retain(|e| e.announced < day || e.compliance <= day);
        for entry in entries.iter_mut() {
            if entry.ended.is_none_or(|ended| ended >= day) {
                let stays = entry.compliance <= day
                    && (!self.is_on_ladder(entry.rule) || start.contains(&entry.rule));
                entry.ended = (!stays).then(|| self.from.plus(-1).last_day());
            }
        }
        for &rule in start {
            if !entries.iter().any(|e| e.rule == rule && e.ended.is_none()) {
                entries.push(entry(rule, day));
            }
        }
    }

    /// The rules while rung `now` is in force and rung `coming` is announced, of a regime with these rules, on the first day of the process.
    pub fn rules_on_rung(
        &self,
        calendar: &[DatedRule],
        now: usize,
        coming: usize,
    ) -> Vec<DatedRule> {
        let day = self.from.first_day();
        let pinned = |e: &&DatedRule| e.ended.is_none() && !self.is_on_ladder(e.rule);
        let mut entries: Vec<DatedRule> = calendar.iter().filter(pinned).cloned().collect();
        let (here, next) = (&self.ladder[now].rules, &self.ladder[coming].rules);
        entries.extend(here.iter().map(|rule| entry(*rule, day)));
        entries.extend(
            next.iter()
                .filter(|rule| !here.contains(rule))
                .map(|rule| DatedRule {
                    compliance: self.from.last_day(),
                    ..entry(*rule, day)
                }),
        );
        entries
    }

    /// Pairs (rung now, rung announced) that a process can reach: one step either way, or down to the loosest at once.
    pub fn reachable(&self) -> Vec<(usize, usize)> {
        let rungs = self.ladder.len();
        (0..rungs)
            .flat_map(|now| (0..rungs).map(move |coming| (now, coming)))
            .filter(|(now, coming)| now.abs_diff(*coming) <= 1 || *coming == 0)
            .collect()
    }

    /// Describes the process in one paragraph.
    pub fn describe(&self) -> String {
        let kind = if self.reactive {
            "a reactive process (chance, the gap, variants, lost revenue, administrations)"
        } else {
            "a stochastic process (chance and administrations)"
        };
        let rungs: Vec<&str> = self.ladder.iter().map(|r| r.name.as_str()).collect();
        format!(
            "From {} the calendar stands still and {kind} moves the rules along a ladder, from loose to strict: {}. It begins at: {}. Rules on no rung stay.",
            self.from,
            rungs.join(" < "),
            rungs[self.start]
        )
    }
}

fn entry(rule: u16, day: Date) -> DatedRule {
    DatedRule {
        rule,
        announced: day,
        text: day,
        compliance: day,
        ended: None,
        early: Vec::new(),
    }
}
