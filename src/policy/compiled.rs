//! The law of one arm, compiled: every rule set of a run with its verdict on every chip and market and on every input.
//!
//! Verdicts depend on the rules and on the chip, not on the run. They are judged once for every rule set and shared by all
//! runs; only variants, which a run designs, are judged within the run.

use std::sync::{Arc, OnceLock};

use bevy_ecs::resource::Resource;

use crate::controls::{Attribute, Attributes, ControlledItem, Law, RuleSet, Ruling, Verdict};
use crate::events::EventId;
use crate::markets::chip_market::caps::ImportCap;
use crate::markets::chip_market::state::SaleTerms;
use crate::technology::chip::ChipSpec;
use crate::technology::design::{DesignCandidate, RedesignLimits, candidates};
use crate::technology::foundry::ToolSupplier;

/// What a calendar reads of the parameters: with the same regime and blueprint, equal ones give equal calendars.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarParameters {
    pub parts: Arc<DesignBasis>,
    pub tool_licence_refused: f64,
    pub tool_backfill_per_year: f64,
    pub input_licence_refused: f64,
}

/// The rules of one arm, compiled for every day of a run and a fixed blueprint.
#[derive(Clone, Debug)]
pub struct CompiledCalendar {
    pub law: Arc<Law>,
    pub parameters: CalendarParameters,
    /// Rule sets; a new one for each day on which something changes.
    pub rule_sets: Vec<DatedRuleSets>,
    /// By month: (fraction of the month, index of the rule set).
    pub months: Vec<Vec<(f64, u16)>>,
    /// Attributes of a shipment, by market.
    pub shipments: Vec<Attributes>,
    /// Attributes of a chip, by slot.
    pub chips: Vec<Attributes>,
    pub target_market: usize,
    pub target_region: usize,
    /// By rule set: index into `sales`. Many rule sets differ only in rules that are not about sales.
    pub sale_rules_of: Vec<u16>,
    pub sales: Vec<Arc<CompiledRules>>,
    /// By market: the first market that all compiled sale rules treat equally; the target has no equivalent.
    pub equivalent_market: Arc<[u16]>,
    /// By pair of compiled sale rules: what differs between them; computed on first use.
    pub changes: Vec<OnceLock<SaleRulesChange>>,
    /// Inputs of the target's makers, by rule set.
    pub inputs: Vec<InputAccess>,
    /// Suppliers of advanced tools, before any denial.
    pub tool_suppliers: Vec<ToolSupplier>,
    /// The share of tools denied under the recorded rules, by month.
    pub tools_denied_on_record: Vec<f64>,
    /// The caps of the regime, in force or not.
    pub caps: Vec<ImportCap>,
    /// The policy process; none in a fixed regime.
    pub ladder: Option<PolicyLadder>,
}

/// The ladder of a policy process, with the rule set of every state that it can reach.
#[derive(Clone, Debug)]
pub struct PolicyLadder {
    pub reactive: bool,
    /// First month of the run that the process governs; it may lie outside the run.
    pub from: i32,
    pub start: usize,
    pub rungs: usize,
    /// Months of the run in which a new administration takes office.
    pub administrations: Vec<i32>,
    /// `[rung now][rung announced]`
    pub rule_sets: Vec<u16>,
}

impl PolicyLadder {
    /// The rule set while rung `now` is in force and rung `coming`, which may be the same, is announced.
    pub fn rule_set(&self, now: usize, coming: usize) -> u16 {
        self.rule_sets[now * self.rungs + coming]
    }
}

/// Rule set that the policy process has selected this month; empty while the calendar applies.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct PolicyState {
    pub rule_set: Option<u16>,
    /// Month of the run in which the announced change comes into force.
    pub binds: Option<i32>,
    /// Events of the announced change and of the last change that came into force.
    pub announced_by: Option<EventId>,
    pub bound_by: Option<EventId>,
}

impl PolicyState {
    /// The whole month under the selected rule set, as the segments of a month are written; empty while the calendar applies.
    pub(super) fn whole_month(&self) -> Option<[(f64, u16); 1]> {
        self.rule_set.map(|rule_set| [(1.0, rule_set)])
    }
}

/// What differs between two compiled sale rules.
#[derive(Clone, Debug)]
pub struct SaleRulesChange {
    /// Indices into [`CompiledRules::terms`] where they differ.
    pub terms: Vec<u32>,
    /// By market: whether both hold the same rules in force, and in the target the same announced ones.
    pub same_rules: Vec<bool>,
}

