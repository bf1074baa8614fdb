//! Describes the events of a run as rows with month, kind, actor, details and cause.

use super::{Plan, Worker};
use crate::agents::government::Government;
use crate::agents::lab::ReleaseChoice;
use crate::agents::variants::DesignPipeline;
use crate::controls::{ControlledItem, DatedRule, Rule};
use crate::events::{Event, EventKind, EventLog};
use crate::foundation::policy_path::PolicyChange;
use crate::policy::compiled::CompiledCalendar;
use crate::results::{EventRow, PolicyChangeRow};
use crate::technology::chip::ChipSpec;
use crate::technology::design::CutKind;
use crate::technology::roadmap::{ChipTable, NEVER};
use crate::world::Blueprint;

/// The events of one run of the plan, run again for them: bit for bit those of the study.
pub fn timeline(plan: &Plan, arm: usize, number: u32) -> Vec<EventRow> {
    let mut worker = Worker::new(&plan.blueprint);
    let draw = plan.draw(number);
    let (calendar, future) = plan.in_arm(arm, number, &draw);
    worker.run(calendar, &future, plan.blueprint.months, true);
    rows(plan, &worker, calendar, arm, number)
}

/// The events of the run that has just ended.
pub fn rows(
    plan: &Plan,
    worker: &Worker,
    calendar: &CompiledCalendar,
    arm: usize,
    run: u32,
) -> Vec<EventRow> {
    let world = &worker.stage.world;
    let told = TimelineRun {
        plan,
        arm,
        b: &plan.blueprint,
        calendar,
        chips: world.resource::<ChipTable>(),
        studio: world.resource::<DesignPipeline>(),
        government: world.resource::<Government>(),
        log: world.resource::<EventLog>(),
    };
    let row = |(at, e): (usize, &Event)| EventRow {
        regime: plan.regimes[arm].name.clone(),
        run,
        id: at as u32,
        cause_id: e.cause.map(|id| id.0),
        month: told.b.first.plus(e.t),
        kind: e.kind.name().to_string(),
        actor: told.actor(e),
        object: told.object(e),
        cause: told.because(e),
        text: told.text(e),
    };
    told.log.events.iter().enumerate().map(row).collect()
}

/// The run whose events are described.
struct TimelineRun<'a> {
    plan: &'a Plan,
    arm: usize,
    b: &'a Blueprint,
    calendar: &'a CompiledCalendar,
    chips: &'a ChipTable,
    studio: &'a DesignPipeline,
    government: &'a Government,
    log: &'a EventLog,
}

