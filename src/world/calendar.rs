//! Compiles the rules of one arm for every month of a blueprint, judging each rule set once for every chip and market.

use std::sync::{Arc, OnceLock, PoisonError, Weak};

use super::Blueprint;
use crate::controls::{
    Attribute, Attributes, ControlledItem, DatedRule, Instrument, Regime, Rule, RuleSet,
    ThreeValued, Verdict,
};
use crate::foundation::calendar::{Date, Month};
use crate::foundation::parameters::Parameters;
use crate::markets::terms::{
    CompiledCalendar, CompiledRules, DatedRuleSets, DesignBasis, InputAccess, PolicyLadder,
};
use crate::measures::Bloc;
use crate::technology::design::RedesignLimits;
use crate::technology::foundry::{ToolSupplier, tools_for_target};
use crate::technology::roadmap::SlotKind;

impl Blueprint {
    /// Compiles the calendar of a regime. `p` gives the limits of a redesign and the shares of tool suppliers.
    pub fn compile_calendar(&self, regime: &Regime, p: &Parameters) -> Arc<CompiledCalendar> {
        let law = &self.law;
        let kept = self.rule_change_days(regime);
        let caps = self.cap_rules(regime);
        let mut rule_sets: Vec<DatedRuleSets> = kept
            .iter()
            .map(|&day| DatedRuleSets {
                is_text_published: regime.is_text_published(law, day),
                next_binds: regime
                    .next_binds(day)
                    .map(|d| Month::from_date(d) - self.first),
                ..self.dated_rule_sets(regime, day, &caps)
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
        let ladder = self.compile_ladder(regime, p, &caps, &mut rule_sets, &mut inputs);
        let parts = Arc::new(DesignBasis {
            nominal: (0..self.roadmap.slots.len())
                .map(|slot| self.roadmap.nominal(slot, p).0)
                .collect(),
            reach: RedesignLimits::of(p),
        });
        let mut calendar = CompiledCalendar {
            law: law.clone(),
            months,
            inputs,
            shipments: self.shipments.clone(),
            chips: self.slot_attributes.clone(),
            target_market: self.target_market,
            target_region: self.target_region,
            sale_rules_of: Vec::with_capacity(rule_sets.len()),
            sales: Vec::new(),
            equivalent_market: self.find_equivalent_markets(&rule_sets),
            changes: Vec::new(),
            tool_suppliers: self.tool_suppliers(),
            tools_denied_on_record: self.tools_denied_on_record(p),
            caps_tpp: caps
                .iter()
                .map(|&rule| self.law.rules[usize::from(rule)].cap_tpp)
                .collect(),
            ladder,
            rule_sets,
        };
        for rule_set in 0..calendar.rule_sets.len() {
            let both = &calendar.rule_sets[rule_set];
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
                let found = known.iter().find(|law| same(law) && law.parts == parts);
                let law = found.cloned().unwrap_or_else(|| {
                    let (chips, shipments) = (&self.slot_attributes, &self.shipments);
                    let (equivalent_market, target) =
                        (&calendar.equivalent_market, self.target_market);
                    let (in_force, announced, parts) =
                        (in_force.clone(), announced.clone(), parts.clone());
                    let law = Arc::new(CompiledRules::new(
                        in_force,
                        announced,
                        equivalent_market,
                        target,
                        chips,
                        parts,
                        shipments,
                        &known,
                    ));
                    judged.push(Arc::downgrade(&law));
                    law
                });
                calendar.sales.push(law);
                calendar.sales.len() - 1
            });
            calendar.sale_rules_of.push(at as u16);
        }
        let pairs = calendar.sales.len() * calendar.sales.len();
        calendar.changes = (0..pairs).map(|_| OnceLock::new()).collect();
        Arc::new(calendar)
    }

