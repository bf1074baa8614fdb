//! Every shipped figure draws from tables alone, twice the same, with its letters inside.

use std::sync::atomic::AtomicBool;

use chokepoint::config::source::figure_names;
use chokepoint::plots::draw_all;
use chokepoint::study::{join, run_all};

use crate::{library, plan_of, regime};

#[test]
fn every_shipped_figure_draws_the_same_twice() {
    let plan = plan_of(vec![regime("none"), regime("oct22")], 4);
    let records = run_all(&plan, &|| {}, &AtomicBool::new(false));
    let results = join(&plan, records, "chokepoint run");
    let figures =
        chokepoint::config::figure::read_all(&library().configs, &figure_names()).unwrap();
    assert!(figures.len() >= 8);
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("1"), folder.path().join("2"));
    for here in [&one, &two] {
        std::fs::create_dir(here).unwrap();
        draw_all(&results, &figures, here).unwrap();
    }
    for figure in &figures {
        for ending in ["svg", "png"] {
            let name = format!("{}.{ending}", figure.name);
            let bytes = std::fs::read(one.join(&name)).unwrap();
            assert!(
                bytes == std::fs::read(two.join(&name)).unwrap(),
                "{name} differs"
            );
            assert!(bytes.len() > 20_000, "{name} has {} bytes", bytes.len());
        }
        let svg = std::fs::read_to_string(one.join(format!("{}.svg", figure.name))).unwrap();
        assert!(svg.contains("@font-face") && svg.contains("<title>") && svg.contains("<desc>"));
        for said in ["4 futures", "none excluded", "not a forecast", "seed 1"] {
            assert!(
                svg.contains(said),
                "{}: no `{said}` in the caption",
                figure.name
            );
        }
        let strange: Vec<char> = svg
            .chars()
            .filter(|c| !c.is_ascii() && !"\u{2013}\u{2014}\u{2019}\u{d7}\u{b2}".contains(*c))
            .collect();
        assert!(
            strange.is_empty(),
            "{}: {strange:?} may not be in the typeface",
            figure.name
        );
    }
}
