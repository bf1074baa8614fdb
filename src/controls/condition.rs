//! Conditions: boolean expressions in the Common Expression Language (CEL), compiled once and evaluated to yes, no or unknown.

use std::ops::Range;
use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::parser::Parser;

use super::attribute::{Attribute, Attributes, NameDomain, Symbols};
use super::instrument::Instrument;

/// Maximum length of one condition in bytes; a list of some hundred names fits.
const MOST_BYTES: usize = 20_000;
/// Maximum depth of nested brackets.
const MOST_NESTED: usize = 32;
/// Maximum number of consecutive operators between two of `&& || ,`.
const MOST_IN_A_ROW: usize = 64;
/// Maximum depth of a condition including the rules that it names; it bounds the stack of a recursive evaluation.
const MOST_LEVELS: u32 = 1000;
/// Maximum number of nodes of a condition including the rules that it names; it bounds the cost of one evaluation.
const MOST_PARTS: u32 = 20_000;

/// Three-valued truth: a missing attribute makes a result unknown only where it is decisive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ThreeValued {
    Yes,
    No,
    Unknown,
}

/// A compiled condition.
#[derive(Clone, Debug)]
pub struct Condition(Arc<ConditionNode>, ConditionSize);

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// Size of a condition including the rules that it names.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ConditionSize {
    levels: u32,
    parts: u32,
    /// One bit for each attribute that it reads.
    asks: u64,
}

const _: () = assert!(Attribute::COUNT <= 64);

impl ConditionSize {
    const LEAF: Self = Self {
        levels: 1,
        parts: 1,
        asks: 0,
    };

    fn plus(self, other: Self) -> Self {
        Self {
            levels: self.levels.max(other.levels),
            parts: self.parts.saturating_add(other.parts),
            asks: self.asks | other.asks,
        }
    }

    fn reads_attribute(self, attribute: Attribute) -> bool {
        self.asks >> attribute as usize & 1 == 1
    }
}

#[derive(Clone, Debug, PartialEq)]
enum ConditionNode {
    Number(f64),
    /// The code of a quoted name.
    Name(f64),
    Attribute(Attribute),
    Not(Box<ConditionNode>),
    /// Conjunction of two or more nodes, none of them an `All`.
    All(Vec<ConditionNode>),
    /// Disjunction of two or more nodes, none of them an `Any`.
    Any(Vec<ConditionNode>),
    Compare(ComparisonOperator, Box<ConditionNode>, Box<ConditionNode>),
    Arithmetic(ArithmeticOperator, Box<ConditionNode>, Box<ConditionNode>),
    OneOf(Box<ConditionNode>, Vec<ConditionNode>),
    /// The condition of another rule, shared by all conditions that name it.
    Rule(Arc<ConditionNode>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum ComparisonOperator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl ComparisonOperator {
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
enum ArithmeticOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// Why a condition could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    pub message: String,
    /// Byte range of the error in the condition.
    pub place: Range<usize>,
    /// The unknown name; empty for other errors.
    pub found: String,
    /// Names that are valid there.
    pub expected: Vec<String>,
}

impl ConditionError {
    fn new(place: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place,
            found: String::new(),
            expected: Vec::new(),
        }
    }
}

/// Scope of a condition: the names that it may use.
pub struct ConditionScope<'a> {
    /// The kind of rule that it decides.
    pub instrument: Instrument,
    /// The condition of another rule by its id with `-` written as `_`.
    pub rule: &'a dyn Fn(&str) -> Option<Condition>,
    /// Ids of rules as conditions write them.
    pub rules: &'a dyn Fn() -> Vec<String>,
    /// The valid names of a domain, if the given name is not among them.
    pub not_among: &'a dyn Fn(NameDomain, &str) -> Option<Vec<String>>,
}

/// A parsed condition whose names are not yet resolved.
pub struct Expression {
    root: IdedExpr,
    places: SourceInfo,
    text: String,
}

