//! Rules, regimes and conditions: every key acts or is refused, every name is resolved, dates stand in order, conditions have
//! a type and bounds.

use std::time::{Duration, Instant};

use chokepoint::config::diagnostics::Problems;
use chokepoint::config::regimes::regime_from;
use chokepoint::config::source::{Configs, Source};
use chokepoint::config::study::{self, overridden};
use chokepoint::controls::{
    Attribute, Attributes, Condition, ConditionScope, Expression, Instrument, Symbols, ThreeValued,
};
use chokepoint::study::Library;
use proptest::prelude::*;
use rstest::rstest;

use crate::library;

const RULE: &str = r#"title = "made up for a test"
issuer = "USA"
citation = "made up for a test"
source = "made up for a test"
url = ""
status = "hypothetical"
[[rule]]
id = "mine"
instrument = "chip_threshold"
description = "test"
announced = 2026-03-01
compliance = 2026-07-01
enforced = true
confidence = "low"
condition = "tpp >= 2400"
licence = "denied"
dates_source = "made up for a test"
applies_to = { origin = "us", destinations = ["CHN"] }
"#;

const LEVY: [(&str, &str); 2] = [
    ("\"chip_threshold\"", "\"levy\""),
    ("\"denied\"", "\"levied\""),
];

fn own(text: String) -> Source {
    Source {
        name: "mine.toml".into(),
        text,
    }
}

fn with(sources: &[Source]) -> Result<Library, Problems> {
    Library::read(Configs::embedded(), sources)
}

fn changed(changes: &[(&str, &str)]) -> Source {
    let mut text = RULE.to_string();
    for (from, to) in changes {
        assert!(text.contains(from), "no `{from}` in\n{text}");
        text = text.replacen(from, to, 1);
    }
    own(text)
}

/// The first problem stands at this text of the file and says these words.
#[track_caller]
fn says(problems: &Problems, source: &Source, at: &str, words: &[&str]) {
    let first = problems.0.first().unwrap();
    let said = format!("{} {}", first.message, first.help);
    for word in words {
        assert!(said.contains(word), "no `{word}` in {said}");
    }
    let offset = source.text.find(at).unwrap();
    let before = &source.text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = offset - before.rfind('\n').map_or(0, |end| end + 1) + 1;
    assert_eq!((first.line, first.column), (line, column), "{said}");
    assert_eq!(first.file, source.name, "{said}");
}

#[track_caller]
fn refused(changes: &[(&str, &str)], at: &str, words: &[&str]) {
    let source = changed(changes);
    match with(std::slice::from_ref(&source)) {
        Ok(_) => panic!("accepted:\n{}", source.text),
        Err(problems) => says(&problems, &source, at, words),
    }
}

#[test]
fn the_rule_that_is_broken_below_is_sound() {
    with(&[changed(&[])]).unwrap();
    let levy = format!("{RULE}numbers = {{ levy_share = 0.15 }}\n");
    let levy = LEVY
        .iter()
        .fold(levy, |text, (from, to)| text.replacen(from, to, 1));
    let library = with(&[own(levy)]).unwrap();
    let at = library.law.find("mine").unwrap();
    assert!((library.law.rules[usize::from(at)].levy_share - 0.15).abs() < 1e-15);
}

#[rstest]
#[case("levy_shrae = 0.15", "levy_shrae", "did you mean `levy_share`?")]
#[case("levy_share = 15", "15", "from 0 to less than 1 (part of the price)")]
#[case("levy_share = 1", "1 }", "from 0 to less than 1")]
#[case("levy_share = -0.1", "-0.1", "from 0 to less than 1")]
#[case("levy_share = nan", "nan", "from 0 to less than 1")]
#[case("levy_share = inf", "inf", "from 0 to less than 1")]
#[case(
    "levy_share = 0.1, tier2_cap_tpp = 1.0",
    "tier2_cap_tpp",
    "holds: `levy_share`"
)]
#[case("", "\"mine\"", "needs the number `levy_share`")]
fn wrong_numbers_of_a_levy_are_refused_with_their_place(
    #[case] numbers: &str,
    #[case] at: &str,
    #[case] words: &str,
) {
    let held = format!(
        "\napplies_to = {{ origin = \"us\", destinations = [\"CHN\"] }}\nnumbers = {{ {numbers} }}"
    );
    let applies = (
        "\napplies_to = { origin = \"us\", destinations = [\"CHN\"] }",
        held.as_str(),
    );
    // The first digits of the file are not those of the number.
    let source = changed(&[LEVY[0], LEVY[1], applies]);
    let problems = with(std::slice::from_ref(&source)).err().unwrap();
    let from = source.text.find("numbers").unwrap();
    let marked = source.text[from..]
        .find(at)
        .map_or(at.to_string(), |start| {
            source.text[from + start..].to_string()
        });
    says(&problems, &source, &marked, &[words]);
}

#[rstest]
#[case(&[], "tpp_min = 4800", "tpp_min", &["`home_volume_share`", "`facts`"])]
#[case(&[("\"chip_threshold\"", "\"country_cap\"")], "tier2_cap_tpp = 1e9", "tier2_cap_tpp", &["never says `capped`"])]
#[case(&[("\"chip_threshold\"", "\"country_cap\""), ("\"denied\"", "\"capped\"")], "", "\"mine\"", &["needs the number `tier2_cap_tpp`"])]
#[case(&[("\"chip_threshold\"", "\"promotion\""), ("\"denied\"", "\"free\""), ("\"tpp >= 2400\"", "\"true\"")], "", "\"mine\"", &["`research_usd_per_year` or `energy_usd_per_year`"])]
#[case(&[("\"chip_threshold\"", "\"promotion\""), ("\"denied\"", "\"free\""), ("\"tpp >= 2400\"", "\"true\"")], "energy_usd_per_year = 1e14", "1e14", &["to 1e13 (USD a year)"])]
fn wrong_numbers_of_other_instruments_are_refused_with_their_place(
    #[case] changes: &[(&str, &str)],
    #[case] numbers: &str,
    #[case] at: &str,
    #[case] words: &[&str],
) {
    let held = format!("description = \"test\"\nnumbers = {{ {numbers} }}");
    let mut all = changes.to_vec();
    all.push(("description = \"test\"", &held));
    refused(&all, at, words);
}

