//! Texts of conditions: read within bounds, held against what a rule may speak of, and given a type.

use std::ops::Range;
use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::parser::Parser;

use super::attribute::{Attribute, NameDomain, Symbols};
use super::condition::{
    ArithmeticOperator, ComparisonOperator, Condition, ConditionNode, ConditionSize, flag,
};
use super::instrument::Instrument;

/// Bytes of one condition: a list of some hundred names fits.
const MOST_BYTES: usize = 20_000;
/// Brackets within brackets.
const MOST_NESTED: usize = 32;
/// Operators in a row between two of `&& || ,`.
const MOST_IN_A_ROW: usize = 64;
/// Levels of a condition with the rules that it names: what a walk down it may take of the stack.
const MOST_LEVELS: u32 = 1000;
/// Parts of a condition with the rules that it names: what one answer may cost.
const MOST_PARTS: u32 = 20_000;

/// Why a condition could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    pub message: String,
    /// Bytes of the condition that are wrong.
    pub place: Range<usize>,
    /// The name that is wrong; empty where none is.
    pub found: String,
    /// Names that could stand there.
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

/// What a condition may speak of.
pub struct ConditionScope<'a> {
    /// The kind of rule that it decides.
    pub instrument: Instrument,
    /// The condition of another rule by its id with `-` written as `_`.
    pub rule: &'a dyn Fn(&str) -> Option<Condition>,
    /// Ids of rules as conditions write them.
    pub rules: &'a dyn Fn() -> Vec<String>,
    /// The names of a kind, where this is none of them.
    pub not_among: &'a dyn Fn(NameDomain, &str) -> Option<Vec<String>>,
}

/// The text of a condition, read but not yet held against what it may speak of.
pub struct Expression {
    root: IdedExpr,
    places: SourceInfo,
    text: String,
}

impl Expression {
    /// Reads the text. What is too long or too deep to walk is refused before.
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

    /// Every name in it that is no attribute, with its place.
    pub fn names(&self) -> Vec<(String, Range<usize>)> {
        let mut found = Vec::new();
        let mut open = vec![&self.root];
        while let Some(expr) = open.pop() {
            match &expr.expr {
                Expr::Ident(name) if Attribute::named(name).is_none() => {
                    found.push((name.clone(), self.place(expr)));
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

    /// Where a part stands: a name whole, an operation at its operator.
    fn place(&self, expr: &IdedExpr) -> Range<usize> {
        let (start, stop) = self.places.offset_for(expr.id).unwrap_or((0, 0));
        // Places of the parser count bytes; the second is the last character's own.
        let (start, last) = (start as usize, stop as usize);
        let end = match &expr.expr {
            Expr::Ident(name) => start + name.len(),
            _ => {
                let behind = self.text.get(last..).and_then(|t| t.chars().next());
                last + behind.map_or(1, char::len_utf8)
            }
        };
        let start = start.min(self.text.len());
        start..end.min(self.text.len()).max(start)
    }
}

/// Length and depth of a text, before anything walks down it.
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
                // Each may be the index of what stands before it.
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
        let place = expression.place(&expression.root);
        if root.kind != ValueKind::Truth {
            let message = format!(
                "a condition is true or false, found {}; expected a comparison",
                root.kind.words()
            );
            return Err(ConditionError::new(place, message));
        }
        Ok(Self(Arc::new(root.node), root.extent))
    }
}

/// The byte at a line and a column, both in characters.
fn offset_of(text: &str, line: isize, column: isize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take((line - 1).max(0) as usize)
        .map(str::len)
        .sum();
    let mut starts = text[before..].char_indices().map(|(byte, _)| before + byte);
    starts.nth(column.max(0) as usize).unwrap_or(text.len())
}

/// What a part of a condition is.
#[derive(Clone, Debug, PartialEq)]
enum ValueKind {
    Truth,
    Number,
    /// An attribute whose values are names.
    Name(Attribute),
    /// A quoted text that nothing has been compared with yet.
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

/// A part of a condition with what it is and how large.
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
        let place = self.expression.place(expr);
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
            // Its code is given when it is known what it names.
            Expr::Literal(LiteralValue::String(x)) => Ok(leaf(
                ConditionNode::Name(0.0),
                ValueKind::Quoted(x.inner().to_string()),
            )),
            Expr::Ident(name) => self.named(name, place),
            Expr::Call(call) => {
                let args: Vec<&IdedExpr> = call
                    .target
                    .as_deref()
                    .into_iter()
                    .chain(&call.args)
                    .collect();
                self.call(call.func_name.as_str(), &args, place)
            }
            Expr::List(_) => Err(unusable("a list, unless after `in`", place)),
            _ => Err(unusable("this kind of expression", place)),
        }
    }

