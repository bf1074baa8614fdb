//! Conditions: boolean expressions in the Common Expression Language, compiled once, answered with yes, no or unknown.

use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};
use cel::parser::Parser;

use super::attribute::{Attribute, Attributes, Symbols};

/// Three-valued truth: an attribute that is missing makes an answer unknown only where it matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Truth {
    Yes,
    No,
    Unknown,
}

/// A compiled condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(Arc<Node>);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Number(f64),
    /// A quoted name, by its code.
    Name(f64),
    Attribute(Attribute),
    Not(Box<Node>),
    /// Two or more, none of them an `All`.
    All(Vec<Node>),
    /// Two or more, none of them an `Any`.
    Any(Vec<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    Arithmetic(Operation, Box<Node>, Box<Node>),
    OneOf(Box<Node>, Vec<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
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
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// Why a condition could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    /// The word in the condition that is wrong; empty for a syntax error.
    pub found: String,
    /// Byte offset in the condition where known.
    pub offset: Option<usize>,
    pub message: String,
}

impl Condition {
    /// Compiles an expression. `other_rule` gives the condition of another rule by id with `-` written as `_`.
    ///
    /// # Errors
    /// When the text is not an expression, names something unknown, or uses what conditions do not have.
    pub fn compile(
        text: &str,
        symbols: &mut Symbols,
        other_rule: &dyn Fn(&str) -> Option<Self>,
    ) -> Result<Self, ConditionError> {
        let parsed = Parser::new().parse(text).map_err(|errors| {
            let first = errors.errors.first();
            let offset = first.map(|e| offset_of(text, e.pos.0, e.pos.1));
            let detail = first.map_or_else(|| "not an expression".to_string(), |e| e.msg.clone());
            ConditionError {
                found: String::new(),
                offset,
                message: format!("not a valid condition: {detail}"),
            }
        })?;
        lower(&parsed, symbols, other_rule)
            .map(|node| Self(Arc::new(node)))
            .map_err(|mut error| {
                error.offset = if error.found.is_empty() {
                    None
                } else {
                    text.find(&error.found)
                };
                error
            })
    }

    pub fn eval(&self, attributes: &Attributes) -> Truth {
        truth(self.0.value(attributes))
    }

    /// The condition with the values of a case written in for all but some attributes, folded as far as it goes: what is
    /// left of it when many cases differ in these alone.
    pub fn given(&self, attributes: &Attributes, free: impl Fn(Attribute) -> bool) -> Self {
        Self(Arc::new(self.0.given(attributes, &free)))
    }

    /// What is left of the condition once it is known where a shipment goes and whose it is.
    pub fn given_shipment(&self, shipment: &Attributes) -> Self {
        self.given(shipment, |attribute| !attribute.is_of_shipment())
    }

    /// The answer where it no longer depends on anything.
    pub fn settled(&self) -> Option<Truth> {
        match &*self.0 {
            Node::Number(x) => Some(truth(*x)),
            _ => None,
        }
    }

    /// The attribute whose absence leaves the answer open.
    pub fn unknown(&self, attributes: &Attributes) -> Option<Attribute> {
        let missing = |a: Attribute| attributes.get(a).is_nan();
        let mut found = None;
        self.0.visit(&mut |attribute| {
            if found.is_none() && missing(attribute) {
                found = Some(attribute);
            }
        });
        if found == Some(Attribute::PerformanceDensity) {
            return Some(if missing(Attribute::DieAreaMm2) {
                Attribute::DieAreaMm2
            } else {
                Attribute::Tpp
            });
        }
        found
    }

    /// The expression with the values of this case written beside its attributes.
    pub fn with_values(&self, attributes: &Attributes, symbols: &Symbols) -> String {
        self.0.write(attributes, symbols, 0)
    }
}

impl Condition {
    /// The comparisons that one case passes and another does not, each with the values of the first.
    pub fn lines_between(&self, a: &Attributes, b: &Attributes, symbols: &Symbols) -> Vec<String> {
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

fn offset_of(text: &str, line: isize, column: isize) -> usize {
    let before: usize = text
        .lines()
        .take((line - 1).max(0) as usize)
        .map(|l| l.len() + 1)
        .sum();
    (before + column.max(0) as usize).min(text.len())
}

fn truth(value: f64) -> Truth {
    if value.is_nan() {
        Truth::Unknown
    } else if value != 0.0 {
        Truth::Yes
    } else {
        Truth::No
    }
}

fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

impl Node {
    /// Numbers as they are, truth as 1 and 0, unknown as NaN.
    fn value(&self, a: &Attributes) -> f64 {
        match self {
            Self::Number(x) | Self::Name(x) => *x,
            Self::Attribute(attribute) => a.get(*attribute),
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
                    Operation::Add => x + y,
                    Operation::Subtract => x - y,
                    Operation::Multiply => x * y,
                    Operation::Divide => x / y,
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

    fn given(&self, a: &Attributes, free: &impl Fn(Attribute) -> bool) -> Self {
        let part = |node: &Self| Box::new(node.given(a, free));
        let folded = match self {
            Self::Number(_) | Self::Name(_) => self.clone(),
            Self::Attribute(attribute) if free(*attribute) => self.clone(),
            Self::Attribute(attribute) => Self::Number(a.get(*attribute)),
            Self::Not(node) => Self::Not(part(node)),
            Self::All(nodes) => Self::join_open(nodes.iter().map(|node| node.given(a, free)), true),
            Self::Any(nodes) => {
                Self::join_open(nodes.iter().map(|node| node.given(a, free)), false)
            }
            Self::Compare(how, left, right) => Self::Compare(*how, part(left), part(right)),
            Self::Arithmetic(how, left, right) => Self::Arithmetic(*how, part(left), part(right)),
            Self::OneOf(node, choices) => Self::OneOf(
                part(node),
                choices.iter().map(|choice| choice.given(a, free)).collect(),
            ),
        };
        let known = |node: &Self| matches!(node, Self::Number(_) | Self::Name(_));
        let settled = match &folded {
            Self::Attribute(_) => false,
            Self::Number(_) | Self::Name(_) => true,
            Self::Not(node) => known(node),
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().all(known),
            Self::Compare(_, left, right) | Self::Arithmetic(_, left, right) => {
                known(left) && known(right)
            }
            Self::OneOf(node, choices) => known(node) && choices.iter().all(known),
        };
        if settled {
            Self::Number(folded.value(a))
        } else {
            folded
        }
    }

    /// Several as one that asks whether all of them hold, or any of them.
    fn join(nodes: impl IntoIterator<Item = Self>, all: bool) -> Self {
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

    /// The same without those that are settled.
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

    fn visit(&self, see: &mut impl FnMut(Attribute)) {
        match self {
            Self::Number(_) | Self::Name(_) => {}
            Self::Attribute(attribute) => see(*attribute),
            Self::Not(node) => node.visit(see),
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|node| node.visit(see)),
            Self::Compare(_, left, right) | Self::Arithmetic(_, left, right) => {
                left.visit(see);
                right.visit(see);
            }
            Self::OneOf(node, choices) => {
                node.visit(see);
                choices.iter().for_each(|choice| choice.visit(see));
            }
        }
    }

    fn each_comparison(&self, see: &mut impl FnMut(&Self)) {
        match self {
            Self::Compare(..) => see(self),
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
                } else if attribute.unit() == "bool" {
                    (x != 0.0).to_string()
                } else {
                    format!("{}", (x * 1000.0).round() / 1000.0)
                };
                format!("{} [{shown}]", attribute.name())
            }
            Self::Not(node) => format!("!{}", node.write(a, symbols, 9)),
            Self::Any(nodes) => joined(&nodes.iter().collect::<Vec<_>>(), "||", 1),
            Self::All(nodes) => joined(&nodes.iter().collect::<Vec<_>>(), "&&", 2),
            Self::Compare(comparison, left, right) => {
                let word = match comparison {
                    Comparison::Equal => "==",
                    Comparison::NotEqual => "!=",
                    Comparison::Less => "<",
                    Comparison::LessOrEqual => "<=",
                    Comparison::Greater => ">",
                    Comparison::GreaterOrEqual => ">=",
                };
                both(left, word, right, 3)
            }
            Self::Arithmetic(operation, left, right) => {
                let (word, own) = match operation {
                    Operation::Add => ("+", 4),
                    Operation::Subtract => ("-", 4),
                    Operation::Multiply => ("*", 5),
                    Operation::Divide => ("/", 5),
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

fn lower(
    expr: &IdedExpr,
    symbols: &mut Symbols,
    other_rule: &dyn Fn(&str) -> Option<Condition>,
) -> Result<Node, ConditionError> {
    match &expr.expr {
        Expr::Literal(LiteralValue::Int(x)) => Ok(Node::Number(*x.inner() as f64)),
        Expr::Literal(LiteralValue::UInt(x)) => Ok(Node::Number(*x.inner() as f64)),
        Expr::Literal(LiteralValue::Double(x)) => Ok(Node::Number(*x.inner())),
        Expr::Literal(LiteralValue::Boolean(x)) => Ok(Node::Number(flag(*x.inner()))),
        Expr::Literal(LiteralValue::String(x)) => Ok(Node::Name(symbols.code(x.inner()))),
        Expr::Ident(name) => match Attribute::named(name) {
            Some(attribute) => Ok(Node::Attribute(attribute)),
            None => other_rule(name)
                .map(|rule| (*rule.0).clone())
                .ok_or_else(|| ConditionError {
                    found: name.clone(),
                    offset: None,
                    message: format!("found `{name}`, expected an attribute or the id of a rule"),
                }),
        },
        Expr::Call(call) => {
            let args: Vec<&IdedExpr> = call
                .target
                .as_deref()
                .into_iter()
                .chain(&call.args)
                .collect();
            let name = call.func_name.as_str();
            let mut nodes = Vec::with_capacity(2);
            if name == operators::IN {
                let (Some(node), Some(list)) = (args.first(), args.get(1)) else {
                    return Err(unusable(name));
                };
                let Expr::List(list) = &list.expr else {
                    return Err(unusable("in without a list"));
                };
                let node = lower(node, symbols, other_rule)?;
                for element in &list.elements {
                    nodes.push(lower(element, symbols, other_rule)?);
                }
                return Ok(Node::OneOf(Box::new(node), nodes));
            }
            for arg in args {
                nodes.push(lower(arg, symbols, other_rule)?);
            }
            operation(name, nodes)
        }
        _ => Err(unusable("this kind of expression")),
    }
}

fn operation(name: &str, mut nodes: Vec<Node>) -> Result<Node, ConditionError> {
    match name {
        operators::LOGICAL_AND => return Ok(Node::join(nodes, true)),
        operators::LOGICAL_OR => return Ok(Node::join(nodes, false)),
        _ => {}
    }
    let right = nodes.pop().map(Box::new).ok_or_else(|| unusable(name))?;
    if name == operators::LOGICAL_NOT {
        return Ok(Node::Not(right));
    }
    if name == operators::NEGATE {
        return Ok(Node::Arithmetic(
            Operation::Subtract,
            Box::new(Node::Number(0.0)),
            right,
        ));
    }
    let left = nodes.pop().map(Box::new).ok_or_else(|| unusable(name))?;
    Ok(match name {
        operators::EQUALS => Node::Compare(Comparison::Equal, left, right),
        operators::NOT_EQUALS => Node::Compare(Comparison::NotEqual, left, right),
        operators::LESS => Node::Compare(Comparison::Less, left, right),
        operators::LESS_EQUALS => Node::Compare(Comparison::LessOrEqual, left, right),
        operators::GREATER => Node::Compare(Comparison::Greater, left, right),
        operators::GREATER_EQUALS => Node::Compare(Comparison::GreaterOrEqual, left, right),
        operators::ADD => Node::Arithmetic(Operation::Add, left, right),
        operators::SUBSTRACT => Node::Arithmetic(Operation::Subtract, left, right),
        operators::MULTIPLY => Node::Arithmetic(Operation::Multiply, left, right),
        operators::DIVIDE => Node::Arithmetic(Operation::Divide, left, right),
        other => return Err(unusable(other)),
    })
}

fn unusable(what: &str) -> ConditionError {
    ConditionError {
        found: String::new(),
        offset: None,
        message: format!(
            "conditions have no {what}: use && || ! == != < <= > >= + - * / and `in [..]`"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(text: &str) -> Condition {
        Condition::compile(text, &mut Symbols::default(), &|_| None).unwrap()
    }

    #[test]
    fn a_missing_attribute_matters_only_where_it_decides() {
        let rule = compile("tpp >= 4800 || (tpp >= 1600 && performance_density >= 5.92)");
        let mut chip = Attributes::default();
        chip.set(Attribute::Tpp, 5000.0);
        assert_eq!(rule.eval(&chip), Truth::Yes);
        chip.set(Attribute::Tpp, 1000.0);
        assert_eq!(rule.eval(&chip), Truth::No);
        chip.set(Attribute::Tpp, 4799.0);
        assert_eq!(rule.eval(&chip), Truth::Unknown);
        assert_eq!(rule.unknown(&chip), Some(Attribute::DieAreaMm2));
    }

    #[test]
    fn an_unknown_name_is_pointed_at() {
        let error = Condition::compile("tpp >= 1 && tppp > 2", &mut Symbols::default(), &|_| None)
            .unwrap_err();
        assert_eq!((error.found.as_str(), error.offset), ("tppp", Some(12)));
    }

    #[test]
    fn values_are_written_beside_their_names() {
        let mut chip = Attributes::default();
        chip.set(Attribute::Tpp, 4992.0);
        let text = compile("tpp >= 4800 && !(tpp < 1)").with_values(&chip, &Symbols::default());
        assert_eq!(text, "tpp [4992] >= 4800 && !(tpp [4992] < 1)");
    }
}
