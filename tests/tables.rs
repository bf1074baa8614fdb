//! Every table is held to what it declares: each wrong cell, row or column is refused with file, line and column.

use std::time::{Duration, Instant};

use chokepoint::config::diagnostics::{Diagnostic, Problems};
use chokepoint::config::evidence::{EVIDENCE, Evidence};
use chokepoint::config::source::{Configs, Source};
use chokepoint::config::splits::{self, check_registration};
use chokepoint::config::table::{CellType, KnownNames, TableSpec};
use chokepoint::config::world::{TABLES, check_csv, check_table};
use chokepoint::config::{evidence, foreign_chips};
use chokepoint::evidence::patterns::pattern_names;

use crate::library;

/// A table as rows of cells.
struct Cells(Vec<Vec<String>>);

impl Cells {
    fn of(path: &str) -> Self {
        let text = library().configs.read(path).unwrap().text;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        let row = |r: csv::StringRecord| r.iter().map(String::from).collect();
        Self(reader.records().map(|r| row(r.unwrap())).collect())
    }

    fn column(&self, name: &str) -> usize {
        let found = self.0[0].iter().position(|h| h == name);
        found.unwrap_or_else(|| panic!("no column {name}"))
    }

    fn source(&self) -> Source {
        let mut writer = csv::Writer::from_writer(Vec::new());
        self.0.iter().for_each(|r| writer.write_record(r).unwrap());
        Source {
            name: "mine.csv".into(),
            text: String::from_utf8(writer.into_inner().unwrap()).unwrap(),
        }
    }

    /// The line of a file on which a row stands: no shipped cell runs over lines.
    fn with(mut self, row: usize, column: &str, cell: &str) -> Self {
        let at = self.column(column);
        self.0[row][at] = cell.into();
        self
    }
}

fn spec(path: &str) -> &'static TableSpec {
    TABLES.iter().find(|t| t.path == path).unwrap()
}

fn answer(path: &str, source: &Source) -> Result<(), Problems> {
    if path == EVIDENCE.path {
        return Evidence::of(&library().configs, source).map(|_| ());
    }
    check_table(&library().configs, spec(path), source)
}

/// Whether an error holds these words.
fn said(problems: &Problems, words: &str) -> bool {
    problems.0.iter().any(|p| p.message.contains(words))
}

/// Refused, in this line, with these words.
fn refused(path: &str, cells: &Cells, line: usize, words: &str) {
    let source = cells.source();
    let problems = match answer(path, &source) {
        Ok(()) => panic!("{path}: accepted, expected `{words}`"),
        Err(problems) => problems,
    };
    let hit = problems.0.iter().find(|p| {
        format!("{} {}", p.message, p.help).contains(words)
            && p.line == line
            && p.file == "mine.csv"
    });
    assert!(hit.is_some(), "{path}:{line}: no `{words}` in\n{problems}");
}

#[test]
fn shipped_tables_are_what_they_declare() {
    for table in TABLES {
        let source = Cells::of(table.path).source();
        check_table(&library().configs, table, &source).unwrap_or_else(|e| panic!("{e}"));
        check_csv(
            &library().configs,
            &library().configs.read(table.path).unwrap(),
        )
        .unwrap_or_else(|e| panic!("{e}"));
    }
}

