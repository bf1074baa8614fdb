//! Reasons in words: the comparisons that decide a case, with its values, as a reader of the law would say them.

use super::attribute::{Attribute, Attributes, Symbols};
use super::condition::ThreeValued;
use super::condition::{ArithmeticOperator, ComparisonOperator, Condition, ConditionNode};
use super::rule::Rule;
use super::verdict::Verdict;

/// Why a rule says what it says of a case: `TPP 15,832 is 4,800 or more (3A090.a): denied`. The verdict is that of the rule beside
/// others, none where its condition does not hold.
pub(super) fn sentence(
    rule: &Rule,
    exception: Option<usize>,
    verdict: Option<Verdict>,
    a: &Attributes,
    symbols: &Symbols,
) -> String {
    let mut text = phrases(&rule.condition, a, symbols);
    if text.is_empty() {
        text = "every such sale".into();
    }
    text.push_str(&format!(" ({})", short_name(&rule.id)));
    if let Some(exception) = exception.and_then(|at| rule.exceptions.get(at)) {
        let why = phrases(&exception.condition, a, symbols);
        let why = if why.is_empty() {
            String::new()
        } else {
            format!(": {why}")
        };
        text.push_str(&format!("; exception `{}`{why}", exception.name));
    }
    let verdict = match verdict {
        None => "not met".to_string(),
        Some(Verdict::Levied) => format!("levied, {} of the price", percent(rule.levy_share)),
        Some(verdict) => verdict.to_string(),
    };
    format!("{text}: {verdict}")
}

fn percent(share: f64) -> String {
    format!("{} %", figure(100.0 * share))
}

/// The comparisons that make a condition hold or not; where it is unknown, what is not known.
fn phrases(condition: &Condition, a: &Attributes, symbols: &Symbols) -> String {
    let case = Case { a, symbols };
    let mut found = match condition.eval(a) {
        ThreeValued::Yes => case.because(&condition.0, true),
        ThreeValued::No => case.because(&condition.0, false),
        ThreeValued::Unknown => condition
            .missing_attribute(a)
            .map(|missing| match missing.is_truth() {
                true => format!("whether {} is not known", missing.words()),
                false => format!("{} is not known", label(missing)),
            })
            .into_iter()
            .collect(),
    };
    let mut seen: Vec<String> = Vec::new();
    found.retain(|phrase| {
        let new = !seen.contains(phrase);
        seen.push(phrase.clone());
        new
    });
    found.join(", and ")
}

/// A classification that an id ends with, as the law writes it (`3A090.a`); else the id.
fn short_name(id: &str) -> String {
    let number = |part: &str| {
        let bytes = part.as_bytes();
        let digits = |from: usize, to: usize| bytes[from..to].iter().all(u8::is_ascii_digit);
        let right = (5..=6).contains(&bytes.len())
            && digits(0, 1)
            && bytes[1].is_ascii_lowercase()
            && digits(2, 5)
            && bytes[5..].iter().all(u8::is_ascii_lowercase);
        right.then(|| {
            let (class, letter) = part.split_at(5);
            let dot = if letter.is_empty() { "" } else { "." };
            format!("{}{dot}{letter}", class.to_uppercase())
        })
    };
    let last = id.split('-').rev().find_map(number);
    last.unwrap_or_else(|| id.to_string())
}

/// The attributes of one case.
struct Case<'a> {
    a: &'a Attributes,
    symbols: &'a Symbols,
}