#[test]
fn facts_are_kept_apart_from_numbers_and_may_not_bear_the_name_of_a_number() {
    let fact = (
        "description = \"test\"",
        "description = \"test\"\nfacts = { listed_firms = 13 }",
    );
    let library = with(&[changed(&[fact])]).unwrap();
    let at = library.law.find("mine").unwrap();
    let facts = &library.law.rules[usize::from(at)].facts;
    assert_eq!(*facts, [("listed_firms".to_string(), 13.0)]);
    let hidden = (
        "description = \"test\"",
        "description = \"test\"\nfacts = { levy_share = 0.1 }",
    );
    refused(
        &[hidden],
        "levy_share",
        &["under `numbers` of a rule of instrument `levy`"],
    );
}

#[rstest]
#[case("origin = \"us\"", "origin = \"USB\"", "\"USB\"", &["`us`, `any`, `foreign`"])]
#[case("origin = \"us\"", "origin = \"USAA\"", "\"USAA\"", &["did you mean `USA`?"])]
#[case("description =", "early = [{ vendor = \"NVIDA\", on = 2026-04-01 }]\ndescription =", "\"NVIDA\"", &["did you mean `NVIDIA`?"])]
#[case("tpp >= 2400", "vendor == 'NVIDA'", "'NVIDA'", &["did you mean `NVIDIA`?"])]
#[case("tpp >= 2400", "tpp > 1 && destination == 'CHNA'", "'CHNA'", &["did you mean `CHN`?"])]
#[case("tpp >= 2400", "headquarters in ['CHN', 'MCA']", "'MCA'", &["did you mean `MAC`?"])]
#[case("tpp >= 2400", "hq_country != 'US'", "'US'", &["ISO3"])]
#[case("tpp >= 2400", "'H100 SMX' == chip", "'H100 SMX'", &["did you mean `H100 SXM`?"])]
#[case("tpp >= 2400", "buyer == 'Huawi'", "'Huawi'", &["did you mean `Huawei`?"])]
#[case("[[rule]]", "outside_names = [\"NVIDIA\"]\n[[rule]]", "\"NVIDIA\"", &["no table"])]
#[case("description =", "responds_to = [\"event:deepsek-r1\"]\ndescription =", "\"event:deepsek-r1\"", &["did you mean `event:deepseek-r1`?"])]
#[case("description =", "responds_to = [\"us-2022-10-3a09\"]\ndescription =", "\"us-2022-10-3a09\"", &["did you mean `us-2022-10-3a090`?"])]
#[case("description =", "responds_to = [\"mine\"]\ndescription =", "\"mine\"]", &["responds to itself"])]
#[case("description =", "supersedes = [\"mine\"]\ndescription =", "\"mine\"]", &["itself"])]
#[case("description =", "carves_out = [\"us-2022-10-sme\"]\ndescription =", "\"us-2022-10-sme\"", &["expected a rule on a sale of chips"])]
#[case("destinations = [\"CHN\"]", "destinations = [\"CHN\"], headquarters = [\"A:5\"]", "\"A:5\"", &["the home of buyers"])]
#[case("destinations = [\"CHN\"]", "destinations = []", "\"us\"", &["reaches nobody"])]
#[case("id = \"mine\"", "id = \"tpp\"", "\"tpp\"", &["name of an attribute"])]
#[case("id = \"mine\"", "id = \"us-2022-10-3a090\"", "\"us-2022-10-3a090\"", &["used twice", "2022-10-07-advanced-computing-and-fabs.toml"])]
#[case("id = \"mine\"", "id = \"us-2022_10-3a090\"", "\"us-2022_10-3a090\"", &["same name in conditions"])]
#[case("licence = \"denied\"", "licence = \"levied\"", "\"levied\"", &["`chip_threshold` can say"])]
#[case("status = \"hypothetical\"", "status = \"bill\"", "true", &["enforced = true", "`bill`"])]
fn a_name_that_points_at_nothing_is_refused_with_its_place(
    #[case] from: &str,
    #[case] to: &str,
    #[case] at: &str,
    #[case] words: &[&str],
) {
    refused(&[(from, to)], at, words);
}

#[test]
fn a_name_outside_the_tables_can_be_declared() {
    let named = ("tpp >= 2400", "vendor == 'Micron'");
    refused(&[named], "'Micron'", &["a designer or foundry"]);
    with(&[changed(&[
        named,
        ("[[rule]]", "outside_names = [\"Micron\"]\n[[rule]]"),
    ])])
    .unwrap();
}

#[rstest]
#[case(
    "compliance = 2026-07-01",
    "compliance = 2016-07-01",
    "2016-07-01",
    "before it was announced on 2026-03-01"
)]
#[case(
    "announced = 2026-03-01",
    "announced = 0026-03-01",
    "0026-03-01",
    "a year from 1990 to 2100"
)]
#[case(
    "compliance = 2026-07-01",
    "compliance = 2926-07-01",
    "2926-07-01",
    "a year from 1990 to 2100"
)]
#[case(
    "description =",
    "ended = 2026-06-30\ndescription =",
    "2026-06-30",
    "before it binds"
)]
#[case(
    "description =",
    "ended = 2026-02-28\ndescription =",
    "2026-02-28",
    "before it was announced"
)]
#[case(
    "description =",
    "published = 2026-02-28\ndescription =",
    "2026-02-28",
    "before it was announced"
)]
#[case(
    "description =",
    "published = 2026-08-28\ndescription =",
    "2026-08-28",
    "after it binds"
)]
#[case(
    "description =",
    "leaked = 2026-05-01\npublished = 2026-04-01\ndescription =",
    "2026-05-01",
    "after it was published"
)]
#[case(
    "description =",
    "early = [{ vendor = \"AMD\", on = 2026-01-01 }]\ndescription =",
    "2026-01-01",
    "before it was announced"
)]
#[case(
    "description =",
    "early = [{ vendor = \"AMD\", on = 2026-04-01 }, { vendor = \"NVIDIA\", on = 2026-07-02 }]\ndescription =",
    "2026-07-02",
    "after it binds all others"
)]
#[case(
    "announced = 2026-03-01",
    "announced = \"2026-03-01\"",
    "\"2026-03-01\"",
    "without quotes"
)]
#[case(
    "announced = 2026-03-01",
    "announced = 2026-03-01T10:00:00",
    "2026-03-01T",
    "expected a day"
)]
fn dates_out_of_order_are_refused(
    #[case] from: &str,
    #[case] to: &str,
    #[case] at: &str,
    #[case] words: &str,
) {
    refused(&[(from, to)], at, &[words]);
}