impl Expression {
    /// Parses the text. Texts that are too long or too deep are rejected before parsing.
    ///
    /// # Errors
    /// When the text is not an expression.
    pub fn read(text: &str) -> Result<Self, ConditionError> {
        within_bounds(text)?;
        let parsed = Parser::new().parse_with_source_info(text);
        let (root, places) = parsed.map_err(|errors| {
            let first = errors.errors.first();
            let at = first.map_or(0, |e| offset_of(text, e.pos.0, e.pos.1));
            let detail = first.map_or("not an expression", |e| e.msg.as_str());
            let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
            ConditionError::new(at..end, format!("not a valid condition: {detail}"))
        })?;
        Ok(Self {
            root,
            places,
            text: text.to_string(),
        })
    }

    /// Every name in it that is not an attribute, with its byte range.
    pub fn names(&self) -> Vec<(String, Range<usize>)> {
        let mut found = Vec::new();
        let mut open = vec![&self.root];
        while let Some(expr) = open.pop() {
            match &expr.expr {
                Expr::Ident(name) if Attribute::named(name).is_none() => {
                    found.push((name.clone(), self.byte_range(expr)));
                }
                Expr::Call(call) => {
                    open.extend(call.args.iter().rev());
                    open.extend(call.target.as_deref());
                }
                Expr::List(list) => open.extend(list.elements.iter().rev()),
                _ => {}
            }
        }
        found
    }

    /// Byte range of a node: the whole name, or the operator of an operation.
    fn byte_range(&self, expr: &IdedExpr) -> Range<usize> {
        let (start, stop) = self.places.offset_for(expr.id).unwrap_or((0, 0));
        // The parser counts positions in characters.
        let byte = |at: u32| {
            let mut starts = self.text.char_indices().map(|(byte, _)| byte);
            starts.nth(at as usize).unwrap_or(self.text.len())
        };
        let start = byte(start);
        let end = match &expr.expr {
            Expr::Ident(name) => start + name.len(),
            _ => byte(stop).max(start + 1),
        };
        start..end.min(self.text.len()).max(start)
    }
}

/// Checks length and depth of a text before it is parsed recursively.
fn within_bounds(text: &str) -> Result<(), ConditionError> {
    if text.len() > MOST_BYTES {
        let message = format!(
            "a condition of {} bytes, expected at most {MOST_BYTES}",
            text.len()
        );
        return Err(ConditionError::new(0..1, message));
    }
    let (mut nested, mut row) = (0_usize, 0_usize);
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if let Some(open) = quote {
            if c == open && before != '\\' {
                quote = None;
            }
        } else {
            match c {
                '\'' | '"' => quote = Some(c),
                '(' => nested += 1,
                // Each may be the index of the preceding expression.
                '[' | '{' => {
                    nested += 1;
                    row += 1;
                }
                ')' | ']' | '}' => nested = nested.saturating_sub(1),
                ',' => row = 0,
                'i' if is_word(text, at, "in") => row += 1,
                '&' | '|' if before == c => row = 0,
                '+' | '-' | '*' | '/' | '%' | '!' | '<' | '>' | '=' | '?' | ':' | '.' => row += 1,
                _ => {}
            }
        }
        let here = at..at + c.len_utf8();
        if nested > MOST_NESTED {
            let message = format!("brackets more than {MOST_NESTED} deep");
            return Err(ConditionError::new(here, message));
        }
        if row > 2 * MOST_IN_A_ROW {
            let message = format!("more than {MOST_IN_A_ROW} operators in a row");
            return Err(ConditionError::new(here, message));
        }
        before = if before == '\\' && c == '\\' { ' ' } else { c };
    }
    Ok(())
}

fn is_word(text: &str, at: usize, word: &str) -> bool {
    let of_name = |c: char| c.is_alphanumeric() || c == '_';
    text[at..].starts_with(word)
        && !text[..at].ends_with(of_name)
        && !text[at + word.len()..].starts_with(of_name)
}

