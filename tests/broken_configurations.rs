//! Every mistake in a table of chips is answered with file, line, column, what was found, what was expected, a near name.

use chokepoint::config::diagnostics::{Diagnostic, Problems};
use chokepoint::config::source::{Configs, Source};
use chokepoint::config::{figure, foreign_chips, study};
use chokepoint::study::Library;

use crate::library;

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
fn a_word_in_place_of_a_number_is_refused_with_its_column_and_line() {
    let source = library().configs.read("world/chips.csv").unwrap();
    let text = source.text.replacen(",312,", ",3l2,", 1);
    let source = Source {
        name: "my-chips.csv".into(),
        text,
    };
    let problems = foreign_chips::read(&source, &library().nation_codes(), &[]).unwrap_err();
    let d = says(
        &problems,
        &source.text,
        "3l2",
        &["fp16_dense_tflops", "found `3l2`", "my-chips.csv"],
    );
    assert!(d.column > 1);
}

#[test]
fn an_unknown_column_is_refused_with_the_nearest_name() {
    let source = Source {
        name: "my-chips.csv".into(),
        text: "chip,tpp,die_area\nx,1,2\n".into(),
    };
    let problems = foreign_chips::read(&source, &library().nation_codes(), &[]).unwrap_err();
    let d = says(
        &problems,
        &source.text,
        "die_area",
        &["unknown column `die_area`", "did you mean `die_area_mm2`?"],
    );
    assert_eq!((d.line, d.column), (1, 10));
}

#[test]
fn a_density_that_does_not_follow_from_its_parts_is_refused() {
    let text = "chip,tpp,die_area_mm2,performance_density\nx,4000,800,6.5\n";
    let source = Source {
        name: "my-chips.csv".into(),
        text: text.into(),
    };
    let problems = foreign_chips::read(&source, &library().nation_codes(), &[]).unwrap_err();
    says(
        &problems,
        text,
        "6.5",
        &["performance_density: found 6.5, expected 5.000"],
    );
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
        let _ = foreign_chips::read(&source, &library().nation_codes(), &[]);
        let _ = study::read(&source, &library().configs);
        let _ = figure::read(&source, "noise");
        let _ = Library::read(Configs::embedded(), std::slice::from_ref(&source));
    }
}

#[test]
fn two_figures_of_one_name_are_refused_with_the_place_in_the_study() {
    let configs = &library().configs;
    let source = Source {
        name: "s.toml".into(),
        text: "name = \"s\"\nfigures = [\"effects\",\n  \"plots/effects.toml\"]\n".into(),
    };
    let names = ["effects", "plots/effects.toml"].map(String::from);
    let problems = figure::check_names(configs, &source, &names).unwrap_err();
    says(
        &problems,
        &source.text,
        "\"plots/effects.toml\"",
        &["`effects`", "expected a name of its own"],
    );
    assert!(figure::check_names(configs, &source, &names[..1]).is_ok());
}

#[test]
fn a_day_of_parameters_that_does_not_exist_is_refused_with_its_place() {
    let path = "parameters/leakage.toml";
    let shipped = library().configs.read(path).unwrap();
    let source = Source {
        name: "leakage.toml".into(),
        text: shipped.text.replacen("date = \"2026", "date = \"26-13", 1),
    };
    assert_ne!(source.text, shipped.text);
    let configs = Configs::embedded().with_source(path, source.clone());
    let problems = Library::read(configs, &[]).err().unwrap();
    let words = ["expected a day that exists"];
    says(&problems, &source.text, "date = ", &words);
}

#[test]
fn a_range_of_three_numbers_is_refused_with_its_place() {
    let path = "parameters/leakage.toml";
    let shipped = library().configs.read(path).unwrap();
    let source = Source {
        name: "leakage.toml".into(),
        text: shipped
            .text
            .replacen("range = [1.0, 4.0]", "range = [1.0, 4.0, 5.0]", 1),
    };
    let configs = Configs::embedded().with_source(path, source.clone());
    let problems = Library::read(configs, &[]).err().unwrap();
    let words = ["found 3 numbers, expected two"];
    says(&problems, &source.text, "[1.0, 4.0, 5.0]", &words);
}