#[test]
fn a_letter_on_record_can_bind_before_it_is_announced_and_no_rule_that_is_made_up() {
    let before = ("compliance = 2026-07-01", "compliance = 2026-02-20");
    let law = ("status = \"hypothetical\"", "status = \"law\"");
    with(&[changed(&[before, law])]).unwrap();
    refused(
        &[before],
        "2026-02-20",
        &["binds on 2026-02-20, before it was announced on 2026-03-01"],
    );
    let early = "compliance = 2026-07-01\nearly = [{ vendor = \"NVIDIA\", on = 2026-02-20 }]";
    refused(
        &[("compliance = 2026-07-01", early)],
        "2026-02-20",
        &["before it was announced on 2026-03-01"],
    );
}

#[test]
fn the_last_exception_says_something_other_than_its_rule() {
    let with_exception = |licence: &str| {
        own(format!(
            "{RULE}[[rule.exception]]\nname = \"small\"\ndescription = \"test\"\ncondition = \"tpp < 4800\"\nlicence = \"{licence}\" # here\n"
        ))
    };
    with(&[with_exception("notify")]).unwrap();
    let same = with_exception("denied");
    let problems = with(std::slice::from_ref(&same)).err().unwrap();
    let words = "found `denied`, which the rule says without the exception `small` too";
    says(&problems, &same, "\"denied\" # here", &[words]);
}

#[test]
fn an_import_ban_is_on_imports_of_its_issuer() {
    let ban = ("\"chip_threshold\"", "\"import_ban\"");
    let issuer = ("issuer = \"USA\"", "issuer = \"CHN\"");
    with(&[changed(&[ban, issuer])]).unwrap();
    refused(
        &[ban],
        "\"CHN\"]",
        &["expected `USA` among the destinations"],
    );
    let except = ("[\"CHN\"] }", "[\"world\"], except = [\"CHN\"] }");
    refused(
        &[ban, issuer, except],
        "\"CHN\"] }",
        &["expected other exceptions"],
    );
}

#[test]
fn a_rescission_ends_earlier_rules_of_its_own_issuer() {
    let of = |ids: &str| format!("\"rescission\"\nsupersedes = [{ids}]");
    let rescission = |ended: &str| {
        let (instrument, free) = (of(ended), ("\"denied\"", "\"free\""));
        let source = changed(&[
            ("\"chip_threshold\"", &instrument),
            ("tpp >= 2400", "true"),
            free,
        ]);
        (with(std::slice::from_ref(&source)), source)
    };
    rescission("\"us-2023-10-3a090a\"").0.unwrap();
    for (ended, words) in [
        ("\"cn-2023-08-gallium\"", "expected a rule of USA"),
        (
            "\"hypothetical-model-access\"",
            "expected a rule announced by 2026-03-01",
        ),
    ] {
        let (read, source) = rescission(ended);
        says(&read.err().unwrap(), &source, ended, &[words]);
    }
}

#[test]
fn a_rule_that_was_never_enforced_can_end_before_it_binds() {
    // Dropped before it bound, and never enforced.
    let dropped = [("enforced = true", "enforced = false\nended = 2026-05-01")];
    with(&[changed(&dropped)]).unwrap();
}

fn condition(instrument: Instrument, text: &str) -> Result<Condition, String> {
    let expression = Expression::read(text).map_err(|e| e.message)?;
    let scope = ConditionScope {
        instrument,
        rule: &|_| None,
        rules: &Vec::new,
        not_among: &|_, _| None,
    };
    Condition::compile(&expression, &mut Symbols::default(), &scope).map_err(|e| {
        assert!(
            e.place.start <= e.place.end && e.place.end <= text.len().max(1),
            "{e:?} in {text}"
        );
        e.message
    })
}

#[rstest]
#[case("tpp", "a number; expected a comparison")]
#[case("vendor", "the name `vendor`; expected a comparison")]
#[case("'NVIDIA'", "expected a comparison")]
#[case("vendor > 3", "cannot be ordered")]
#[case("vendor == 3", "expected a name in quotes")]
#[case("tpp == 'H100'", "expected a number")]
#[case("tpp > true", "expected two numbers")]
#[case("non_planar == 1", "expected true or false")]
#[case("non_planar > false", "expected two numbers")]
#[case("vendor < 'NVIDIA'", "cannot be ordered")]
#[case("vendor == chip", "cannot be compared")]
#[case("'a' == 'a'", "an attribute on one side")]
#[case("tpp && non_planar", "found a number, expected what is true or false")]
#[case("!tpp", "found a number")]
#[case("-non_planar > 1", "expected a number")]
#[case("tpp + vendor > 1", "expected a number")]
#[case("tpp / 0 > 1", "a number to divide by")]
#[case("tpp in []", "an empty list")]
#[case("tpp in [1, 'x']", "expected a number")]
#[case("tpp in tpp", "`in` without a list")]
#[case("[tpp] == [1]", "a list")]
#[case("tpp > 1e999", "invalid double literal")]
#[case("training_flop > 1e26", "no attribute of a sale of chips")]
#[case("fab_node_nm <= 16", "no attribute of a sale of chips")]
#[case("tpp % 2 == 0", "conditions have no")]
#[case("tpp > 1 ? true : false", "conditions have no")]
#[case("[1, 2].exists(x, x > tpp)", "conditions have no")]
#[case("size(chip) > 1", "found the name `chip`")]
#[case("tpp > 1 &&", "not a valid condition")]
#[case("", "not a valid condition")]
fn a_condition_of_the_wrong_type_is_refused(#[case] text: &str, #[case] words: &str) {
    let message = condition(Instrument::ChipThreshold, text).unwrap_err();
    // What a function is called with is looked at first; that there is none is said as well.
    let known = message.contains(words) || message.contains("conditions have no");
    assert!(known, "{text}: {message}");
}