impl Condition {
    /// Compiles an expression for the rules that a scope describes.
    ///
    /// # Errors
    /// When it names something unknown, compares what cannot be compared, is neither true nor false, or is too large.
    pub fn compile(
        expression: &Expression,
        symbols: &mut Symbols,
        scope: &ConditionScope<'_>,
    ) -> Result<Self, ConditionError> {
        let mut reader = ConditionCompiler {
            expression,
            symbols,
            scope,
        };
        let root = reader.lower(&expression.root)?;
        let place = expression.byte_range(&expression.root);
        if root.kind != ValueKind::Truth {
            let message = format!(
                "a condition is true or false, found {}; expected a comparison",
                root.kind.words()
            );
            return Err(ConditionError::new(place, message));
        }
        Ok(Self(Arc::new(root.node), root.extent))
    }

    /// A condition that never holds.
    pub fn never() -> Self {
        Self(Arc::new(ConditionNode::Number(0.0)), ConditionSize::LEAF)
    }

    pub fn eval(&self, attributes: &Attributes) -> ThreeValued {
        truth(self.0.value(attributes))
    }

    /// Partial evaluation: substitutes the values of a case for all attributes that are not `free` and folds constants. It saves
    /// time where many cases differ only in free attributes.
    pub fn fold(&self, attributes: &Attributes, free: impl Fn(Attribute) -> bool) -> Self {
        Self(Arc::new(self.0.fold(attributes, &free)), self.1)
    }

    /// Partial evaluation with the destination and the buyer of a shipment.
    pub fn fold_shipment(&self, shipment: &Attributes) -> Self {
        self.fold(shipment, |attribute| !attribute.is_of_shipment())
    }

    /// Whether it reads an attribute, directly or through a rule that it names.
    pub fn reads_attribute(&self, attribute: Attribute) -> bool {
        self.1.reads_attribute(attribute)
    }

    /// Whether it compares with the name of this code.
    pub fn mentions_name(&self, code: f64) -> bool {
        self.0.mentions_name(code)
    }

    /// The value, if it is constant.
    pub fn constant(&self) -> Option<ThreeValued> {
        match &*self.0 {
            ConditionNode::Number(x) => Some(truth(*x)),
            _ => None,
        }
    }

