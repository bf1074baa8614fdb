//! A question as the page and its address hold it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::config::diagnostics::{Diagnostic, Problems, nearest};

/// Futures of a question, at most.
pub const MOST_FUTURES: u32 = 1000;
/// Arms of a question, at most.
pub const MOST_ARMS: usize = 12;
/// Changes of rules, and rules of one's own, at most.
pub const MOST_RULES: usize = 100;
/// Whole numbers that every page and every program reads alike.
const MOST_SEED: u64 = (1 << 53) - 1;

/// What is asked: arms and their changes, parameters, responses, months and futures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplorerQuestion {
    /// The study that supplies the months, the futures and the figures.
    pub study: String,
    pub baseline: String,
    /// Regimes, or arms of the study.
    pub arms: Vec<String>,
    #[serde(default)]
    pub rules: Vec<RuleEdit>,
    #[serde(default)]
    pub own_rules: Vec<OwnRule>,
    /// Values that are the same in every future.
    #[serde(default)]
    pub parameters: BTreeMap<String, f64>,
    /// Responses that are off in every arm.
    #[serde(default)]
    pub off: Vec<String>,
    /// The last month.
    pub end: String,
    pub futures: u32,
    pub seed: u64,
}

/// A change of a shipped rule in one arm; what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleEdit {
    pub arm: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_force: Option<String>,
    /// A day, or `never`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapses: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<String, f64>,
}

/// A rule of one's own in one arm, made from the template of an instrument.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnRule {
    pub arm: String,
    /// The name of an instrument.
    pub template: String,
    pub name: String,
    pub announced: String,
    pub in_force: String,
    #[serde(default)]
    pub numbers: BTreeMap<String, f64>,
    /// Nations by their codes; the template's own where there is none.
    #[serde(default)]
    pub destinations: Vec<String>,
}

/// What is wrong with a question, and at which of its fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionProblem {
    pub message: String,
    pub field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// Why a question is refused.
pub type RefusedQuestion = Vec<QuestionProblem>;

impl QuestionProblem {
    pub fn at(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            field: field.into(),
            help: None,
        }
    }

    /// For a word that none of the candidates is.
    pub fn word(field: impl Into<String>, found: &str, expected: &str, known: &[&str]) -> Self {
        let help = nearest(found, known).map(|near| format!("did you mean `{near}`?"));
        Self {
            help,
            ..Self::at(field, format!("found `{found}`, expected {expected}"))
        }
    }

    /// An error in the text that a question became, at the field that the text came from.
    fn of(problem: &Diagnostic, field: impl Fn(&Diagnostic) -> String) -> Self {
        Self {
            message: problem.message.clone(),
            field: field(problem),
            help: Some(problem.help.clone()).filter(|help| !help.is_empty()),
        }
    }

    pub fn all(problems: &Problems, field: impl Fn(&Diagnostic) -> String) -> Vec<Self> {
        let problems = problems.0.iter().take(20);
        problems.map(|one| Self::of(one, &field)).collect()
    }
}

impl ExplorerQuestion {
    /// The part of the address after `#`.
    pub fn link(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The question of an address, or of its part after `#`.
    ///
    /// # Errors
    /// In words, when it holds no question.
    pub fn of_link(link: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected an address of the explorer, or the part of one after `#`";
        let text = link.trim();
        let text = text.rsplit_once('#').map_or(text, |(_, after)| after);
        let shown: String = text.chars().take(40).collect();
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .map_err(|_| format!("found `{shown}`, {EXPECTED}"))?;
        serde_json::from_slice(&bytes).map_err(|e| format!("{e}: {EXPECTED}"))
    }

    /// What is wrong before anything is read: how much is asked.
    pub fn limits(&self) -> Vec<QuestionProblem> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, message: String| {
            problems.push(QuestionProblem::at(field, message));
        };
        if !(1..=MOST_FUTURES).contains(&self.futures) {
            let found = self.futures;
            wrong(
                "futures",
                format!("found {found}, expected 1 to {MOST_FUTURES} futures"),
            );
        }
        if self.arms.is_empty() || self.arms.len() > MOST_ARMS {
            let found = self.arms.len();
            wrong(
                "arms",
                format!("found {found} arms beside the baseline, expected 1 to {MOST_ARMS}"),
            );
        }
        if let Some(at) = (0..self.arms.len()).find(|at| self.arms[..*at].contains(&self.arms[*at]))
        {
            wrong(
                "arms",
                format!("the arm `{}` is there twice", self.arms[at]),
            );
        }
        for (field, found) in [
            ("rules", self.rules.len()),
            ("own_rules", self.own_rules.len()),
        ] {
            if found > MOST_RULES {
                wrong(
                    field,
                    format!("found {found}, expected {MOST_RULES} at most"),
                );
            }
        }
        if self.seed > MOST_SEED {
            wrong(
                "seed",
                format!("found {}, expected {MOST_SEED} at most", self.seed),
            );
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_holds_no_question_is_an_error_that_says_what_is_expected() {
        for wrong in [
            "",
            "not a link",
            "http://127.0.0.1:1/abc/#!!",
            "e30",
            "bnVsbA",
        ] {
            let why = ExplorerQuestion::of_link(wrong).unwrap_err();
            assert!(why.contains("expected an address of the explorer"), "{why}");
        }
    }

    #[test]
    fn an_address_and_its_part_after_the_hash_hold_the_same_question() {
        let question = ExplorerQuestion {
            study: "s3-h20".into(),
            parameters: BTreeMap::from([("choice_slope".into(), 0.1 + 0.2)]),
            ..ExplorerQuestion::default()
        };
        let link = question.link();
        let address = format!("http://127.0.0.1:7777/00ff/#{link}");
        assert_eq!(ExplorerQuestion::of_link(&link).unwrap(), question);
        assert_eq!(ExplorerQuestion::of_link(&address).unwrap(), question);
    }
}
