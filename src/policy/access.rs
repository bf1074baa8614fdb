//! Access to inputs, models and rented compute: judged once for every rule set, and set every month from the rules in force.

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut};

use super::calendar::month_segments;
use super::compiled::{
    CalendarParameters, DatedRuleSets, InputAccess, LawCalendar, PolicyState, monthly_mean,
};
use super::subjects::LegalSubjects;
use crate::controls::{
    Attribute, Attributes, ControlledItem, Instrument, Regime, Rule, RuleSet, Ruling, ThreeValued,
    Verdict,
};
use crate::foundation::calendar::{Date, Month};
use crate::foundation::run::RunMonth;
use crate::markets::chip_market::ChipMarket;
use crate::technology::foundry::{denied_tools, tools_for_target};
use crate::technology::roadmap::SlotKind;
use crate::technology::supply::InputAccessState;

/// Bandwidth density of a stack of high-bandwidth memory, GB/s a mm2. The rule of December 2024 (3A090.c) starts at 2, and every
/// stack in production when it was written is above that; source: Federal Register 89 FR 96790.
const STACK_BANDWIDTH_DENSITY: f64 = 3.0;

/// Buyers in the target who differ from others in one attribute, and the verdict that can set them apart.
#[derive(Clone, Copy)]
struct BuyerKind {
    attribute: Attribute,
    verdict: fn(&Ruling) -> Verdict,
}

/// Buyers with public money: the target's own rules name them.
const STATE_FUNDED: BuyerKind = BuyerKind {
    attribute: Attribute::BuyerStateFunded,
    verdict: |ruling| ruling.importer,
};

/// Buyers who are owned by listed parties: the exporter's rules name them.
const AFFILIATE: BuyerKind = BuyerKind {
    attribute: Attribute::ListedOwnershipShare,
    verdict: |ruling| ruling.exporter,
};

/// What the law of the month lets users of models and of rented compute do, and what states pay; written by [`set_access`].
/// What it means for makers' inputs is in [`InputAccessState`].
#[derive(Resource, Clone, Debug, Default)]
pub struct LegalAccess {
    /// Share of foreign chips that the target's own rules deny to state-funded centres only, averaged over the month.
    pub state_closed: f64,
    /// Share of foreign chips that are denied to the target's buyers who are owned by listed parties, averaged over the month.
    pub affiliates_closed: f64,
    /// Multiple of the hazard with which brokers are detected.
    pub detection_multiple: f64,
    /// Fraction of the month in which the target may query the issuer's models.
    pub model_access: f64,
    /// Fraction of the month in which closed models may be used, by market.
    pub weights_open: Vec<f64>,
    /// Fraction of the month in which hosts may rent compute to the target's labs, by the host's market.
    pub remote_open: Vec<f64>,
    /// Public support of the issuer, USD a year: research, energy, build-out.
    pub support_usd: [f64; 3],
    /// The rule set that was in force all last month.
    rule_set: Option<u16>,
}

/// System at the start of a run: everything is open and no tool is denied.
pub fn begin_access(
    calendar: Res<LawCalendar>,
    market: Res<ChipMarket>,
    mut inputs: ResMut<InputAccessState>,
    mut access: ResMut<LegalAccess>,
) {
    let (makers, markets) = (market.layout.makers, market.layout.markets);
    *inputs = InputAccessState {
        leading_foundry: vec![1.0; makers],
        memory_imports: 1.0,
        tool_suppliers: calendar.0.tool_suppliers.clone(),
        ..InputAccessState::default()
    };
    *access = LegalAccess {
        model_access: 1.0,
        detection_multiple: 1.0,
        weights_open: vec![1.0; markets],
        remote_open: vec![1.0; markets],
        ..LegalAccess::default()
    };
}

