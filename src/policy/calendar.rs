//! Compiles the calendar of an arm: the rule sets of every month, each judged once for every chip and market.

use std::sync::{Arc, OnceLock, PoisonError, Weak};

use super::compiled::{
    CalendarParameters, CompiledCalendar, CompiledRules, DatedRuleSets, DesignBasis, InputAccess,
    PolicyLadder, SaleSubjects,
};
use super::subjects::LegalSubjects;
use crate::controls::{
    Attribute, Attributes, ControlledItem, DatedRule, Instrument, Regime, RuleSet, ThreeValued,
    Verdict,
};
use crate::foundation::calendar::{Date, Month};
use crate::foundation::parameters::Parameters;
use crate::markets::chip_market::caps::ImportCap;
use crate::technology::design::RedesignLimits;

impl LegalSubjects {
    /// What a calendar reads of these parameters.
    pub fn calendar_parameters(&self, p: &Parameters) -> CalendarParameters {
        let nominal = |slot| self.roadmap.nominal(slot, p).0;
        CalendarParameters {
            parts: Arc::new(DesignBasis {
                nominal: (0..self.roadmap.slots.len()).map(nominal).collect(),
                reach: RedesignLimits::of(p),
            }),
            tool_licence_refused: p.tool_licence_refused,
            tool_backfill_per_year: p.tool_backfill_per_year,
            input_licence_refused: p.input_licence_refused,
        }
    }

    /// Compiles the calendar of a regime.
    pub fn compile_calendar(
        &self,
        regime: &Regime,
        p: &CalendarParameters,
    ) -> Arc<CompiledCalendar> {
        let law = &self.law;
        let kept = self.rule_change_days(regime);
        let caps = self.cap_rules(regime);
        let replies = self.reply_rules(regime);
        let mut rule_sets: Vec<DatedRuleSets> = kept
            .iter()
            .map(|&day| DatedRuleSets {
                is_text_published: regime.is_text_published(law, day),
                next_binds: regime
                    .next_binds(day)
                    .map(|d| Month::from_date(d) - self.first),
                ..self.dated_rule_sets(regime, day, &caps, &replies)
            })
            .collect();
        let months = (0..self.months)
            .map(|t| month_segments(self.first.plus(t as i32), &kept))
            .collect();
        let mut inputs: Vec<InputAccess> = kept
            .iter()
            .zip(&rule_sets)
            .map(|(day, b)| self.input_access(regime, *day, b, p))
            .collect();
        let ladder = self.compile_ladder(regime, p, &caps, &replies, &mut rule_sets, &mut inputs);
        let mut calendar = CompiledCalendar {
            law: law.clone(),
            parameters: p.clone(),
            months,
            inputs,
            shipments: self.shipments.clone(),
            chips: self.chips.clone(),
            target_market: self.target_market,
            target_region: self.target_region,
            sale_rules_of: Vec::with_capacity(rule_sets.len()),
            sales: Vec::new(),
            equivalent_market: self.find_equivalent_markets(&rule_sets),
            changes: Vec::new(),
            tool_suppliers: self.suppliers(),
            tools_denied_on_record: self.tools_denied_on_record(p),
            caps: caps.iter().map(|&rule| self.import_cap(rule)).collect(),
            ladder,
            rule_sets,
        };
        self.judge_sales(&mut calendar);
        let pairs = calendar.sales.len() * calendar.sales.len();
        calendar.changes = (0..pairs).map(|_| OnceLock::new()).collect();
        Arc::new(calendar)
    }

