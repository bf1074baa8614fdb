//! Chip tables as people have them are read, or refused with one message for each fault; what is read otherwise is said.

use chokepoint::cli::classify::{SaleQuery, rulings};
use chokepoint::config::chip_columns::ColumnChoice;
use chokepoint::config::chips::ChipRow;
use chokepoint::config::diagnostics::Problems;
use chokepoint::config::foreign_chips::ForeignChipTable;
use chokepoint::config::known_chips::doubt;
use chokepoint::config::source::Source;

use crate::batch::chokepoint;
use crate::library;

fn source(text: &str) -> Source {
    Source {
        name: "mine.csv".into(),
        text: text.into(),
    }
}

fn read(text: &str, columns: &[&str]) -> Result<ForeignChipTable, Problems> {
    let columns: Vec<ColumnChoice> = columns
        .iter()
        .map(|c| ColumnChoice::parse(c).unwrap())
        .collect();
    library().own_chips(&source(text), &columns)
}

fn row(text: &str) -> ChipRow {
    let table = read(text, &[]).unwrap_or_else(|e| panic!("{text}: {e}"));
    assert_eq!(table.rows.len(), 1, "{text}");
    table.rows[0].clone()
}

/// One message, which holds these words.
fn refused(text: &str, words: &[&str]) {
    let problems = read(text, &[]).expect_err(text);
    assert_eq!(problems.0.len(), 1, "{text}: {problems}");
    let said = format!("{} {}", problems.0[0].message, problems.0[0].help);
    for word in words {
        assert!(said.contains(word), "{text}: {said}");
    }
}

#[test]
fn the_same_chip_is_read_from_every_form_of_table() {
    for text in [
        "chip,tpp,die_area_mm2,mem_bandwidth_tbs\nmine,15832,814,3.35\n",
        "\u{feff}chip,tpp,die_area_mm2,mem_bandwidth_tbs\r\nmine,15832,814,3.35\r\n",
        "chip;tpp;die_area_mm2;mem_bandwidth_tbs\nmine;15832;814;3,35\n",
        "sep=;\nchip;tpp;die_area_mm2;mem_bandwidth_tbs\nmine;15.832;814;3,35\n",
        "chip\ttpp\tdie_area_mm2\tmem_bandwidth_tbs\nmine\t15 832\t814\t3.35\n",
        "chip|tpp|die_area_mm2|mem_bandwidth_tbs\nmine|15832|814|3.35\n",
        "Chip,TPP,Die_Area_mm2,MEM_BANDWIDTH_TBS\nmine,15832,814,3.35\n",
        "chip, tpp, die_area_mm2, mem_bandwidth_tbs\nmine, 15832, 814, 3.35\n",
        "chip,tpp,die_area_mm2,mem_bandwidth_tbs\nmine,\"15,832\",814 mm²,3.35 TB/s\n",
        "Name,Total processing performance,Die size (mm^2),Memory bandwidth (GB/s)\nmine,15832,814,3350\n",
        "GPU,TPP,Die area (cm²),Memory bandwidth (byte/s)\nmine,15'832,8.14,3.35e12\n",
        "chip,tpp,die_area_mm2,mem_bandwidth_tbs,\nmine,15832,814,3.35,\n",
        "chip,tpp,die_area_mm2,mem_bandwidth_tbs\n,,,\nmine,15832,814,3.35\n\n,,,\n",
        "chip,tpp,die_area_mm2,mem_bandwidth_tbs\nmine,15832,814,3.35,,\n",
    ] {
        let row = row(text);
        assert_eq!(row.chip, "mine", "{text}");
        assert_eq!(row.tpp, Some(15832.0), "{text}");
        assert!((row.die_area_mm2.unwrap() - 814.0).abs() < 1e-9, "{text}");
        assert_eq!(row.mem_bandwidth_tbs, Some(3.35), "{text}");
    }
}