#[rstest]
#[case(
    "listed_ownership_share >= 50",
    "found 50, expected a number from 0 to 1"
)]
#[case("1.5 > listed_ownership_share", "is a fraction")]
#[case(
    "0 - 1 < listed_ownership_share",
    "found -1, expected a number from 0 to 1"
)]
#[case("listed_ownership_share > -0.5", "found -0.5, expected")]
#[case("listed_ownership_share >= 0", "that is always true")]
#[case("1 < listed_ownership_share", "that is always false")]
#[case(
    "destination_tier >= 4",
    "found 4, expected a whole number from 1 to 3: `destination_tier` is the tier of the diffusion rule"
)]
#[case(
    "destination_tier in [2, 3, 4]",
    "found 4, expected a whole number from 1 to 3"
)]
#[case(
    "destination_tier == 0",
    "found 0, expected a whole number from 1 to 3"
)]
#[case("destination_tier == 2.5", "found 2.5, expected a whole number")]
#[case("destination_tier > 3", "`destination_tier` runs from 1 to 3")]
#[case("1 <= destination_tier", "always true")]
#[case("first_ship >= 23", "found 23, expected a number from 1990 to 2101")]
#[case("tpp >= -4800", "found -4800, expected a number of 0 or more")]
#[case(
    "first_ship >= 2023-01",
    "from January 2023 on is `first_ship >= 2023`"
)]
#[case("first_ship < 2023-06-15", "a year with twelfths")]
fn what_an_attribute_can_never_be_is_refused(#[case] text: &str, #[case] words: &str) {
    let message = condition(Instrument::ChipThreshold, text).unwrap_err();
    assert!(message.contains(words), "{text}: {message}");
}

#[test]
fn a_fraction_in_its_range_and_a_year_are_read() {
    condition(Instrument::ChipThreshold, "listed_ownership_share >= 0.5").unwrap();
    condition(Instrument::ChipThreshold, "listed_ownership_share >= 1").unwrap();
    condition(Instrument::ChipThreshold, "first_ship >= 2023.5").unwrap();
    condition(Instrument::ChipThreshold, "destination_tier >= 2").unwrap();
    condition(Instrument::ChipThreshold, "destination_tier in [1, 3]").unwrap();
    condition(Instrument::ChipThreshold, "tpp < 0").unwrap();
}

#[test]
fn conditions_of_other_instruments_ask_about_their_own() {
    condition(
        Instrument::ModelWeights,
        "training_flop >= 1e26 && !open_weights",
    )
    .unwrap();
    condition(Instrument::Equipment, "fab_node_nm <= 16").unwrap();
    condition(Instrument::RemoteAccess, "tpp > 1").unwrap_err();
    condition(Instrument::Promotion, "tpp > 1").unwrap_err();
    condition(Instrument::Promotion, "true").unwrap();
    // Through the condition of another rule as well.
    let text = own(RULE
        .replace("\"chip_threshold\"", "\"remote_access\"")
        .replace("tpp >= 2400", "headquarters_d5 && us_2022_10_3a090"));
    let problems = with(std::slice::from_ref(&text)).err().unwrap();
    says(
        &problems,
        &text,
        "us_2022_10_3a090",
        &["asks about `tpp`", "a lease of compute"],
    );
}

/// Acts of one rule each, with these conditions.
fn chain(count: usize, text: impl Fn(usize) -> String) -> Vec<Source> {
    (0..count)
        .map(|n| Source {
            name: format!("r{n}.toml"),
            text: RULE
                .replace("\"mine\"", &format!("\"r-{n}\""))
                .replace("tpp >= 2400", &text(n)),
        })
        .collect()
}

#[test]
fn rules_that_name_each_other_are_told_as_a_circle_at_once() {
    let begun = Instant::now();
    let all: Vec<String> = (0..40).map(|n| format!("r_{n}")).collect();
    let problems = with(&chain(40, |_| all.join(" || "))).err().unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(problems.0.len(), 1, "{problems}");
    let first = &problems.0[0];
    assert!(
        first.message.contains("in a circle: `r-"),
        "{}",
        first.message
    );
    assert!(first.help.is_empty(), "{}", first.help);
    // Two circles, and a rule that only follows from one.
    let two = chain(5, |n| {
        ["r_1", "r_0", "r_3", "r_2", "r_0 && tpp > 1"][n].to_string()
    });
    let problems = with(&two).err().unwrap();
    let files: Vec<&str> = problems.0.iter().map(|d| d.file.as_str()).collect();
    assert_eq!(files, ["r1.toml", "r3.toml"], "{problems}");
    assert!(
        problems.0[0].message.contains("`r-0` -> `r-1` -> `r-0`"),
        "{problems}"
    );
    assert_eq!((problems.0[0].line, problems.0[0].column), (15, 14));
}

#[test]
fn a_chain_of_400_conditions_is_read_in_any_order_and_answered() {
    let link = |n: usize| match n {
        0 => "tpp >= 2400".to_string(),
        n if n % 2 == 0 => format!("r_{} || tpp > {n}", n - 1),
        n => format!("r_{} && tpp > {n}", n - 1),
    };
    for order in [false, true] {
        let mut sources = chain(400, link);
        if order {
            sources.reverse();
        }
        let library = with(&sources).unwrap();
        let last = library.law.find("r-399").unwrap();
        let mut chip = Attributes::default();
        for (tpp, holds) in [
            (2400.0, ThreeValued::Yes),
            (398.0, ThreeValued::No),
            (399.5, ThreeValued::Yes),
            (1.0, ThreeValued::No),
        ] {
            chip.set(Attribute::Tpp, tpp);
            assert_eq!(
                library.law.rules[usize::from(last)].condition.eval(&chip),
                holds,
                "{tpp}"
            );
        }
    }
}

