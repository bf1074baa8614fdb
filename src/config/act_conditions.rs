//! Conditions of the rules of all acts, compiled once each: those that others name come first.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use super::acts::LawReader;
use super::diagnostics::Diagnostic;
use super::law::{ActFile, RuleFile};
use super::source::Source;
use crate::controls::{
    Attribute, Condition, ConditionError, ConditionScope, Expression, Instrument, NameDomain,
    Symbols,
};

impl LawReader<'_> {
    /// Compiles the condition of every rule, those that others name first.
    pub(super) fn compile_all(&mut self, acts: &[(Arc<Source>, ActFile)]) {
        let rules: Vec<(&Source, usize, &RuleFile)> = acts
            .iter()
            .enumerate()
            .flat_map(|(number, (source, act))| {
                act.rule.iter().map(move |rule| (&**source, number, rule))
            })
            .collect();
        let mut texts = Vec::with_capacity(rules.len());
        let mut named: Vec<Vec<(usize, Range<usize>)>> = Vec::with_capacity(rules.len());
        for (source, _, rule) in &rules {
            match Expression::read(rule.condition.get_ref()) {
                Ok(text) => {
                    let others = text.names().into_iter();
                    let others =
                        others.filter_map(|(name, place)| Some((*self.by_name.get(&name)?, place)));
                    named.push(others.collect());
                    texts.push(Some(text));
                }
                Err(error) => {
                    self.in_condition(source, &rule.condition, error);
                    named.push(Vec::new());
                    texts.push(None);
                }
            }
        }
        let (order, cycles) = in_order(&named);
        let mut broken: Vec<bool> = texts.iter().map(Option::is_none).collect();
        for cycle in cycles {
            let path: Vec<String> = cycle
                .rules
                .iter()
                .chain(cycle.rules.first())
                .map(|at| format!("`{}`", self.ids[*at]))
                .collect();
            let (source, _, rule) = rules[cycle.closes];
            let message = format!(
                "conditions that name each other in a circle: {}; expected one of them to name no other",
                path.join(" -> ")
            );
            self.in_condition_at(source, &rule.condition, cycle.place, message);
            cycle.rules.iter().for_each(|at| broken[*at] = true);
        }
        self.conditions = vec![Condition::never(); rules.len()];
        for at in order {
            let (source, act, rule) = rules[at];
            // What follows from a condition that cannot be read is not told again.
            broken[at] |= named[at].iter().any(|(other, _)| broken[*other]);
            let Some(text) = texts[at].take().filter(|_| !broken[at]) else {
                continue;
            };
            match self.compile(act, rule.instrument, &text) {
                Ok(condition) => self.conditions[at] = condition,
                Err(error) => {
                    self.in_condition(source, &rule.condition, error);
                    broken[at] = true;
                }
            }
        }
    }

    pub(super) fn compile(
        &mut self,
        act: usize,
        instrument: Instrument,
        text: &Expression,
    ) -> Result<Condition, ConditionError> {
        let mut symbols: Symbols = std::mem::take(&mut self.law.symbols);
        let result = {
            let (names, outside) = (self.names, &self.outside[act]);
            let (by_name, conditions) = (&self.by_name, &self.conditions);
            Condition::compile(
                text,
                &mut symbols,
                &ConditionScope {
                    instrument,
                    rule: &|name| by_name.get(name).map(|at| conditions[*at].clone()),
                    rules: &|| by_name.keys().cloned().collect(),
                    not_among: &|named, text| {
                        let known = names.of(named);
                        if known.iter().any(|name| name == text) {
                            return None;
                        }
                        let own = outside.iter().find(|(name, _)| name == text);
                        if let Some((_, used)) = own.filter(|_| named != NameDomain::Nation) {
                            used.set(true);
                            return None;
                        }
                        Some(known.to_vec())
                    },
                },
            )
        };
        self.law.symbols = symbols;
        result
    }

    pub(super) fn in_condition(
        &mut self,
        source: &Source,
        text: &Spanned<String>,
        error: ConditionError,
    ) {
        let (place, message) = (error.place.clone(), error.message.clone());
        self.in_condition_at(source, text, place, message);
        if let Some(last) = self.problems.0.pop() {
            let mut expected: Vec<&str> = error.expected.iter().map(String::as_str).collect();
            expected.sort_unstable();
            let problem = if error.found.is_empty() {
                last
            } else {
                last.nearest(&error.found, &expected)
            };
            self.problems.0.push(with_attributes(problem, &error));
        }
    }

    /// An error at some bytes of a condition, where the file writes it as it is read; else at the whole.
    fn in_condition_at(
        &mut self,
        source: &Source,
        text: &Spanned<String>,
        place: Range<usize>,
        message: String,
    ) {
        let span = text.span();
        let raw = source.text.get(span.clone()).unwrap_or("");
        let same = raw.find(text.get_ref().as_str());
        let range = match same.filter(|_| !text.get_ref().is_empty()) {
            Some(start) => span.start + start + place.start..span.start + start + place.end,
            None => span,
        };
        self.at(source, range, message);
    }
}

