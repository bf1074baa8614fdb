//! Every mistake in a configuration is answered with file, line, column, what was found, what was expected, a near name.

use chokepoint::config::diagnostics::{Diagnostic, Problems};
use chokepoint::config::source::{Configs, Source};
use chokepoint::config::{chips, figure, study};
use chokepoint::study::Library;

use crate::library;

/// A shipped file with one piece of text replaced.
fn broken(path: &str, from: &str, to: &str) -> Source {
    let source = library().configs.read(path).unwrap();
    assert!(source.text.contains(from), "{path} has no `{from}`");
    Source {
        name: source.name,
        text: source.text.replacen(from, to, 1),
    }
}

/// The whole configuration with one file replaced.
fn library_with(path: &str, from: &str, to: &str) -> Problems {
    let folder = tempfile::tempdir().unwrap();
    let source = broken(path, from, to);
    let file = folder.path().join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, source.text).unwrap();
    match Library::read(Configs::folder(folder.path()), &[]) {
        Ok(_) => panic!("{path} with `{to}` was accepted"),
        Err(problems) => problems,
    }
}

/// The first problem stands where the text stands, and says these words.
fn says(problems: &Problems, text: &str, at: &str, words: &[&str]) -> Diagnostic {
    let first = problems.0.first().unwrap().clone();
    // The drawing breaks lines; words are looked for in what it is made of.
    let drawn = format!(
        "{}:{}:{}: {} {}\n{}",
        first.file,
        first.line,
        first.column,
        first.message,
        first.help,
        first.render()
    );
    for word in words {
        assert!(drawn.contains(word), "no `{word}` in\n{drawn}");
    }
    if !at.is_empty() {
        let offset = text.find(at).unwrap();
        let line = text[..offset].matches('\n').count() + 1;
        assert_eq!(first.line, line, "{drawn}");
        assert!(drawn.contains(&format!(":{line}:")), "{drawn}");
    }
    first
}

#[test]
fn an_unknown_key_in_a_study() {
    let source = broken("studies/did-controls-work.toml", "baseline =", "basline =");
    let problems = study::read(&source, &library().configs).unwrap_err();
    let d = says(
        &problems,
        &source.text,
        "basline",
        &["unknown field `basline`", "did you mean `baseline`?"],
    );
    assert_eq!(d.column, 1);
}

#[test]
fn a_regime_that_does_not_exist() {
    let source = broken(
        "studies/did-controls-work.toml",
        "\"history-free\"]",
        "\"history-fre\"]",
    );
    let problems = study::read(&source, &library().configs).unwrap_err();
    says(
        &problems,
        &source.text,
        "history-fre\"]",
        &["expected a regime", "did you mean `history-free`?"],
    );
}

#[test]
fn a_measure_that_does_not_exist() {
    let source = broken(
        "studies/did-controls-work.toml",
        "\"gap_points\"",
        "\"gap_pionts\"",
    );
    let problems = study::read(&source, &library().configs).unwrap_err();
    says(
        &problems,
        &source.text,
        "gap_pionts",
        &["expected a measure", "did you mean `gap_points`?"],
    );
}

#[test]
fn a_month_that_does_not_exist() {
    let source = broken(
        "studies/did-controls-work.toml",
        "\"2020-01\"",
        "\"2020-13\"",
    );
    let problems = study::read(&source, &library().configs).unwrap_err();
    says(
        &problems,
        &source.text,
        "2020-13",
        &["found `2020-13`, expected a month such as 2022-10"],
    );
}

#[test]
fn a_condition_that_names_nothing() {
    let path = "rules/us/2023-10-17-advanced-computing.toml";
    let problems = library_with(path, "tpp >= 4800 ||", "tppp >= 4800 ||");
    let text = broken(path, "tpp >= 4800 ||", "tppp >= 4800 ||").text;
    says(&problems, &text, "tppp", &["tppp", "did you mean `tpp`?"]);
}

#[test]
fn a_condition_that_is_no_expression() {
    let path = "rules/us/2025-04-15-h20-letters.toml";
    let problems = library_with(
        path,
        "mem_bandwidth_tbs >= 1.4 ||",
        "mem_bandwidth_tbs >= 1.4 ||| ",
    );
    says(
        &problems,
        "",
        "",
        &["not a valid condition", "2025-04-15-h20-letters.toml"],
    );
}

#[test]
fn a_rule_that_supersedes_nothing_known() {
    let path = "rules/us/2023-10-17-advanced-computing.toml";
    let problems = library_with(
        path,
        "supersedes = [\"us-2022-10-3a090\"",
        "supersedes = [\"us-2022-10-3a09\"",
    );
    let text = broken(
        path,
        "supersedes = [\"us-2022-10-3a090\"",
        "supersedes = [\"us-2022-10-3a09\"",
    )
    .text;
    says(
        &problems,
        &text,
        "us-2022-10-3a09\"",
        &[
            "expected the id of a rule",
            "did you mean `us-2022-10-3a090`?",
        ],
    );
}