#[test]
fn a_condition_that_doubles_with_each_rule_is_bounded() {
    let begun = Instant::now();
    let doubled = |n: usize| match n {
        0 => "tpp >= 2400".to_string(),
        n => format!("r_{0} && !r_{0}", n - 1),
    };
    let problems = with(&chain(60, doubled)).err().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(problems.0.len(), 1, "{problems}");
    assert!(
        problems.0[0].message.contains("parts in"),
        "{}",
        problems.0[0].message
    );
}

#[rstest]
#[case("tpp", "+tpp", 20_000, " > 1")]
#[case("tpp", "+tpp", 2_000, " > 1")]
#[case("", "(", 20_000, "tpp > 1")]
#[case("", "(", 2_000, "tpp > 1")]
#[case("", "!", 20_000, "non_planar")]
#[case("", "!", 3_000, "non_planar")]
#[case("", "-", 3_000, "tpp > 1")]
#[case("", "[", 3_000, "tpp")]
#[case("tpp", " in tpp", 2_000, "")]
#[case("true", " ? true : true", 1_000, "")]
#[case("tpp", ".a", 5_000, "")]
#[case("tpp", "[1]", 5_000, "")]
#[case("non_planar", " == non_planar", 1_000, "")]
#[case("", "'", 9_999, "")]
#[case("", "tpp > 1 && ", 100_000, "true")]
fn what_is_too_long_or_too_deep_is_refused(
    #[case] first: &str,
    #[case] again: &str,
    #[case] times: usize,
    #[case] last: &str,
) {
    let text = format!("{first}{}{last}", again.repeat(times));
    // A thread with little stack stands for a machine with little.
    let small = std::thread::Builder::new().stack_size(512 * 1024);
    let compiled = small.spawn(move || condition(Instrument::ChipThreshold, &text).is_err());
    assert!(compiled.unwrap().join().unwrap());
}

#[test]
fn a_condition_of_700_parts_in_a_row_is_accepted() {
    let chips = vec!["chip == 'H100 SXM'"; 700].join(" || ");
    condition(Instrument::ChipThreshold, &chips).unwrap();
    let names = vec!["'H100 SXM'"; 1500].join(", ");
    condition(Instrument::ChipThreshold, &format!("chip in [{names}]")).unwrap();
}

/// Texts of conditions, most of them sound, some of them not.
fn conditions() -> impl Strategy<Value = String> {
    let numbers = prop::sample::select(vec![
        "tpp",
        "die_area_mm2",
        "interconnect_gbps",
        "2.5",
        "4800",
        "0",
        "destination_tier",
    ]);
    let truths = prop::sample::select(vec!["non_planar", "destination_d5", "true", "buyer_listed"]);
    let odd = prop::sample::select(vec![
        "vendor",
        "'NVIDIA'",
        "training_flop",
        "nothing",
        "1e400",
        "\"é\"",
        "[]",
        "",
    ]);
    let arithmetic = numbers
        .prop_map(String::from)
        .prop_recursive(3, 8, 2, |inner| {
            (
                inner.clone(),
                prop::sample::select(vec!["+", "-", "*", "/"]),
                inner,
            )
                .prop_map(|(a, op, b)| format!("({a} {op} {b})"))
        });
    let compared = (
        arithmetic.clone(),
        prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]),
        arithmetic,
    )
        .prop_map(|(a, op, b)| format!("{a} {op} {b}"));
    let leaf = prop_oneof![
        8 => compared,
        3 => truths.prop_map(String::from),
        2 => Just("vendor in ['NVIDIA', 'AMD']".to_string()),
        1 => odd.prop_map(String::from),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("!({a})")),
            (
                inner.clone(),
                prop::sample::select(vec!["&&", "||", "==", "<", "+"]),
                inner
            )
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is compiled has an answer, and the same one after what is known has been written in.
    #[test]
    fn every_condition_is_refused_or_answered(
        text in conditions(),
        values in prop::collection::vec(prop_oneof![Just(f64::NAN), Just(0.0), Just(1.0), Just(4800.0)], Attribute::COUNT),
        all_known in any::<bool>(),
    ) {
        for instrument in Instrument::ALL {
            let Ok(condition) = condition(instrument, &text) else { continue };
            let mut a = Attributes::default();
            for (attribute, value) in Attribute::ALL.iter().zip(&values) {
                let value = if all_known && value.is_nan() { 2.5 } else { *value };
                let truth = attribute.is_truth() && !value.is_nan();
                a.set(*attribute, if truth { f64::from(u8::from(value > 0.0)) } else { value });
            }
            let answer = condition.eval(&a);
            prop_assert_eq!(condition.fold_shipment(&a).eval(&a), answer, "{}", text);
            prop_assert_eq!(condition.fold(&a, |_| false).constant(), Some(answer), "{}", text);
            prop_assert!(!all_known || answer != ThreeValued::Unknown || text.contains('/'), "{}", text);
        }
    }

    #[test]
    fn no_text_makes_the_reader_of_conditions_panic(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "tpp", " ", "(", ")", "[", "]", "{", "}", "'", "\"", "\\", "&&", "||", "!", "==", ">", "<=", "+", "-", "*", "/",
            "%", "?", ":", ",", ".", "in", "1", "0x", "1e9", "u", "r'", "b\"", "\n", "\u{e9}", "\u{1f600}", "\0", "//",
            "has(", "exists(", "true", "null", "vendor", "`", "_", "\u{202e}",
        ]), 0..60),
    ) {
        let _ = condition(Instrument::ChipThreshold, &pieces.concat());
    }
}

#[test]
fn between_a_fifth_and_nine_tenths_of_random_conditions_are_sound() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let sound = (0..500)
        .filter(|_| {
            let text = conditions().new_tree(&mut runner).unwrap().current();
            condition(Instrument::ChipThreshold, &text).is_ok()
        })
        .count();
    assert!((100..=450).contains(&sound), "{sound} of 500");
}