    /// Judges every rule set of a calendar for every chip and market.
    fn judge_sales(&self, calendar: &mut CompiledCalendar) {
        let parts = &calendar.parameters.parts;
        for both in &calendar.rule_sets {
            let in_force = both.in_force.for_item(ControlledItem::ChipSale);
            let announced = both.announced.for_item(ControlledItem::ChipSale);
            let same = |law: &Arc<CompiledRules>| {
                law.in_force.is_equivalent(&in_force) && law.announced.is_equivalent(&announced)
            };
            let at = calendar.sales.iter().position(same).unwrap_or_else(|| {
                // Regimes share most rule sets; each is judged once for all of them.
                let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
                judged.retain(|law| law.strong_count() > 0);
                let known: Vec<Arc<CompiledRules>> =
                    judged.iter().filter_map(Weak::upgrade).collect();
                let found = known.iter().find(|law| same(law) && law.parts == *parts);
                let law = found.cloned().unwrap_or_else(|| {
                    let subjects = SaleSubjects {
                        chips: &self.chips,
                        shipments: &self.shipments,
                        equivalent_market: &calendar.equivalent_market,
                        target_market: self.target_market,
                        parts,
                    };
                    let sets = (in_force.clone(), announced.clone());
                    let law = Arc::new(CompiledRules::new(sets, &subjects, &known));
                    judged.push(Arc::downgrade(&law));
                    law
                });
                calendar.sales.push(law);
                calendar.sales.len() - 1
            });
            calendar.sale_rules_of.push(at as u16);
        }
    }

    /// By market: the first market that every rule set treats equally for every sale, or itself.
    fn find_equivalent_markets(&self, rule_sets: &[DatedRuleSets]) -> Arc<[u16]> {
        let all = rule_sets.iter().flat_map(|b| [&b.in_force, &b.announced]);
        let sales = RuleSet::union(all).for_item(ControlledItem::ChipSale);
        let mut equivalent_market: Vec<u16> = Vec::with_capacity(self.shipments.len());
        for (market, shipment) in self.shipments.iter().enumerate() {
            let same = |other: &usize| {
                let first = usize::from(equivalent_market[*other]) == *other;
                let target = [market, *other].contains(&self.target_market);
                first && !target && sales.treats_equally(shipment, &self.shipments[*other])
            };
            let first = (0..market).find(same).unwrap_or(market);
            equivalent_market.push(first as u16);
        }
        equivalent_market.into()
    }

    /// Adds the rule sets that a policy process can reach, so that they are judged with the others.
    fn compile_ladder(
        &self,
        regime: &Regime,
        p: &CalendarParameters,
        caps: &[u16],
        replies: &[u16],
        rule_sets: &mut Vec<DatedRuleSets>,
        inputs: &mut Vec<InputAccess>,
    ) -> Option<PolicyLadder> {
        let process = regime.process.as_ref()?;
        let day = process.from.first_day();
        let rungs = process.ladder.len();
        let mut ladder = PolicyLadder {
            reactive: process.reactive,
            from: process.from - self.first,
            start: process.start,
            rungs,
            administrations: process
                .administrations
                .iter()
                .map(|month| *month - self.first)
                .collect(),
            rule_sets: vec![0; rungs * rungs],
        };
        for (now, coming) in process.reachable() {
            let state = Regime {
                entries: process.rules_on_rung(&regime.entries, now, coming),
                ..Regime::default()
            };
            // The month in which the announced change comes into force is known only in a run.
            let judged = self.dated_rule_sets(&state, day, caps, replies);
            ladder.rule_sets[now * rungs + coming] = rule_sets.len() as u16;
            inputs.push(self.input_access(&state, day, &judged, p));
            rule_sets.push(judged);
        }
        Some(ladder)
    }

    /// The first day of the run and every later one on which something changes under the regime.
    pub(super) fn rule_change_days(&self, regime: &Regime) -> Vec<Date> {
        let start = self.first.first_day();
        let mut days: Vec<Date> = regime
            .breakpoints()
            .into_iter()
            .filter(|d| *d >= start)
            .collect();
        days.push(start);
        days.sort();
        days.dedup();
        days
    }

    /// Rule sets of the regime on a day, with published text and an unknown date of the next rule.
    fn dated_rule_sets(
        &self,
        regime: &Regime,
        day: Date,
        caps: &[u16],
        replies: &[u16],
    ) -> DatedRuleSets {
        let in_force = regime.rules_in_force(&self.law, day);
        let mut of_target = regime
            .entries
            .iter()
            .filter(|entry| replies.contains(&entry.rule));
        let refuses = |entry: &DatedRule| {
            self.law.rules[usize::from(entry.rule)].instrument == Instrument::ImportBan
                && entry.compliance <= day
                && entry.ended.is_none_or(|ended| day <= ended)
        };
        DatedRuleSets {
            announced: regime.announced(&self.law, day),
            is_text_published: true,
            next_binds: None,
            replies_recorded: of_target.clone().any(|entry| entry.announced <= day),
            imports_refused: of_target.any(refuses),
            cap_of_market: self.caps_in_force(regime, &in_force, caps),
            in_force,
        }
    }