/// System: sets access to inputs, models and rented compute, and public support, from the rules in force this month.
pub fn set_access(
    run: RunMonth,
    calendar: Res<LawCalendar>,
    policy: Res<PolicyState>,
    mut inputs: ResMut<InputAccessState>,
    mut access: ResMut<LegalAccess>,
) {
    let (c, t) = (&*calendar.0, run.clock.t);
    let whole = policy.whole_month();
    let segments = whole.as_ref().map_or(&c.months[t][..], |whole| &whole[..]);
    let of = |rule_set: u16| &c.inputs[usize::from(rule_set)];
    let over = |value: &dyn Fn(&InputAccess) -> f64| {
        monthly_mean(segments, |rule_set| value(of(rule_set)))
    };
    let only = match segments {
        [(_, rule_set)] => Some(*rule_set),
        _ => None,
    };
    // Where one rule set is in force all month and was last month, nothing changes.
    if only.is_none() || access.rule_set != only {
        set_means(&mut inputs, &mut access, &over);
    }
    access.rule_set = only;
    for (row, supplier) in inputs.tool_suppliers.iter_mut().enumerate() {
        supplier.advance_month(over(&|i| i.tool_denials[row]));
    }
    inputs.tools = tools_for_target(&inputs.tool_suppliers, &run.future.parameters);
    inputs.tools_denied_on_record = c.tools_denied_on_record[t];
    let closes = segments
        .iter()
        .rev()
        .find_map(|segment| of(segment.1).memory_closes);
    // Where a policy process governs, the announced change says when.
    inputs.memory_closes_in_months = closes.map_or(f64::INFINITY, |closes| {
        f64::from((policy.binds.unwrap_or(closes) - t as i32).max(1))
    });
}

/// Mean over the days of a month of a value of the access under each rule set.
type MonthlyMean<'a> = dyn Fn(&dyn Fn(&InputAccess) -> f64) -> f64 + 'a;

/// Sets what rules allow to `over`, its mean over the days of the month.
fn set_means(inputs: &mut InputAccessState, access: &mut LegalAccess, over: &MonthlyMean<'_>) {
    for (market, open) in access.weights_open.iter_mut().enumerate() {
        *open = over(&|i| i.weights_open[market]);
    }
    for (market, open) in access.remote_open.iter_mut().enumerate() {
        *open = over(&|i| i.remote_open[market]);
    }
    for (kind, sum) in access.support_usd.iter_mut().enumerate() {
        *sum = over(&|i| i.support_usd[kind]);
    }
    access.state_closed = over(&|i| i.state_closed);
    access.affiliates_closed = over(&|i| i.affiliates_closed);
    access.detection_multiple = over(&|i| i.detection_multiple);
    access.model_access = over(&|i| i.model_access);
    for (maker, open) in inputs.leading_foundry.iter_mut().enumerate() {
        *open = over(&|i| i.leading_foundry[maker]);
    }
    inputs.check_usd = over(&|i| i.check_usd);
    inputs.memory_imports = over(&|i| i.memory_imports);
    inputs.inputs_denied = over(&|i| i.inputs_denied);
}

/// Training operations of the best closed models: above every threshold in the years in which a rule on models could be in force.
const FRONTIER_FLOP: f64 = 1e27;