impl Case<'_> {
    /// The parts that make an expression true, or false.
    fn because(&self, node: &ConditionNode, holds: bool) -> Vec<String> {
        let all = |nodes: &[ConditionNode]| -> Vec<String> {
            nodes.iter().flat_map(|n| self.because(n, holds)).collect()
        };
        let first = |nodes: &[ConditionNode]| -> Vec<String> {
            let decides = |n: &&ConditionNode| self.is(n) == Some(holds);
            let found = nodes.iter().find(decides);
            found.map_or_else(Vec::new, |n| self.because(n, holds))
        };
        match node {
            ConditionNode::Number(_) | ConditionNode::Name(_) => Vec::new(),
            ConditionNode::Arithmetic(..) => Vec::new(),
            ConditionNode::Rule(inner) => self.because(inner, holds),
            ConditionNode::Not(inner) => self.because(inner, !holds),
            ConditionNode::All(nodes) if holds => all(nodes),
            ConditionNode::All(nodes) => first(nodes),
            ConditionNode::Any(nodes) if holds => first(nodes),
            ConditionNode::Any(nodes) => all(nodes),
            ConditionNode::Attribute(attribute) => vec![truth_in_words(*attribute, holds)],
            ConditionNode::Compare(how, left, right) => {
                vec![self.comparison(*how, left, right, holds)]
            }
            ConditionNode::OneOf(one, choices) => {
                let list: Vec<String> = choices.iter().map(|c| self.value(c)).collect();
                let not = if holds { "" } else { "not " };
                vec![format!(
                    "{} is {not}one of {}",
                    self.subject(one),
                    list.join(", ")
                )]
            }
        }
    }

    fn is(&self, node: &ConditionNode) -> Option<bool> {
        let x = node.value(self.a);
        (!x.is_nan()).then_some(x != 0.0)
    }

    fn comparison(
        &self,
        how: ComparisonOperator,
        left: &ConditionNode,
        right: &ConditionNode,
        holds: bool,
    ) -> String {
        use ComparisonOperator as C;
        if let (ConditionNode::Attribute(a), ConditionNode::Number(x)) = (left, right)
            && a.is_truth()
        {
            let equal = (how == C::Equal) == holds;
            return truth_in_words(*a, (*x != 0.0) == equal);
        }
        // What varies is spoken of; a limit on the left changes sides.
        if matches!(left, ConditionNode::Number(_) | ConditionNode::Name(_)) {
            let turned = match how {
                C::Less => C::Greater,
                C::LessOrEqual => C::GreaterOrEqual,
                C::Greater => C::Less,
                C::GreaterOrEqual => C::LessOrEqual,
                same => same,
            };
            if !matches!(right, ConditionNode::Number(_) | ConditionNode::Name(_)) {
                return self.comparison(turned, right, left, holds);
            }
        }
        let how = match (how, holds) {
            (how, true) => how,
            (C::Equal, false) => C::NotEqual,
            (C::NotEqual, false) => C::Equal,
            (C::Less, false) => C::GreaterOrEqual,
            (C::LessOrEqual, false) => C::Greater,
            (C::Greater, false) => C::LessOrEqual,
            (C::GreaterOrEqual, false) => C::Less,
        };
        let limit = match right {
            ConditionNode::Number(_) | ConditionNode::Name(_) => self.value(right),
            other => self.subject(other),
        };
        let words = match how {
            C::Equal => limit,
            C::NotEqual => format!("not {limit}"),
            C::Less => format!("below {limit}"),
            C::LessOrEqual => format!("{limit} or less"),
            C::Greater => format!("above {limit}"),
            C::GreaterOrEqual => format!("{limit} or more"),
        };
        let names_itself = matches!(left, ConditionNode::Attribute(a) if a.is_name());
        match left {
            ConditionNode::Attribute(a) if names_itself && how == C::Equal => {
                format!("{} is {words}", label(*a))
            }
            _ => format!("{} is {words}", self.subject(left)),
        }
    }

    /// What is spoken of, with its value: `TPP 15,832`.
    fn subject(&self, node: &ConditionNode) -> String {
        let unit = match node {
            ConditionNode::Attribute(a) => unit(*a),
            ConditionNode::Arithmetic(ArithmeticOperator::Add, left, _) => match &**left {
                ConditionNode::Attribute(a) => unit(*a),
                _ => "",
            },
            _ => "",
        };
        let space = if unit.is_empty() { "" } else { " " };
        format!("{} {}{space}{unit}", named(node), self.value(node))
    }

    fn value(&self, node: &ConditionNode) -> String {
        let x = node.value(self.a);
        match node {
            ConditionNode::Name(code) => self.symbols.name(*code).to_string(),
            _ if x.is_nan() => "unknown".into(),
            ConditionNode::Attribute(a) if a.is_name() => match self.symbols.name(x) {
                "" => "another".into(),
                name => name.to_string(),
            },
            _ => figure(x),
        }
    }
}