    /// The target's own rules on imports and on materials that can apply to a sale.
    ///
    /// From the day on which one of them is announced the target's responses are the recorded ones, also when that rule ends or
    /// is withdrawn before it comes into force. Its end is an act of the target like its beginning, so a response generated by
    /// the model would contradict the record.
    fn reply_rules(&self, regime: &Regime) -> Vec<u16> {
        let target = self.shipments[self.target_market].get(Attribute::Destination);
        let replies = |at: &u16| {
            let rule = &self.law.rules[usize::from(*at)];
            let kind = matches!(
                rule.instrument,
                Instrument::ImportBan | Instrument::InputRestriction
            );
            kind && rule.issuer_code == target && self.can_bind(*at)
        };
        regime.rules().filter(replies).collect()
    }

    /// Whether a rule of the target can apply to any sale. A rule that no sale meets is no response, nor is one on state-funded
    /// buyers alone (see `state_closed`), nor an import ban on chips that its `applies_to` leaves out, such as those of the
    /// target's own makers: it refuses nothing, and must not silence the responses that the model generates.
    fn can_bind(&self, at: u16) -> bool {
        let rule = &self.law.rules[usize::from(at)];
        let shipment = &self.shipments[self.target_market];
        let bars = |sale: &Attributes| {
            let verdict = self.law.own_verdict(at, ControlledItem::ChipSale, sale);
            rule.condition.eval(sale) == ThreeValued::Yes
                && verdict.is_some_and(|verdict| verdict != Verdict::Free)
        };
        if rule.instrument == Instrument::ImportBan {
            return self
                .chips
                .iter()
                .any(|chip| bars(&chip.with_shipment(shipment)));
        }
        let mut good = Attributes::default().with_shipment(shipment);
        good.set(Attribute::RareEarthValueShare, 0.1);
        rule.condition.eval(&good) == ThreeValued::Yes
    }

    /// Rules of the regime that set a cap, in force or not, in the order of all rules.
    fn cap_rules(&self, regime: &Regime) -> Vec<u16> {
        let sets_cap = |at: &u16| {
            let rule = &self.law.rules[usize::from(*at)];
            let capped = rule.licence == Verdict::Capped
                || rule.exceptions.iter().any(|e| e.licence == Verdict::Capped);
            rule.home_volume_share.is_some()
                || rule.instrument == Instrument::CountryCap && capped && rule.cap_tpp.is_finite()
        };
        let mut caps: Vec<u16> = regime.rules().filter(sets_cap).collect();
        caps.sort_unstable();
        caps.dedup();
        caps
    }

    /// The cap that a rule sets. A volume condition starts at nothing and follows the issuer's own market: sales of the chips that
    /// the rule lets through, but not of those that their owners keep.
    fn import_cap(&self, rule: u16) -> ImportCap {
        let rule = &self.law.rules[usize::from(rule)];
        let Some(home_share) = rule.home_volume_share else {
            return ImportCap {
                tpp: rule.cap_tpp,
                ..ImportCap::default()
            };
        };
        let shipment = &self.shipments[self.target_market];
        let lets_through = |(slot, chip): (usize, &Attributes)| {
            !self.layout.captive_chip[slot]
                && rule.condition.eval(&chip.with_shipment(shipment)) == ThreeValued::Yes
        };
        ImportCap {
            tpp: 0.0,
            home_share,
            counts: self.chips.iter().enumerate().map(lets_through).collect(),
        }
    }

