//! Regimes: dated sets of rules, with the policy process that may move them.

use super::instrument::ControlledItem;
use super::licensing::{Law, RuleSet};
use super::process::PolicyProcess;
use super::rule::DatedRule;
use crate::foundation::calendar::Date;

/// A dated set of rules.
#[derive(Clone, Debug, Default)]
pub struct Regime {
    pub name: String,
    /// Name for readers; empty where a file gives none.
    pub label: String,
    pub words: String,
    pub entries: Vec<DatedRule>,
    /// The policy process that moves its rules after the end of the calendar; none in a fixed regime.
    pub process: Option<PolicyProcess>,
}

impl Regime {
    /// Every rule of its calendar or its ladder.
    pub fn rules(&self) -> impl Iterator<Item = u16> + '_ {
        let ladder = self.process.iter().flat_map(|p| &p.ladder);
        let rungs = ladder.flat_map(|rung| rung.rules.iter().copied());
        self.entries.iter().map(|e| e.rule).chain(rungs)
    }

    /// Days on which rules in force or announced change, ascending.
    pub fn breakpoints(&self) -> Vec<Date> {
        let mut days: Vec<Date> = Vec::new();
        for entry in &self.entries {
            days.push(entry.announced);
            days.push(entry.text.min(entry.compliance));
            days.push(entry.compliance);
            days.extend(entry.early.iter().map(|e| entry.binds_from(e.vendor)));
            days.extend(entry.ended.and_then(|ended| ended.tomorrow().ok()));
        }
        days.sort();
        days.dedup();
        days
    }

    /// The rules in force on a day.
    pub fn rules_in_force(&self, law: &Law, on: Date) -> RuleSet {
        RuleSet::of(&self.entries, law, |entry, vendor| {
            entry.in_force(on, vendor)
        })
    }

    /// The rules announced by a day that are not in force for any firm and have not been withdrawn.
    pub fn announced(&self, law: &Law, on: Date) -> RuleSet {
        RuleSet::of(&self.entries, law, |entry, vendor| {
            let ahead = entry.announced <= on && on < entry.binds_from(vendor);
            ahead && entry.ended.is_none_or(|ended| on <= ended)
        })
    }

    /// Whether the text of every announced rule on chip sales is published. Makers do not design before that.
    pub fn is_text_published(&self, law: &Law, on: Date) -> bool {
        !self.entries.iter().any(|e| {
            let rumour = e.announced <= on && on < e.text && on < e.compliance;
            rumour
                && law.rules[usize::from(e.rule)]
                    .instrument
                    .judges(ControlledItem::ChipSale)
        })
    }

    /// The first day after `on` on which an announced rule comes into force.
    pub fn next_binds(&self, on: Date) -> Option<Date> {
        let ahead = |e: &&DatedRule| {
            e.announced <= on && on < e.compliance && e.ended.is_none_or(|ended| on <= ended)
        };
        self.entries
            .iter()
            .filter(ahead)
            .map(|e| e.compliance)
            .min()
    }
}