/// Adds what attribute a name means, or else which there are, where an attribute was expected.
fn with_attributes(problem: Diagnostic, error: &ConditionError) -> Diagnostic {
    let valid = |name: &&String| Attribute::named(name).is_some();
    let valid: Vec<&str> = error
        .expected
        .iter()
        .filter(valid)
        .map(String::as_str)
        .collect();
    if error.found.is_empty() || valid.is_empty() {
        return problem;
    }
    let meant = Attribute::meant_by(&error.found).filter(|a| valid.contains(&a.name()));
    let near = match meant {
        Some(meant) => format!("did you mean `{}`?", meant.name()),
        None => problem.help.clone(),
    };
    let of_near = Attribute::ALL
        .iter()
        .find(|a| near.contains(&format!("`{}`", a.name())));
    let unit = of_near.map_or(String::new(), |a| {
        format!(" It is {} ({}).", a.words(), a.unit())
    });
    let list = valid.join(", ");
    problem.help(
        format!("{near}{unit} Attributes here: {list} (`chokepoint list attributes`)")
            .trim_start()
            .to_string(),
    )
}

/// Rules whose conditions name each other in a circle.
struct ConditionCycle {
    /// From the rule that is named to the one that names it.
    rules: Vec<usize>,
    /// The rule whose condition closes the circle, and where.
    closes: usize,
    place: Range<usize>,
}

/// Every rule after those that it names, and the circles, one of those that hang together.
fn in_order(named: &[Vec<(usize, Range<usize>)>]) -> (Vec<usize>, Vec<ConditionCycle>) {
    #[derive(Clone, Copy, PartialEq)]
    enum VisitState {
        New,
        Open,
        Done,
    }
    let mut mark = vec![VisitState::New; named.len()];
    let mut told = vec![false; named.len()];
    let mut order = Vec::with_capacity(named.len());
    let mut circles = Vec::new();
    for root in 0..named.len() {
        if mark[root] != VisitState::New {
            continue;
        }
        mark[root] = VisitState::Open;
        // A path with how far each rule on it has been followed: no recursion, however long a chain is.
        let mut path: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((rule, next)) = path.last_mut() {
            let rule = *rule;
            let Some((other, place)) = named[rule].get(*next) else {
                mark[rule] = VisitState::Done;
                order.push(rule);
                path.pop();
                continue;
            };
            *next += 1;
            match mark[*other] {
                VisitState::New => {
                    mark[*other] = VisitState::Open;
                    path.push((*other, 0));
                }
                VisitState::Done => {}
                VisitState::Open => {
                    let from = path.iter().position(|(r, _)| r == other).unwrap_or(0);
                    let rules: Vec<usize> = path[from..].iter().map(|(r, _)| *r).collect();
                    // Of circles that hang together one is told.
                    if !path.iter().any(|(r, _)| told[*r]) {
                        rules.iter().for_each(|r| told[*r] = true);
                        circles.push(ConditionCycle {
                            rules,
                            closes: rule,
                            place: place.clone(),
                        });
                    }
                }
            }
        }
    }
    (order, circles)
}