#[test]
fn a_day_that_does_not_exist() {
    let path = "rules/us/2023-10-17-advanced-computing.toml";
    let problems = library_with(path, "compliance = 2023-11-17", "compliance = 2023-11-31");
    let text = broken(path, "compliance = 2023-11-17", "compliance = 2023-11-31").text;
    says(
        &problems,
        &text,
        "2023-11-31",
        &["2023-10-17-advanced-computing.toml"],
    );
}

#[test]
fn an_act_without_a_source() {
    let path = "rules/us/2025-04-15-h20-letters.toml";
    let source = library().configs.read(path).unwrap();
    let line = source
        .text
        .lines()
        .find(|l| l.starts_with("source ="))
        .unwrap()
        .to_string();
    let problems = library_with(path, &line, "source = \"\"");
    let text = broken(path, &line, "source = \"\"").text;
    says(
        &problems,
        &text,
        "source = \"\"",
        &["expected where the text can be read"],
    );
}

#[test]
fn a_nation_that_does_not_exist() {
    let path = "rules/us/2023-10-17-advanced-computing.toml";
    let problems = library_with(path, "\"MAC\"]", "\"MCA\"]");
    says(&problems, "", "", &["found `MCA`", "did you mean `MAC`?"]);
}

#[test]
fn a_parameter_with_a_name_that_is_none() {
    let path = "parameters/market.toml";
    let problems = library_with(path, "id = \"choice_slope\"", "id = \"choise_slope\"");
    let text = broken(path, "id = \"choice_slope\"", "id = \"choise_slope\"").text;
    says(
        &problems,
        &text,
        "choise_slope",
        &[
            "expected a parameter of `market`",
            "did you mean `choice_slope`?",
        ],
    );
}

#[test]
fn a_value_outside_its_distribution() {
    let path = "parameters/capability.toml";
    let problems = library_with(path, "value = 7.0", "value = 70.0");
    let text = broken(path, "value = 7.0", "value = 70.0").text;
    says(
        &problems,
        &text,
        "70.0",
        &["found 70", "expected a value from"],
    );
}

#[test]
fn a_number_that_is_none_in_a_table() {
    let source = library().configs.read("world/chips.csv").unwrap();
    let text = source.text.replacen(",312,", ",3l2,", 1);
    let source = Source {
        name: "my-chips.csv".into(),
        text,
    };
    let problems = chips::read(&source, &library().nation_codes()).unwrap_err();
    let d = says(
        &problems,
        &source.text,
        "3l2",
        &["fp16_dense_tflops", "found `3l2`", "my-chips.csv"],
    );
    assert!(d.column > 1);
}

#[test]
fn a_column_that_is_none() {
    let source = Source {
        name: "my-chips.csv".into(),
        text: "chip,tpp,die_area\nx,1,2\n".into(),
    };
    let problems = chips::read(&source, &library().nation_codes()).unwrap_err();
    let d = says(
        &problems,
        &source.text,
        "die_area",
        &["unknown column `die_area`", "did you mean `die_area_mm2`?"],
    );
    assert_eq!((d.line, d.column), (1, 10));
}

#[test]
fn a_density_that_does_not_follow_from_its_parts() {
    let text = "chip,tpp,die_area_mm2,performance_density\nx,4000,800,6.5\n";
    let source = Source {
        name: "my-chips.csv".into(),
        text: text.into(),
    };
    let problems = chips::read(&source, &library().nation_codes()).unwrap_err();
    says(
        &problems,
        text,
        "6.5",
        &["performance_density: found 6.5, expected 5.000"],
    );
}

#[test]
fn a_figure_of_an_outcome_that_is_none() {
    let source = library().configs.find_figure("effects").unwrap();
    let source = Source {
        text: source.text.replacen("gap_months_mean", "gap_month_mean", 1),
        ..source
    };
    let problems = figure::read(&source, "effects").unwrap_err();
    says(&problems, "", "", &["expected an outcome"]);
}

#[test]
fn text_that_is_not_a_table_of_anything_never_panics() {
    for text in [
        "",
        "\0\0\0",
        "chip\n\"",
        "chip,chip\n",
        "ключ = [",
        "[[rule]]\nid = 3\n",
        "\u{feff}chip\nx\n",
    ] {
        let source = Source {
            name: "noise".into(),
            text: text.into(),
        };
        let _ = chips::read(&source, &library().nation_codes());
        let _ = study::read(&source, &library().configs);
        let _ = figure::read(&source, "noise");
        let _ = Library::read(Configs::embedded(), std::slice::from_ref(&source));
    }
}