    /// An attribute, or the condition of another rule.
    fn named(&self, name: &str, place: Range<usize>) -> Result<TypedPart, ConditionError> {
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
                            one_of(&known_to(instrument))
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
                return Err(unusable("this `in`", place));
            };
            let Expr::List(list) = &list.expr else {
                return Err(unusable("`in` without a list", place));
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
                let (one, other) = self.comparable(left, right, ComparisonOperator::Equal)?;
                extent = extent.plus(other.extent);
                choices.push(other.node);
                left = one;
            }
            let node = ConditionNode::OneOf(Box::new(left.node), choices);
            return within(node, ValueKind::Truth, extent, place);
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
                is(part, &ValueKind::Truth)?;
                let flat = matches!(
                    (&part.node, all),
                    (ConditionNode::All(_), true) | (ConditionNode::Any(_), false)
                );
                // What is joined to the whole takes no level of its own.
                let levels = part.extent.levels - u32::from(flat);
                extent = extent.plus(ConditionSize {
                    levels,
                    ..part.extent
                });
            }
            let node = ConditionNode::join(parts.into_iter().map(|part| part.node), all);
            return within(node, ValueKind::Truth, extent, place);
        }
        let Some(right) = parts.pop() else {
            return Err(unusable(&format!("`{name}()`"), place));
        };
        if name == operators::LOGICAL_NOT {
            is(&right, &ValueKind::Truth)?;
            let extent = right.extent;
            return within(
                ConditionNode::Not(Box::new(right.node)),
                ValueKind::Truth,
                extent,
                place,
            );
        }
        if name == operators::NEGATE {
            is(&right, &ValueKind::Number)?;
            let zero = Box::new(ConditionNode::Number(0.0));
            let node =
                ConditionNode::Arithmetic(ArithmeticOperator::Subtract, zero, Box::new(right.node));
            return within(node, ValueKind::Number, right.extent, place);
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
            return Err(unusable(&format!("`{}`", name.trim_matches('_')), place));
        };
        let extent = left.extent.plus(right.extent);
        if let Some(comparison) = comparison {
            let (left, right) = self.comparable(left, right, comparison)?;
            let node =
                ConditionNode::Compare(comparison, Box::new(left.node), Box::new(right.node));
            return within(node, ValueKind::Truth, extent, place);
        }
        is(&left, &ValueKind::Number)?;
        is(&right, &ValueKind::Number)?;
        let operation = arithmetic.unwrap_or(ArithmeticOperator::Add);
        if operation == ArithmeticOperator::Divide && right.node == ConditionNode::Number(0.0) {
            return Err(ConditionError::new(
                right.place,
                "found 0, expected a number to divide by",
            ));
        }
        let node = ConditionNode::Arithmetic(operation, Box::new(left.node), Box::new(right.node));
        within(node, ValueKind::Number, extent, place)
    }

    /// Two parts that can be the same, or be ordered, quoted names resolved.
    fn comparable(
        &mut self,
        left: TypedPart,
        right: TypedPart,
        comparison: ComparisonOperator,
    ) -> Result<(TypedPart, TypedPart), ConditionError> {
        let ordered = !matches!(
            comparison,
            ComparisonOperator::Equal | ComparisonOperator::NotEqual
        );
        match (&left.kind, &right.kind) {
            (ValueKind::Number, ValueKind::Number) => {
                can_be_met(&left, comparison, &right)?;
                can_be_met(&right, comparison.mirrored(), &left)?;
                Ok((left, right))
            }
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

/// What an attribute is compared with is in its range and parts it in two, and is no month that would be read as a difference.
fn can_be_met(
    attribute: &TypedPart,
    comparison: ComparisonOperator,
    with: &TypedPart,
) -> Result<(), ConditionError> {
    let ConditionNode::Attribute(attribute) = attribute.node else {
        return Ok(());
    };
    let wrong = |message: String| Err(ConditionError::new(with.place.clone(), message));
    if attribute == Attribute::FirstShip
        && matches!(
            with.node,
            ConditionNode::Arithmetic(ArithmeticOperator::Subtract, ..)
        )
    {
        return wrong("found a subtraction, expected a year with twelfths: from January 2023 on is `first_ship >= 2023`, from July 2023 on `first_ship >= 2023.5`".into());
    }
    let (Some(x), Some([low, high])) = (with.node.number(), attribute.range()) else {
        return Ok(());
    };
    let name = attribute.name();
    let (is, whole) = match attribute.unit() {
        "fraction" => ("a fraction".to_string(), ""),
        "1 to 3" => (format!("the {}", attribute.words()), "whole "),
        _ => (attribute.words().to_string(), ""),
    };
    if !(low..=high).contains(&x) || !whole.is_empty() && x.fract() != 0.0 {
        let range = if high.is_finite() {
            format!("from {low} to {high}")
        } else {
            format!("of {low} or more")
        };
        return wrong(format!(
            "found {x}, expected a {whole}number {range}: `{name}` is {is}"
        ));
    }
    let answer = match comparison {
        _ if high.is_infinite() => return Ok(()),
        ComparisonOperator::Less if x == low => "false",
        ComparisonOperator::Greater if x == high => "false",
        ComparisonOperator::GreaterOrEqual if x == low => "true",
        ComparisonOperator::LessOrEqual if x == high => "true",
        _ => return Ok(()),
    };
    wrong(format!(
        "found a comparison with {x} that is always {answer}, expected another: `{name}` runs from {low} to {high}"
    ))
}

fn both_name(a: Attribute, b: Attribute) -> bool {
    match (a.names(), b.names()) {
        (Some(a), Some(b)) => a.can_equal(b),
        _ => false,
    }
}

fn is(part: &TypedPart, kind: &ValueKind) -> Result<(), ConditionError> {
    if part.kind == *kind {
        return Ok(());
    }
    let message = format!("found {}, expected {}", part.kind.words(), kind.words());
    Err(ConditionError::new(part.place.clone(), message))
}

/// A whole that stands one level above its parts, if it is not too large.
fn within(
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

/// Names of the attributes that a rule can know.
fn known_to(instrument: Instrument) -> Vec<String> {
    let known = Attribute::ALL.iter().filter(|a| instrument.knows(**a));
    known.map(|a| a.name().to_string()).collect()
}

fn one_of(names: &[String]) -> String {
    match names {
        [] => "`true` or `false`".into(),
        [one] => format!("`{one}`"),
        [first, .., last] => format!("one of {}, `{first}` to `{last}`", names.len()),
    }
}

fn unusable(what: &str, place: Range<usize>) -> ConditionError {
    ConditionError::new(
        place,
        format!("conditions have no {what}: use && || ! == != < <= > >= + - * / and `in [..]`"),
    )
}