/// Rows of the Epoch AI Machine Learning Hardware table, its columns as published.
const EPOCH: &str = "Hardware name,Manufacturer,Type,Notes,Release date,Release price (USD),Tensor-FP16/BF16 performance (FLOP/s),FP8 performance (FLOP/s),FP4 performance (FLOP/s),Memory (bytes),Memory bandwidth (byte/s),Intranode bandwidth (byte/s),Internode bandwidth (bit/s),TDP (W),FP64 (double precision) performance (FLOP/s),FP32 (single precision) performance (FLOP/s),TF32 (TensorFloat-32) performance (FLOP/s),FP16 (half precision) performance (FLOP/s),INT16 performance (OP/s),INT8 performance (OP/s),INT4 performance (OP/s),Foundry,Die Size (mm^2),Base clock (MHz),Boost clock (MHz),Memory clock (MHz),Memory bus (bit),Tensor cores,Process size (nm),Transistors (millions),Link to datasheet,Source for the price,ML models,Last modified,Max performance,Energy efficiency,Total processing performance (bit-OP/s),Price-performance,ML OP/s
NVIDIA H100 SXM5 80GB,NVIDIA,GPU,Listed figures are without sparsity.,2022-09-20,33600.0,989400000000000.0,,,80000000000.0,3350000000000.0,900000000000.0,400000000000.0,700.0,33450000000000.0,66910000000000.0,494700000000000.0,133800000000000.0,,1979000000000000.0,,TSMC,814.0,1665.0,1980.0,1313.0,5120.0,528.0,5.0,80000.0,\"https://one.example
https://two.example\",,,2025-12-11 22:42:47+00:00,1979000000000000.0,,1.5832e+16,,1979000000000000.0
Huawei Ascend 910C,Huawei,GPU,,2024-10-15,,800000000000000.0,,,128000000000.0,3200000000000.0,,784000000000.0,700.0,,,,800000000000000.0,,,,\"SMIC,TSMC\",,,,,,,7.0,,,,,2025-12-11 22:42:47+00:00,800000000000000.0,,1.28e+16,,800000000000000.0
";

#[test]
fn the_epoch_hardware_table_is_read_as_it_is_published() {
    let table = read(EPOCH, &[]).unwrap_or_else(|e| panic!("{e}"));
    let h100 = &table.rows[0];
    assert_eq!(h100.first_ship, Some("2022-09".parse().unwrap()));
    assert_eq!(h100.fp16_dense_tflops, Some(989.4));
    assert_eq!(h100.int8_dense_tops, Some(1979.0));
    assert_eq!(h100.tpp, Some(15832.0));
    assert_eq!(
        (h100.die_area_mm2, h100.process_node_nm),
        (Some(814.0), Some(5.0))
    );
    assert_eq!(
        (h100.mem_capacity_gb, h100.mem_bandwidth_tbs),
        (Some(80.0), Some(3.35))
    );
    assert_eq!(
        (h100.interconnect_gbps, h100.tdp_w),
        (Some(900.0), Some(700.0))
    );
    assert_eq!(h100.list_price_usd, Some(33600.0));
    assert_eq!(table.rows[1].tpp, Some(12800.0));
    assert_eq!(
        table.rows[1].hq_country, "CHN",
        "as the known chips of that vendor"
    );
    let notes = table.notes.join("\n");
    assert_eq!(notes.matches("left out").count(), 1, "{notes}");
    assert!(
        notes.contains("`Base clock (MHz)`") && notes.contains("Huawei CHN"),
        "{notes}"
    );
}

