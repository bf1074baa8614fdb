//! Names for readers in place of ids and general words.

use super::theme::{Colour, SERIES};
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
        let mut begun = name.chars();
        let capital: String = begun
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(begun)
            .collect();
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

#[cfg(test)]
mod tests {
    use super::*;

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
