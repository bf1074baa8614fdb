//! The report is one page without outside requests, in the order of a reader's questions, with every part that the results can fill.

use chokepoint::plots::draw_all;
use chokepoint::report::path::lead;
use chokepoint::results::Results;

fn page() -> (Results, String) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("plots/gallery/tables");
    let results = Results::read(&folder).unwrap();
    let out = tempfile::tempdir().unwrap();
    let gallery = draw_all(&results, &results.manifest.study.figures, out.path()).unwrap();
    let path = out.path().join("report.html");
    chokepoint::report::write(&results, &gallery, &path).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    (results, text)
}

#[test]
fn the_parts_of_the_report_stand_in_the_order_of_a_readers_questions() {
    let (_, page) = page();
    let order = [
        "In short",
        "Did it work?",
        "At whose cost?",
        "Through what?",
        "How sure?",
        "What would change the answer?",
        "What the rules say",
        "Repeat it",
    ];
    let places: Vec<usize> = order
        .iter()
        .map(|h| {
            page.find(&format!("-h\">{h}</h2>"))
                .unwrap_or_else(|| panic!("no heading `{h}`"))
        })
        .collect();
    assert!(places.is_sorted());
}

#[test]
fn the_report_holds_the_tables_of_questions_the_rules_of_every_arm_and_a_filled_checklist() {
    let (results, page) = page();
    for part in [
        "id=\"ledger-table\"",
        "id=\"scorecard-table\"",
        "id=\"sobol-table\"",
        "id=\"boxes-table\"",
        "Verdicts under history-free",
        "What differs between the arms",
        "STRESS-ABS",
        "6.1 Access",
        "chokepoint replay did-controls-work --regime history-free --run ",
        "--against none --seed 1",
        "Copyright (c) 2022 Leon Sorokin",
        "not a forecast",
    ] {
        assert!(page.contains(part), "no `{part}` in the report");
    }
    for rule in results.manifest.study.arms.iter().flat_map(|a| &a.rules) {
        assert!(page.contains(&rule.id), "{}", rule.id);
    }
}

#[test]
fn the_page_is_small_and_asks_for_nothing_outside() {
    let (_, page) = page();
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    for word in [
        "src=\"http",
        "href=\"http",
        "url(http",
        "@import",
        "fetch(",
        "XMLHttpRequest",
        "<link rel=\"stylesheet\"",
    ] {
        assert!(!page.contains(word), "`{word}` in the page");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn every_figure_says_in_words_what_it_shows() {
    let (results, page) = page();
    let figures = page.split("<figure").skip(1).count();
    assert_eq!(figures, results.manifest.study.figures.len());
    for figure in page.split("<figure").skip(1) {
        let figure = figure.split("</figure>").next().unwrap();
        let desc = figure
            .split("<desc")
            .nth(1)
            .and_then(|d| d.split("</desc>").next())
            .unwrap();
        assert!(desc.len() > 60 && desc.contains(char::is_numeric), "{desc}");
        assert!(figure.contains("role=\"img\"") && figure.contains("In words"));
    }
}

#[test]
fn the_answer_says_that_arms_first_differ_only_where_the_window_begins_with_it() {
    let (mut results, _) = page();
    let said = |results: &Results| {
        let arm = results.manifest.study.arms.last().unwrap();
        lead(results, arm).unwrap()
    };
    let differs = "when the arms first differ in what is announced or in force";
    assert!(said(&results).contains(differs));
    // A window of the study's own, which begins before any rule that the arms do not share.
    for arm in &mut results.manifest.study.arms {
        arm.rules.clear();
    }
    let without = said(&results);
    assert!(
        without.contains("the first month of the window"),
        "{without}"
    );
    assert!(!without.contains(differs), "{without}");
}