#[test]
fn a_column_is_what_the_user_says_it_is() {
    let text = "Produkt,Leistung,Speicher\nmine,15832,3350\n";
    let columns = [
        "chip=Produkt",
        "tpp=leistung",
        "mem_bandwidth_tbs=Speicher/1000",
    ];
    let table = read(text, &columns).unwrap();
    assert_eq!(table.rows[0].tpp, Some(15832.0));
    assert_eq!(table.rows[0].mem_bandwidth_tbs, Some(3.35));
    let table = read("chip,x/y\nmine,7\n", &["tpp=x/y"]).unwrap();
    assert_eq!(table.rows[0].tpp, Some(7.0));
    let wrong = read(text, &["chip=Produkt", "tpp=Leistun"]).unwrap_err();
    assert!(
        wrong.to_string().contains("did you mean `Leistung`?"),
        "{wrong}"
    );
    let twice = read("Name,Model,TPP\na,b,1\n", &[]).unwrap_err();
    assert!(
        twice.to_string().contains("--column chip=THEIRS"),
        "{twice}"
    );
    assert_eq!(
        read("Name,Model,TPP\na,b,1\n", &["chip=Model"])
            .unwrap()
            .rows[0]
            .chip,
        "b"
    );
}

#[test]
fn dates_truths_and_words_are_read_as_spreadsheets_save_them() {
    for cell in [
        "2020-05",
        "May-20",
        "2020-05-14",
        "14 May 2020",
        "May 2020",
        "14.05.2020",
        "05/20/2020",
        "2020/05/14",
        "2020-05-14 00:00:00",
        "May 14, 2020",
    ] {
        let text = format!("chip,first_ship,tpp\nx,\"{cell}\",1\n");
        assert_eq!(
            row(&text).first_ship,
            Some("2020-05".parse().unwrap()),
            "{cell}"
        );
    }
    for (cell, truth) in [
        ("TRUE", true),
        ("True", true),
        ("yes", true),
        ("Y", true),
        ("1", true),
        ("WAHR", true),
        ("FALSE", false),
        ("no", false),
        ("0", false),
        ("False", false),
    ] {
        let text = format!("chip,datacenter_marketed,tpp\nx,{cell},1\n");
        assert_eq!(row(&text).datacenter_marketed, Some(truth), "{cell}");
    }
    assert_eq!(row("chip,status,tpp\nx,Shipping,1\n").status, "shipping");
    assert_eq!(row("chip,packaging,tpp\nx,none,1\n").packaging, "none");
    assert_eq!(
        row("chip,status,tpp\nx,Never volume,1\n").status,
        "never_volume"
    );
    for cell in ["2020", "20-May", "05/06/2020", "soon", "2020-13"] {
        refused(
            &format!("chip,first_ship\nx,{cell}\n"),
            &["a month such as 2022-10"],
        );
    }
    refused(
        "chip,datacenter_marketed\nx,maybe\n",
        &["found `maybe`", "`true` or `false`"],
    );
}

#[test]
fn a_country_is_known_by_code_or_name_and_what_is_outside_is_said() {
    for (cell, code) in [
        ("CHN", "CHN"),
        ("CN", "CHN"),
        ("china", "CHN"),
        ("US", "USA"),
        ("United States", "USA"),
        ("uk", "GBR"),
        ("Taiwan", "TWN"),
        ("Macao", "MAC"),
        ("South Korea", "KOR"),
        ("UAE", "ARE"),
    ] {
        let text = format!("chip,tpp,hq_country\nx,1,{cell}\n");
        assert_eq!(row(&text).hq_country, code);
        let found = library().nation(cell).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(found.iso3, code, "{cell}");
    }
    for (cell, name) in [
        ("IRQ", "Iraq"),
        ("Syria", "Syria"),
        ("LV", "Latvia"),
        ("cuba", "Cuba"),
        ("AFG", "Afghanistan"),
    ] {
        refused(
            &format!("chip,tpp,hq_country\nx,1,{cell}\n"),
            &[name, "not in the table of nations"],
        );
        let wrong = library().nation(cell).unwrap_err().to_string();
        assert!(
            wrong.contains(name) && !wrong.contains("did you mean"),
            "{wrong}"
        );
    }
    for cell in ["XYZ", "Atlantis", "QQ"] {
        refused(
            &format!("chip,tpp,hq_country\nx,1,{cell}\n"),
            &["the ISO3 code of a nation"],
        );
        assert!(library().nation(cell).is_err());
    }
}

