//! What a rule reaches: the days, chips and sales on which it acts, and the verdicts that it changes beside other rules.

use super::attribute::{Attribute, Attributes};
use super::condition::ThreeValued;
use super::instrument::ControlledItem;
use super::licensing::{Law, Ruling};
use super::regime::Regime;
use super::verdict::Verdict;
use crate::foundation::calendar::Date;

/// What a rule reaches in a regime, from nothing to verdicts that it changes.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleReach {
    /// The regime does not hold it.
    NotHeld,
    /// It is in force on no day of the window; the days on which it would be.
    NoDay { from: Date, until: Option<Date> },
    /// No chip meets its condition, wherever it is sold.
    NoChip,
    /// Chips meet its condition, or need not, and its scope or condition leaves out every sale.
    NoSale,
    /// It reaches sales, and no verdict differs without it, on any day of the window.
    NoVerdict { sales: usize },
    /// The verdicts that differ without it on the first day on which some do.
    Verdicts {
        on: Date,
        sales: usize,
        changed: usize,
        /// Of them those that were free or needed a notice alone.
        unlicensed: usize,
        example: SaleVerdictChange,
    },
    /// It judges what no table lists, such as tools and named buyers, or no sale at all.
    OtherItems,
}

/// A sale whose verdict a rule changes: indices of chip and shipment, the verdicts without and with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SaleVerdictChange {
    pub chip: usize,
    pub shipment: usize,
    pub without: Ruling,
    pub with: Ruling,
}

impl RuleReach {
    /// Whether the rule can change nothing.
    pub const fn is_nothing(&self) -> bool {
        matches!(
            self,
            Self::NotHeld | Self::NoDay { .. } | Self::NoChip | Self::NoSale
        )
    }
}

/// The sales that are asked about: every chip in every shipment, on the days of a window.
#[derive(Clone, Copy)]
pub struct SalesInQuestion<'a> {
    pub law: &'a Law,
    /// The regime with the rule.
    pub regime: &'a Regime,
    pub chips: &'a [Attributes],
    pub shipments: &'a [Attributes],
    pub first: Date,
    pub last: Date,
}