/// One cell of every numeric column becomes what no number of that column is.
#[test]
fn numbers_outside_their_declared_range_are_refused_everywhere() {
    let paths = TABLES.iter().copied().chain([&EVIDENCE]);
    let mut tried = 0;
    for table in paths {
        for column in table.columns {
            let (low, high) = match column.cell {
                CellType::Number(low, high) => (low, high),
                CellType::Whole(low, high) => (low as f64, high as f64),
                _ => continue,
            };
            if !Cells::of(table.path).0[0].iter().any(|h| h == column.name) {
                assert!(column.absent, "{} lacks {}", table.path, column.name);
                continue;
            }
            let beyond = [low - 1.0 - low.abs(), high * 10.0 + 1.0].map(|v| v.to_string());
            let wrong = ["abc", "NaN", "inf", "-inf", "1e300", "1,5", "0x10", " 3"];
            let blank = (!column.blank).then_some("");
            for cell in wrong
                .into_iter()
                .chain(blank)
                .chain(beyond.iter().map(String::as_str))
            {
                let cells = Cells::of(table.path).with(2, column.name, cell);
                refused(
                    table.path,
                    &cells,
                    3,
                    &format!("column `{}`: found", column.name),
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 800, "{tried}");
}

/// Every column of words, names, months and truths refuses what is none.
#[test]
fn words_outside_their_list_are_refused_everywhere() {
    for table in TABLES.iter().copied().chain([&EVIDENCE]) {
        for column in table.columns {
            let wrong: &[&str] = match column.cell {
                CellType::Number(..) | CellType::Whole(..) => continue,
                CellType::Text => &["a\u{1b}[31mb"],
                CellType::Name => &["a\u{1b}[31mb", " a"],
                CellType::Truth => &["TRUE", "yes", "1"],
                CellType::Iso3 => &["us", "USAA", "usa"],
                CellType::Month => &["2022-13", "1022-10", "2022", "2022-1", "2201-01"],
                CellType::Date => &["2022-02-30", "2022-10", "0001-01-01"],
                CellType::Word(_) | CellType::WordList(_) => &["wrld", "NVIDA"],
                CellType::Known(_)
                | CellType::KnownList(_)
                | CellType::KnownSides(_)
                | CellType::KnownWithin(_) => &["CHNA", "US/Chna", "cowos_s;cowos_x", "chn"],
            };
            let here = Cells::of(table.path).0[0].iter().any(|h| h == column.name);
            if !here {
                assert!(column.absent, "{} lacks {}", table.path, column.name);
                continue;
            }
            let blank = (!column.blank).then_some("");
            for cell in wrong.iter().copied().chain(blank) {
                let cells = Cells::of(table.path).with(2, column.name, cell);
                let words = format!("column `{}`: found", column.name);
                refused(table.path, &cells, 3, &words);
            }
        }
    }
}

#[test]
fn rows_and_columns_are_complete_and_stand_once() {
    for table in TABLES.iter().copied().chain([&EVIDENCE]) {
        let path = table.path;
        let whole = || Cells::of(path);
        let mut cells = whole();
        let again = cells.0[1].clone();
        cells.0.push(again);
        let last = cells.0.len();
        refused(path, &cells, last, "is here twice");
        for column in table.columns.iter().filter(|c| !c.absent) {
            let mut cells = whole();
            let at = cells.column(column.name);
            cells.0.iter_mut().for_each(|row| {
                row.remove(at);
            });
            refused(
                path,
                &cells,
                1,
                &format!("the column `{}` is missing", column.name),
            );
        }
        let mut cells = whole();
        cells.0[0].push("colour".into());
        cells.0.iter_mut().skip(1).for_each(|r| r.push("x".into()));
        refused(path, &cells, 1, "unknown column `colour`");
        let mut cells = whole();
        let twice = cells.0[0][0].clone();
        cells.0[0].push(twice);
        cells.0.iter_mut().skip(1).for_each(|r| r.push("x".into()));
        refused(path, &cells, 1, "is here twice");
        let mut cells = whole();
        cells.0.truncate(1);
        let source = cells.source();
        let problems = answer(path, &source).unwrap_err();
        assert!(said(&problems, "without rows"), "{problems}");
        for (from, to) in [("\n", ",\n"), (",", "")] {
            let mut source = whole().source();
            let line = source.text.match_indices('\n').nth(1).unwrap().0;
            let end = source.text[line + 1..].find('\n').unwrap() + line + 2;
            let row = source.text[line + 1..end].replacen(from, to, 1);
            source.text.replace_range(line + 1..end, &row);
            let problems = answer(path, &source).unwrap_err();
            let cells = |p: &&Diagnostic| p.message.contains("cells, expected") && p.line == 3;
            assert!(problems.0.iter().any(|p| cells(&p)), "{problems}");
        }
    }
}

/// What a table says of itself and of others: path, row, column, cell, words.
#[test]
fn tables_agree_with_themselves_and_with_each_other() {
    let cases: &[(&str, usize, &str, &str, &str)] = &[
        (
            "world/nations.csv",
            2,
            "name",
            "United States",
            "is here twice",
        ),
        (
            "world/nations.csv",
            2,
            "region",
            "Chian",
            "did you mean `China`?",
        ),
        (
            "world/chips.csv",
            1,
            "vendor",
            "NVIDA",
            "did you mean `NVIDIA`?",
        ),
        (
            "world/chips.csv",
            1,
            "hq_country",
            "CHN",
            "the home of `nvidia`",
        ),
        ("world/chips.csv", 1, "hq_country", "USB", "did you mean"),
        (
            "world/chips.csv",
            1,
            "sold",
            "captive",
            "as the role of `nvidia`",
        ),
        (
            "world/chips.csv",
            2,
            "key",
            "nvidia-a100-40gb-sxm",
            "is here twice",
        ),
        (
            "world/chips.csv",
            1,
            "tpp",
            "4993",
            "the largest rate times its bits",
        ),
        (
            "world/chips.csv",
            1,
            "performance_density",
            "7",
            "tpp over die area",
        ),
        (
            "world/chips.csv",
            1,
            "tpp",
            "-5000",
            "expected a number from 0.1",
        ),
        (
            "world/chipmakers.csv",
            2,
            "home",
            "USB",
            "expected the ISO3 code",
        ),
        (
            "world/chipmakers.csv",
            2,
            "chip_vendor",
            "NVIDIA",
            "is here twice",
        ),
        (
            "world/chipmakers.csv",
            1,
            "chip_vendor",
            "NVIDA",
            "did you mean `NVIDIA`?",
        ),
        ("world/labs.csv", 1, "home", "USB", "expected the ISO3 code"),
        (
            "world/labs.csv",
            1,
            "hq_country",
            "Amerika",
            "the name of a nation",
        ),
        (
            "world/labs.csv",
            1,
            "compute_low_latest",
            "3300000",
            "above its high value",
        ),
        (
            "world/demand.csv",
            1,
            "series",
            "hyperscaler_capx",
            "did you mean `hyperscaler_capex`?",
        ),
        (
            "world/demand.csv",
            1,
            "unit",
            "USD mn a year",
            "expected `USD bn a year`",
        ),
        ("world/demand.csv", 1, "region", "USA", "has no region"),
        ("world/demand.csv", 9, "region", "Europe", "has one path"),
        ("world/demand.csv", 9, "region", "", "expected the region"),
        ("world/demand.csv", 21, "value", "300", "its own bounds"),
        (
            "world/demand.csv",
            51,
            "value",
            "9.0",
            "expected a number from 0.2 to 5",
        ),
        (
            "world/pools.csv",
            1,
            "pool",
            "cowos_ss",
            "did you mean `cowos_s`?",
        ),
        (
            "world/pools.csv",
            1,
            "unit",
            "dies a year",
            "expected `wafers a month`",
        ),
        ("world/pools.csv", 1, "value", "40000", "its own bounds"),
        (
            "world/foundries.csv",
            1,
            "home",
            "TAI",
            "expected the ISO3 code",
        ),
        (
            "world/foundries.csv",
            2,
            "pools",
            "cowos_s",
            "that no other row fills",
        ),
        (
            "world/foundries.csv",
            2,
            "pools",
            "smic_7mn",
            "did you mean `smic_7nm`?",
        ),
        (
            "world/power.csv",
            1,
            "dc_capacity_gw",
            "30",
            "its own bounds",
        ),
        (
            "world/power.csv",
            1,
            "ai_capacity_gw",
            "4",
            "that of all data centres",
        ),
        ("world/hosts.csv", 8, "unit", "chips", "expected `MW`"),
        (
            "world/hosts.csv",
            8,
            "item",
            "GPU power",
            "expected `GPU power used by Chinese firms`",
        ),
        (
            "world/hosts.csv",
            8,
            "kind",
            "rental_asumption",
            "did you mean `rental_assumption`?",
        ),
        (
            "world/hosts.csv",
            8,
            "period_end",
            "2024-01",
            "before its start",
        ),
        (
            "world/hosts.csv",
            8,
            "destination_iso3",
            "CHA",
            "did you mean",
        ),
        (
            "world/hubs.csv",
            11,
            "item",
            "share of diverted flow",
            "for the kind assumption",
        ),
        (
            "world/tool_supply.csv",
            2,
            "country",
            "NDL",
            "did you mean `NLD`?",
        ),
        (
            "world/tool_supply.csv",
            4,
            "process_step",
            "duv_imersion_litho",
            "did you mean `duv_immersion_litho`?",
        ),
        (
            "world/chips.csv",
            1,
            "background_fields",
            "int4;packging",
            "did you mean `packaging`?",
        ),
        (
            "world/chipmakers.csv",
            1,
            "foundry",
            "SMIC (TMSC to 2022)",
            "found `TMSC`, expected a foundry",
        ),
        (
            "world/chipmakers.csv",
            1,
            "foundry",
            "Tsmc then SMIC",
            "did you mean `TSMC`?",
        ),
        (
            "world/models.csv",
            1,
            "country",
            "USS",
            "the name of a nation",
        ),
        (
            "world/models.csv",
            1,
            "training_flop",
            "1e25",
            "its own bounds",
        ),
    ];
    for (path, row, column, cell, words) in cases {
        let cells = Cells::of(path).with(*row, column, cell);
        let source = cells.source();
        let Err(problems) = answer(path, &source) else {
            panic!("{path}: `{column}` with `{cell}` was accepted");
        };
        let says = |p: &&Diagnostic| format!("{} {}", p.message, p.help).contains(words);
        let hit = problems.0.iter().find(says);
        assert!(hit.is_some(), "{path}: no `{words}` in\n{problems}");
        let in_order = hit.unwrap().line == row + 1 || !words.contains("its own");
        assert!(in_order, "{path}: not in line {}\n{problems}", row + 1);
    }
}

#[test]
fn shares_add_up_to_one_at_most() {
    let sum = |path: &str, words: &str, column: &str, cells: &[(usize, &str)]| {
        let mut table = Cells::of(path);
        for (row, cell) in cells {
            let high = if column == "value" {
                "high"
            } else {
                "high_percent"
            };
            table = table.with(*row, column, cell).with(*row, high, cell);
        }
        let problems = answer(path, &table.source()).unwrap_err();
        assert!(problems.0[0].message.contains(words), "{problems}");
    };
    sum("world/hubs.csv", "add up to", "value", &[(11, "0.5")]);
    sum(
        "world/tool_supply.csv",
        "add up to",
        "supplier_share_percent",
        &[(3, "20")],
    );
}

#[test]
fn what_the_model_needs_is_there() {
    for (path, column, word, words) in [
        (
            "world/demand.csv",
            "series",
            "deflator",
            "no row of the series `deflator`",
        ),
        (
            "world/demand.csv",
            "series",
            "target_wants",
            "no row of the series `target_wants`",
        ),
        ("world/power.csv", "iso3", "WLD", "no row of `WLD`"),
        (
            "world/pools.csv",
            "pool",
            "proxy_fab_dies",
            "no row of the pool `proxy_fab_dies`",
        ),
        (
            "world/tool_supply.csv",
            "advanced_tool",
            "true",
            "`advanced_tool`, expected at least one",
        ),
        (
            "world/chips.csv",
            "datacenter_marketed",
            "true",
            "expected at least one",
        ),
    ] {
        let mut cells = Cells::of(path);
        let at = cells.column(column);
        if word == "true" {
            cells
                .0
                .iter_mut()
                .skip(1)
                .for_each(|row| row[at] = "false".into());
        } else {
            cells.0.retain(|row| row[at] != word);
        }
        let problems = answer(path, &cells.source()).unwrap_err();
        assert!(said(&problems, words), "{path}: {problems}");
    }
}

#[test]
fn a_table_is_refused_where_it_is_read_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("world")).unwrap();
    let text = Cells::of("world/demand.csv")
        .with(1, "value", "inf")
        .source()
        .text;
    std::fs::write(folder.path().join("world/demand.csv"), text).unwrap();
    let Err(problems) = chokepoint::study::Library::read(Configs::folder(folder.path()), &[])
    else {
        panic!("accepted");
    };
    assert!(
        problems.0[0].file.ends_with("world/demand.csv"),
        "{problems}"
    );
    assert_eq!(problems.0[0].line, 2);
}

fn own(text: &str) -> Result<usize, Problems> {
    let source = Source {
        name: "mine.csv".into(),
        text: text.into(),
    };
    foreign_chips::read(&source, &library().nation_codes(), &[]).map(|table| table.rows.len())
}

#[test]
fn a_chip_of_ones_own_is_a_chip() {
    for (text, column, words) in [
        ("chip,tpp\nx,-5000\n", 3, "column `tpp`: found `-5000`"),
        (
            "chip,tpp\nx,0\n",
            3,
            "leave the cell empty where the number is not known",
        ),
        ("chip,tpp\nx,inf\n", 3, "column `tpp`: found `inf`"),
        (
            "chip,tpp\nx,1.5832e16\n",
            3,
            "expected a number from 0.1 to 1e7 (TOPS x bit)",
        ),
        ("chip,mem_bandwidth_tbs\nx,864\n", 3, "(TB/s)"),
        ("chip,die_area_mm2\nx,6.09\n", 3, "(mm2)"),
        ("chip,die_area_mm2\nx,-609\n", 3, "(mm2)"),
        (
            "chip,tpp,hq_country\nx,1,XYZ\n",
            5,
            "the ISO3 code of a nation",
        ),
        ("chip,tpp,hq_country\nx,1,CHH\n", 5, "did you mean"),
        ("chip,status\nx,shiping\n", 3, "did you mean `shipping`?"),
        ("chip,first_ship\nx,0001-01\n", 3, "from 1990 to 2100"),
        ("chip,tpp\nx,1\nx,2\n", 1, "`x` is here twice"),
        ("chip,tpp\n\"x,1\n", 2, "closing quotation mark"),
        ("tpp\n1\n", 1, "the column `chip` is missing"),
        ("chip\n", 1, "a table without rows"),
    ] {
        let problems = own(text).unwrap_err();
        let first = &problems.0[0];
        let said = format!("{} {}", first.message, first.help);
        assert!(said.contains(words), "{text}: {problems}");
        assert_eq!(first.column, column, "{text}: {problems}");
    }
    let long = format!("chip,tpp\n{},1\n", "x".repeat(70_000));
    let problems = own(&long).unwrap_err();
    assert!(problems.0[0].message.contains("found 70000 characters"));
    assert!(problems.to_string().len() < 5000);
}

/// What grows with the square of the rows takes many minutes here; a busy machine takes seconds.
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn large_tables_take_time_and_memory_in_their_size() {
    let rows = |n: usize| -> String {
        let row = |k: usize| format!("chip {k},{},USA\n", 1000 + k % 9000);
        "chip,tpp,hq_country\n".to_string() + &(0..n).map(row).collect::<String>()
    };
    let began = Instant::now();
    assert_eq!(own(&rows(100_000)).unwrap(), 100_000);
    assert!(began.elapsed() < MINUTE, "{:?}", began.elapsed());

    let head = "target_id,series,entity,period,value,unit\n";
    let bad = |k: usize, cell: &str| {
        format!("t{k},us_china_gap_months,Average number {k},2024,{cell},months\n")
    };
    let text = |all: bool| -> String {
        let row = |k: usize| {
            bad(
                k,
                if all || k.is_multiple_of(2) {
                    "many"
                } else {
                    "7"
                },
            )
        };
        head.to_string() + &(0..20_000).map(row).collect::<String>()
    };
    for (all, count, words) in [
        (true, 1, "so it is in all 20000 rows"),
        (false, 51, "and 9950 more errors in this table"),
    ] {
        let source = Source {
            name: "mine.csv".into(),
            text: text(all),
        };
        let began = Instant::now();
        let problems = Evidence::of(&library().configs, &source).unwrap_err();
        let drawn = problems.to_string();
        assert!(began.elapsed() < MINUTE, "{:?}", began.elapsed());
        assert_eq!(problems.0.len(), count);
        assert!(
            problems.0.last().unwrap().message.contains(words),
            "{drawn}"
        );
        assert!(drawn.len() < 100_000, "{}", drawn.len());
    }
}

fn recorded(rows: &str) -> Result<Evidence, Problems> {
    let head =
        "target_id,series,entity,period,first_month,last_month,value,low,high,unit,class,error\n";
    let source = Source {
        name: "mine.csv".into(),
        text: format!("{head}{rows}"),
    };
    Evidence::of(&library().configs, &source)
}

#[test]
fn evidence_in_another_unit_is_converted_or_refused() {
    let same = recorded(
        "a,nvidia_dc_revenue_quarter,NVIDIA,2025-Q2,2025-05,2025-07,41.1,40,42,USD bn,M,0.04\n",
    );
    let other = recorded(
        "a,nvidia_dc_revenue_quarter,NVIDIA,2025-Q2,2025-05,2025-07,41100,40000,42000,USD mn,M,0.04\n",
    );
    let (same, other) = (&same.unwrap().rows[0], &other.unwrap().rows[0]);
    assert!((same.value - other.value).abs() < 1e-9 && same.error == other.error);
    assert_eq!(other.unit, "USD bn");
    assert!((other.high.unwrap() - 42.0).abs() < 1e-9);
    for (rows, column, words) in [
        (
            "a,nvidia_dc_revenue_quarter,NVIDIA,2025-Q2,,,41.1,,,CNY bn,M,0.04\n",
            "unit",
            "expected `USD bn`",
        ),
        (
            "a,nvidia_dc_revenue_quarter,NVIDIA,2025-Q2,,,41.1,,,,M,0.04\n",
            "unit",
            "found no unit",
        ),
        (
            "a,nvidia_dc_revenue_quarter,NVIDIA,2025-Q2,,,41.1,,,USD bn a year,M,0.04\n",
            "unit",
            "found `USD bn a year`",
        ),
        (
            "a,nvidia_dc_revenue_quartr,NVIDIA,2025-Q2,,,41.1,,,USD bn,M,0.04\n",
            "series",
            "did you mean `nvidia_dc_revenue_quarter`?",
        ),
        (
            "a,china_market_share,Nvidia,2024,,,0.4,,,share,M,0.04\n",
            "entity",
            "expected an entity of `china_market_share`: NVIDIA",
        ),
        (
            "a,china_market_share,NVIDIA,2024,,,40,,,share,M,0.04\n",
            "value",
            "expected a share from 0 to 1",
        ),
        (
            "a,china_market_share,NVIDIA,2024,,,0.4,0.5,0.6,share,M,0.04\n",
            "value",
            "its own bounds",
        ),
        (
            "a,china_market_share,NVIDIA,2024,,,0.4,0.6,0.5,share,M,0.04\n",
            "low",
            "above high",
        ),
        (
            "a,china_market_share,NVIDIA,2024,2024-12,2024-01,0.4,,,share,M,0.04\n",
            "first_month",
            "after last month",
        ),
        (
            "a,china_market_share,NVIDIA,2024,2024-01,2026-01,0.4,,,share,M,0.04\n",
            "last_month",
            "expected a month of the period 2024",
        ),
        (
            "a,china_market_share,NVIDIA,2024,2002-01,2024-12,0.4,,,share,M,0.04\n",
            "first_month",
            "near the period",
        ),
        (
            "a,china_market_share,NVIDIA,2024/2023,,,0.4,,,share,M,0.04\n",
            "period",
            "a beginning before its end",
        ),
        (
            "a,china_market_share,NVIDIA,2024,2024-Q2,,0.4,,,share,M,0.04\n",
            "first_month",
            "expected a month such as",
        ),
        (
            "a,china_market_share,NVIDIA,2024,,,0.4,,,share,M,0\n",
            "error",
            "expected a number from",
        ),
        (
            "a,china_market_share,NVIDIA,2024,,,0.4,,,share,m,0.1\n",
            "class",
            "did you mean",
        ),
    ] {
        let problems = recorded(rows).unwrap_err();
        let hit = problems.0.iter().find(|p| {
            p.message.starts_with(&format!("column `{column}`"))
                && format!("{} {}", p.message, p.help).contains(words)
        });
        assert!(hit.is_some(), "{rows}: no `{words}` in\n{problems}");
    }
}

/// One piece of text of a file becomes another, and it is refused with these words.
fn with_text(
    path: &str,
    from: &str,
    to: &str,
    check: &dyn Fn(&Source) -> Result<(), Problems>,
    words: &str,
) {
    let source = library().configs.read(path).unwrap();
    check(&source).unwrap_or_else(|e| panic!("{e}"));
    assert!(source.text.contains(from), "{path} has no `{from}`");
    let changed = Source {
        name: "mine.toml".into(),
        text: source.text.replacen(from, to, 1),
    };
    let Err(problems) = check(&changed) else {
        panic!("{path} with `{to}` was accepted");
    };
    let first = &problems.0[0];
    let said = format!("{} {}", first.message, first.help);
    assert!(said.contains(words), "{to}: no `{words}` in\n{problems}");
    // The place is near what was changed.
    let line = source.text[..source.text.find(from).unwrap()]
        .matches('\n')
        .count()
        + 1;
    assert!(
        first.line.abs_diff(line) <= 8,
        "{to}: line {line}, found\n{problems}"
    );
}

#[test]
fn splits_stand_in_order() {
    let cases = [
        (
            "fit_to = \"2023-12\"",
            "fit_to = \"2024-03\"",
            "expected a month before the test",
        ),
        (
            "test_to = \"2025-06\"",
            "test_to = \"2023-06\"",
            "before test_from",
        ),
        ("test_to = \"2025-06\"\n", "", "without test_to"),
        ("test_from = \"2024-01\"\n", "", "without test_from"),
        (
            "test_from = \"2024-01\"\ntest_to = \"2025-06\"\n",
            "",
            "fit_to without a test",
        ),
        ("name = \"B\"", "name = \"A\"", "is here twice"),
        ("name = \"B\"", "name = \"../B\"", "expected a name of"),
        ("name = \"B\"", "name = \"\"", "expected a name of"),
        (
            "test_from = \"2022-11\"",
            "test_from = \"1922-11\"",
            "from 1990 to 2100",
        ),
        (
            "test_block = \"capability\"",
            "test_block = \"capability\"\ntest_from = \"2024-01\"\ntest_to = \"2024-02\"",
            "expected one of them",
        ),
        ("draws = 500", "draws = 0", "expected a number from 1"),
        (
            "bootstrap = 2000",
            "bootstrap = 0",
            "expected a number from 1",
        ),
        ("log = 0.15", "log = nan", "`log`: found NaN"),
        (
            "fraction = 0.03",
            "fraction = -0.03",
            "expected a number from 0 to 1",
        ),
        ("months = 2.0", "months = inf", "(months)"),
        (
            "coverage_low = 0.80",
            "coverage_low = 1.80",
            "`coverage_low`: found 1.8",
        ),
        (
            "coverage_high = 0.97",
            "coverage_high = 0.7",
            "expected a number from 0.8 to 1",
        ),
        (
            "series_with_skill = 0.5",
            "series_with_skill = 5.0",
            "(share of series)",
        ),
    ];
    for (from, to, words) in cases {
        with_text("evidence/splits.toml", from, to, &splits::check, words);
    }
}

#[test]
fn a_registration_names_what_exists() {
    let cases = [
        (
            "date = \"2026-11-28\"",
            "date = \"2026-02-30\"",
            "expected a date",
        ),
        (
            "seen_to = \"2026-03\"",
            "seen_to = \"1826-03\"",
            "expected a month such as 2022-10",
        ),
        ("high = 0.65", "high = 0.4", "its own bounds"),
        ("priors = \"6926", "priors = \"5c4", "expected 64 digits"),
        (
            "model_versions = 7",
            "model_versions = 0",
            "expected a number from 1",
        ),
        (
            "\"design_around\"",
            "\"design_arond\"",
            "did you mean `design_around`?",
        ),
        ("\"co_design\"", "\"design_around\"", "is here twice"),
        (
            "\"codesign_share\"",
            "\"codesign_shre\"",
            "did you mean `codesign_share`?",
        ),
        ("\"P1\"", "\"Q1\"", "did you mean `P1`?"),
        ("\"P10\"", "\"P01\"", "expected P1, P2"),
        (
            "high = 0.65",
            "high = inf",
            "found inf, expected a finite number",
        ),
    ];
    for (from, to, words) in cases {
        with_text(
            "evidence/registration.toml",
            from,
            to,
            &|source: &Source| check_registration(source, &pattern_names()),
            words,
        );
    }
}

#[test]
fn a_map_names_measures_entities_and_units_that_exist() {
    let check = |source: &Source| evidence::check_map(&library().configs, source);
    let cases = [
        (
            "\"maker_revenue_usd\"",
            "\"maker_revnue_usd\"",
            "did you mean `maker_revenue_usd`?",
        ),
        (
            "\"nvidia:world\"",
            "\"nvida:world\"",
            "did you mean `nvidia:world`?",
        ),
        (
            "\"nvidia:world\"",
            "\"nvidia:moon\"",
            "expected an entity of `maker_revenue_usd`",
        ),
        (
            "\"target_vs_issuer\"",
            "\"target_vs_isuer\"",
            "did you mean `target_vs_issuer`?",
        ),
        (
            "driver = \"hyperscaler_capex\"",
            "driver = \"hyperscaler_capx\"",
            "did you mean `hyperscaler_capex`?",
        ),
        ("factor = 1.0e-9", "factor = -1.0", "`factor`: found -1"),
        ("factor = 1.0e-9", "factor = nan", "`factor`: found NaN"),
        ("value = 1.316", "value = inf", "`value`: found inf"),
        ("low = 1.25", "low = -0.2", "`low`: found -0.2"),
        ("high = 1.4", "high = 1.3", "its own bounds"),
        ("unit = \"x\"", "unit = \"cards\"", "expected `x` or"),
        (
            "added = \"other_segments_in_the_target\"",
            "added = \"other_segments_in_the_targt\"",
            "did you mean `other_segments_in_the_target`?",
        ),
        ("unit = \"USD bn\"", "unit = \"\"", "expected a unit"),
        (
            "series = \"nvidia_china_revenue_quarter\"",
            "series = \"nvidia_dc_revenue_quarter\"",
            "is here twice",
        ),
        (
            "reason = \"the same sales as the quarters\"",
            "reason = \"\"",
            "has no reason",
        ),
        ("units = [\"USD bn\"]", "units = []", "has no unit"),
    ];
    for (from, to, words) in cases {
        with_text("evidence/map.toml", from, to, &check, words);
    }
}

/// Names of nations alone leave other names of a table unchecked: a vendor of one's own is free.
#[test]
fn a_table_of_ones_own_may_name_any_vendor() {
    let known = KnownNames::of_nations(["USA".to_string()]);
    let source = Source {
        name: "mine.csv".into(),
        text: "chip,vendor,hq_country,tpp\nx,Nobody,USA,100\n".into(),
    };
    assert_eq!(
        foreign_chips::read(&source, &known, &[]).unwrap().rows[0].vendor,
        "Nobody"
    );
}