    /// By market: the first market that every rule set treats equally for every sale, or itself.
    fn find_equivalent_markets(&self, rule_sets: &[DatedRuleSets]) -> Arc<[u16]> {
        let all = rule_sets.iter().flat_map(|b| [&b.in_force, &b.announced]);
        let mut sales: Vec<RuleSet> = Vec::new();
        for rule_set in all.map(|rule_set| rule_set.for_item(ControlledItem::ChipSale)) {
            if !sales.iter().any(|other| other.is_equivalent(&rule_set)) {
                sales.push(rule_set);
            }
        }
        let mut equivalent_market: Vec<u16> = Vec::with_capacity(self.shipments.len());
        for (market, shipment) in self.shipments.iter().enumerate() {
            let same = |other: &usize| {
                let first = usize::from(equivalent_market[*other]) == *other;
                let target = [market, *other].contains(&self.target_market);
                first
                    && !target
                    && sales
                        .iter()
                        .all(|rule_set| rule_set.treats_equally(shipment, &self.shipments[*other]))
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
        p: &Parameters,
        caps: &[u16],
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
            let state = process.regime_on_rung(regime, now, coming);
            // The month in which the announced change comes into force is known only in a run.
            let judged = self.dated_rule_sets(&state, day, caps);
            ladder.rule_sets[now * rungs + coming] = rule_sets.len() as u16;
            inputs.push(self.input_access(&state, day, &judged, p));
            rule_sets.push(judged);
        }
        Some(ladder)
    }

    /// The first day of the run and every later one on which something changes under the regime.
    fn rule_change_days(&self, regime: &Regime) -> Vec<Date> {
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
    fn dated_rule_sets(&self, regime: &Regime, day: Date, caps: &[u16]) -> DatedRuleSets {
        let in_force = regime.rules_in_force(&self.law, day);
        DatedRuleSets {
            announced: regime.announced(&self.law, day),
            is_text_published: true,
            next_binds: None,
            replies_recorded: self.replies_recorded(regime, day),
            cap_of_market: self.caps_in_force(regime, &in_force, caps),
            in_force,
        }
    }

    /// Whether the target has announced a rule of its own on imports or on materials by a day.
    ///
    /// From then on its responses are the recorded ones, also when that rule ends or is withdrawn before it comes into force. Its
    /// end is an act of the target like its beginning, so a response generated by the model would contradict the record.
    fn replies_recorded(&self, regime: &Regime, day: Date) -> bool {
        let target = self.shipments[self.target_market].get(Attribute::Destination);
        regime.entries.iter().any(|entry| {
            let rule = &self.law.rules[usize::from(entry.rule)];
            let reply = matches!(
                rule.instrument,
                Instrument::ImportBan | Instrument::InputRestriction
            );
            reply && entry.announced <= day && rule.issuer_code == target && self.can_bind(rule)
        })
    }

    /// Whether a rule of the target can apply to any sale. A rule that no sale meets is no response, nor is one on state-funded
    /// buyers alone (see `state_closed`).
    fn can_bind(&self, rule: &Rule) -> bool {
        let mut good = Attributes::default().with_shipment(&self.shipments[self.target_market]);
        good.set(Attribute::RareEarthValueShare, 0.1);
        rule.condition.eval(&good) == ThreeValued::Yes
            || self.slot_attributes.iter().any(|chip| {
                let sale = chip.with_shipment(&self.shipments[self.target_market]);
                rule.condition.eval(&sale) == ThreeValued::Yes
            })
    }

    /// Rules of the regime that set a cap, in force or not, in the order of all rules.
    fn cap_rules(&self, regime: &Regime) -> Vec<u16> {
        let sets_cap = |at: &u16| {
            let rule = &self.law.rules[usize::from(*at)];
            let capped = rule.licence == Verdict::Capped
                || rule.exceptions.iter().any(|e| e.licence == Verdict::Capped);
            rule.instrument == Instrument::CountryCap && capped && rule.cap_tpp.is_finite()
        };
        let mut caps: Vec<u16> = regime.rules().filter(sets_cap).collect();
        caps.sort_unstable();
        caps.dedup();
        caps
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
        let there: Vec<RuleSet> = self
            .shipments
            .iter()
            .map(|shipment| in_force.specialise_to_shipment(ControlledItem::ChipSale, shipment))
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

    fn input_access(
        &self,
        regime: &Regime,
        day: Date,
        rule_sets: &DatedRuleSets,
        p: &Parameters,
    ) -> InputAccess {
        let target = self.shipments[self.target_market];
        let open = |rule_set: &RuleSet, subject, a: &Attributes| {
            f64::from(u8::from(
                rule_set.judge(subject, a).exporter != Verdict::Denied,
            ))
        };
        let leading_foundry = self
            .designers
            .iter()
            .zip(&self.makers)
            .map(|(designer, maker)| {
                if maker.home == Bloc::Target {
                    open(&rule_sets.in_force, ControlledItem::Wafer, designer)
                } else {
                    1.0
                }
            })
            .collect();
        let mut stack = Attributes::default().with_shipment(&target);
        // Every stack in production when the rule was written is above its threshold.
        stack.set(Attribute::HbmBandwidthDensity, 3.0);
        let memory_imports = open(&rule_sets.in_force, ControlledItem::MemoryStack, &stack);
        let closing = open(&rule_sets.announced, ControlledItem::MemoryStack, &stack) == 0.0;
        let memory_closes = regime
            .entries
            .iter()
            .filter(|e| {
                let rule = &self.law.rules[usize::from(e.rule)];
                rule.instrument == Instrument::Memory && e.announced <= day && day < e.compliance
            })
            .map(|e| Month::from_date(e.compliance) - self.first)
            .min()
            .filter(|_| closing && memory_imports > 0.0);
        // Any rule on access to served models that applies to the target counts, whatever firms it names.
        let model_access = regime.entries.iter().all(|e| {
            let rule = &self.law.rules[usize::from(e.rule)];
            let served = rule.instrument == Instrument::ModelWeights
                && rule.condition.reads_attribute(Attribute::Model);
            let in_force = e.compliance <= day && e.ended.is_none_or(|ended| day <= ended);
            !(served && in_force)
        });
        InputAccess {
            model_access: f64::from(u8::from(model_access)),
            weights_open: self.weights_open(&rule_sets.in_force),
            remote_open: self
                .shipments
                .iter()
                .map(|host| {
                    // The compute is located in the host's nation; its users have their headquarters in the target.
                    let lease = Attributes::default().with_shipment(host).used_from(&target);
                    open(&rule_sets.in_force, ControlledItem::Rental, &lease)
                })
                .collect(),
            inputs_denied: self.inputs_denied(&rule_sets.in_force, p),
            tool_denials: self.tool_denials(regime, day),
            support_usd: rule_sets.in_force.rules().fold([0.0; 3], |sum, at| {
                let rule = &self.law.rules[usize::from(at)];
                let met = rule.condition.eval(&Attributes::default()) == ThreeValued::Yes;
                let support = if met { rule.support_usd } else { [0.0; 3] };
                [0, 1, 2].map(|kind| sum[kind] + support[kind])
            }),
            leading_foundry,
            state_closed: self.state_closed(&rule_sets.in_force, day),
            memory_imports,
            memory_closes,
        }
    }

    /// Share of the listed foreign chips on sale by a day that the target denies to state-funded centres, among those that it
    /// allows to other buyers.
    fn state_closed(&self, rule_set: &RuleSet, day: Date) -> f64 {
        let month = Month::from_date(day) - self.first;
        let barred = |sale: &Attributes| {
            rule_set.judge(ControlledItem::ChipSale, sale).importer == Verdict::Denied
        };
        let (mut open, mut closed) = (0_u32, 0_u32);
        for (slot, chip) in self.slot_attributes.iter().enumerate() {
            let foreign = !self.layout.target_made[slot] && !self.layout.captive_chip[slot];
            let on_sale = match self.roadmap.slots[slot].kind {
                SlotKind::Catalogue { launch } => launch <= month,
                _ => false,
            };
            if !foreign || !on_sale {
                continue;
            }
            let mut sale = chip.with_shipment(&self.shipments[self.target_market]);
            if !barred(&sale) {
                open += 1;
                sale.flag(Attribute::BuyerStateFunded, true);
                closed += u32::from(barred(&sale));
            }
        }
        f64::from(closed) / f64::from(open.max(1))
    }

    /// By market: 1 where the best closed models may be held and served.
    fn weights_open(&self, rule_set: &RuleSet) -> Vec<f64> {
        let mut model = Attributes::default();
        // Every frontier model of the years in which such a rule could be in force is above its threshold.
        model.set(Attribute::TrainingFlop, 1e27);
        model.flag(Attribute::OpenWeights, false);
        model.set(Attribute::Model, f64::from(u32::MAX));
        self.shipments
            .iter()
            .map(|shipment| {
                let verdict = rule_set
                    .judge(ControlledItem::Model, &model.with_shipment(shipment))
                    .exporter;
                f64::from(u8::from(verdict != Verdict::Denied))
            })
            .collect()
    }

    /// Share of the target's materials that makers in the issuer cannot get: all under a ban, a part under licence.
    fn inputs_denied(&self, rule_set: &RuleSet, p: &Parameters) -> f64 {
        let issuer = self
            .nations
            .iter()
            .find(|n| n.bloc == Bloc::Issuer)
            .map_or(0, |n| n.market as usize);
        let mut good = Attributes::default().with_shipment(&self.shipments[issuer]);
        // The case of a magnet or an alloy, far above any threshold on the value of its content.
        good.set(Attribute::RareEarthValueShare, 0.1);
        match rule_set.judge(ControlledItem::Input, &good).exporter {
            Verdict::Denied => 1.0,
            Verdict::CaseByCase => p.input_licence_refused,
            _ => 0.0,
        }
    }

    /// Suppliers of advanced tools, before any denial.
    fn tool_suppliers(&self) -> Vec<ToolSupplier> {
        let bloc_of = |iso3: &str| {
            let row = self.nation_rows.iter().position(|n| n.iso3 == iso3);
            row.map_or(Bloc::Third, |row| self.nations[row].bloc)
        };
        self.tool_shares
            .iter()
            .map(|(nation, share)| ToolSupplier {
                share: *share,
                denies: 0.0,
                years_denied: 0.0,
                side: match bloc_of(nation) {
                    Bloc::Issuer => Some(0),
                    Bloc::Third => Some(1),
                    Bloc::Target => None,
                },
            })
            .collect()
    }

    /// By supplier of tools: 1 where the rules of its own nation deny the target an advanced tool on a day.
    fn tool_denials(&self, regime: &Regime, day: Date) -> Vec<f64> {
        let mut tool = Attributes::default().with_shipment(&self.shipments[self.target_market]);
        tool.set(Attribute::FabNodeNm, 7.0);
        tool.flag(Attribute::FabNonPlanar, true);
        let denies = |nation: &str| {
            let own = Regime {
                entries: regime
                    .entries
                    .iter()
                    .filter(|e| self.law.rules[usize::from(e.rule)].issuer == nation)
                    .cloned()
                    .collect(),
                ..Regime::default()
            };
            !own.entries.is_empty()
                && own
                    .rules_in_force(&self.law, day)
                    .judge(ControlledItem::Tool, &tool)
                    .exporter
                    == Verdict::Denied
        };
        let nations = self.tool_shares.iter();
        nations
            .map(|(nation, _)| f64::from(u8::from(denies(nation))))
            .collect()
    }

    /// By month: the share of tools denied under the recorded rules.
    fn tools_denied_on_record(&self, p: &Parameters) -> Vec<f64> {
        let days = self.rule_change_days(&self.record);
        let denials: Vec<Vec<f64>> = days
            .iter()
            .map(|day| self.tool_denials(&self.record, *day))
            .collect();
        let mut suppliers = self.tool_suppliers();
        (0..self.months)
            .map(|t| {
                let month_segments = month_segments(self.first.plus(t as i32), &days);
                for (row, supplier) in suppliers.iter_mut().enumerate() {
                    let denies =
                        |(part, rule_set): &(f64, u16)| part * denials[usize::from(*rule_set)][row];
                    supplier.advance_month(month_segments.iter().map(denies).sum());
                }
                tools_for_target(&suppliers, p).denied
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
fn month_segments(month: Month, days: &[Date]) -> Vec<(f64, u16)> {
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
