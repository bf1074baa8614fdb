//! Figures are drawn from tables alone, the same each time, with legible words; users add their own without changing code.

use std::sync::atomic::AtomicBool;

use chokepoint::config::figure;
use chokepoint::config::shipped::FIGURES;
use chokepoint::config::source::Source;
use chokepoint::plots::{FileStyle, PngSize, TextRendering, compose, draw_all, draw_styled};
use chokepoint::results::Results;
use chokepoint::study::verdicts::verdicts;
use chokepoint::study::{join, run_all};

use crate::gallery::shipped;
use crate::{library, plan_of, regime};

/// Results of the main study's arms in a few futures.
fn results(runs: u32) -> Results {
    let arms = ["none", "oct22", "history-free"];
    let mut plan = plan_of(arms.into_iter().map(regime).collect(), runs);
    plan.study.bands.push("issuer_stack".into());
    let records = run_all(&plan, &|| {}, &AtomicBool::new(false));
    let mut results = join(&plan, records, "chokepoint run");
    let law = verdicts(library(), &plan).unwrap();
    results.tables.insert("verdicts".into(), law);
    results
}

#[test]
fn every_shipped_figure_draws_the_same_twice_and_its_words_keep_apart() {
    let results = results(9);
    let figures = shipped();
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("1"), folder.path().join("2"));
    let mut galleries = Vec::new();
    for here in [&one, &two] {
        std::fs::create_dir(here).unwrap();
        galleries.push(draw_all(&results, &figures, here).unwrap());
    }
    let gallery = &galleries[0];
    // What these runs alone cannot fill is left out with a reason.
    for (name, reason) in &gallery.left_out {
        assert!(reason.contains("there is no table"), "{name}: {reason}");
    }
    assert_eq!(gallery.left_out.len(), 2);
    assert_eq!(gallery.drawn.len() + 2, figures.len());
    for drawn in &gallery.drawn {
        let name = &drawn.figure.name;
        for ending in ["svg", "png"] {
            let file = format!("{name}.{ending}");
            let bytes = std::fs::read(one.join(&file)).unwrap();
            assert!(
                bytes == std::fs::read(two.join(&file)).unwrap(),
                "{file} differs"
            );
            assert!(bytes.len() > 15_000, "{file} has {} bytes", bytes.len());
        }
        let alone = std::fs::read_to_string(one.join(format!("{name}.svg"))).unwrap();
        assert!(
            !alone.contains("<text") && !alone.contains("font-family"),
            "{name} asks for a font of the viewer's machine"
        );
        assert!(drawn.svg.contains("<text"), "{name}: no text in the page");
        for svg in [&alone, &drawn.svg] {
            assert!(svg.contains("<title") && svg.contains("<desc"), "{name}");
        }
        for said in [
            "9 futures",
            "none excluded",
            "not a forecast",
            "seed 1",
            "sources to",
        ] {
            assert!(
                drawn.caption.contains(said) && alone.contains(said),
                "{name}: no `{said}` in the caption"
            );
        }
        let composed = compose(&results, &drawn.figure).unwrap();
        assert_eq!(composed.faults(), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_figure_for_print_is_twice_as_large_and_its_letters_can_be_text() {
    let results = results(3);
    let figures: Vec<_> = shipped()
        .into_iter()
        .filter(|f| f.name == "effects")
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let style = FileStyle {
        size: PngSize::Print,
        letters: TextRendering::Text,
    };
    draw_styled(&results, &figures, folder.path(), style).unwrap();
    let svg = std::fs::read_to_string(folder.path().join("effects.svg")).unwrap();
    for part in [
        "<text",
        "'Noto Sans','Segoe UI'",
        "<path fill=\"#fff\"",
        "<title",
    ] {
        assert!(svg.contains(part), "no `{part}`");
    }
    assert!(!svg.contains("<use"), "letters are outlines");
    let png = std::fs::read(folder.path().join("effects.png")).unwrap();
    let width = u32::from_be_bytes(png[16..20].try_into().unwrap());
    assert_eq!(width, 3840);
}

#[test]
fn every_title_states_a_finding_in_one_line_and_names_no_id() {
    let results = results(9);
    let ids = ["history-free", "oct22", "_", "target", "issuer"];
    for figure in shipped() {
        let Ok(composed) = compose(&results, &figure) else {
            continue;
        };
        let title = &composed.title;
        assert!(
            title.contains(char::is_numeric) || title.starts_with("No assumption"),
            "{}: `{title}` states no number",
            figure.name
        );
        assert!(title.len() < 130, "{}: `{title}`", figure.name);
        for id in ids {
            assert!(!title.contains(id), "{}: `{title}`", figure.name);
        }
    }
}

#[test]
fn every_file_of_plots_ships_and_every_kind_of_figure_is_among_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("plots");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter_map(|n| n.strip_suffix(".toml").map(str::to_string))
        .collect();
    files.sort();
    let names: Vec<&str> = FIGURES.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, files);
    for kind in [
        "fan",
        "effect",
        "multiples",
        "shares",
        "forest",
        "waterfall",
        "heat",
        "timeline",
        "tornado",
        "tradeoff",
        "reversal",
        "tiles",
        "hindcast",
    ] {
        let head = format!("[draw.{kind}]");
        assert!(
            FIGURES.iter().any(|(_, text)| text.contains(&head)),
            "{kind}"
        );
    }
}