fn named(node: &ConditionNode) -> String {
    match node {
        ConditionNode::Attribute(attribute) => label(*attribute).to_string(),
        ConditionNode::Arithmetic(how, left, right) => {
            let word = match how {
                ArithmeticOperator::Add => "plus",
                ArithmeticOperator::Subtract => "minus",
                ArithmeticOperator::Multiply => "times",
                ArithmeticOperator::Divide => "over",
            };
            format!("{} {word} {}", named(left), named(right))
        }
        ConditionNode::Number(x) => figure(*x),
        _ => "its value".into(),
    }
}

/// A number as people write it, with marks between thousands and three decimals at most.
pub(super) fn figure(x: f64) -> String {
    if x.abs() >= 1e12 {
        return format!("{x:e}");
    }
    let rounded = (x * 1000.0).round() / 1000.0;
    let text = rounded.abs().to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let mut marked = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            marked.push(',');
        }
        marked.push(digit);
    }
    let sign = if rounded < 0.0 { "-" } else { "" };
    let dot = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{marked}{dot}{decimals}")
}

/// An attribute as a sentence names it.
fn label(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::Chip => "the chip",
        Attribute::Vendor => "the vendor",
        Attribute::HqCountry => "the vendor's home",
        Attribute::Tpp => "TPP",
        Attribute::DieAreaMm2 => "die area",
        Attribute::PerformanceDensity => "performance density",
        Attribute::InterconnectGbps => "interconnect",
        Attribute::HostLinkGbps => "host link",
        Attribute::MemBandwidthTbs => "memory bandwidth",
        Attribute::MemCapacityGb => "memory capacity",
        Attribute::ProcessNodeNm => "process node",
        Attribute::Destination => "the destination",
        Attribute::Headquarters => "the buyer's headquarters",
        Attribute::DestinationTier => "the destination's tier",
        Attribute::Buyer => "the buyer",
        Attribute::ListedOwnershipShare => "the share that listed parties own",
        Attribute::FabNodeNm => "the fab's node",
        Attribute::HbmBandwidthDensity => "bandwidth density of the stack",
        Attribute::Model => "the model",
        Attribute::TrainingFlop => "training compute",
        other => other.words(),
    }
}

/// A unit as a sentence writes it; none for totals that have their own names.
fn unit(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::Tpp | Attribute::PerformanceDensity | Attribute::DestinationTier => "",
        other if other.is_name() || other.is_truth() => "",
        other => match other.unit() {
            "mm2" => "mm²",
            "fraction" => "",
            unit => unit,
        },
    }
}

fn truth_in_words(attribute: Attribute, holds: bool) -> String {
    let words = attribute.words();
    if holds {
        return words.to_string();
    }
    let inside = [
        ("destination in", "destination not in"),
        ("destination ", "destination not "),
        ("buyer's headquarters in", "buyer's headquarters not in"),
        ("the buyer is", "the buyer is not"),
    ];
    for (yes, no) in inside {
        if let Some(rest) = words.strip_prefix(yes) {
            return format!("{no}{rest}");
        }
    }
    format!("not {words}")
}

#[cfg(test)]
mod tests {
    use super::super::expression::{ConditionScope, Expression};
    use super::super::instrument::Instrument;
    use super::*;

    fn said(text: &str, values: &[(Attribute, f64)]) -> String {
        let mut symbols = Symbols::default();
        let mut a = Attributes::default();
        for (attribute, x) in values {
            a.set(*attribute, *x);
        }
        let china = symbols.code("CHN");
        a.set(Attribute::Destination, china);
        let scope = ConditionScope {
            instrument: Instrument::ChipThreshold,
            rule: &|_| None,
            rules: &Vec::new,
            not_among: &|_, _| None,
        };
        let read = Expression::read(text).unwrap();
        let condition = Condition::compile(&read, &mut symbols, &scope).unwrap();
        phrases(&condition, &a, &symbols)
    }