#[test]
fn what_no_chip_is_is_refused_with_its_unit() {
    for (column, cell, unit) in [
        ("tpp", "0", "TOPS x bit"),
        ("tpp", "-15832", "TOPS x bit"),
        ("tpp", "inf", "TOPS x bit"),
        ("tpp", "1.9e15", "TOPS x bit"),
        ("tpp", "many", "TOPS x bit"),
        ("mem_bandwidth_tbs", "864", "TB/s"),
        ("mem_bandwidth_tbs", "864 TB/s", "TB/s"),
        ("die_area_mm2", "6.09", "mm2"),
        ("die_area_mm2", "0", "mm2"),
        ("die_area_mm2", "-814", "mm2"),
        ("fp16_dense_tflops", "9.894e14", "TFLOPS"),
        ("fp8_dense_tflops", "0", "TFLOPS"),
        ("tdp_w", "0", "W"),
        ("process_node_nm", "0.5", "nm"),
    ] {
        refused(&format!("chip,{column}\nx,{cell}\n"), &[column, unit]);
    }
    refused(
        "chip,tdp_w\nx,3.35 TB/s\n",
        &["with the unit `TB/s`", "W, kW"],
    );
    refused(
        "chip,interconnect_gbps\nx,900 gb/s\n",
        &["with the unit `gb/s`"],
    );
    refused(
        "chip,Memory bandwidth\nx,3.35\n",
        &["without a unit", "mem_bandwidth_tbs"],
    );
    refused("chip;tpp\nx;15.832\n", &["either 15.832 or 15832"]);
}

#[test]
fn a_fault_is_told_once_however_many_rows_have_it() {
    let rows = |cell: &str| {
        (0..40)
            .map(|n| format!("c{n},{cell}\n"))
            .collect::<String>()
    };
    for (head, cell) in [
        ("first_ship", "soon"),
        ("tpp", "many"),
        ("tpp", "0"),
        ("hq_country", "IRQ"),
        ("datacenter_marketed", "maybe"),
        ("tdp_w", "3 TB/s"),
        ("Memory bandwidth", "3.35"),
        ("status", "shiping"),
        ("die_area_mm2", "6"),
        ("fp8_dense_tflops", "9e14"),
    ] {
        let text = format!("chip,{head}\n{}", rows(cell));
        let problems = read(&text, &[]).unwrap_err();
        assert_eq!(problems.0.len(), 1, "{problems}");
        let lines = if head == "Memory bandwidth" {
            "without a unit"
        } else {
            "so it is in lines 3, 4, 5, 6, 7 and 34 more"
        };
        assert!(problems.0[0].message.contains(lines), "{problems}");
    }
    let unknown = read("chip,tpp,die_area_mm2\na,N/A,814\nb,-,814\nc,?,814\n", &[]).unwrap();
    assert!(unknown.rows.iter().all(|r| r.tpp.is_none()));
    assert_eq!(unknown.notes.len(), 3, "{:?}", unknown.notes);
}

#[test]
fn a_name_alone_is_looked_up_and_what_is_known_is_not_made_up() {
    let known = |name: &str| library().chip(name).unwrap();
    for (name, of) in [
        ("H100 SXM", "H100 SXM"),
        ("h100 sxm", "H100 SXM"),
        ("NVIDIA H100 SXM5 80GB", "H100 SXM"),
        ("RTX 4090", "RTX 4090"),
        ("GeForce RTX 4090", "RTX 4090"),
        ("L4", "L4"),
        ("H20", "H20 96GB"),
        ("A100 SXM4 80GB", "A100 80GB SXM"),
        ("AMD Instinct MI300X", "Instinct MI300X"),
        ("MI300X", "Instinct MI300X"),
        ("Huawei Ascend 910C", "Ascend 910C"),
    ] {
        let row = row(&format!("chip\n{name}\n"));
        assert_eq!(row.tpp, known(of).tpp, "{name}");
        assert_eq!(row.chip, name);
    }
    for name in ["H100", "A100", "RTX 4090 Ti", "H100 NVL 94GB", "Nothing 1"] {
        assert_eq!(row(&format!("chip\n{name}\n")).tpp, None, "{name}");
    }
    let table = read("chip\nH100\nL4\n", &[]).unwrap();
    let notes = table.notes.join("\n");
    assert!(
        notes.contains("`H100` may be `H100 SXM` or `H100 PCIe`"),
        "{notes}"
    );
    assert!(notes.contains("`L4`"), "{notes}");
    // A row with a figure of its own is not filled.
    assert_eq!(row("chip,tpp\nH100 SXM,15832\n").die_area_mm2, None);
}

