//! Access to inputs, models and rented compute: judged once for every rule set, and set every month from the rules in force.

use super::calendar::month_segments;
use super::compiled::{CompiledCalendar, DatedRuleSets, InputAccess};
use super::subjects::LegalSubjects;
use crate::controls::{
    Attribute, Attributes, ControlledItem, Instrument, Regime, RuleSet, ThreeValued, Verdict,
};
use crate::foundation::calendar::{Date, Month};
use crate::foundation::parameters::Parameters;
use crate::technology::foundry::tools_for_target;
use crate::technology::roadmap::SlotKind;
use crate::technology::supply::InputAccessState;

impl LegalSubjects {
    pub(super) fn input_access(
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
            .map(|designer| match designer {
                Some(order) => open(&rule_sets.in_force, ControlledItem::Wafer, order),
                None => 1.0,
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
            tool_denials: self.tool_denials(&rule_sets.in_force, p),
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
        for (slot, chip) in self.chips.iter().enumerate() {
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
        let mut good = Attributes::default().with_shipment(&self.shipments[self.issuer_market]);
        // The case of a magnet or an alloy, far above any threshold on the value of its content.
        good.set(Attribute::RareEarthValueShare, 0.1);
        match rule_set.judge(ControlledItem::Input, &good).exporter {
            Verdict::Denied => 1.0,
            Verdict::CaseByCase => p.input_licence_refused,
            _ => 0.0,
        }
    }

    /// By supplier of tools: the part of an advanced tool's sales that the rules deny the target. All are denied where a licence is
    /// refused on principle, and `tool_licence_refused` of them where each is judged for itself.
    fn tool_denials(&self, in_force: &RuleSet, p: &Parameters) -> Vec<f64> {
        let rules = in_force.for_item(ControlledItem::Tool);
        let suppliers = self.tool_suppliers.iter();
        suppliers
            .map(
                |(tool, _)| match rules.judge(ControlledItem::Tool, tool).exporter {
                    Verdict::Denied => 1.0,
                    Verdict::CaseByCase => p.tool_licence_refused,
                    _ => 0.0,
                },
            )
            .collect()
    }

    /// By month: the share of tools denied under the recorded rules.
    pub(super) fn tools_denied_on_record(&self, p: &Parameters) -> Vec<f64> {
        let days = self.rule_change_days(&self.record);
        let denials: Vec<Vec<f64>> = days
            .iter()
            .map(|day| self.tool_denials(&self.record.rules_in_force(&self.law, *day), p))
            .collect();
        let mut suppliers = self.suppliers();
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
}

/// Mean of a value over the segments of a month; exactly the value where it is constant, so that a rule without effect does
/// not change the last digit.
pub(super) fn monthly_mean(segments: &[(f64, u16)], value: impl Fn(u16) -> f64) -> f64 {
    let first = segments
        .first()
        .map_or(0.0, |(_, rule_set)| value(*rule_set));
    if segments
        .iter()
        .all(|(_, rule_set)| value(*rule_set) == first)
    {
        return first;
    }
    segments
        .iter()
        .map(|(part, rule_set)| part * value(*rule_set))
        .sum()
}

pub(super) fn set_access(
    c: &CompiledCalendar,
    segments: &[(f64, u16)],
    t: usize,
    p: &Parameters,
    access: &mut InputAccessState,
) {
    let inputs = |rule_set: u16| &c.inputs[usize::from(rule_set)];
    let over = |value: &dyn Fn(&InputAccess) -> f64| {
        monthly_mean(segments, |rule_set| value(inputs(rule_set)))
    };
    for (maker, open) in access.leading_foundry.iter_mut().enumerate() {
        *open = over(&|i| i.leading_foundry[maker]);
    }
    for (market, open) in access.weights_open.iter_mut().enumerate() {
        *open = over(&|i| i.weights_open[market]);
    }
    for (market, open) in access.remote_open.iter_mut().enumerate() {
        *open = over(&|i| i.remote_open[market]);
    }
    for (kind, sum) in access.support_usd.iter_mut().enumerate() {
        *sum = over(&|i| i.support_usd[kind]);
    }
    access.memory_imports = over(&|i| i.memory_imports);
    access.state_closed = over(&|i| i.state_closed);
    access.model_access = over(&|i| i.model_access);
    access.inputs_denied = over(&|i| i.inputs_denied);
    for (row, supplier) in access.tool_suppliers.iter_mut().enumerate() {
        supplier.advance_month(over(&|i| i.tool_denials[row]));
    }
    access.tools = tools_for_target(&access.tool_suppliers, p);
    access.tools_denied_on_record = c.tools_denied_on_record[t];
    access.memory_closes_in_months = f64::INFINITY;
    for &(_, rule_set) in segments {
        if let Some(closes) = inputs(rule_set).memory_closes {
            access.memory_closes_in_months = f64::from((closes - t as i32).max(1));
        }
    }
}