#[test]
fn every_shipped_act_stands_in_its_own_place_when_it_is_checked_alone() {
    let mut files = 0;
    for path in library().configs.list("rules", ".toml") {
        let text = library().configs.read(&path).unwrap().text;
        for name in [
            format!("configs/{path}"),
            format!("/x/y/{path}"),
            "copy.toml".to_string(),
        ] {
            let alone = with(&[Source {
                name,
                text: text.clone(),
            }])
            .unwrap_or_else(|e| panic!("{path}: {e}"));
            alone
                .check_cases()
                .unwrap_or_else(|e| panic!("{path}: {e}"));
            let ids =
                |l: &Library| -> Vec<String> { l.law.rules.iter().map(|r| r.id.clone()).collect() };
            assert_eq!(ids(&alone), ids(library()), "{path}");
        }
        files += 1;
    }
    assert!(files >= 48, "{files} files");
    // What stands in the place of a shipped act is what is read.
    let path = "rules/us/2025-08-08-h20-revenue-share.toml";
    let text = library()
        .configs
        .read(path)
        .unwrap()
        .text
        .replace("levy_share = 0.15", "levy_share = 0.2");
    let changed = with(&[Source {
        name: format!("configs/{path}"),
        text,
    }])
    .unwrap();
    let at = usize::from(changed.law.find("us-2025-08-h20-share").unwrap());
    assert!((changed.law.rules[at].levy_share - 0.2).abs() < 1e-15);
}

#[rstest]
#[case(
    "chip = \"H20 96GB\"\nmet = true",
    "chip = \"H20 98GB\"\nmet = true",
    "\"H20 98GB\"",
    "did you mean `H20 96GB`?"
)]
#[case(
    "chip = \"H20 96GB\"\nmet = true",
    "chip = \"H20 96GB\"\nmet = false",
    "false\noutcome = \"denied\"",
    "is met by `H20 96GB`"
)]
#[case(
    "chip = \"L20\"\nmet = false",
    "chip = \"L20\"\nmet = true",
    "true\nsource",
    "is not met by `L20`"
)]
#[case(
    "met = true\noutcome = \"denied\"",
    "met = true\noutcome = \"free\"",
    "\"free\"",
    "says `denied`"
)]
#[case(
    "chip = \"L20\"\nmet = false",
    "chip = \"L20\"\nmet = false\noutcome = \"free\"",
    "\"free\"",
    "says nothing"
)]
fn a_case_with_another_answer_than_the_rule_gives_is_refused(
    #[case] from: &str,
    #[case] to: &str,
    #[case] at: &str,
    #[case] words: &str,
) {
    let path = "rules/us/2025-04-15-h20-letters.toml";
    let source = library().configs.read(path).unwrap();
    assert!(source.text.contains(from), "no `{from}`");
    let source = Source {
        name: format!("configs/{path}"),
        text: source.text.replacen(from, to, 1),
    };
    let problems = with(std::slice::from_ref(&source))
        .unwrap()
        .check_cases()
        .unwrap_err();
    let at = if source.text.contains(at) {
        at
    } else {
        &to[to.rfind("met = ").unwrap() + 6..]
    };
    says(&problems, &source, at, &[words]);
}

#[test]
fn every_case_of_a_shipped_rule_holds() {
    library().check_cases().unwrap_or_else(|e| panic!("{e}"));
    assert!(library().cases.len() >= 38);
}

const REGIME: &str = "name = \"mine\"\ndescription = \"test\"\n";

#[rstest]
#[case("issuers = [\"USA\"]", "\"USA\"", "expected `select = \"enforced\"`")]
#[case("as_of = 2025-01-01", "2025-01-01", "expected `select = \"enforced\"`")]
#[case(
    "exclude = [\"us-2022-10-3a090\"]",
    "\"us-2022-10-3a090\"",
    "expected `select = \"enforced\"`"
)]
#[case(
    "select = \"enforced\"\nissuers = [\"USB\"]",
    "\"USB\"",
    "did you mean `USA`?"
)]
#[case(
    "select = \"enforced\"\nissuers = [\"KOR\"]",
    "\"KOR\"",
    "an issuer of rules: CHN, JPN, NLD, USA"
)]
#[case(
    "select = \"enforced\"\nas_of = 0025-01-01",
    "0025-01-01",
    "1990 to 2100"
)]
#[case(
    "select = \"enforced\"\nas_of = 1999-01-01",
    "select",
    "selects no rule"
)]
#[case("select = \"enforced\"\nissuers = []", "select", "selects no rule")]
#[case(
    "select = \"enforced\"\nexclude = [\"bill-match\"]",
    "\"bill-match\"",
    "a rule that is selected"
)]
#[case(
    "select = \"enforced\"\ninclude = [\"us-2022-10-sme\"]",
    "\"us-2022-10-sme\"",
    "in this regime already"
)]
#[case(
    "include = [\"us-2022-10-sme\", \"us-2022-10-sme\"]",
    "\"us-2022-10-sme\"]",
    "in this regime already"
)]
#[case(
    "include = [\"us-2022-10-sm\"]",
    "\"us-2022-10-sm\"",
    "did you mean `us-2022-10-sme`?"
)]
#[case(
    "change = [{ rule = \"us-2022-10-sme\", ended = \"never\" }]",
    "\"us-2022-10-sme\"",
    "selects or includes"
)]
#[case(
    "include = [\"us-2022-10-sme\"]\nchange = [{ rule = \"us-2022-10-sme\" }]",
    "\"us-2022-10-sme\" }",
    "says nothing"
)]
#[case(
    "include = [\"us-2022-10-sme\"]\nchange = [{ rule = \"us-2022-10-sme\", enforced = true }]",
    "true",
    "every rule that is held here is in force"
)]
#[case(
    "include = [\"us-2022-10-sme\"]\nchange = [{ rule = \"us-2022-10-sme\", enforced = false, ended = \"never\" }]",
    "false",
    "taken out"
)]
#[case(
    "include = [\"us-2022-10-sme\"]\nchange = [{ rule = \"us-2022-10-sme\", ended = 2024-01-01 }, { rule = \"us-2022-10-sme\", ended = 2025-01-01 }]",
    "\"us-2022-10-sme\", ended = 2025",
    "a second change"
)]
#[case(
    "include = [\"us-2022-10-sme\"]\nchange = [{ rule = \"us-2022-10-sme\", compliance = 2012-10-07 }]",
    "\"us-2022-10-sme\", comp",
    "before it was announced"
)]
#[case(
    "include = [\"us-2022-10-3a090\"]\nchange = [{ rule = \"us-2022-10-3a090\", ended = 2023-11-16 }]",
    "\"us-2022-10-3a090\", end",
    "expected other days"
)]
#[case(
    "include = [\"us-2023-10-3a090a\"]\nchange = [{ rule = \"us-2023-10-3a090a\", ended = \"never\", early = \"none\" }]",
    "\"us-2023-10-3a090a\", end",
    "says what it has without it"
)]
#[case(
    "include = [\"us-2022-10-3a090\"]\nchange = [{ rule = \"us-2022-10-3a090\", announced = 2022-10-30 }]",
    "\"us-2022-10-3a090\", ann",
    "binds on 2022-10-21, before it was announced on 2022-10-30"
)]
#[case(
    "include = [\"us-2022-10-sme\"]\nchange = [{ rule = \"us-2022-10-sme\", ended = 2022-09-30 }]",
    "\"us-2022-10-sme\", ended",
    "before it binds"
)]
#[case(
    "include = [\"us-2022-10-3a090\"]\nchange = [{ rule = \"us-2022-10-3a090\", compliance = 2022-10-01 }]",
    "\"us-2022-10-3a090\", comp",
    "early = \"none\""
)]
#[case(
    "include = [\"us-2022-10-3a090\"]\nchange = [{ rule = \"us-2022-10-3a090\", announced = 2202-10-01, compliance = 2203-01-01 }]",
    "\"us-2022-10-3a090\", ann",
    "1990 to 2100"
)]
fn a_statement_in_a_regime_that_does_nothing_is_refused(
    #[case] lines: &str,
    #[case] at: &str,
    #[case] words: &str,
) {
    let source = own(format!("{REGIME}{lines}\n"));
    match regime_from(&source, &library().law) {
        Ok(_) => panic!("accepted:\n{lines}"),
        Err(problems) => says(&problems, &source, at, &[words]),
    }
}