impl SalesInQuestion<'_> {
    /// What a rule reaches. An attribute that is not known, such as who the buyer is, counts as met.
    pub fn reach(&self, rule: u16) -> RuleReach {
        let Some(entry) = self.regime.entries.iter().find(|e| e.rule == rule) else {
            return RuleReach::NotHeld;
        };
        let ended = entry.ended.unwrap_or(self.last).min(self.last);
        let starts = entry.early.iter().map(|e| e.on).min();
        let from = starts.unwrap_or(entry.compliance).min(entry.compliance);
        if from > ended || ended < self.first {
            return RuleReach::NoDay {
                from,
                until: entry.ended,
            };
        }
        let judged = &self.law.rules[usize::from(rule)];
        if !judged.instrument.judges(ControlledItem::ChipSale) {
            // What a rule on other goods ends may be a rule on chips.
            let ends = !judged.supersedes.is_empty();
            let reach = ends.then(|| self.changed(rule, from.max(self.first), ended, 0));
            return match reach {
                Some(reach @ RuleReach::Verdicts { .. }) => reach,
                _ => self.other_items(rule),
            };
        }
        let mut chips = 0;
        let mut sales: Vec<(usize, usize)> = Vec::new();
        for (c, chip) in self.chips.iter().enumerate() {
            let mut met = false;
            for (s, shipment) in self.shipments.iter().enumerate() {
                let sale = any_buyer(chip.with_shipment(shipment));
                met |= judged.condition.eval(&sale) != ThreeValued::No;
                let said = self.law.own_verdict(rule, ControlledItem::ChipSale, &sale);
                if said.is_some_and(|verdict| verdict != Verdict::Free) {
                    sales.push((c, s));
                }
            }
            chips += usize::from(met);
        }
        if chips == 0 {
            return RuleReach::NoChip;
        }
        // A rule that only permits acts through what it carves out or supersedes.
        let permits = judged.licence == Verdict::Free || !judged.supersedes.is_empty();
        if sales.is_empty() && !permits {
            return RuleReach::NoSale;
        }
        let reach = self.changed(rule, from.max(self.first), ended, sales.len());
        let of_buyers = |a: &Attribute| a.is_of_buyer() && judged.condition.reads_attribute(*a);
        match reach {
            RuleReach::NoVerdict { .. } if Attribute::ALL.iter().any(of_buyers) => {
                RuleReach::OtherItems
            }
            reach => reach,
        }
    }

    /// Exceptions of a rule on chips that decide none of the sales that it reaches. One that holds leaves nothing to those after it.
    pub fn idle_exceptions(&self, rule: u16) -> Vec<&str> {
        let judged = &self.law.rules[usize::from(rule)];
        if judged.exceptions.is_empty() {
            return Vec::new();
        }
        let mut idle: Vec<bool> = vec![true; judged.exceptions.len()];
        let mut reached = false;
        let pairs = self.chips.iter().flat_map(|chip| {
            let shipments = self.shipments.iter();
            shipments.map(move |shipment| any_buyer(chip.with_shipment(shipment)))
        });
        for sale in pairs {
            let said = self.law.own_verdict(rule, ControlledItem::ChipSale, &sale);
            if said.is_none() {
                continue;
            }
            reached = true;
            for (exception, idle) in judged.exceptions.iter().zip(&mut idle) {
                let holds = exception.condition.eval(&sale);
                *idle &= holds == ThreeValued::No;
                if holds == ThreeValued::Yes {
                    break;
                }
            }
        }
        let idle = judged
            .exceptions
            .iter()
            .zip(idle)
            .filter(|(_, idle)| *idle && reached);
        idle.map(|(exception, _)| exception.name.as_str()).collect()
    }

    /// The verdicts that the rule changes, on the first day from `from` on which it changes any.
    fn changed(&self, rule: u16, from: Date, until: Date, sales: usize) -> RuleReach {
        let mut without = self.regime.clone();
        without.entries.retain(|e| e.rule != rule);
        let mut days = vec![from];
        let breaks = self.regime.breakpoints();
        days.extend(breaks.into_iter().filter(|d| *d > from && *d <= until));
        for on in days {
            let with = self.regime.rules_in_force(self.law, on);
            let without = without.rules_in_force(self.law, on);
            let (mut changed, mut unlicensed) = (0, 0);
            let mut example = None;
            for (s, shipment) in self.shipments.iter().enumerate() {
                for (c, chip) in self.chips.iter().enumerate() {
                    let sale = chip.with_shipment(shipment);
                    let one = without.judge(ControlledItem::ChipSale, &sale);
                    let other = with.judge(ControlledItem::ChipSale, &sale);
                    if verdicts(&one) != verdicts(&other) {
                        changed += 1;
                        unlicensed +=
                            usize::from(matches!(one.exporter, Verdict::Free | Verdict::Notify));
                        example.get_or_insert(SaleVerdictChange {
                            chip: c,
                            shipment: s,
                            without: one,
                            with: other,
                        });
                    }
                }
            }
            if let Some(example) = example {
                return RuleReach::Verdicts {
                    on,
                    sales,
                    changed,
                    unlicensed,
                    example,
                };
            }
        }
        RuleReach::NoVerdict { sales }
    }

    /// For goods that no table lists: whether any shipment at all can be meant.
    fn other_items(&self, rule: u16) -> RuleReach {
        let judged = &self.law.rules[usize::from(rule)];
        let items: Vec<ControlledItem> = ControlledItem::ALL
            .into_iter()
            .filter(|item| judged.instrument.judges(*item))
            .collect();
        let mut goods = Attributes::default();
        for attribute in Attribute::ALL {
            goods.set(*attribute, f64::NAN);
        }
        if let Some(home) = judged.applies_to.only_from {
            goods.set(Attribute::HqCountry, home);
        }
        let reached = self.shipments.iter().any(|shipment| {
            let sale = goods.with_shipment(shipment);
            let says = |item: &ControlledItem| self.law.own_verdict(rule, *item, &sale).is_some();
            items.iter().any(says)
        });
        if reached || items.is_empty() {
            RuleReach::OtherItems
        } else {
            RuleReach::NoSale
        }
    }
}

/// What of a ruling a change is seen in.
fn verdicts(ruling: &Ruling) -> (Verdict, Verdict, u64) {
    (
        ruling.exporter,
        ruling.importer,
        ruling.levy_share.to_bits(),
    )
}

/// The same sale to a buyer of whom nothing is known.
fn any_buyer(mut sale: Attributes) -> Attributes {
    for attribute in Attribute::ALL.iter().filter(|a| a.is_of_buyer()) {
        sale.set(*attribute, f64::NAN);
    }
    sale
}
