//! Templates of rules, one for each instrument, that pass `check` and change a verdict or a run as they are.

use crate::controls::Instrument;

/// What the template of one instrument says in the places of `assets/new/rule.toml`.
struct RuleTemplate {
    title: &'static str,
    issuer: &'static str,
    description: &'static str,
    announced: &'static str,
    compliance: &'static str,
    condition: &'static str,
    /// What the condition says, beside it.
    meaning: &'static str,
    applies_to: &'static str,
    /// Values of the numbers that the template gives; ranges come from the instrument.
    numbers: &'static [(&'static str, &'static str)],
    /// Further lines.
    more: &'static str,
}

const CHINA_AND_PARENTS: &str =
    r#"{ origin = "us", destinations = ["D:5", "MAC"], headquarters = ["D:5", "MAC"] }"#;
const TO_CHINA: &str = r#"{ origin = "us", destinations = ["CHN", "HKG", "MAC"] }"#;
const ABROAD: &str = r#"{ origin = "any", destinations = ["foreign"] }"#;
const SCOPE: &str = "whose goods (`us`, `any`, `foreign` or an ISO3 code), to which nations or groups, owned from where";

impl RuleTemplate {
    /// A proposal of the United States on data-centre chips, from July 2026.
    const PROPOSAL: Self = Self {
        title: "a limit on chips sold to China",
        issuer: "USA",
        description: "No chip that meets the condition may be sold to the D:5 countries, China among them.",
        announced: "2026-03-01",
        compliance: "2026-07-01",
        condition: "tpp >= 2400 && datacenter_marketed",
        meaning: "which chips; && and, || or, ! not; a cap on memory bandwidth: mem_bandwidth_tbs >= 4 (TB/s)",
        applies_to: CHINA_AND_PARENTS,
        numbers: &[],
        more: "",
    };

    const fn of(instrument: Instrument) -> Self {
        match instrument {
            Instrument::ChipThreshold => Self::PROPOSAL,
            Instrument::Levy => Self {
                title: "a levy on chips of the H200's class sold to China",
                description: "A sale to China of a chip that meets the condition pays part of its price to the treasury.",
                condition: "tpp >= 15000 && tpp < 21000 && datacenter_marketed",
                meaning: "which chips pay; a chip that was free needs a licence then (`chokepoint explain levy`)",
                applies_to: TO_CHINA,
                numbers: &[("levy_share", "0.3")],
                ..Self::PROPOSAL
            },
            Instrument::CountryCap => Self {
                title: "caps on what Malaysia and the United Arab Emirates import",
                description: "Malaysia and the United Arab Emirates may each import no more performance than the cap.",
                meaning: "which chips draw on the cap",
                applies_to: r#"{ origin = "us", destinations = ["MYS", "ARE"] }"#,
                numbers: &[("tier2_cap_tpp", "7.9e8")],
                ..Self::PROPOSAL
            },
            Instrument::EntityList => Self {
                title: "a designer of chips is put on the Entity List",
                description: "Nobody may sell chips to this buyer, or make wafers for it, without a licence.",
                announced: "2021-03-01",
                compliance: "2021-07-01",
                condition: "buyer == 'Enflame'",
                meaning: "which buyers, as the tables write them: a chipmaker or a lab",
                applies_to: r#"{ origin = "any", destinations = ["world"] }"#,
                ..Self::PROPOSAL
            },
            Instrument::ImportBan => Self {
                title: "the destination bars foreign chips",
                issuer: "CHN",
                description: "No data-centre chip of this vendor may be imported.",
                condition: "vendor == 'NVIDIA' && datacenter_marketed",
                meaning: "which chips; of every vendor: datacenter_marketed alone",
                applies_to: r#"{ origin = "foreign", destinations = ["CHN"] }"#,
                ..Self::PROPOSAL
            },
            Instrument::Equipment => Self {
                title: "no tools for advanced fabs to the target",
                description: "No tool for a fab of 16 nm or below may be sold to China, a year before the rule of October 2022.",
                announced: "2021-03-01",
                compliance: "2021-07-01",
                condition: "fab_node_nm <= 16 && fab_non_planar",
                meaning: "the fab that the tool is for; the model asks about tools of the issuer for 7 nm",
                applies_to: r#"{ origin = "any", destinations = ["CHN", "MAC"] }"#,
                ..Self::PROPOSAL
            },
            Instrument::Memory => Self {
                title: "no high-bandwidth memory to the target",
                description: "No stack of high-bandwidth memory may be sold to D:5 countries, a year before the rule of December 2024.",
                announced: "2023-03-01",
                compliance: "2023-07-01",
                condition: "hbm_bandwidth_density_gbs_mm2 > 2.0",
                meaning: "bandwidth of a stack over its area; the model asks about stacks of 3.0",
                applies_to: r#"{ origin = "any", destinations = ["D:5", "MAC"] }"#,
                ..Self::PROPOSAL
            },
            Instrument::Foundry => Self {
                title: "no advanced wafers for designers that are not approved",
                description: "No foundry may make wafers of 16 nm or below for designers of D:5 countries, before the rule of January 2025.",
                announced: "2023-03-01",
                compliance: "2023-07-01",
                condition: "process_node_nm <= 16 && non_planar && !designer_approved",
                meaning: "the wafers and who orders them",
                applies_to: r#"{ origin = "any", destinations = ["D:5", "MAC"], headquarters = ["D:5", "MAC"] }"#,
                ..Self::PROPOSAL
            },
            Instrument::ModelWeights => Self {
                title: "no weights of large models abroad",
                description: "No weights of a model trained with 1e25 operations or more may leave the country, open ones among them.",
                condition: "training_flop >= 1e25",
                meaning: "which models; open_weights is true for those whose weights are published",
                applies_to: ABROAD,
                ..Self::PROPOSAL
            },
            Instrument::ModelAccess => Self {
                title: "no use of frontier models abroad",
                description: "Nobody abroad may use models trained with 1e25 operations or more that their makers serve.",
                condition: "training_flop >= 1e25",
                meaning: "which models that are served; weights that are published stay where they are",
                applies_to: ABROAD,
                ..Self::PROPOSAL
            },
            Instrument::LocationCheck => Self {
                title: "chips report where they are",
                description: "A chip of this performance reports its place, so that diverted chips are found more often.",
                condition: "true",
                meaning: "every chip that is sold abroad",
                applies_to: ABROAD,
                numbers: &[("check_usd", "30"), ("detection_multiple", "3")],
                ..Self::PROPOSAL
            },
            Instrument::RemoteAccess => Self {
                title: "no rented compute for firms of the target",
                description: "Nobody may lease controlled compute to firms with headquarters in D:5 countries.",
                condition: "headquarters_d5 || headquarters_macau",
                meaning: "who rents",
                applies_to: ABROAD,
                ..Self::PROPOSAL
            },
            Instrument::InputRestriction => Self {
                title: "no materials for chips abroad",
                issuer: "CHN",
                description: "Materials that makers of chips elsewhere need may not be exported.",
                condition: "true",
                meaning: "every such material",
                applies_to: ABROAD,
                ..Self::PROPOSAL
            },
            Instrument::Promotion => Self {
                title: "public money for data centres",
                description: "The issuer adds 50 billion USD a year to what its buyers spend on chips.",
                condition: "true",
                meaning: "a promotion has no condition",
                applies_to: r#"{ origin = "any", destinations = ["USA"] }"#,
                numbers: &[("build_out_usd_per_year", "5e10")],
                ..Self::PROPOSAL
            },
            Instrument::Rescission => Self {
                title: "the line of October 2023 is dropped",
                description: "The rule on chips of October 2023 ends and no other takes its place.",
                condition: "true",
                meaning: "a rescission has no condition",
                applies_to: r#"{ origin = "any", destinations = ["world"] }"#,
                more: "supersedes = [\"us-2023-10-3a090a\"] # rules that end on the day of `compliance`: `chokepoint list rules`",
                ..Self::PROPOSAL
            },
        }
    }
}