#[rstest]
#[case(
    "administrations = [\"2029-01\", \"2025-01\"]",
    "\"2025-01\"",
    "expected a later month"
)]
#[case(
    "administrations = [\"2029-01\", \"2029-01\"]",
    "\"2029-01\"]",
    "expected a later month"
)]
#[case("administrations = [\"2129-01\"]", "\"2129-01\"", "1990 to 2100")]
#[case(
    "administrations = [\"2021-10\", \"2025-01\"]",
    "\"2021-10\"",
    "expected a month from 2021-11 on"
)]
fn administrations_out_of_order_are_refused(
    #[case] line: &str,
    #[case] at: &str,
    #[case] words: &str,
) {
    let source = own(format!(
        "{REGIME}[process]\nkind = \"reactive\"\nfrom = \"2022-10\"\nstart = \"open\"\n{line}\n\
         [[process.ladder]]\nname = \"open\"\nrules = []\n[[process.ladder]]\nname = \"line\"\nrules = [\"us-2022-10-3a090\"]\n"
    ));
    let problems = regime_from(&source, &library().law).unwrap_err();
    says(&problems, &source, at, &[words]);
}

/// A ladder from 2026-11 in a regime with every enforced rule of the United States.
fn ladder(fields: &str, rungs: &[(&str, &str)]) -> Source {
    let mut text = format!(
        "{REGIME}select = \"enforced\"\nissuers = [\"USA\"]\n{fields}\n[process]\nkind = \"stochastic\"\nfrom = \"2026-11\"\nstart = \"open\"\n"
    );
    for (name, rules) in rungs {
        text += &format!("[[process.ladder]]\nname = \"{name}\"\nrules = [{rules}]\n");
    }
    own(text)
}

#[rstest]
#[case::same_rules(
    &[("open", ""), ("ban", "\"hypothetical-embargo\""), ("other", "\"hypothetical-embargo\"")],
    "\"other\"",
    "has the rules of `ban`"
)]
#[case::superseded_by_a_rule_that_stays(
    &[("open", ""), ("tiers", "\"us-2025-01-diffusion-chips\"")],
    "\"us-2025-01-diffusion-chips\"",
    "never in force on the rung `tiers`, where `us-2025-05-rescission` supersedes it"
)]
#[case::superseded_on_its_rung(
    &[("open", ""), ("line", "\"us-2022-10-3a090\", \"us-2023-10-3a090a\"")],
    "\"us-2022-10-3a090\"",
    "where `us-2023-10-3a090a` supersedes it"
)]
#[case::ends_nothing(
    &[("open", ""), ("ends", "\"us-2025-05-rescission\"")],
    "\"us-2025-05-rescission\"",
    "ends no rule on the rung `ends`"
)]
#[case::on_every_rung(
    &[("open", "\"us-2023-10-3a090a\""), ("line", "\"us-2023-10-3a090a\", \"us-2025-04-h20\"")],
    "\"us-2023-10-3a090a\"",
    "no step moves it"
)]
fn a_rung_that_changes_nothing_is_refused_where_it_stands(
    #[case] rungs: &[(&str, &str)],
    #[case] at: &str,
    #[case] words: &str,
) {
    let source = ladder("", rungs);
    let problems = regime_from(&source, &library().law).unwrap_err();
    says(&problems, &source, at, &[words]);
}

#[test]
fn a_rule_that_a_process_leaves_out_is_not_excluded_or_added() {
    let early = |lines: &str| {
        let source = ladder(lines, &[("open", ""), ("line", "\"hypothetical-embargo\"")]);
        own(source.text.replace("2026-11", "2022-09"))
    };
    for (lines, at, words) in [
        (
            "exclude = [\"us-2023-10-3a090a\"]",
            "\"us-2023-10-3a090a\"",
            "is left out without it",
        ),
        (
            "include = [\"hypothetical-embargo\"]",
            "\"hypothetical-embargo\"",
            "is on a rung and would be announced after",
        ),
    ] {
        let source = early(lines);
        let problems = regime_from(&source, &library().law).unwrap_err();
        says(&problems, &source, at, &[words]);
    }
    regime_from(&early(""), &library().law).unwrap();
}