    #[test]
    fn the_comparison_that_decides_is_said_with_its_value() {
        use Attribute as A;
        let line = "(tpp >= 4800 || (tpp >= 1600 && performance_density >= 5.92)) && !(!datacenter_marketed && tpp < 4800)";
        let links = "tpp >= 4800 && interconnect_gbps + host_link_gbps >= 600";
        for (text, values, words) in [
            (
                "tpp >= 4800",
                vec![(A::Tpp, 15832.0)],
                "TPP 15,832 is 4,800 or more",
            ),
            (
                "4800 <= tpp",
                vec![(A::Tpp, 15832.0)],
                "TPP 15,832 is 4,800 or more",
            ),
            (
                "tpp >= 4800",
                vec![(A::Tpp, 1912.0)],
                "TPP 1,912 is below 4,800",
            ),
            (
                "!(tpp < 4800)",
                vec![(A::Tpp, 4800.0)],
                "TPP 4,800 is 4,800 or more",
            ),
            (
                "tpp > 4800",
                vec![(A::Tpp, 4800.0)],
                "TPP 4,800 is 4,800 or less",
            ),
            (
                line,
                vec![
                    (A::Tpp, 1912.0),
                    (A::PerformanceDensity, 3.1396),
                    (A::DatacenterMarketed, 1.0),
                ],
                "TPP 1,912 is below 4,800, and performance density 3.14 is below 5.92",
            ),
            (
                links,
                vec![
                    (A::Tpp, 4992.0),
                    (A::InterconnectGbps, 400.0),
                    (A::HostLinkGbps, 64.0),
                ],
                "interconnect plus host link 464 GB/s is below 600",
            ),
            (
                "mem_bandwidth_tbs < 6.5",
                vec![(A::MemBandwidthTbs, 4.8)],
                "memory bandwidth 4.8 TB/s is below 6.5",
            ),
            (
                "datacenter_marketed",
                vec![(A::DatacenterMarketed, 0.0)],
                "not designed or marketed for data centres",
            ),
            (
                "datacenter_marketed == true",
                vec![(A::DatacenterMarketed, 1.0)],
                "designed or marketed for data centres",
            ),
            (
                "destination_d5",
                vec![(A::DestinationD5, 0.0)],
                "destination not in country group D:5",
            ),
            ("destination == 'CHN'", vec![], "the destination is CHN"),
            (
                "destination == 'MAC'",
                vec![],
                "the destination CHN is not MAC",
            ),
            (
                "destination in ['CHN', 'MAC']",
                vec![],
                "the destination CHN is one of CHN, MAC",
            ),
            (
                "tpp >= 1600 && performance_density >= 5.92",
                vec![(A::Tpp, 2000.0)],
                "die area is not known",
            ),
            ("true", vec![], ""),
        ] {
            assert_eq!(said(text, &values), words, "{text}");
        }
    }

    #[test]
    fn a_rule_is_named_by_its_classification_where_its_id_holds_one() {
        for (id, name) in [
            ("us-2023-10-3a090a", "3A090.a"),
            ("us-2022-10-3a090", "3A090"),
            ("us-2025-01-4e091", "4E091"),
            ("my-rule", "my-rule"),
            ("us-2026-01-h200", "us-2026-01-h200"),
        ] {
            assert_eq!(short_name(id), name);
        }
    }

    #[test]
    fn figures_have_marks_between_thousands() {
        for (x, text) in [
            (0.0, "0"),
            (999.0, "999"),
            (1000.0, "1,000"),
            (15832.4, "15,832.4"),
            (1_234_567.0, "1,234,567"),
            (5.91649, "5.916"),
            (-2400.0, "-2,400"),
            (1e26, "1e26"),
        ] {
            assert_eq!(figure(x), text);
        }
    }
}