impl TimelineRun<'_> {
    fn actor(&self, e: &Event) -> String {
        let row = e.actor as usize;
        match e.kind {
            EventKind::PolicyAnnounced => self.plan.study.issuer.clone(),
            EventKind::RuleAnnounced | EventKind::RuleBinds | EventKind::RuleEnds => {
                self.rule(e).issuer.clone()
            }
            EventKind::MarketClosed
            | EventKind::MarketReopened
            | EventKind::OrderDenied
            | EventKind::VariantBegun
            | EventKind::VariantLaunched
            | EventKind::GenerationLaunched => self.b.maker_names[row].clone(),
            EventKind::Refused | EventKind::Restricted => self.market(self.b.target_market),
            EventKind::Seized => self.b.broker_names[row].clone(),
            // Nobody recorded a theft by a lab that is named.
            EventKind::Stolen => {
                let home = self.b.labs[row].nation as usize;
                format!("A lab of {}", self.b.nation_rows[home].name)
            }
            EventKind::RunFinished | EventKind::ModelReleased => self.b.lab_names[row].clone(),
            EventKind::AlignmentMoved => self.b.nation_rows[row].name.clone(),
        }
    }

    fn object(&self, e: &Event) -> String {
        match e.kind {
            EventKind::PolicyAnnounced => self.rung(e.object).to_string(),
            EventKind::RuleAnnounced | EventKind::RuleBinds | EventKind::RuleEnds => {
                self.rule(e).id.clone()
            }
            EventKind::MarketClosed
            | EventKind::MarketReopened
            | EventKind::OrderDenied
            | EventKind::Refused
            | EventKind::VariantBegun
            | EventKind::VariantLaunched
            | EventKind::GenerationLaunched => self.b.roadmap.slots[e.object as usize].key.clone(),
            EventKind::RunFinished => format!("run {}", e.object + 1),
            EventKind::ModelReleased => format!("model {}", e.object + 1),
            EventKind::Restricted => "materials".into(),
            EventKind::Seized | EventKind::Stolen | EventKind::AlignmentMoved => String::new(),
        }
    }

    /// The event that caused it, in short with its month; what stands behind it where there is none.
    fn because(&self, e: &Event) -> String {
        match e.cause {
            Some(id) => {
                let cause = self.log.get(id);
                format!("{} ({})", self.brief(cause), self.b.first.plus(cause.t))
            }
            None if e.kind == EventKind::PolicyAnnounced => {
                let mut tape = self.government.policy_path.iter();
                let change = tape.find(|change| change.announced == e.t);
                change
                    .map_or(e.kind.root(), |c| c.cause.words())
                    .to_string()
            }
            None => e.kind.root().to_string(),
        }
    }

    fn brief(&self, e: &Event) -> String {
        let slot = || self.b.roadmap.slots[e.object as usize].name.clone();
        match e.kind {
            EventKind::PolicyAnnounced => {
                format!(
                    "{} announced in place of {}",
                    self.rung(e.object),
                    self.rung(e.place)
                )
            }
            EventKind::RuleAnnounced => format!("{} announced", self.rule(e).id),
            EventKind::RuleBinds => format!("{} binds", self.rule(e).id),
            EventKind::RuleEnds => format!("{} ends", self.rule(e).id),
            EventKind::MarketClosed => {
                format!("{} closed to {}", self.market(e.place as usize), slot())
            }
            EventKind::MarketReopened => {
                format!("{} open again to {}", self.market(e.place as usize), slot())
            }
            EventKind::OrderDenied => format!("orders for {} denied", slot()),
            EventKind::Refused => format!("{} discouraged", slot()),
            EventKind::Restricted => "materials kept back".into(),
            EventKind::VariantBegun => format!("{} begun", slot()),
            EventKind::VariantLaunched | EventKind::GenerationLaunched => {
                format!("{} on sale", slot())
            }
            EventKind::Seized => "a shipment seized".into(),
            EventKind::Stolen => "work stolen".into(),
            EventKind::RunFinished => format!("run {} finished", e.object + 1),
            EventKind::ModelReleased => format!("model {} released", e.object + 1),
            EventKind::AlignmentMoved => format!("{} moved", self.actor(e)),
        }
    }

    fn text(&self, e: &Event) -> String {
        let slot = |at: u32| self.b.roadmap.slots[at as usize].name.as_str();
        let [first, second, ..] = e.values;
        match e.kind {
            EventKind::PolicyAnnounced => format!(
                "from {} to {}, binding {}",
                self.rung(e.place),
                self.rung(e.object),
                self.b.first.plus(first as i32)
            ),
            EventKind::RuleAnnounced | EventKind::RuleBinds | EventKind::RuleEnds => {
                self.describe_rule(e)
            }
            EventKind::MarketClosed => {
                let market = self.market(e.place as usize);
                let sales = if first > 0.0 {
                    format!(
                        "; sales of USD {:.0} million in the month before",
                        first / 1e6
                    )
                } else {
                    String::new()
                };
                format!("{} may not be sold in {market}{sales}", slot(e.object))
            }
            EventKind::MarketReopened => {
                let market = self.market(e.place as usize);
                format!("{} may be sold in {market} again", slot(e.object))
            }
            EventKind::OrderDenied => {
                let market = self.market(e.place as usize);
                let how = if second < 1.0 {
                    format!("{:.0} % of licences are refused", 100.0 * second)
                } else {
                    "the sale is barred".to_string()
                };
                format!(
                    "{first:.0} packages of {} to {market}: {how}",
                    slot(e.object)
                )
            }
            EventKind::Refused => format!(
                "{} is discouraged, though its exporter has opened it",
                slot(e.object)
            ),
            EventKind::Restricted => {
                format!("the target keeps back materials for {first:.0} months")
            }
            EventKind::VariantBegun => self.why_this_design(e),
            EventKind::VariantLaunched => {
                let (parent, spec) = self.design(e.object as usize);
                format!(
                    "{} from {}: TPP {:.0}, links {:.0} GB/s, memory {:.2} TB/s, die {:.0} mm2, USD {first:.0}",
                    slot(e.object),
                    slot(parent as u32),
                    spec.tpp,
                    spec.interconnect_gbps,
                    spec.mem_bandwidth_tbs,
                    spec.die_area_mm2,
                )
            }
            EventKind::GenerationLaunched => format!(
                "{} comes on sale with {:.1} % of its planned performance",
                slot(e.object),
                100.0 * first
            ),
            EventKind::Seized => {
                format!(
                    "{} are caught; {first:.0} packages are seized",
                    self.actor(e)
                )
            }
            EventKind::Stolen => format!(
                "{} obtains unreleased work worth {first:.2} points",
                self.actor(e)
            ),
            EventKind::RunFinished => format!(
                "run {} of {} ends at {first:.1} points, made with {second:.0} H100-equivalents",
                e.object + 1,
                self.actor(e)
            ),
            EventKind::ModelReleased => {
                let lab = &self.b.labs[e.actor as usize];
                let how = match lab.release {
                    ReleaseChoice::Open => "open",
                    ReleaseChoice::Closed => "closed",
                    ReleaseChoice::Mixed => "closed, and opens the one before",
                };
                format!(
                    "{} releases model {} ({how}) at {first:.1} points, {second:.1} of them from distillation",
                    self.actor(e),
                    e.object + 1
                )
            }
            EventKind::AlignmentMoved => {
                let side = if first < second {
                    &self.plan.study.target
                } else {
                    &self.plan.study.issuer
                };
                format!("from {second:.2} to {first:.2}, toward {side}")
            }
        }
    }

    fn rung(&self, at: u32) -> &str {
        let process = self.plan.regimes[self.arm].process.as_ref();
        process.map_or("", |p| p.ladder[at as usize].name.as_str())
    }

    fn rule(&self, e: &Event) -> &Rule {
        &self.b.law.rules[e.object as usize]
    }

    fn describe_rule(&self, e: &Event) -> String {
        let rule = self.rule(e);
        let entry = self.plan.regimes[self.arm]
            .entries
            .iter()
            .find(|entry| u32::from(entry.rule) == e.object);
        let name = format!("{} ({})", rule.id, short(&rule.citation));
        match e.kind {
            EventKind::RuleAnnounced => {
                let ahead = entry.filter(|x| x.compliance >= self.b.first.plus(e.t).first_day());
                let binds = ahead.map_or(String::new(), |x| format!("; binds {}", x.compliance));
                format!("{name} is announced{binds}")
            }
            EventKind::RuleBinds if e.values[0] > 0.0 => {
                format!("{name} is in force when the run begins")
            }
            EventKind::RuleBinds => {
                let late = |x: &DatedRule| self.b.first.plus(e.t).last_day() < x.compliance;
                let first = entry.is_some_and(|x| !x.early.is_empty() && late(x));
                let whom = if first { ", for some firms first" } else { "" };
                format!("{name} binds{whom}")
            }
            _ if e.values[0] > 0.0 => format!("{name} is withdrawn before it binds"),
            _ => format!("{name} ends"),
        }
    }

    /// Parent and specification of a variant, on sale or not yet.
    fn design(&self, slot: usize) -> (usize, &ChipSpec) {
        if self.chips.launch[slot] == NEVER
            && let Some(found) = self.studio.under_way(slot)
        {
            return found;
        }
        (self.chips.parent[slot], &self.chips.spec[slot])
    }

    /// What was cut, under which line of which rule, and what another kind of cut would have brought.
    fn why_this_design(&self, e: &Event) -> String {
        let [profit, next_profit, own, next] = e.values;
        let (cut, other) = (
            CutKind::from_code(own as usize),
            CutKind::from_code(next as usize),
        );
        let (parent, spec) = self.design(e.object as usize);
        let lines = self.lines_above(parent, spec, cut, e.place as usize);
        let under = if lines.is_empty() {
            String::new()
        } else {
            format!(", just under {}", lines.join(" and "))
        };
        let beside = if other == cut {
            "no other kind of cut is legal".to_string()
        } else {
            format!("cutting {} instead: USD {next_profit:.0}", other.words())
        };
        format!(
            "{} from {}: cuts {}{under}; profit USD {profit:.0} a package, {beside}",
            self.b.roadmap.slots[e.object as usize].name,
            self.b.roadmap.slots[parent].name,
            cut.words(),
        )
    }

    /// The comparisons that a little less of each cut would fail, each with its rule.
    fn lines_above(
        &self,
        parent: usize,
        spec: &ChipSpec,
        cut: CutKind,
        book: usize,
    ) -> Vec<String> {
        let c = self.calendar;
        let books = &c.rule_sets[book];
        let sale = |design: &ChipSpec| c.variant_attributes(parent, design, c.target_market);
        let here = sale(spec);
        let mut lines: Vec<String> = Vec::new();
        for more in cut.relaxed_designs(spec, &self.chips.spec[parent]) {
            let there = sale(&more);
            for law in [&books.in_force, &books.announced] {
                let ruling = law.judge(ControlledItem::ChipSale, &there);
                let Some(rule) = ruling.decided_by() else {
                    continue;
                };
                let rule = &self.b.law.rules[usize::from(rule)];
                let failed =
                    rule.condition
                        .differing_comparisons(&here, &there, &self.b.law.symbols);
                for line in failed {
                    let said = format!("`{line}` of {}", rule.id);
                    if !lines.contains(&said) {
                        lines.push(said);
                    }
                }
            }
        }
        lines
    }

    /// A market by its nations.
    fn market(&self, market: usize) -> String {
        let of = |row: &usize| self.b.market_of_nation[*row] == market;
        let names: Vec<&str> = (0..self.b.nation_rows.len())
            .filter(of)
            .map(|row| self.b.nation_rows[row].name.as_str())
            .collect();
        match names.as_slice() {
            [] => "a market without nations".into(),
            [one] => (*one).to_string(),
            [one, two] => format!("{one} and {two}"),
            [one, rest @ ..] => format!("{one} and {} others", rest.len()),
        }
    }
}

