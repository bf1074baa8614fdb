//! Conditions: boolean expressions in the Common Expression Language, compiled once, answered with yes, no or unknown.

use std::sync::Arc;

use super::attribute::{Attribute, Attributes, Symbols};

/// Three-valued truth: an attribute that is missing makes an answer unknown only where it matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ThreeValued {
    Yes,
    No,
    Unknown,
}

/// A compiled condition.
#[derive(Clone, Debug)]
pub struct Condition(pub(super) Arc<ConditionNode>, pub(super) ConditionSize);

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// How large a condition is, with the rules that it names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ConditionSize {
    pub levels: u32,
    pub parts: u32,
    /// A bit for each attribute that it asks about.
    pub asks: u64,
}

const _: () = assert!(Attribute::COUNT <= 64);

impl ConditionSize {
    pub const LEAF: Self = Self {
        levels: 1,
        parts: 1,
        asks: 0,
    };

    pub fn plus(self, other: Self) -> Self {
        Self {
            levels: self.levels.max(other.levels),
            parts: self.parts.saturating_add(other.parts),
            asks: self.asks | other.asks,
        }
    }

    pub fn reads_attribute(self, attribute: Attribute) -> bool {
        self.asks >> attribute as usize & 1 == 1
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum ConditionNode {
    Number(f64),
    /// A quoted name, by its code.
    Name(f64),
    Attribute(Attribute),
    Not(Box<ConditionNode>),
    /// Two or more, none of them an `All`.
    All(Vec<ConditionNode>),
    /// Two or more, none of them an `Any`.
    Any(Vec<ConditionNode>),
    Compare(ComparisonOperator, Box<ConditionNode>, Box<ConditionNode>),
    Arithmetic(ArithmeticOperator, Box<ConditionNode>, Box<ConditionNode>),
    OneOf(Box<ConditionNode>, Vec<ConditionNode>),
    /// The condition of another rule, shared with all that name it.
    Rule(Arc<ConditionNode>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ComparisonOperator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl ComparisonOperator {
    /// The operator with its sides exchanged.
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }

    fn value(self, x: f64, y: f64) -> f64 {
        if x.is_nan() || y.is_nan() {
            return f64::NAN;
        }
        flag(match self {
            Self::Equal => x == y,
            Self::NotEqual => x != y,
            Self::Less => x < y,
            Self::LessOrEqual => x <= y,
            Self::Greater => x > y,
            Self::GreaterOrEqual => x >= y,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ArithmeticOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Condition {
    /// A condition that never holds.
    pub fn never() -> Self {
        Self(Arc::new(ConditionNode::Number(0.0)), ConditionSize::LEAF)
    }

    pub fn eval(&self, attributes: &Attributes) -> ThreeValued {
        truth(self.0.value(attributes))
    }

    /// The condition with the values of a case written in for all but some attributes, folded as far as it goes: what is
    /// left of it when many cases differ in these alone.
    pub fn fold(&self, attributes: &Attributes, free: impl Fn(Attribute) -> bool) -> Self {
        Self(Arc::new(self.0.fold(attributes, &free)), self.1)
    }

    /// What is left of the condition once it is known where a shipment goes and whose it is.
    pub fn fold_shipment(&self, shipment: &Attributes) -> Self {
        self.fold(shipment, |attribute| !attribute.is_of_shipment())
    }

    /// Whether it asks about an attribute, by itself or through a rule that it names.
    pub fn reads_attribute(&self, attribute: Attribute) -> bool {
        self.1.reads_attribute(attribute)
    }

    /// Shows the code of every name that it compares with.
    pub fn each_name(&self, see: &mut impl FnMut(f64)) {
        self.0.each_name(see);
    }

    /// The answer where it no longer depends on anything.
    pub fn constant(&self) -> Option<ThreeValued> {
        match &*self.0 {
            ConditionNode::Number(x) => Some(truth(*x)),
            _ => None,
        }
    }

    /// The attribute whose absence leaves the answer open; none where the answer is known.
    pub fn missing_attribute(&self, attributes: &Attributes) -> Option<Attribute> {
        self.0
            .open_attribute(attributes)
            .map(|a| attributes.missing_source(a))
    }

    /// The expression with the values of this case written plus its attributes.
    pub fn with_values(&self, attributes: &Attributes, symbols: &Symbols) -> String {
        self.0.write(attributes, symbols, 0)
    }
}

impl Condition {
    /// The comparisons that one case passes and another does not, each with the values of the first.
    pub fn differing_comparisons(
        &self,
        a: &Attributes,
        b: &Attributes,
        symbols: &Symbols,
    ) -> Vec<String> {
        let mut lines = Vec::new();
        self.0.each_comparison(&mut |node| {
            if truth(node.value(a)) != truth(node.value(b)) {
                let line = node.write(a, symbols, 0);
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        });
        lines
    }
}

fn truth(value: f64) -> ThreeValued {
    if value.is_nan() {
        ThreeValued::Unknown
    } else if value != 0.0 {
        ThreeValued::Yes
    } else {
        ThreeValued::No
    }
}

pub(super) fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

impl ConditionNode {
    /// Numbers as they are, truth as 1 and 0, unknown as NaN.
    pub fn value(&self, a: &Attributes) -> f64 {
        match self {
            Self::Number(x) | Self::Name(x) => *x,
            Self::Attribute(attribute) => a.get(*attribute),
            Self::Rule(node) => node.value(a),
            Self::Not(node) => {
                let x = node.value(a);
                if x.is_nan() { x } else { flag(x == 0.0) }
            }
            Self::All(nodes) => {
                let mut all = 1.0;
                for node in nodes {
                    let x = node.part(a);
                    if x == 0.0 {
                        return 0.0;
                    }
                    if x.is_nan() {
                        all = x;
                    }
                }
                all
            }
            Self::Any(nodes) => {
                let mut any = 0.0;
                for node in nodes {
                    let x = node.part(a);
                    if x.is_nan() {
                        any = x;
                    } else if x != 0.0 {
                        return 1.0;
                    }
                }
                any
            }
            Self::Compare(comparison, left, right) => {
                comparison.value(left.operand(a), right.operand(a))
            }
            Self::Arithmetic(operation, left, right) => {
                let (x, y) = (left.operand(a), right.operand(a));
                match operation {
                    ArithmeticOperator::Add => x + y,
                    ArithmeticOperator::Subtract => x - y,
                    ArithmeticOperator::Multiply => x * y,
                    ArithmeticOperator::Divide => x / y,
                }
            }
            Self::OneOf(node, choices) => {
                let x = node.operand(a);
                if x.is_nan() {
                    x
                } else {
                    flag(choices.iter().any(|choice| choice.operand(a) == x))
                }
            }
        }
    }

    /// The same value; most parts of a whole are comparisons and take no call.
    #[inline]
    fn part(&self, a: &Attributes) -> f64 {
        match self {
            Self::Compare(comparison, left, right) => {
                comparison.value(left.operand(a), right.operand(a))
            }
            _ => self.value(a),
        }
    }

    /// The same value; what most comparisons compare is a leaf and takes no call.
    #[inline]
    fn operand(&self, a: &Attributes) -> f64 {
        match self {
            Self::Number(x) | Self::Name(x) => *x,
            Self::Attribute(attribute) => a.get(*attribute),
            _ => self.value(a),
        }
    }

    /// Its number where it depends on no attribute.
    pub fn number(&self) -> Option<f64> {
        match self.fold(&Attributes::default(), &|_| true) {
            Self::Number(x) => Some(x),
            _ => None,
        }
    }

    fn fold(&self, a: &Attributes, free: &impl Fn(Attribute) -> bool) -> Self {
        let part = |node: &Self| Box::new(node.fold(a, free));
        let folded = match self {
            Self::Number(_) | Self::Name(_) => self.clone(),
            Self::Rule(node) => return node.fold(a, free),
            Self::Attribute(attribute) if free(*attribute) => self.clone(),
            Self::Attribute(attribute) => Self::Number(a.get(*attribute)),
            Self::Not(node) => Self::Not(part(node)),
            Self::All(nodes) => Self::join_open(nodes.iter().map(|node| node.fold(a, free)), true),
            Self::Any(nodes) => Self::join_open(nodes.iter().map(|node| node.fold(a, free)), false),
            Self::Compare(how, left, right) => Self::Compare(*how, part(left), part(right)),
            Self::Arithmetic(how, left, right) => Self::Arithmetic(*how, part(left), part(right)),
            Self::OneOf(node, choices) => Self::OneOf(
                part(node),
                choices.iter().map(|choice| choice.fold(a, free)).collect(),
            ),
        };
        let known = |node: &Self| matches!(node, Self::Number(_) | Self::Name(_));
        let constant = match &folded {
            Self::Attribute(_) | Self::Rule(_) => false,
            Self::Number(_) | Self::Name(_) => true,
            Self::Not(node) => known(node),
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().all(known),
            Self::Compare(_, left, right) | Self::Arithmetic(_, left, right) => {
                known(left) && known(right)
            }
            Self::OneOf(node, choices) => known(node) && choices.iter().all(known),
        };
        if constant {
            Self::Number(folded.value(a))
        } else {
            folded
        }
    }

    /// Several as one that asks whether all of them hold, or any of them.
    pub fn join(nodes: impl IntoIterator<Item = Self>, all: bool) -> Self {
        let mut list = Vec::new();
        for node in nodes {
            match (node, all) {
                (Self::All(more), true) | (Self::Any(more), false) => list.extend(more),
                (node, _) => list.push(node),
            }
        }
        if all {
            Self::All(list)
        } else {
            Self::Any(list)
        }
    }

    /// The same without those that are constant.
    fn join_open(nodes: impl IntoIterator<Item = Self>, all: bool) -> Self {
        let neutral = flag(all);
        let mut list = Vec::new();
        for node in nodes {
            match node {
                Self::Number(x) if x == neutral => {}
                Self::Number(x) if x == 1.0 - neutral => return node,
                node => list.push(node),
            }
        }
        match list.len() {
            0 => Self::Number(neutral),
            1 => list.remove(0),
            _ => Self::join(list, all),
        }
    }

    /// The first attribute without a value that leaves the answer open. Parts that are known whatever it is are passed over.
    fn open_attribute(&self, a: &Attributes) -> Option<Attribute> {
        if !self.value(a).is_nan() {
            return None;
        }
        match self {
            Self::Number(_) | Self::Name(_) => None,
            Self::Attribute(attribute) => Some(*attribute),
            Self::Rule(node) => node.open_attribute(a),
            Self::Not(node) => node.open_attribute(a),
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().find_map(|n| n.open_attribute(a)),
            Self::Compare(_, left, right) | Self::Arithmetic(_, left, right) => {
                left.open_attribute(a).or_else(|| right.open_attribute(a))
            }
            Self::OneOf(node, choices) => node
                .open_attribute(a)
                .or_else(|| choices.iter().find_map(|choice| choice.open_attribute(a))),
        }
    }

    fn each_name(&self, see: &mut impl FnMut(f64)) {
        match self {
            Self::Name(code) => see(*code),
            Self::Number(_) | Self::Attribute(_) => {}
            Self::Rule(node) => node.each_name(see),
            Self::Not(node) => node.each_name(see),
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|n| n.each_name(see)),
            Self::Compare(_, left, right) | Self::Arithmetic(_, left, right) => {
                left.each_name(see);
                right.each_name(see);
            }
            Self::OneOf(node, choices) => {
                node.each_name(see);
                choices.iter().for_each(|n| n.each_name(see));
            }
        }
    }

    fn each_comparison(&self, see: &mut impl FnMut(&Self)) {
        match self {
            Self::Compare(..) => see(self),
            Self::Rule(node) => node.each_comparison(see),
            Self::Not(node) => node.each_comparison(see),
            Self::All(nodes) | Self::Any(nodes) => {
                nodes.iter().for_each(|node| node.each_comparison(see));
            }
            _ => {}
        }
    }

    fn write(&self, a: &Attributes, symbols: &Symbols, depth: u8) -> String {
        let joined = |nodes: &[&Self], word: &str, own: u8| {
            let parts: Vec<String> = nodes.iter().map(|n| n.write(a, symbols, own)).collect();
            let text = parts.join(&format!(" {word} "));
            if own < depth {
                format!("({text})")
            } else {
                text
            }
        };
        let both = |left: &Self, word: &str, right: &Self, own| joined(&[left, right], word, own);
        match self {
            Self::Number(x) => format!("{x}"),
            Self::Name(code) => format!("'{}'", symbols.name(*code)),
            Self::Attribute(attribute) => {
                let x = a.get(*attribute);
                let shown = if x.is_nan() {
                    "unknown".to_string()
                } else if attribute.is_name() {
                    format!("'{}'", symbols.name(x))
                } else if attribute.is_truth() {
                    (x != 0.0).to_string()
                } else {
                    format!("{}", (x * 1000.0).round() / 1000.0)
                };
                format!("{} [{shown}]", attribute.name())
            }
            Self::Rule(node) => node.write(a, symbols, depth),
            Self::Not(node) => format!("!{}", node.write(a, symbols, 9)),
            Self::Any(nodes) => joined(&nodes.iter().collect::<Vec<_>>(), "||", 1),
            Self::All(nodes) => joined(&nodes.iter().collect::<Vec<_>>(), "&&", 2),
            Self::Compare(comparison, left, right) => {
                let word = match comparison {
                    ComparisonOperator::Equal => "==",
                    ComparisonOperator::NotEqual => "!=",
                    ComparisonOperator::Less => "<",
                    ComparisonOperator::LessOrEqual => "<=",
                    ComparisonOperator::Greater => ">",
                    ComparisonOperator::GreaterOrEqual => ">=",
                };
                both(left, word, right, 3)
            }
            Self::Arithmetic(operation, left, right) => {
                let (word, own) = match operation {
                    ArithmeticOperator::Add => ("+", 4),
                    ArithmeticOperator::Subtract => ("-", 4),
                    ArithmeticOperator::Multiply => ("*", 5),
                    ArithmeticOperator::Divide => ("/", 5),
                };
                both(left, word, right, own)
            }
            Self::OneOf(node, choices) => {
                let list: Vec<String> = choices.iter().map(|c| c.write(a, symbols, 0)).collect();
                format!("{} in [{}]", node.write(a, symbols, 9), list.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::expression::{ConditionError, ConditionScope, Expression};
    use super::super::instrument::Instrument;
    use super::*;

    fn of(instrument: Instrument, text: &str) -> Result<Condition, ConditionError> {
        let scope = ConditionScope {
            instrument,
            rule: &|_| None,
            rules: &Vec::new,
            not_among: &|_, _| None,
        };
        Condition::compile(&Expression::read(text)?, &mut Symbols::default(), &scope)
    }

    fn compile(text: &str) -> Condition {
        of(Instrument::ChipThreshold, text).unwrap()
    }

    #[test]
    fn a_missing_attribute_matters_only_where_it_decides() {
        let rule = compile("tpp >= 4800 || (tpp >= 1600 && performance_density >= 5.92)");
        let mut chip = Attributes::default();
        chip.set(Attribute::Tpp, 5000.0);
        assert_eq!(rule.eval(&chip), ThreeValued::Yes);
        chip.set(Attribute::Tpp, 1000.0);
        assert_eq!(rule.eval(&chip), ThreeValued::No);
        chip.set(Attribute::Tpp, 4799.0);
        assert_eq!(rule.eval(&chip), ThreeValued::Unknown);
        assert_eq!(rule.missing_attribute(&chip), Some(Attribute::DieAreaMm2));
    }

    #[test]
    fn an_unknown_name_is_pointed_at() {
        let error = of(Instrument::ChipThreshold, "chip == 'é' && tppp > 2").unwrap_err();
        assert_eq!((error.found.as_str(), error.place), ("tppp", 16..20));
    }

    #[test]
    fn values_are_written_beside_their_names() {
        let mut chip = Attributes::default();
        chip.set(Attribute::Tpp, 4992.0);
        let text = compile("tpp >= 4800 && !(tpp < 1)").with_values(&chip, &Symbols::default());
        assert_eq!(text, "tpp [4992] >= 4800 && !(tpp [4992] < 1)");
    }
}