#[test]
fn totals_may_be_rounded_and_what_does_not_follow_is_said() {
    for (fp8, tpp) in [
        (2614.9, 20919.0),
        (5033.2, 40265.0),
        (5033.2, 40266.0),
        (1979.0, 15832.0),
        (989.4, 7915.0),
        (296.0, 2368.0),
        (61.2, 489.0),
        (61.2, 490.0),
        (4500.0, 36001.0),
        (900.0, 7200.0),
    ] {
        let row = row(&format!("chip,fp8_dense_tflops,tpp\nx,{fp8},{tpp}\n"));
        assert_eq!(row.tpp, Some(tpp));
        assert!(doubt(0, &row, &[]).is_none(), "{fp8} {tpp}");
    }
    let off = row("chip,fp4_dense_tflops,tpp\nGB300 mine,15000,61120\n");
    let doubted = doubt(0, &off, &[]).unwrap();
    assert!(doubted.words.contains("61120") && doubted.words.contains("60000"));
    assert_eq!(doubted.other.tpp, Some(60000.0));
    refused(
        "chip,tpp,die_area_mm2,performance_density\nx,4000,800,6.5\n",
        &["expected 5.000"],
    );
    assert_eq!(
        row("chip,tpp,die_area_mm2,performance_density\nx,4992,826,6.0\n").performance_density,
        None
    );
}

#[test]
fn formats_of_few_and_many_bits_count_in_the_total() {
    for (header, cell, tpp) in [
        ("fp4_dense_tflops", "15000", 60000.0),
        ("NVFP4 (PFLOPS)", "15", 60000.0),
        ("INT4 (TOPS)", "1248", 4992.0),
        ("int4_dense_tops", "1248", 4992.0),
        ("FP6 TFLOPS", "5033", 30198.0),
        ("BF16 dense (TFLOPS)", "989.5", 15832.0),
        ("Dense FP8 TFLOPS", "1979", 15832.0),
        ("INT8 (TOPS)", "1979", 15832.0),
        ("FP8 TFLOPS (with sparsity)", "3958", 15832.0),
        ("MXFP8 (PFLOPS)", "5.0332", 40265.6),
    ] {
        let row = row(&format!("chip,{header}\nx,{cell}\n"));
        let total = row.tpp.or_else(|| row.computed_tpp());
        assert!((total.unwrap() - tpp).abs() < 1e-6, "{header}: {total:?}");
    }
    // A format without tensor cores raises a total, and is none by itself.
    let both = row("chip,FP16 (TFLOPS),FP32 (TFLOPS)\nx,20,15\n");
    assert_eq!(both.tpp, Some(480.0));
    let alone = row("chip,FP32 (TFLOPS)\nx,67\n");
    assert_eq!(alone.tpp.or_else(|| alone.computed_tpp()), None);
}