/// Parent chips of designs, and the limits of a redesign.
#[derive(Clone, Debug, PartialEq)]
pub struct DesignBasis {
    /// The chip at the centre of its uncertainty, by slot.
    pub nominal: Vec<ChipSpec>,
    pub reach: RedesignLimits,
}

/// Sale terms under one rule set for every chip and market, shared by all regimes that contain it.
#[derive(Debug)]
pub struct CompiledRules {
    pub in_force: RuleSet,
    pub announced: RuleSet,
    pub parts: Arc<DesignBasis>,
    /// By parent slot: legal designs, computed on first use and shared by all runs and by rule sets that are equivalent in the
    /// target.
    designs: Arc<[OnceLock<Box<LegalDesigns>>]>,
    /// By market: what is left of the rules in force for sales there.
    pub in_force_there: Vec<Arc<RuleSet>>,
    /// What is left of the announced rules for sales in the target.
    pub announced_in_target: RuleSet,
    /// `[market][slot]`
    pub terms: Vec<SaleTerms>,
    /// `[market][slot]`: whether a sale needs no licence.
    pub free: Vec<bool>,
    /// By slot: denied in the target by rules that are announced and not yet in force.
    pub announced_bar: Vec<bool>,
}

/// What sale rules are judged on: every chip in every market, and variants of the chips.
#[derive(Clone, Copy, Debug)]
pub struct SaleSubjects<'a> {
    /// Attributes of a chip, by slot.
    pub chips: &'a [Attributes],
    /// Attributes of a shipment, by market.
    pub shipments: &'a [Attributes],
    /// By market: the first market that all rules treat equally.
    pub equivalent_market: &'a [u16],
    pub target_market: usize,
    pub parts: &'a Arc<DesignBasis>,
}

/// Legal designs from one parent under one rule set: the rules that matter, and the designs that no other one dominates.
#[derive(Clone, Debug)]
pub struct LegalDesigns {
    in_force: RuleSet,
    announced: RuleSet,
    sale: Attributes,
    candidates: Vec<DesignCandidate>,
}

/// Rules in force on a day, and rules announced by then that come into force later.
#[derive(Clone, Debug)]
pub struct DatedRuleSets {
    pub in_force: RuleSet,
    pub announced: RuleSet,
    /// Whether the text of every announced rule on chip sales is published.
    pub is_text_published: bool,
    /// Month index in which the first of the announced rules comes into force.
    pub next_binds: Option<i32>,
    /// Whether the target has announced a rule of its own on imports or materials; from then on its responses are the recorded
    /// ones.
    pub replies_recorded: bool,
    /// Whether a rule of the target's own keeps out foreign chips.
    pub imports_refused: bool,
    /// By market: the country cap in force, as an index into `CompiledCalendar::caps`.
    pub cap_of_market: Vec<Option<u16>>,
}

/// Access to inputs under one rule set.
#[derive(Clone, Debug, Default)]
pub struct InputAccess {
    /// By maker: 1 where the leading foundry may make its dies.
    pub leading_foundry: Vec<f64>,
    pub memory_imports: f64,
    /// Share of foreign chips that the target's own rules deny to state-funded centres only.
    pub state_closed: f64,
    /// Share of foreign chips that are denied to buyers in the target who are owned by listed parties, and to no others.
    pub affiliates_closed: f64,
    /// What a chip that reports its place costs more, USD, and the multiple of the hazard of detection.
    pub check_usd: f64,
    pub detection_multiple: f64,
    /// 1 where the target may query the issuer's models.
    pub model_access: f64,
    pub weights_open: Vec<f64>,
    /// By market: 1 where a host there may rent compute to the target.
    pub remote_open: Vec<f64>,
    /// Share of the target's materials that makers outside cannot get.
    pub inputs_denied: f64,
    /// By supplier of tools: 1 where its nation denies them to the target.
    pub tool_denials: Vec<f64>,
    pub support_usd: [f64; 3],
    /// Month of the run in which the next announced memory rule comes into force.
    pub memory_closes: Option<i32>,
}

/// The calendar, shared by all runs of an arm.
#[derive(Resource, Clone, Debug)]
pub struct LawCalendar(pub Arc<CompiledCalendar>);

impl LawCalendar {
    pub fn target_region(&self) -> usize {
        self.0.target_region
    }

    /// Whether the text of every announced rule on chip sales is published; nobody designs for a rule whose text is not.
    pub fn is_text_published(&self, rule_set: u16) -> bool {
        self.0.rule_sets[usize::from(rule_set)].is_text_published
    }

