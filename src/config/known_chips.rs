//! What known chips say of the rows of another table: the chip of a name alone, the home of a vendor, figures that look sparse.

use std::collections::BTreeMap;

use super::chips::ChipRow;
use super::foreign_chips::ForeignChipTable;

/// A figure that can be read in another way.
#[derive(Clone, Debug)]
pub struct ChipDoubt {
    /// Index of the row.
    pub row: usize,
    /// Why it is doubted.
    pub words: String,
    /// How it is read in the table, and how it would be read else.
    pub given: String,
    pub instead: String,
    pub other: ChipRow,
}

/// Names that a note lists.
const LISTED: usize = 8;

/// Fills rows that hold a name alone from the chip of that name, and the headquarters of vendors that are known; each is noted.
pub fn complete(table: &mut ForeignChipTable, known: &[ChipRow]) {
    let mut homes: BTreeMap<String, (&str, Option<&str>)> = BTreeMap::new();
    for chip in known {
        let vendor = chip.vendor.to_lowercase();
        let home = chip.hq_country.as_str();
        let (_, found) = homes
            .entry(vendor)
            .or_insert((chip.vendor.as_str(), Some(home)));
        *found = found.filter(|h| *h == home);
    }
    let mut taken: Vec<String> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut at_home: BTreeMap<String, usize> = BTreeMap::new();
    for row in &mut table.rows {
        if let Some((vendor, home)) = homes.get(&row.vendor.to_lowercase()) {
            row.vendor = (*vendor).to_string();
            if row.hq_country.is_empty()
                && let Some(home) = home
            {
                row.hq_country = (*home).to_string();
                *at_home.entry(format!("{vendor} {home}")).or_default() += 1;
            }
        }
        if !is_name_alone(row) {
            continue;
        }
        match &named(&row.chip, known)[..] {
            [] => {}
            [(chip, true)] => {
                taken.push(format!("`{}`", row.chip));
                let mut found = (*chip).clone();
                found.chip.clone_from(&row.chip);
                found.first_ship = row.first_ship.or(found.first_ship);
                *row = found;
            }
            several => {
                let names = several.iter().map(|(chip, _)| format!("`{}`", chip.chip));
                let names = names.collect::<Vec<_>>().join(" or ");
                open.push(format!("`{}` may be {names}", row.chip));
            }
        }
    }
    if !taken.is_empty() {
        table.notes.push(format!(
            "a name alone; the figures are those of the known chip of that name (`chokepoint explain NAME`): {}",
            listed(&taken)
        ));
    }
    if !open.is_empty() {
        table.notes.push(format!(
            "a name alone that may mean another chip, write the one that is meant: {}",
            listed(&open)
        ));
    }
    if !at_home.is_empty() {
        let list: Vec<String> = at_home.into_keys().collect();
        table.notes.push(format!(
            "where `hq_country` is empty it is that of the vendor's known chips: {}",
            listed(&list)
        ));
    }
}

/// The first of some words, and how many more there are.
fn listed(words: &[String]) -> String {
    let left = words.len().saturating_sub(LISTED);
    let first = words[..words.len() - left].join(", ");
    if left > 0 {
        format!("{first} and {left} more")
    } else {
        first
    }
}

/// Whether a row has nothing that a rule on chips asks about but names and dates.
fn is_name_alone(row: &ChipRow) -> bool {
    let figures = [
        row.fp16_dense_tflops,
        row.int8_dense_tops,
        row.fp8_dense_tflops,
        row.fp6_dense_tflops,
        row.fp4_dense_tflops,
        row.int4_dense_tops,
        row.tpp,
        row.die_area_mm2,
        row.process_node_nm,
        row.performance_density,
        row.interconnect_gbps,
        row.host_link_gbps,
        row.io,
        row.mem_capacity_gb,
        row.mem_bandwidth_tbs,
    ];
    figures.iter().all(Option::is_none) && row.datacenter_marketed.is_none()
}