#[test]
fn a_figure_of_ones_own_draws_without_touching_code() {
    let text = "title = \"Who is asked to wait\"\ndescription = \"Chips waiting for a licence.\"\npart = \"cost\"\n\n\
                [draw.fan]\nlines = [{ measure = \"licences_pending\", entity = \"issuer\" }]\nfrom = \"2022-01\"\n";
    let source = Source {
        name: "mine.toml".into(),
        text: text.into(),
    };
    let figure = figure::read(&source, "mine.toml").unwrap();
    assert_eq!(figure.name, "mine");
    let folder = tempfile::tempdir().unwrap();
    let gallery = draw_all(&results(3), &[figure], folder.path()).unwrap();
    assert_eq!(gallery.left_out, []);
    assert!(gallery.drawn[0].svg.contains("Who is asked to wait"));
    assert!(folder.path().join("mine.png").exists());
}

#[test]
fn a_wrong_figure_of_ones_own_is_told_with_line_column_and_hint() {
    let wrong = |from: &str, to: &str, at: (usize, usize), message: &str, help: &str| {
        let text = "title = \"T\"\ndescription = \"W\"\n\n[draw.fan]\nlines = [{ measure = \"gap_months\", entity = \"target_vs_issuer\" }]\nfrom = \"2022-01\"\n";
        assert!(text.contains(from));
        let source = Source {
            name: "mine.toml".into(),
            text: text.replacen(from, to, 1),
        };
        let problems = figure::read(&source, "mine.toml").unwrap_err();
        let first = &problems.0[0];
        assert_eq!(first.file, "mine.toml");
        assert_eq!((first.line, first.column), at, "{problems}");
        assert!(first.message.contains(message), "{problems}");
        assert!(first.help.contains(help), "{problems}");
    };
    wrong(
        "gap_months",
        "gap_month",
        (5, 22),
        "expected a measure",
        "gap_months",
    );
    wrong("2022-01", "January", (6, 8), "expected a month", "");
    wrong("from", "form", (6, 1), "unknown field", "from");
    wrong("[draw.fan]", "[draw.fun]", (4, 7), "unknown value", "fan");
    wrong(
        "lines = [{ measure = \"gap_months\", entity = \"target_vs_issuer\" }]",
        "  lines = []",
        (5, 3),
        "expected at least one",
        "",
    );
}

#[test]
fn a_figure_that_results_cannot_fill_says_why() {
    let results = results(2);
    let why = |name: &str, from: &str, to: &str| {
        let (_, text) = FIGURES.iter().find(|(n, _)| *n == name).unwrap();
        assert!(text.contains(from), "{name}");
        let source = Source {
            name: name.into(),
            text: text.replacen(from, to, 1),
        };
        let figure = figure::read(&source, name).unwrap();
        compose(&results, &figure).err().unwrap_or_default()
    };
    assert!(why("channels", "[", "[").contains("no table shapley.csv"));
    assert!(why("timeline", "without", "regime = \"oct23\"\nwithout").contains("no arm `oct23`"));
    assert!(why("influence", "[", "[").contains("nine futures"));
    assert!(why("gap-by-regime", "target_vs_issuer", "nobody").contains("no bands were kept"));
}
