//! The hindcast by eye: the most important recorded series as small multiples, with the record, the model and a simple forecast.

use super::drawn_data::digits;
use super::scorecard::{ScorecardPoint, by_series, draw_key, draw_panels};
use super::{FigureLayout, table_of, unsealed};
use crate::config::figure::{self, FigureFile, FigureKind, HindcastSpec};
use crate::config::source::Source;
use crate::foundation::calendar::Month;
use crate::foundation::name::Name;
use crate::results::tables::SideTable;
use crate::results::{HINDCAST_TABLE, Results};

/// The definition that ships, for the split whose scores lead.
const SHIPPED: &str = include_str!("../../plots/hindcast-B.toml");

/// The figure of a split, as a study could name it; None where its name is none that a file can have.
pub fn hindcast_figure(split: &str) -> Option<FigureFile> {
    let source = Source {
        name: "plots/hindcast-B.toml".into(),
        text: SHIPPED.into(),
    };
    Some(FigureFile {
        name: Name::new(format!("{HINDCAST_TABLE}{split}")).ok()?,
        draw: FigureKind::Hindcast(HindcastSpec {
            split: split.into(),
        }),
        ..figure::read(&source, "hindcast-B").ok()?
    })
}

/// What the table of a split holds.
struct HindcastTable {
    points: Vec<ScorecardPoint>,
    /// First month of the test.
    split: Option<Month>,
    /// The split, the samples and the program in words.
    basis: String,
}

impl HindcastTable {
    fn of(results: &Results, spec: &HindcastSpec) -> Result<Self, String> {
        let name = format!("{HINDCAST_TABLE}{}", spec.split);
        let table = table_of(results, &name)?;
        let points: Vec<ScorecardPoint> = table
            .rows
            .iter()
            .filter_map(|row| point(table, row))
            .collect();
        let first = table.rows.first().filter(|_| !points.is_empty());
        let first =
            first.ok_or_else(|| format!("{name}.csv holds no value that the model answers"))?;
        Ok(Self {
            split: table.text(first, "test_from").parse().ok(),
            basis: table.text(first, "basis").to_string(),
            points,
        })
    }
}

fn point(table: &SideTable, row: &[String]) -> Option<ScorecardPoint> {
    let number = |column: &str| table.number(row, column);
    let rival = || {
        Some([
            number("benchmark_p05")?,
            number("benchmark_p50")?,
            number("benchmark_p95")?,
        ])
    };
    let first: Month = table.text(row, "first_month").parse().ok()?;
    Some(ScorecardPoint {
        label: table.text(row, "label").to_string(),
        words: table.text(row, "unit").to_string(),
        unit: table.text(row, "axis_unit").to_string(),
        first,
        last: table.text(row, "last_month").parse().ok()?,
        observed: [
            number("observed")?,
            number("observed_low")?,
            number("observed_high")?,
        ],
        modelled: [
            number("p05")?,
            number("p25")?,
            number("p50")?,
            number("p75")?,
            number("p95")?,
        ],
        benchmark: rival(),
        tested: table.text(row, "part") == "test",
    })
}

/// How many points are fitted and tested, and how many of the tested lie in the model's 90 %.
struct PointCount {
    fitted: usize,
    tested: usize,
    held: usize,
}

impl PointCount {
    fn of<'a>(points: impl Iterator<Item = &'a ScorecardPoint>) -> Self {
        let mut count = Self {
            fitted: 0,
            tested: 0,
            held: 0,
        };
        for p in points {
            let holds = p.modelled[0] <= p.observed[0] && p.observed[0] <= p.modelled[4];
            count.fitted += usize::from(!p.tested);
            count.tested += usize::from(p.tested);
            count.held += usize::from(p.tested && holds);
        }
        count
    }

    fn in_words(&self) -> String {
        match (self.fitted, self.tested) {
            (fitted, 0) => format!("{fitted} fitted, none tested"),
            (0, tested) => format!("none fitted; {} of {tested} tested in 90 %", self.held),
            (fitted, tested) => {
                format!("{fitted} fitted; {} of {tested} tested in 90 %", self.held)
            }
        }
    }
}

/// The finding of a hindcast: how many values of the test the model's 90 % hold.
pub fn finding(results: &Results, spec: &HindcastSpec) -> Option<String> {
    let table = HindcastTable::of(results, spec).ok()?;
    let count = PointCount::of(table.points.iter());
    (count.tested > 0).then(|| {
        format!(
            "The model's 90 % hold {} of {} recorded values that it was not fitted to",
            count.held, count.tested
        )
    })
}