/// Words of a chip's name in small letters, without vendors and brands; forms such as SXM5 without their number.
fn words(name: &str) -> Vec<String> {
    const BRANDS: [&str; 17] = [
        "nvidia",
        "amd",
        "intel",
        "huawei",
        "google",
        "amazon",
        "aws",
        "microsoft",
        "meta",
        "instinct",
        "tesla",
        "geforce",
        "habana",
        "cambricon",
        "gpu",
        "accelerator",
        "graphics",
    ];
    let small = name.to_lowercase();
    let mut words: Vec<String> = Vec::new();
    for word in small.split(|c: char| !c.is_alphanumeric()) {
        match words.last_mut() {
            // `80 GB` is one word.
            Some(before) if word == "gb" && before.chars().all(|c| c.is_ascii_digit()) => {
                before.push_str(word);
            }
            _ if word.is_empty() || BRANDS.contains(&word) => {}
            _ => words.push(word.to_string()),
        }
    }
    let plain = |w: &str| {
        let form = w.trim_end_matches(|c: char| c.is_ascii_digit());
        if ["sxm", "oam"].contains(&form) {
            form.to_string()
        } else {
            w.to_string()
        }
    };
    let mut found: Vec<String> = words.iter().map(|w| plain(w)).collect();
    found.sort();
    found.dedup();
    found
}

fn is_memory(word: &str) -> bool {
    let number = word.strip_suffix("gb").unwrap_or("");
    !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
}

/// The chips that a name may mean. One alone, with `true`, is meant beyond doubt: the same words, but for a memory that is its
/// own; others share the first word.
fn named<'a>(name: &str, known: &'a [ChipRow]) -> Vec<(&'a ChipRow, bool)> {
    if name.trim().is_empty() {
        return Vec::new();
    }
    let same = |c: &&ChipRow| c.chip.eq_ignore_ascii_case(name) || c.key.eq_ignore_ascii_case(name);
    if let Some(chip) = known.iter().find(same) {
        return vec![(chip, true)];
    }
    let asked = words(name);
    let form = |words: &[String]| -> Vec<String> {
        words.iter().filter(|w| !is_memory(w)).cloned().collect()
    };
    let memory_fits = |chip: &ChipRow| {
        let own = chip.mem_capacity_gb.map(|gb| format!("{gb}gb"));
        asked
            .iter()
            .filter(|w| is_memory(w))
            .all(|w| Some(w) == own.as_ref())
    };
    let form_of_asked = form(&asked);
    if form_of_asked.is_empty() {
        return Vec::new();
    }
    let fits: Vec<&ChipRow> = known
        .iter()
        .filter(|chip| form(&words(&chip.chip)) == form_of_asked && memory_fits(chip))
        .collect();
    if let [one] = fits[..] {
        return vec![(one, true)];
    }
    let shares = |chip: &&ChipRow| {
        let own = words(&chip.chip);
        form_of_asked.iter().all(|w| own.contains(w))
    };
    let near: Vec<&ChipRow> = if fits.is_empty() {
        known.iter().filter(shares).collect()
    } else {
        fits
    };
    near.into_iter().map(|chip| (chip, false)).collect()
}