#[test]
fn a_figure_that_looks_sparse_is_doubted_and_one_of_a_known_chip_is_not() {
    let fp8 = "fp16_dense_tflops,fp8_dense_tflops";
    for (name, head, cells) in [
        ("x", fp8, "989.5,3958"),
        ("x", "fp16_dense_tflops,int8_dense_tops", "119.5,478"),
        ("x", "fp8_dense_tflops,fp4_dense_tflops", "4500,18000"),
        ("x", "int8_dense_tops,int4_dense_tops", "624,2496"),
        ("H100 SXM", "fp8_dense_tflops", "3958"),
        ("H100 SXM", "fp16_dense_tflops", "1979"),
        ("L20", "fp8_dense_tflops", "478"),
        ("B200", "fp4_dense_tflops", "18000"),
        ("x", "fp8_dense_tflops,tpp", "1979,31664"),
        ("x", "fp8_dense_tflops,tpp", "3958,15832"),
    ] {
        let row = row(&format!("chip,{head}\n{name},{cells}\n"));
        let doubted = doubt(0, &row, &library().chips);
        let doubted = doubted.unwrap_or_else(|| panic!("{name} {head} {cells}"));
        let total = |row: &ChipRow| row.tpp.or_else(|| row.computed_tpp());
        assert_ne!(total(&row), total(&doubted.other), "{}", doubted.words);
    }
    for chip in &library().chips {
        let doubted = doubt(0, chip, &library().chips);
        assert!(
            doubted.is_none(),
            "{}: {:?}",
            chip.chip,
            doubted.map(|d| d.words)
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "chip,vendor,die_area_mm2,datacenter_marketed,process_node_nm,{fp8}\nL20 mine,NVIDIA,609,true,5,119.5,478\n"
    );
    std::fs::write(folder.path().join("s.csv"), text).unwrap();
    let out = chokepoint(folder.path())
        .args(["classify", "s.csv", "--on", "2023-12-01"])
        .output()
        .unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(
        out.status.success() && said.contains("as dense: denied"),
        "{said}"
    );
    assert!(
        said.contains("as sparse, half of it (TPP 1912): "),
        "{said}"
    );
}

#[test]
fn verdicts_come_with_their_reason_in_words() {
    let regime = crate::regime("history");
    let reason = |text: &str, on: &str, to: &str| -> String {
        let sale = SaleQuery {
            on: on.parse().unwrap(),
            to,
            buyer_hq: None,
        };
        let found = rulings(library(), &regime, &sale, Some((&source(text), &[]))).unwrap();
        found.rows[0].reason.clone()
    };
    let own = |tpp: &str, area: &str, centre: &str| {
        format!(
            "chip,vendor,tpp,die_area_mm2,datacenter_marketed,process_node_nm\nx,NVIDIA,{tpp},{area},{centre},5\n"
        )
    };
    for (text, words) in [
        (own("15832", "814", "true"), "TPP 15,832 is 4,800 or more"),
        (own("15832", "814", "true"), "(3A090.a): denied"),
        (
            own("1912", "609", "true"),
            "TPP 1,912 is below 4,800, and performance density 3.14 is below 5.92",
        ),
        (
            own("5285", "608.5", "false"),
            "exception `NAC`: not designed or marketed for data centres: notify",
        ),
        (own("4000", "", "true"), "die area is not known"),
    ] {
        let said = reason(&text, "2023-12-01", "CHN");
        assert!(said.contains(words), "{said}");
    }
    let free = reason(&own("15832", "814", "true"), "2021-01-01", "CHN");
    assert_eq!(free, "no rule in force reaches this sale");
}

#[test]
fn two_of_our_columns_from_one_of_theirs_are_refused_with_both_names() {
    let columns = ["chip=n", "tpp=x", "die_area_mm2=x"];
    let said = read("n,x\nmine,4800\n", &columns)
        .expect_err("one column was read as two")
        .to_string();
    for word in ["`tpp`", "`die_area_mm2`", "`x`"] {
        assert!(said.contains(word), "{said}");
    }
    assert!(
        read(
            "n,x,y\nmine,4800,800\n",
            &["chip=n", "tpp=x", "die_area_mm2=y"]
        )
        .is_ok()
    );
}