/// Draws a panel for each series; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    spec: &HindcastSpec,
) -> Result<String, String> {
    let mut table = HindcastTable::of(results, spec)?;
    let mut said = Vec::new();
    let mut counted = Vec::new();
    for list in by_series(&table.points) {
        let count = PointCount::of(list.iter().copied()).in_words();
        said.push(format!("{}: {count}", list[0].label));
        counted.push((list[0].label.clone(), count));
    }
    for point in &mut table.points {
        let count = counted.iter().find(|(label, _)| *label == point.label);
        let count = count.map_or("", |(_, text)| text);
        list_point(sheet, point);
        point.words = format!("{}; {count}", point.words);
    }
    sheet.y = draw_key(&mut sheet.canvas, sheet.y + 6.0, table.split.is_some()) + 2.0;
    sheet.y = draw_panels(&mut sheet.canvas, &table.points, sheet.y, table.split) - 2.0;
    sheet.caption.push(format!(
        "{}{} Conditional on these assumptions, not a forecast.",
        unsealed(results),
        table.basis
    ));
    Ok(said.join("; "))
}

/// Lists the numbers that are drawn of a point.
fn list_point(sheet: &mut FigureLayout, p: &ScorecardPoint) {
    let [value, low, high] = p.observed.map(digits);
    let [p05, p25, p50, p75, p95] = p.modelled.map(digits);
    let rival = p.benchmark.map(|b| b.map(digits)).unwrap_or_default();
    let used = if p.tested { "test" } else { "fit" };
    let [rival_p05, rival_p50, rival_p95] = rival;
    sheet.data.add(&[
        ("series", p.label.clone()),
        ("unit", p.words.clone()),
        ("first_month", p.first.to_string()),
        ("last_month", p.last.to_string()),
        ("part", used.into()),
        ("record", value),
        ("record_low", low),
        ("record_high", high),
        ("median", p50),
        ("p05", p05),
        ("p25", p25),
        ("p75", p75),
        ("p95", p95),
        ("simple_forecast", rival_p50),
        ("simple_forecast_p05", rival_p05),
        ("simple_forecast_p95", rival_p95),
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plots::compose;

    #[test]
    fn a_hindcast_says_how_much_of_its_test_holds_and_its_words_keep_apart() {
        let columns = "label,unit,axis_unit,first_month,last_month,observed,observed_low,observed_high,p05,p25,p50,p75,p95,part,benchmark_p05,benchmark_p50,benchmark_p95,test_from,basis";
        let rows = [
            "NVIDIA in China,billion USD a quarter,,2024-01,2024-03,5,4.5,5.5,3,4,5,6,7,fit,,,,2025-01,Split B; chokepoint 0.",
            "NVIDIA in China,billion USD a quarter,,2025-01,2025-03,6,5.5,6.5,4,5,6,7,8,test,1,5,9,2025-01,Split B; chokepoint 0.",
            "Share of China,per cent,fraction,2025-01,2025-12,0.5,0.4,0.6,0.1,0.2,0.3,0.4,0.45,test,,,,2025-01,Split B; chokepoint 0.",
        ];
        let cells = |line: &str| line.split(',').map(str::to_string).collect();
        let table = SideTable {
            columns: cells(columns),
            rows: rows.map(cells).to_vec(),
        };
        let mut results = Results::default();
        results.tables.insert("hindcast-B".into(), table);
        let figure = hindcast_figure("B").unwrap();
        let drawn = compose(&results, &figure).unwrap();
        assert_eq!(
            drawn.title,
            "The model's 90 % hold 1 of 2 recorded values that it was not fitted to"
        );
        assert!(
            drawn
                .description
                .contains("NVIDIA in China: 1 fitted; 1 of 1 tested in 90 %")
        );
        assert!(drawn.caption.starts_with("Split B; chokepoint 0."));
        assert_eq!(drawn.data.0.rows.len(), 3);
        assert_eq!(drawn.faults(), Vec::<String>::new());
        let other = hindcast_figure("A").unwrap();
        assert!(
            compose(&results, &other)
                .err()
                .unwrap()
                .contains("no table hindcast-A.csv")
        );
    }
}