/// The rates of a row with the bits of their format.
fn rates(row: &mut ChipRow) -> [(&'static str, f64, &mut Option<f64>); 6] {
    [
        ("fp16_dense_tflops", 16.0, &mut row.fp16_dense_tflops),
        ("int8_dense_tops", 8.0, &mut row.int8_dense_tops),
        ("fp8_dense_tflops", 8.0, &mut row.fp8_dense_tflops),
        ("fp6_dense_tflops", 6.0, &mut row.fp6_dense_tflops),
        ("fp4_dense_tflops", 4.0, &mut row.fp4_dense_tflops),
        ("int4_dense_tops", 4.0, &mut row.int4_dense_tops),
    ]
}

/// Whether one number is near to a multiple of another.
fn is_times(x: f64, multiple: f64, of: f64) -> bool {
    (x / of / multiple - 1.0).abs() <= 0.1
}

/// What can be read in another way in a row: rates that look sparse beside the others or beside the chip of that name, and a
/// total that does not follow from the rates.
pub fn doubt(at: usize, row: &ChipRow, known: &[ChipRow]) -> Option<ChipDoubt> {
    let mut other = row.clone();
    let mut halved: Vec<String> = Vec::new();
    let same = known
        .iter()
        .find(|c| c.chip.eq_ignore_ascii_case(&row.chip));
    let known_rates = same.map(|chip| {
        let mut chip = chip.clone();
        rates(&mut chip).map(|(_, _, rate)| *rate)
    });
    // A format of half the bits has twice the rate, and four times where it counts sparse operations.
    let eight_bits = row.fp8_dense_tflops.or(row.int8_dense_tops);
    let below = |bits: f64| {
        if bits == 8.0 {
            row.fp16_dense_tflops
        } else if bits == 4.0 {
            eight_bits.or(row.fp16_dense_tflops.map(|r| 2.0 * r))
        } else {
            None
        }
    };
    for (nth, (name, bits, rate)) in rates(&mut other).into_iter().enumerate() {
        let Some(given) = *rate else { continue };
        let of_name = known_rates.and_then(|all| all[nth]);
        if of_name.is_some_and(|r| is_times(given, 1.0, r)) {
            continue;
        }
        let beside = below(bits).filter(|r| is_times(given, 4.0, *r));
        let of_known = of_name.filter(|r| is_times(given, 2.0, *r));
        let why = match (beside, of_known) {
            (Some(r), _) => format!(
                "is 4 times {r}, the rate at twice the bits, where dense figures are 2 times"
            ),
            (None, Some(r)) => format!("is twice the {r} of the known chip of that name"),
            (None, None) => continue,
        };
        halved.push(format!("{name} {given} {why}"));
        *rate = Some(given / 2.0);
    }
    let instead = |row: &ChipRow| {
        row.computed_tpp()
            .map_or(String::new(), |t| format!(" (TPP {t})"))
    };
    if !halved.is_empty() {
        // A total that was made of a sparse rate goes with it.
        let made = row
            .tpp
            .zip(row.computed_tpp())
            .is_some_and(|(t, c)| is_close(t, c));
        if made || row.tpp.is_none() {
            other.tpp = None;
            other.performance_density = None;
        }
        let (words, instead) = (
            halved.join("; "),
            format!("as sparse, half of it{}", instead(&other)),
        );
        let given = "as dense".to_string();
        return Some(ChipDoubt {
            row: at,
            words,
            given,
            instead,
            other,
        });
    }
    let (stated, computed) = (row.tpp?, row.computed_tpp()?);
    if is_close(stated, computed) {
        return None;
    }
    other.tpp = Some(computed);
    other.performance_density = None;
    let sparse = if is_times(stated, 2.0, computed) || is_times(computed, 2.0, stated) {
        ", and one is twice the other, as where one counts sparse operations"
    } else {
        ""
    };
    Some(ChipDoubt {
        row: at,
        words: format!(
            "tpp is {stated}, and the largest rate times its bits is {computed}{sparse}"
        ),
        given: format!("with {stated}, which is used"),
        instead: format!("with {computed}"),
        other,
    })
}

/// Whether a total is another rounded: within one unit, or within 0.01 %.
pub(super) fn is_close(stated: f64, computed: f64) -> bool {
    (stated - computed).abs() <= (computed * 1e-4).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chip(name: &str, memory: f64) -> ChipRow {
        ChipRow {
            chip: name.into(),
            vendor: "NVIDIA".into(),
            hq_country: "USA".into(),
            mem_capacity_gb: Some(memory),
            ..ChipRow::default()
        }
    }

    #[test]
    fn a_name_means_one_chip_or_is_left_open() {
        let known = [
            chip("A100 40GB SXM", 40.0),
            chip("A100 80GB SXM", 80.0),
            chip("H100 SXM", 80.0),
            chip("H100 PCIe", 80.0),
            chip("H20 96GB", 96.0),
            chip("RTX 4090", 24.0),
            chip("RTX 4090D", 24.0),
        ];
        for (name, meant) in [
            ("h100 sxm", Some("H100 SXM")),
            ("NVIDIA H100 SXM5 80GB", Some("H100 SXM")),
            ("NVIDIA A100 SXM4 80 GB", Some("A100 80GB SXM")),
            ("H20", Some("H20 96GB")),
            ("GeForce RTX 4090", Some("RTX 4090")),
            ("RTX 4090D", Some("RTX 4090D")),
            ("H100", None),
            ("A100 SXM", None),
            ("H100 SXM 94GB", None),
            ("RTX 4090 Ti", None),
            ("NVIDIA", None),
            ("", None),
        ] {
            let found = named(name, &known);
            let sure = match &found[..] {
                [(chip, true)] => Some(chip.chip.as_str()),
                _ => None,
            };
            assert_eq!(sure, meant, "{name}");
        }
        assert_eq!(named("H100", &known).len(), 2);
    }
}