impl LegalSubjects {
    pub(super) fn input_access(
        &self,
        regime: &Regime,
        day: Date,
        rule_sets: &DatedRuleSets,
        p: &CalendarParameters,
    ) -> InputAccess {
        let target = self.shipments[self.target_market];
        let open = |rule_set: &RuleSet, subject, a: &Attributes| {
            f64::from(u8::from(
                rule_set.judge(subject, a).exporter != Verdict::Denied,
            ))
        };
        let largest = |number: &dyn Fn(&Rule) -> f64| {
            let rules = rule_sets.in_force.rules();
            let rules = rules.map(|at| &*self.law.rules[usize::from(at)]);
            let met =
                |rule: &&Rule| rule.condition.eval(&Attributes::default()) == ThreeValued::Yes;
            rules.filter(met).map(number).fold(0.0, f64::max)
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
        stack.set(Attribute::HbmBandwidthDensity, STACK_BANDWIDTH_DENSITY);
        let memory_imports = open(&rule_sets.in_force, ControlledItem::MemoryStack, &stack);
        let closing = open(&rule_sets.announced, ControlledItem::MemoryStack, &stack) == 0.0;
        let memory_closes = self
            .next_memory_rule(regime, day)
            .filter(|_| closing && memory_imports > 0.0);
        InputAccess {
            model_access: self.model_access(regime, day),
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
            support_usd: self.support_usd(&rule_sets.in_force),
            leading_foundry,
            state_closed: self.closed_to(&rule_sets.in_force, day, STATE_FUNDED),
            affiliates_closed: self.closed_to(&rule_sets.in_force, day, AFFILIATE),
            check_usd: largest(&|rule| rule.check_usd),
            detection_multiple: largest(&|rule| rule.detection_multiple).max(1.0),
            memory_imports,
            memory_closes,
        }
    }

    /// Month of the run in which the next announced memory rule comes into force.
    fn next_memory_rule(&self, regime: &Regime, day: Date) -> Option<i32> {
        let coming = regime.entries.iter().filter(|e| {
            let rule = &self.law.rules[usize::from(e.rule)];
            rule.instrument == Instrument::Memory && e.announced <= day && day < e.compliance
        });
        coming
            .map(|e| Month::from_date(e.compliance) - self.first)
            .min()
    }

    /// 1 where the target may query the issuer's models: no rule on the use of models that applies to it is in force, whatever
    /// models it names.
    fn model_access(&self, regime: &Regime, day: Date) -> f64 {
        let mut use_in_target =
            Attributes::default().with_shipment(&self.shipments[self.target_market]);
        use_in_target.set(Attribute::TrainingFlop, FRONTIER_FLOP);
        use_in_target.flag(Attribute::OpenWeights, false);
        let open = regime.entries.iter().all(|e| {
            let rule = &self.law.rules[usize::from(e.rule)];
            let in_force = e.compliance <= day && e.ended.is_none_or(|ended| day <= ended);
            // The name of the model is left open.
            let applies = rule.condition.eval(&use_in_target) != ThreeValued::No;
            !(rule.instrument == Instrument::ModelAccess && in_force && applies)
        });
        f64::from(u8::from(open))
    }

    /// Public support under the rules in force, USD a year: research, energy, build-out.
    fn support_usd(&self, in_force: &RuleSet) -> [f64; 3] {
        in_force.rules().fold([0.0; 3], |sum, at| {
            let rule = &self.law.rules[usize::from(at)];
            let met = rule.condition.eval(&Attributes::default()) == ThreeValued::Yes;
            let support = if met { rule.support_usd } else { [0.0; 3] };
            [0, 1, 2].map(|kind| sum[kind] + support[kind])
        })
    }

    /// Share of the listed foreign chips on sale by a day that are denied to a kind of buyer in the target, among those that
    /// are not denied to other buyers there.
    fn closed_to(&self, rule_set: &RuleSet, day: Date, kind: BuyerKind) -> f64 {
        if !rule_set.reads_attribute(kind.attribute) {
            return 0.0;
        }
        let month = Month::from_date(day) - self.first;
        let barred = |sale: &Attributes| {
            let ruling = rule_set.judge(ControlledItem::ChipSale, sale);
            (kind.verdict)(&ruling) == Verdict::Denied
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
                sale.set(kind.attribute, 1.0);
                closed += u32::from(barred(&sale));
            }
        }
        f64::from(closed) / f64::from(open.max(1))
    }

    /// By market: 1 where the best closed models may be held and served.
    fn weights_open(&self, rule_set: &RuleSet) -> Vec<f64> {
        let mut model = Attributes::default();
        model.set(Attribute::TrainingFlop, FRONTIER_FLOP);
        model.flag(Attribute::OpenWeights, false);
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
    fn inputs_denied(&self, rule_set: &RuleSet, p: &CalendarParameters) -> f64 {
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
    fn tool_denials(&self, in_force: &RuleSet, p: &CalendarParameters) -> Vec<f64> {
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
    pub(super) fn tools_denied_on_record(&self, p: &CalendarParameters) -> Vec<f64> {
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
                denied_tools(&suppliers, p.tool_backfill_per_year).denied
            })
            .collect()
    }
}