/// The commented file of a rule of this kind and name.
pub fn text(instrument: Instrument, name: &str) -> String {
    let template = RuleTemplate::of(instrument);
    let licences: Vec<String> = instrument
        .licences()
        .iter()
        .map(ToString::to_string)
        .collect();
    let licence = match instrument {
        Instrument::Levy => "levied",
        Instrument::CountryCap => "capped",
        Instrument::Promotion | Instrument::Rescission | Instrument::LocationCheck => "free",
        _ => "denied",
    };
    let mut more = String::new();
    if !template.numbers.is_empty() {
        let given = template.numbers.iter();
        let given: Vec<String> = given.map(|(id, value)| format!("{id} = {value}")).collect();
        more.push_str(&format!("numbers = {{ {} }}\n", given.join(", ")));
    }
    // A kind of rule that lives by its numbers lists them all.
    let listed = if template.numbers.is_empty() {
        &[]
    } else {
        instrument.numbers()
    };
    for number in listed {
        let (name, need) = (number.name, number.need.words());
        more.push_str(&format!(
            "# {name} ({need}): {}; {}\n",
            number.words,
            number.range()
        ));
    }
    if !template.more.is_empty() {
        more.push_str(&format!("{}\n", template.more));
    }
    let title = format!("NAME: {}", template.title);
    let places = [
        ("TITLE", title.as_str()),
        ("ISSUER", template.issuer),
        ("INSTRUMENT", instrument.name()),
        ("DESCRIPTION", template.description),
        ("ANNOUNCED", template.announced),
        ("COMPLIANCE", template.compliance),
        ("CONDITION", template.condition),
        ("MEANING", template.meaning),
        ("LICENCES", &licences.join(", ")),
        ("LICENCE", licence),
        ("APPLIES_TO", template.applies_to),
        ("SCOPE", SCOPE),
        ("MORE\n", &more),
        // The last, since what stands before may hold it.
        ("NAME", name),
    ];
    let mut text = include_str!("../../assets/new/rule.toml").to_string();
    for (place, words) in places {
        text = text.replace(place, words);
    }
    text
}