    /// Designs from a parent, as specified in this run, that are legal under rules in force and announced.
    pub fn designs<'a>(
        &'a self,
        rule_set: u16,
        parent: usize,
        actual: &'a ChipSpec,
    ) -> impl Iterator<Item = ChipSpec> + 'a {
        let c = &*self.0;
        let law = c.sales(rule_set);
        let nominal = &law.parts.nominal[parent];
        let found = law.designs_from(parent, || {
            c.variant_attributes(parent, nominal, c.target_market)
        });
        found
            .candidates
            .iter()
            .map(|candidate| candidate.fit(nominal, actual, &law.parts.reach))
            .filter(move |design| nominal == actual || found.permits(design))
    }
}

impl CompiledCalendar {
    /// A variant of a parent as one sale.
    pub fn variant_attributes(
        &self,
        parent: usize,
        design: &ChipSpec,
        market: usize,
    ) -> Attributes {
        design_attributes(&self.sale(parent, market), design)
    }

    /// One sale: the attributes of the chip with those of the shipment.
    pub fn sale(&self, slot: usize, market: usize) -> Attributes {
        self.chips[slot].with_shipment(&self.shipments[market])
    }

    /// What differs between two compiled sale rules.
    pub(super) fn change(&self, from: u16, to: u16) -> &SaleRulesChange {
        let (a, b) = (&self.sales[usize::from(from)], &self.sales[usize::from(to)]);
        self.changes[usize::from(from) * self.sales.len() + usize::from(to)].get_or_init(|| {
            let same = |a: &RuleSet, b: &RuleSet, market: usize| {
                a.is_equivalent_for(b, ControlledItem::ChipSale, &self.shipments[market])
            };
            let same_rules = |market: usize| {
                let in_force = same(&a.in_force, &b.in_force, market);
                let announced = || same(&a.announced, &b.announced, market);
                in_force && (market != self.target_market || announced())
            };
            SaleRulesChange {
                terms: (0..a.terms.len() as u32)
                    .filter(|at| a.terms[*at as usize] != b.terms[*at as usize])
                    .collect(),
                same_rules: (0..self.shipments.len()).map(same_rules).collect(),
            }
        })
    }

    /// The compiled sale rules of a rule set.
    pub(super) fn sales(&self, rule_set: u16) -> &CompiledRules {
        &self.sales[usize::from(self.sale_rules_of[usize::from(rule_set)])]
    }
}

impl LegalDesigns {
    /// Whether a design may be sold in the target without licence, now and after all announced rules come into force.
    fn permits(&self, design: &ChipSpec) -> bool {
        let attributes = design_attributes(&self.sale, design);
        let free =
            |rule_set: &RuleSet| rule_set.permits_freely(ControlledItem::ChipSale, &attributes);
        free(&self.in_force) && free(&self.announced)
    }
}

impl CompiledRules {
    /// Judges every chip in every market under rules in force and rules announced; reuses results of `known` rule sets that hold
    /// the same rules.
    pub fn new(
        (in_force, announced): (RuleSet, RuleSet),
        subjects: &SaleSubjects,
        known: &[Arc<Self>],
    ) -> Self {
        let SaleSubjects {
            chips,
            shipments,
            equivalent_market,
            target_market,
            parts,
        } = *subjects;
        let (markets, slots) = (equivalent_market.len(), chips.len());
        let mut terms = Vec::with_capacity(markets * slots);
        let mut free = Vec::with_capacity(markets * slots);
        let mut in_force_there: Vec<Arc<RuleSet>> = Vec::with_capacity(markets);
        let same = |a: &RuleSet, b: &RuleSet, to: usize| {
            a.is_equivalent_for(b, ControlledItem::ChipSale, &shipments[to])
        };
        for market in 0..markets {
            let first = usize::from(equivalent_market[market]);
            let own = market * slots..(market + 1) * slots;
            if first < market {
                terms.extend_from_within(first * slots..(first + 1) * slots);
                free.extend_from_within(first * slots..(first + 1) * slots);
                in_force_there.push(in_force_there[first].clone());
            } else if let Some(law) = known.iter().find(|l| same(&l.in_force, &in_force, market)) {
                terms.extend_from_slice(&law.terms[own.clone()]);
                free.extend_from_slice(&law.free[own]);
                in_force_there.push(law.in_force_there[market].clone());
            } else {
                let there =
                    in_force.specialise_to_shipment(ControlledItem::ChipSale, &shipments[market]);
                for ruling in rulings(&there, chips, &shipments[market]) {
                    terms.push(terms_of(&ruling));
                    free.push(is_free(&ruling));
                }
                in_force_there.push(Arc::new(there));
            }
        }
        let coming = |law: &&Arc<Self>| same(&law.announced, &announced, target_market);
        let announced_in_target =
            announced.specialise_to_shipment(ControlledItem::ChipSale, &shipments[target_market]);
        let announced_bar = match known.iter().find(coming) {
            Some(law) => law.announced_bar.clone(),
            None => rulings(&announced_in_target, chips, &shipments[target_market])
                .map(|ruling| terms_of(&ruling).open == 0.0)
                .collect(),
        };
        let designs = known
            .iter()
            .filter(coming)
            .find(|law| same(&law.in_force, &in_force, target_market) && law.parts == *parts)
            .map_or_else(
                || (0..slots).map(|_| OnceLock::new()).collect(),
                |law| law.designs.clone(),
            );
        Self {
            designs,
            in_force_there,
            announced_in_target,
            parts: parts.clone(),
            terms,
            free,
            announced_bar,
            in_force,
            announced,
        }
    }