/// A citation up to its first break.
fn short(citation: &str) -> &str {
    let end = citation.find([';', ',', '(']).unwrap_or(citation.len());
    citation[..end].trim_end()
}

/// An event and what led to it, from the last to the root; empty where there is no such event.
pub fn chain(rows: &[EventRow], id: u32) -> Vec<&EventRow> {
    let find = |id: u32| rows.iter().find(|r| r.id == id);
    let first = find(id);
    std::iter::successors(first, |row| find(row.cause_id?)).collect()
}

/// The number of events that two runs share, and the first events in which they differ.
pub fn first_difference<'a>(
    here: &'a [EventRow],
    there: &'a [EventRow],
    wanted: impl Fn(&&EventRow) -> bool,
) -> Option<(usize, Option<&'a EventRow>, Option<&'a EventRow>)> {
    let here: Vec<&EventRow> = here.iter().filter(|e| wanted(e)).collect();
    let there: Vec<&EventRow> = there.iter().filter(|e| wanted(e)).collect();
    let same = here
        .iter()
        .zip(&there)
        .take_while(|(a, b)| {
            (a.month, &a.kind, &a.actor, &a.text) == (b.month, &b.kind, &b.actor, &b.text)
        })
        .count();
    let (a, b) = (here.get(same).copied(), there.get(same).copied());
    (a.is_some() || b.is_some()).then_some((same, a, b))
}

/// Describes the changes of rules of one run.
pub fn tape_rows(plan: &Plan, arm: usize, run: u32, tape: &[PolicyChange]) -> Vec<PolicyChangeRow> {
    let regime = &plan.regimes[arm];
    let Some(process) = &regime.process else {
        return Vec::new();
    };
    let rung = |at: u16| process.ladder[usize::from(at)].name.clone();
    tape.iter()
        .map(|change| PolicyChangeRow {
            regime: regime.name.clone(),
            run,
            announced: plan.blueprint.first.plus(change.announced),
            binds: plan.blueprint.first.plus(change.binds),
            from: rung(change.from),
            to: rung(change.to),
            cause: change.cause.words().to_string(),
        })
        .collect()
}