    /// By market: the regime's cap in force, as an index into `caps`; none where no cap rule applies.
    ///
    /// Of one issuer's caps on a nation, the one that covers the fewest nations is in force, and among those the one that came
    /// into force last: a special rule prevails over a general one, and a later one over an earlier one. Where several issuers
    /// cap a nation, the tightest cap is in force.
    fn caps_in_force(&self, regime: &Regime, in_force: &RuleSet, caps: &[u16]) -> Vec<Option<u16>> {
        let held: Vec<usize> = (0..caps.len())
            .filter(|cap| in_force.contains(caps[*cap]))
            .collect();
        if held.is_empty() {
            return vec![None; self.shipments.len()];
        }
        let capping = in_force.only(caps);
        let there: Vec<RuleSet> = self
            .shipments
            .iter()
            .map(|shipment| capping.specialise_to_shipment(ControlledItem::ChipSale, shipment))
            .collect();
        let rule = |cap: usize| &self.law.rules[usize::from(caps[cap])];
        let nations_reached = |cap: usize| {
            let markets = self.market_of_nation.iter();
            markets.filter(|m| there[**m].contains(caps[cap])).count()
        };
        let binds = |cap: usize| {
            let of_rule = regime.entries.iter().filter(|e| e.rule == caps[cap]);
            of_rule.map(|e| e.compliance).max()
        };
        // The first cap that applies to a nation prevails over the others of its issuer.
        let mut ranked = held;
        ranked.sort_by(|&a, &b| {
            let first = nations_reached(a).cmp(&nations_reached(b));
            first
                .then_with(|| binds(b).cmp(&binds(a)))
                .then_with(|| rule(a).cap_tpp.total_cmp(&rule(b).cap_tpp))
        });
        there
            .iter()
            .map(|rule_set| {
                let mut of_issuers: Vec<usize> = Vec::new();
                for &cap in ranked.iter().filter(|cap| rule_set.contains(caps[**cap])) {
                    let issuer = &rule(cap).issuer;
                    if !of_issuers
                        .iter()
                        .any(|other| rule(*other).issuer == *issuer)
                    {
                        of_issuers.push(cap);
                    }
                }
                of_issuers
                    .into_iter()
                    .min_by(|a, b| rule(*a).cap_tpp.total_cmp(&rule(*b).cap_tpp))
                    .map(|cap| cap as u16)
            })
            .collect()
    }

    /// The first month in which arms may differ: that of the first day on which their announced rules or their policy processes
    /// differ.
    pub fn first_difference(&self, regimes: &[Regime]) -> Option<Month> {
        let mut days: Vec<Date> = Vec::new();
        for entry in regimes.iter().flat_map(|r| &r.entries) {
            let shared = regimes.iter().all(|r| r.entries.contains(entry));
            if !shared {
                // A rule that all arms share but end on different days separates them when it first ends.
                let begins_alike = |e: &DatedRule| {
                    let ended = entry.ended;
                    *entry == DatedRule { ended, ..e.clone() }
                };
                if regimes.iter().all(|r| r.entries.iter().any(begins_alike)) {
                    days.extend(entry.ended);
                } else {
                    days.push(entry.announced.min(entry.compliance));
                }
            }
        }
        if regimes
            .windows(2)
            .any(|pair| pair[0].process != pair[1].process)
        {
            let processes = regimes.iter().filter_map(|r| r.process.as_ref());
            days.extend(processes.map(|p| p.from.first_day()));
        }
        let first = days.into_iter().min();
        first.map(Month::from_date).map(|m| m.max(self.first))
    }
}

/// The rule sets of a month, each with the fraction of days on which it is in force.
pub(super) fn month_segments(month: Month, days: &[Date]) -> Vec<(f64, u16)> {
    let (first, last) = (month.first_day(), month.last_day());
    let total = f64::from(month.days());
    let at = days.partition_point(|d| *d <= first).saturating_sub(1);
    let mut list: Vec<(f64, u16)> = Vec::new();
    let mut from = first;
    for rule_set in at..days.len() {
        let end = match days.get(rule_set + 1) {
            Some(next) if *next <= last => *next,
            _ => {
                let left = f64::from(last.day() - from.day() + 1);
                list.push((left / total, rule_set as u16));
                break;
            }
        };
        list.push((f64::from(end.day() - from.day()) / total, rule_set as u16));
        from = end;
    }
    list.retain(|(part, _)| *part > 0.0);
    list
}