    /// Legal designs from the nominal parent; `sale` gives its attributes when sold in the target.
    fn designs_from(&self, parent: usize, sale: impl FnOnce() -> Attributes) -> &LegalDesigns {
        self.designs[parent].get_or_init(|| {
            let sale = sale();
            let about = |rule_set: &RuleSet| {
                rule_set.specialise_to_sale(ControlledItem::ChipSale, &sale, DESIGNED)
            };
            let mut found = LegalDesigns {
                in_force: about(&self.in_force),
                announced: about(&self.announced),
                sale,
                candidates: Vec::new(),
            };
            let nominal = &self.parts.nominal[parent];
            found.candidates =
                candidates(nominal, &self.parts.reach, |design| found.permits(design));
            Box::new(found)
        })
    }
}

/// Rulings on every chip in one market, by what is left of a rule set there.
fn rulings(
    there: &RuleSet,
    chips: &[Attributes],
    shipment: &Attributes,
) -> impl Iterator<Item = Ruling> {
    chips.iter().map(move |chip| {
        if there.is_empty() {
            return Ruling::free();
        }
        there.judge(ControlledItem::ChipSale, &chip.with_shipment(shipment))
    })
}

/// Attributes that a redesign can change.
pub const DESIGNED: &[Attribute] = &[
    Attribute::Tpp,
    Attribute::DieAreaMm2,
    Attribute::PerformanceDensity,
    Attribute::InterconnectGbps,
    Attribute::HostLinkGbps,
    Attribute::MemBandwidthTbs,
    Attribute::MemCapacityGb,
];

/// Attributes of a design: maker, kind and shipment of its parent, its own numbers, never on sale before.
pub fn design_attributes(parent: &Attributes, design: &ChipSpec) -> Attributes {
    let mut a = *parent;
    a.set(Attribute::Tpp, design.tpp);
    a.set(Attribute::DieAreaMm2, design.die_area_mm2);
    a.set(
        Attribute::PerformanceDensity,
        design.tpp / design.die_area_mm2,
    );
    a.set(Attribute::InterconnectGbps, design.interconnect_gbps);
    a.set(Attribute::HostLinkGbps, design.host_link_gbps);
    a.set(Attribute::MemBandwidthTbs, design.mem_bandwidth_tbs);
    a.set(Attribute::MemCapacityGb, design.mem_capacity_gb);
    a.set(Attribute::ChinaSpecific, 1.0);
    a.set(Attribute::OnSaleInUs20260115, 0.0);
    // A name that no rule and no table holds.
    a.set(Attribute::Chip, f64::from(u32::MAX));
    a
}

/// Sale terms that follow from one ruling.
pub fn terms_of(ruling: &Ruling) -> SaleTerms {
    // A levy is taken on a licence, whatever else limits the sale.
    let mut terms = SaleTerms {
        levy_share: ruling.levy_share,
        case_by_case: ruling.case_by_case || ruling.levy_share > 0.0,
        capped: ruling.volume_limited,
        notify: ruling.notify,
        ..SaleTerms::FREE
    };
    for verdict in [ruling.exporter, ruling.importer] {
        match verdict {
            Verdict::Free => {}
            Verdict::Notify => terms.notify = true,
            Verdict::CaseByCase => terms.case_by_case = true,
            Verdict::Levied => terms.case_by_case = true,
            Verdict::Capped => terms.capped = true,
            // An unknown verdict counts as a denial: no maker ships a chip that the rules may deny.
            Verdict::Denied | Verdict::Unknown(_) => return SaleTerms::DENIED,
        }
    }
    terms
}

fn is_free(ruling: &Ruling) -> bool {
    ruling.exporter == Verdict::Free && ruling.importer == Verdict::Free
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
