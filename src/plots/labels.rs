//! Names for readers in place of ids and general words.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::theme::{Colour, SERIES, capitalised};
use crate::results::{ArmInfo, Results};

/// The baseline's name for readers.
pub fn baseline_label(results: &Results) -> &str {
    arm_label(results, &results.manifest.study.baseline)
}

/// The name of an arm for readers.
pub fn arm_label<'a>(results: &'a Results, arm: &'a str) -> &'a str {
    let arms = &results.manifest.study.arms;
    arms.iter()
        .find(|a| a.name == arm)
        .map_or(arm, ArmInfo::label)
}

/// The colour of an arm, the same in every figure.
pub fn arm_colour(results: &Results, arm: &str) -> Colour {
    let arms = &results.manifest.study.arms;
    let at = arms.iter().position(|a| a.name == arm).unwrap_or(0);
    SERIES[at % SERIES.len()]
}

/// A text with the nations of the study in place of "the target" and "the issuer".
pub fn named(results: &Results, text: &str) -> String {
    let study = &results.manifest.study;
    // Some names of outcomes begin without the article.
    let bare = text.starts_with("issuer's") || text.starts_with("target's");
    let mut out = if bare {
        format!("the {text}")
    } else {
        text.to_string()
    };
    for (word, name) in [
        ("target", &study.target_name),
        ("issuer", &study.issuer_name),
    ] {
        if name.is_empty() {
            continue;
        }
        let name = with_article(name);
        let capital = capitalised(&name);
        let of_it = |name: &str| format!("{name}{}", if name.ends_with('s') { "'" } else { "'s" });
        out = out
            .replace(&format!("the {word}'s"), &of_it(&name))
            .replace(&format!("The {word}'s"), &of_it(&capital))
            .replace(&format!("the {word}"), &name)
            .replace(&format!("The {word}"), &capital);
    }
    out
}

/// A nation's name within a sentence.
pub fn with_article(name: &str) -> String {
    if name.starts_with("United") || name.ends_with("Kingdom") || name.ends_with('s') {
        format!("the {name}")
    } else {
        name.to_string()
    }
}

/// What each parameter asks, in words that stand without their neighbours.
const QUESTIONS: &str = include_str!("../../assets/questions.csv");

/// What a parameter asks, in words that hold for any study.
pub fn asked(parameter: &str) -> Option<&'static str> {
    static ASKED: OnceLock<BTreeMap<&str, &str>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| {
        let rows = QUESTIONS.lines().filter_map(|line| line.split_once(','));
        rows.map(|(id, text)| (id, text.trim_matches('"')))
            .collect()
    });
    asked.get(parameter).copied()
}

/// A parameter as a question, with the nations of the study; its description where it has none.
pub fn question(results: &Results, parameter: &str) -> String {
    let text = asked(parameter).map_or_else(
        || super::parameter_words(results, parameter).0,
        str::to_string,
    );
    named(results, text.trim_end_matches('.'))
}

/// Words of series that are written otherwise in prose.
const WORDS: [(&str, &str); 12] = [
    ("amd", "AMD"),
    ("china", "China"),
    ("dc", "data centre"),
    ("eci", "capability index"),
    ("h20", "H20"),
    ("h100e", "H100e"),
    ("huawei", "Huawei"),
    ("nvidia", "NVIDIA"),
    ("rd", "research and development"),
    ("smic", "SMIC"),
    ("tpu", "TPU"),
    ("us", "US"),
];

/// The name of a recorded series for readers, its entity behind it.
pub fn series_label(series: &str, entity: &str) -> String {
    let word = |word: &str| {
        let known = WORDS.iter().find(|(id, _)| *id == word);
        known.map_or(word.to_string(), |(_, written)| (*written).to_string())
    };
    let words: Vec<String> = series.split('_').map(word).collect();
    let words = words.join(" ");
    match entity.trim_matches(['*', ':', ' ']) {
        "" => words,
        entity => format!("{words}: {entity}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::parameters::Parameters;

    #[test]
    fn every_parameter_asks_a_question_that_a_figure_has_room_for() {
        let results = Results::default();
        for (_, id) in Parameters::NAMES {
            let text = question(&results, id);
            assert!(text.ends_with('?') && text.len() < 100, "{id}: {text}");
        }
        let rows = QUESTIONS.lines().skip(2);
        for id in rows.filter_map(|line| Some(line.split_once(',')?.0)) {
            let known = Parameters::NAMES.iter().any(|(_, name)| *name == id);
            assert!(known, "{id} is no parameter");
        }
    }

    #[test]
    fn a_series_is_named_in_words() {
        assert_eq!(
            series_label("nvidia_dc_revenue_quarter", "*"),
            "NVIDIA data centre revenue quarter"
        );
        assert_eq!(
            series_label("eci_frontier", "US"),
            "capability index frontier: US"
        );
    }

    #[test]
    fn nations_stand_for_the_general_words() {
        let mut results = Results::default();
        results.manifest.study.target_name = "China".into();
        results.manifest.study.issuer_name = "United States".into();
        assert_eq!(
            named(
                &results,
                "The issuer's best less the target's, in the target"
            ),
            "The United States' best less China's, in China"
        );
    }
}