/// An arm made from a regime with these fields is refused with these words.
fn an_arm_is_refused(from: &str, fields: &str, words: &str) {
    let configs = &library().configs;
    let source = configs.find("did-controls-work", "studies").unwrap();
    let arms = format!(
        "[\"none\", {{ name = \"mine\", from = \"{from}\", description = \"test\", {fields} }}]"
    );
    let fields = [
        ("arms".to_string(), arms),
        ("baseline".to_string(), "\"none\"".to_string()),
    ];
    let study = study::read(&overridden(&source, &fields).unwrap(), configs).unwrap();
    let problems = library().arms(&study).unwrap_err();
    assert!(problems.0[0].message.contains(words), "{problems}");
}

#[rstest]
#[case("add = [\"us-2022-10-3a090\"]", "does not hold already")]
#[case(
    "add = [\"us-2022-10-sme\", \"us-2022-10-sme\"]",
    "does not hold already"
)]
#[case(
    "change = [{ rule = \"us-2022-10-3a090\", ended = 2024-01-01 }, { rule = \"us-2022-10-3a090\", ended = 2025-01-01 }]",
    "a second change"
)]
#[case(
    "add = [\"us-2022-10-sme\"], change = [{ rule = \"us-2022-10-sme\", compliance = 2012-10-07 }]",
    "before it was announced"
)]
#[case(
    "change = [{ rule = \"us-2022-10-3a090\", announced = 2022-10-30 }]",
    "binds on 2022-10-21, before it was announced on 2022-10-30"
)]
#[case(
    "change = [{ rule = \"us-2022-10-3a090\", ended = 2022-10-01 }]",
    "before it binds"
)]
#[case(
    "change = [{ rule = \"us-2022-10-3a090\", enforced = true }]",
    "every rule that is held here is in force"
)]
#[case(
    "add = [\"us-2022-10-sme\"], change = [{ rule = \"us-2022-10-sme\", enforced = false }]",
    "does not add"
)]
#[case(
    "change = [{ rule = \"us-2022-10-3a090\", ended = \"never\" }]",
    "the change of `us-2022-10-3a090` says what it has without it"
)]
#[case(
    "change = [{ rule = \"us-2022-10-3a090\", announced = 2022-09-12 }]",
    "says what it has without it"
)]
#[case(
    "add = [\"us-2023-10-3a090a\"], change = [{ rule = \"us-2023-10-3a090a\", compliance = 2023-11-17 }]",
    "the change of `us-2023-10-3a090a` says what it has without it"
)]
#[case(
    "remove = [\"us-2007-01-embargoes\"], add = [\"us-2007-01-embargoes\"]",
    "`us-2007-01-embargoes` is taken out, and `oct22` holds it all the same"
)]
fn a_statement_in_an_arm_that_does_nothing_is_refused(#[case] fields: &str, #[case] words: &str) {
    an_arm_is_refused("oct22", fields, words);
}

#[rstest]
#[case("add = [\"hypothetical-model-access\"]", "after the process begins")]
#[case(
    "change = [{ rule = \"us-2025-01-foundry\", compliance = 2028-06-01 }]",
    "is dated 2028-06-01 and would bind after the process begins on 2026-11-01"
)]
#[case(
    "change = [{ rule = \"us-2025-01-foundry\", ended = 2028-06-01 }]",
    "is dated to end on 2028-06-01"
)]
fn an_arm_of_a_process_has_no_day_after_it_begins(#[case] fields: &str, #[case] words: &str) {
    an_arm_is_refused("reactive", fields, words);
}

#[test]
fn an_arm_cannot_take_out_what_the_process_puts_in_force() {
    let fields = "remove = [\"us-2022-10-3a090\"]";
    an_arm_is_refused("reactive-2022", fields, "holds it all the same as before");
}

#[test]
fn a_regime_with_a_process_has_no_change_after_it_begins() {
    let lines = "include = [\"us-2022-10-sme\"]\nchange = [{ rule = \"us-2022-10-sme\", compliance = 2028-06-01 }]\n";
    let source = own(format!(
        "{REGIME}{lines}[process]\nkind = \"reactive\"\nfrom = \"2026-11\"\nstart = \"open\"\n\
         [[process.ladder]]\nname = \"open\"\nrules = []\n[[process.ladder]]\nname = \"line\"\nrules = [\"us-2022-10-3a090\"]\n"
    ));
    let problems = regime_from(&source, &library().law).unwrap_err();
    let at = "\"us-2022-10-sme\", comp";
    says(
        &problems,
        &source,
        at,
        &["would bind after the process begins on 2026-11-01"],
    );
}

#[test]
fn a_rule_of_ones_own_that_would_bind_after_the_process_begins_is_refused_in_its_own_file() {
    let late = changed(&[
        ("announced = 2026-03-01", "announced = 2028-03-01"),
        ("compliance = 2026-07-01", "compliance = 2028-07-01"),
    ]);
    let refused =
        chokepoint::cli::law_with(Configs::embedded(), "reactive", std::slice::from_ref(&late));
    let said = format!("{:?}", refused.err().expect("refused"));
    assert!(
        said.contains("mine.toml") && said.contains("process"),
        "{said}"
    );
    chokepoint::cli::law_with(Configs::embedded(), "reactive", &[changed(&[])]).unwrap();
}

#[test]
fn shipped_rules_hold_26_declared_numbers_and_21_facts() {
    let (mut read, mut facts) = (0, 0);
    for path in library().configs.list("rules", ".toml") {
        let file: toml::Table = library().configs.read(&path).unwrap().text.parse().unwrap();
        for rule in file["rule"].as_array().unwrap() {
            let count = |field: &str| rule.get(field).map_or(0, |t| t.as_table().unwrap().len());
            read += count("numbers");
            facts += count("facts");
        }
    }
    assert_eq!((read, facts), (26, 21));
}