    /// The missing attribute that makes the value unknown.
    pub fn missing_attribute(&self, attributes: &Attributes) -> Option<Attribute> {
        let missing = |a: Attribute| attributes.get(a).is_nan();
        let mut found = None;
        self.0.for_each_attribute(&mut |attribute| {
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
    /// The comparisons that are true in one case and not in the other, each with the values of the first.
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

/// Byte offset of a line and a column, which count characters.
fn offset_of(text: &str, line: isize, column: isize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take((line - 1).max(0) as usize)
        .map(str::len)
        .sum();
    let mut starts = text[before..].char_indices().map(|(byte, _)| before + byte);
    starts.nth(column.max(0) as usize).unwrap_or(text.len())
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

fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

impl ConditionNode {
    /// Value of a node: a number, 1 or 0 for booleans, NaN for unknown.
    fn value(&self, a: &Attributes) -> f64 {
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

    /// As `value`, with an inlined path for comparisons, the most common parts of a conjunction or disjunction.
    #[inline]
    fn part(&self, a: &Attributes) -> f64 {
        match self {
            Self::Compare(comparison, left, right) => {
                comparison.value(left.operand(a), right.operand(a))
            }
            _ => self.value(a),
        }
    }

    /// As `value`, with an inlined path for leaves, the most common operands of comparisons.
    #[inline]
    fn operand(&self, a: &Attributes) -> f64 {
        match self {
            Self::Number(x) | Self::Name(x) => *x,
            Self::Attribute(attribute) => a.get(*attribute),
            _ => self.value(a),
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
        let settled = match &folded {
            Self::Attribute(_) | Self::Rule(_) => false,
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

    /// Joins several nodes by conjunction (`all`) or disjunction.
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

    /// As `join`, without nodes that are constant.
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

    fn for_each_attribute(&self, see: &mut impl FnMut(Attribute)) {
        match self {
            Self::Number(_) | Self::Name(_) => {}
            Self::Attribute(attribute) => see(*attribute),
            Self::Rule(node) => node.for_each_attribute(see),
            Self::Not(node) => node.for_each_attribute(see),
            Self::All(nodes) | Self::Any(nodes) => {
                nodes.iter().for_each(|node| node.for_each_attribute(see))
            }
            Self::Compare(_, left, right) | Self::Arithmetic(_, left, right) => {
                left.for_each_attribute(see);
                right.for_each_attribute(see);
            }
            Self::OneOf(node, choices) => {
                node.for_each_attribute(see);
                choices
                    .iter()
                    .for_each(|choice| choice.for_each_attribute(see));
            }
        }
    }

    fn mentions_name(&self, code: f64) -> bool {
        match self {
            Self::Name(own) => *own == code,
            Self::Number(_) | Self::Attribute(_) => false,
            Self::Rule(node) => node.mentions_name(code),
            Self::Not(node) => node.mentions_name(code),
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(|n| n.mentions_name(code)),
            Self::Compare(_, left, right) | Self::Arithmetic(_, left, right) => {
                left.mentions_name(code) || right.mentions_name(code)
            }
            Self::OneOf(node, choices) => {
                node.mentions_name(code) || choices.iter().any(|n| n.mentions_name(code))
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

/// The type of a part of a condition.
#[derive(Clone, Debug, PartialEq)]
enum ValueKind {
    Truth,
    Number,
    /// An attribute whose values are names.
    Name(Attribute),
    /// A quoted text that is not compared with an attribute yet.
    Quoted(String),
}

impl ValueKind {
    fn words(&self) -> String {
        match self {
            Self::Truth => "what is true or false".into(),
            Self::Number => "a number".into(),
            Self::Name(attribute) => format!("the name `{}`", attribute.name()),
            Self::Quoted(text) => format!("the text '{text}'"),
        }
    }
}

/// A part of a condition with its type and size.
struct TypedPart {
    node: ConditionNode,
    kind: ValueKind,
    extent: ConditionSize,
    place: Range<usize>,
}

struct ConditionCompiler<'a> {
    expression: &'a Expression,
    symbols: &'a mut Symbols,
    scope: &'a ConditionScope<'a>,
}

impl ConditionCompiler<'_> {
    fn lower(&mut self, expr: &IdedExpr) -> Result<TypedPart, ConditionError> {
        let place = self.expression.byte_range(expr);
        let leaf = |node, kind| TypedPart {
            node,
            kind,
            extent: ConditionSize::LEAF,
            place: place.clone(),
        };
        let number = |x: f64| {
            if x.is_finite() {
                Ok(leaf(ConditionNode::Number(x), ValueKind::Number))
            } else {
                let message = format!("found {x}, expected a number that is finite");
                Err(ConditionError::new(place.clone(), message))
            }
        };
        match &expr.expr {
            Expr::Literal(LiteralValue::Int(x)) => number(*x.inner() as f64),
            Expr::Literal(LiteralValue::UInt(x)) => number(*x.inner() as f64),
            Expr::Literal(LiteralValue::Double(x)) => number(*x.inner()),
            Expr::Literal(LiteralValue::Boolean(x)) => Ok(leaf(
                ConditionNode::Number(flag(*x.inner())),
                ValueKind::Truth,
            )),
            // The code is assigned when the compared attribute is known.
            Expr::Literal(LiteralValue::String(x)) => Ok(leaf(
                ConditionNode::Name(0.0),
                ValueKind::Quoted(x.inner().to_string()),
            )),
            Expr::Ident(name) => self.resolve_name(name, place),
            Expr::Call(call) => {
                let args: Vec<&IdedExpr> = call
                    .target
                    .as_deref()
                    .into_iter()
                    .chain(&call.args)
                    .collect();
                self.call(call.func_name.as_str(), &args, place)
            }
            Expr::List(_) => Err(unusable_error("a list, unless after `in`", place)),
            _ => Err(unusable_error("this kind of expression", place)),
        }
    }

    /// An attribute, or the condition of another rule.
    fn resolve_name(&self, name: &str, place: Range<usize>) -> Result<TypedPart, ConditionError> {
        let instrument = self.scope.instrument;
        if let Some(attribute) = Attribute::named(name) {
            if !instrument.knows(attribute) {
                return Err(ConditionError {
                    found: name.to_string(),
                    expected: known_to(instrument),
                    ..ConditionError::new(
                        place,
                        format!(
                            "`{name}` is no attribute of {}, which a rule of instrument `{}` judges; expected {}",
                            instrument.judged(),
                            instrument.name(),
                            list_names(&known_to(instrument))
                        ),
                    )
                });
            }
            let kind = if attribute.is_name() {
                ValueKind::Name(attribute)
            } else if attribute.is_truth() {
                ValueKind::Truth
            } else {
                ValueKind::Number
            };
            return Ok(TypedPart {
                node: ConditionNode::Attribute(attribute),
                kind,
                extent: ConditionSize {
                    asks: 1 << attribute as usize,
                    ..ConditionSize::LEAF
                },
                place,
            });
        }
        let Some(rule) = (self.scope.rule)(name) else {
            let mut expected = known_to(instrument);
            expected.extend((self.scope.rules)());
            return Err(ConditionError {
                found: name.to_string(),
                expected,
                ..ConditionError::new(
                    place,
                    format!("found `{name}`, expected an attribute or the id of a rule"),
                )
            });
        };
        let strange = |a: &&Attribute| rule.1.reads_attribute(**a) && !instrument.knows(**a);
        if let Some(strange) = Attribute::ALL.iter().find(strange) {
            let message = format!(
                "`{name}` asks about `{}`, which is no attribute of {}",
                strange.name(),
                instrument.judged()
            );
            return Err(ConditionError::new(place, message));
        }
        Ok(TypedPart {
            node: ConditionNode::Rule(rule.0),
            kind: ValueKind::Truth,
            extent: rule.1,
            place,
        })
    }

    fn call(
        &mut self,
        name: &str,
        args: &[&IdedExpr],
        place: Range<usize>,
    ) -> Result<TypedPart, ConditionError> {
        if name == operators::IN {
            let [node, list] = args else {
                return Err(unusable_error("this `in`", place));
            };
            let Expr::List(list) = &list.expr else {
                return Err(unusable_error("`in` without a list", place));
            };
            let node = self.lower(node)?;
            if list.elements.is_empty() {
                let message = "found an empty list, expected what it is compared with";
                return Err(ConditionError::new(place, message));
            }
            let mut extent = node.extent;
            let mut choices = Vec::with_capacity(list.elements.len());
            let mut left = node;
            for element in &list.elements {
                let right = self.lower(element)?;
                let (one, other) = self.comparable(left, right, false)?;
                extent = extent.plus(other.extent);
                choices.push(other.node);
                left = one;
            }
            let node = ConditionNode::OneOf(Box::new(left.node), choices);
            return sized_node(node, ValueKind::Truth, extent, place);
        }
        let mut parts = Vec::with_capacity(2);
        for arg in args {
            parts.push(self.lower(arg)?);
        }
        let all = match name {
            operators::LOGICAL_AND => Some(true),
            operators::LOGICAL_OR => Some(false),
            _ => None,
        };
        if let Some(all) = all {
            let mut extent = ConditionSize {
                levels: 0,
                parts: 0,
                asks: 0,
            };
            for part in &parts {
                expect_kind(part, &ValueKind::Truth)?;
                let flat = matches!(
                    (&part.node, all),
                    (ConditionNode::All(_), true) | (ConditionNode::Any(_), false)
                );
                // A nested node of the same kind is merged and adds no level.
                let levels = part.extent.levels - u32::from(flat);
                extent = extent.plus(ConditionSize {
                    levels,
                    ..part.extent
                });
            }
            let node = ConditionNode::join(parts.into_iter().map(|part| part.node), all);
            return sized_node(node, ValueKind::Truth, extent, place);
        }
        let Some(right) = parts.pop() else {
            return Err(unusable_error(&format!("`{name}()`"), place));
        };
        if name == operators::LOGICAL_NOT {
            expect_kind(&right, &ValueKind::Truth)?;
            let extent = right.extent;
            return sized_node(
                ConditionNode::Not(Box::new(right.node)),
                ValueKind::Truth,
                extent,
                place,
            );
        }
        if name == operators::NEGATE {
            expect_kind(&right, &ValueKind::Number)?;
            let zero = Box::new(ConditionNode::Number(0.0));
            let node =
                ConditionNode::Arithmetic(ArithmeticOperator::Subtract, zero, Box::new(right.node));
            return sized_node(node, ValueKind::Number, right.extent, place);
        }
        let comparison = match name {
            operators::EQUALS => Some(ComparisonOperator::Equal),
            operators::NOT_EQUALS => Some(ComparisonOperator::NotEqual),
            operators::LESS => Some(ComparisonOperator::Less),
            operators::LESS_EQUALS => Some(ComparisonOperator::LessOrEqual),
            operators::GREATER => Some(ComparisonOperator::Greater),
            operators::GREATER_EQUALS => Some(ComparisonOperator::GreaterOrEqual),
            _ => None,
        };
        let arithmetic = match name {
            operators::ADD => Some(ArithmeticOperator::Add),
            operators::SUBSTRACT => Some(ArithmeticOperator::Subtract),
            operators::MULTIPLY => Some(ArithmeticOperator::Multiply),
            operators::DIVIDE => Some(ArithmeticOperator::Divide),
            _ => None,
        };
        let Some(left) = parts
            .pop()
            .filter(|_| comparison.is_some() || arithmetic.is_some())
        else {
            return Err(unusable_error(
                &format!("`{}`", name.trim_matches('_')),
                place,
            ));
        };
        let extent = left.extent.plus(right.extent);
        if let Some(comparison) = comparison {
            let ordered = !matches!(
                comparison,
                ComparisonOperator::Equal | ComparisonOperator::NotEqual
            );
            let (left, right) = self.comparable(left, right, ordered)?;
            let node =
                ConditionNode::Compare(comparison, Box::new(left.node), Box::new(right.node));
            return sized_node(node, ValueKind::Truth, extent, place);
        }
        expect_kind(&left, &ValueKind::Number)?;
        expect_kind(&right, &ValueKind::Number)?;
        let operation = arithmetic.unwrap_or(ArithmeticOperator::Add);
        if operation == ArithmeticOperator::Divide && right.node == ConditionNode::Number(0.0) {
            return Err(ConditionError::new(
                right.place,
                "found 0, expected a number to divide by",
            ));
        }
        let node = ConditionNode::Arithmetic(operation, Box::new(left.node), Box::new(right.node));
        sized_node(node, ValueKind::Number, extent, place)
    }

    /// Checks that two parts can be compared for equality or order, and resolves quoted names.
    fn comparable(
        &mut self,
        left: TypedPart,
        right: TypedPart,
        ordered: bool,
    ) -> Result<(TypedPart, TypedPart), ConditionError> {
        match (&left.kind, &right.kind) {
            (ValueKind::Number, ValueKind::Number) => Ok((left, right)),
            (ValueKind::Truth, ValueKind::Truth) if !ordered => Ok((left, right)),
            (ValueKind::Name(a), ValueKind::Name(b)) if !ordered && both_name(*a, *b) => {
                Ok((left, right))
            }
            (ValueKind::Name(a), ValueKind::Quoted(text)) if !ordered => {
                let code = self.code(*a, text, &right.place)?;
                let node = ConditionNode::Name(code);
                Ok((left, TypedPart { node, ..right }))
            }
            (ValueKind::Quoted(text), ValueKind::Name(a)) if !ordered => {
                let code = self.code(*a, text, &left.place)?;
                let node = ConditionNode::Name(code);
                Ok((TypedPart { node, ..left }, right))
            }
            (a, b) => {
                let verb = if ordered { "ordered" } else { "compared" };
                let hint = match (a, b) {
                    (ValueKind::Number, ValueKind::Quoted(_))
                    | (ValueKind::Quoted(_), ValueKind::Number) => "; expected a number",
                    (ValueKind::Name(_), _) | (_, ValueKind::Name(_)) if !ordered => {
                        "; expected a name in quotes"
                    }
                    (ValueKind::Truth, _) | (_, ValueKind::Truth) if !ordered => {
                        "; expected true or false"
                    }
                    _ if ordered => "; expected two numbers",
                    _ => "; expected an attribute on one side",
                };
                let message = format!("{} cannot be {verb} with {}{hint}", a.words(), b.words());
                Err(ConditionError::new(right.place, message))
            }
        }
    }

    /// The code of a quoted name that an attribute can have.
    fn code(
        &mut self,
        attribute: Attribute,
        text: &str,
        place: &Range<usize>,
    ) -> Result<f64, ConditionError> {
        let named = attribute.names().unwrap_or(NameDomain::Buyer);
        match (self.scope.not_among)(named, text) {
            None => Ok(self.symbols.code(text)),
            Some(names) => Err(ConditionError {
                found: text.to_string(),
                expected: names,
                ..ConditionError::new(
                    place.clone(),
                    format!("found '{text}', expected {}", named.words()),
                )
            }),
        }
    }
}

fn both_name(a: Attribute, b: Attribute) -> bool {
    match (a.names(), b.names()) {
        (Some(a), Some(b)) => a.can_equal(b),
        _ => false,
    }
}

fn expect_kind(part: &TypedPart, kind: &ValueKind) -> Result<(), ConditionError> {
    if part.kind == *kind {
        return Ok(());
    }
    let message = format!("found {}, expected {}", part.kind.words(), kind.words());
    Err(ConditionError::new(part.place.clone(), message))
}

/// A node one level above its parts, or an error if it is too large.
fn sized_node(
    node: ConditionNode,
    kind: ValueKind,
    parts: ConditionSize,
    place: Range<usize>,
) -> Result<TypedPart, ConditionError> {
    let extent = ConditionSize {
        levels: parts.levels + 1,
        parts: parts.parts.saturating_add(1),
        ..parts
    };
    if extent.levels > MOST_LEVELS || extent.parts > MOST_PARTS {
        let message = format!(
            "with the rules that it names this condition has {} parts in {} levels, expected at most {MOST_PARTS} in {MOST_LEVELS}",
            extent.parts, extent.levels
        );
        return Err(ConditionError::new(place, message));
    }
    Ok(TypedPart {
        node,
        kind,
        extent,
        place,
    })
}

/// Names of the attributes that are defined for rules of an instrument.
fn known_to(instrument: Instrument) -> Vec<String> {
    let known = Attribute::ALL.iter().filter(|a| instrument.knows(**a));
    known.map(|a| a.name().to_string()).collect()
}

fn list_names(names: &[String]) -> String {
    match names {
        [] => "`true` or `false`".into(),
        [one] => format!("`{one}`"),
        [first, .., last] => format!("one of {}, `{first}` to `{last}`", names.len()),
    }
}

fn unusable_error(what: &str, place: Range<usize>) -> ConditionError {
    ConditionError::new(
        place,
        format!("conditions have no {what}: use && || ! == != < <= > >= + - * / and `in [..]`"),
    )
}

#[cfg(test)]
mod tests {
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
