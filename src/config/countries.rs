//! Nations by their codes and names (ISO 3166-1), so that a cell or an argument may hold any of them.

/// Codes of two and three letters, and the usual English name.
#[rustfmt::skip]
const NATIONS: &[(&str, &str, &str)] = &[
    ("AD", "AND", "Andorra"),
    ("AE", "ARE", "United Arab Emirates"),
    ("AF", "AFG", "Afghanistan"),
    ("AG", "ATG", "Antigua and Barbuda"),
    ("AI", "AIA", "Anguilla"),
    ("AL", "ALB", "Albania"),
    ("AM", "ARM", "Armenia"),
    ("AO", "AGO", "Angola"),
    ("AQ", "ATA", "Antarctica"),
    ("AR", "ARG", "Argentina"),
    ("AS", "ASM", "American Samoa"),
    ("AT", "AUT", "Austria"),
    ("AU", "AUS", "Australia"),
    ("AW", "ABW", "Aruba"),
    ("AX", "ALA", "Aland Islands"),
    ("AZ", "AZE", "Azerbaijan"),
    ("BA", "BIH", "Bosnia and Herzegovina"),
    ("BB", "BRB", "Barbados"),
    ("BD", "BGD", "Bangladesh"),
    ("BE", "BEL", "Belgium"),
    ("BF", "BFA", "Burkina Faso"),
    ("BG", "BGR", "Bulgaria"),
    ("BH", "BHR", "Bahrain"),
    ("BI", "BDI", "Burundi"),
    ("BJ", "BEN", "Benin"),
    ("BL", "BLM", "Saint Barthelemy"),
    ("BM", "BMU", "Bermuda"),
    ("BN", "BRN", "Brunei"),
    ("BO", "BOL", "Bolivia"),
    ("BQ", "BES", "Caribbean Netherlands"),
    ("BR", "BRA", "Brazil"),
    ("BS", "BHS", "Bahamas"),
    ("BT", "BTN", "Bhutan"),
    ("BV", "BVT", "Bouvet Island"),
    ("BW", "BWA", "Botswana"),
    ("BY", "BLR", "Belarus"),
    ("BZ", "BLZ", "Belize"),
    ("CA", "CAN", "Canada"),
    ("CC", "CCK", "Cocos (Keeling) Islands"),
    ("CD", "COD", "Democratic Republic of the Congo"),
    ("CF", "CAF", "Central African Republic"),
    ("CG", "COG", "Congo"),
    ("CH", "CHE", "Switzerland"),
    ("CI", "CIV", "Ivory Coast"),
    ("CK", "COK", "Cook Islands"),
    ("CL", "CHL", "Chile"),
    ("CM", "CMR", "Cameroon"),
    ("CN", "CHN", "China"),
    ("CO", "COL", "Colombia"),
    ("CR", "CRI", "Costa Rica"),
    ("CU", "CUB", "Cuba"),
    ("CV", "CPV", "Cape Verde"),
    ("CW", "CUW", "Curacao"),
    ("CX", "CXR", "Christmas Island"),
    ("CY", "CYP", "Cyprus"),
    ("CZ", "CZE", "Czechia"),
    ("DE", "DEU", "Germany"),
    ("DJ", "DJI", "Djibouti"),
    ("DK", "DNK", "Denmark"),
    ("DM", "DMA", "Dominica"),
    ("DO", "DOM", "Dominican Republic"),
    ("DZ", "DZA", "Algeria"),
    ("EC", "ECU", "Ecuador"),
    ("EE", "EST", "Estonia"),
    ("EG", "EGY", "Egypt"),
    ("EH", "ESH", "Western Sahara"),
    ("ER", "ERI", "Eritrea"),
    ("ES", "ESP", "Spain"),
    ("ET", "ETH", "Ethiopia"),
    ("FI", "FIN", "Finland"),
    ("FJ", "FJI", "Fiji"),
    ("FK", "FLK", "Falkland Islands"),
    ("FM", "FSM", "Micronesia"),
    ("FO", "FRO", "Faroe Islands"),
    ("FR", "FRA", "France"),
    ("GA", "GAB", "Gabon"),
    ("GB", "GBR", "United Kingdom"),
    ("GD", "GRD", "Grenada"),
    ("GE", "GEO", "Georgia"),
    ("GF", "GUF", "French Guiana"),
    ("GG", "GGY", "Guernsey"),
    ("GH", "GHA", "Ghana"),
    ("GI", "GIB", "Gibraltar"),
    ("GL", "GRL", "Greenland"),
    ("GM", "GMB", "Gambia"),
    ("GN", "GIN", "Guinea"),
    ("GP", "GLP", "Guadeloupe"),
    ("GQ", "GNQ", "Equatorial Guinea"),
    ("GR", "GRC", "Greece"),
    ("GS", "SGS", "South Georgia and the South Sandwich Islands"),
    ("GT", "GTM", "Guatemala"),
    ("GU", "GUM", "Guam"),
    ("GW", "GNB", "Guinea-Bissau"),
    ("GY", "GUY", "Guyana"),
    ("HK", "HKG", "Hong Kong"),
    ("HM", "HMD", "Heard Island and McDonald Islands"),
    ("HN", "HND", "Honduras"),
    ("HR", "HRV", "Croatia"),
    ("HT", "HTI", "Haiti"),
    ("HU", "HUN", "Hungary"),
    ("ID", "IDN", "Indonesia"),
    ("IE", "IRL", "Ireland"),
    ("IL", "ISR", "Israel"),
    ("IM", "IMN", "Isle of Man"),
    ("IN", "IND", "India"),
    ("IO", "IOT", "British Indian Ocean Territory"),
    ("IQ", "IRQ", "Iraq"),
    ("IR", "IRN", "Iran"),
    ("IS", "ISL", "Iceland"),
    ("IT", "ITA", "Italy"),
    ("JE", "JEY", "Jersey"),
    ("JM", "JAM", "Jamaica"),
    ("JO", "JOR", "Jordan"),
    ("JP", "JPN", "Japan"),
    ("KE", "KEN", "Kenya"),
    ("KG", "KGZ", "Kyrgyzstan"),
    ("KH", "KHM", "Cambodia"),
    ("KI", "KIR", "Kiribati"),
    ("KM", "COM", "Comoros"),
    ("KN", "KNA", "Saint Kitts and Nevis"),
    ("KP", "PRK", "North Korea"),
    ("KR", "KOR", "South Korea"),
    ("KW", "KWT", "Kuwait"),
    ("KY", "CYM", "Cayman Islands"),
    ("KZ", "KAZ", "Kazakhstan"),
    ("LA", "LAO", "Laos"),
    ("LB", "LBN", "Lebanon"),
    ("LC", "LCA", "Saint Lucia"),
    ("LI", "LIE", "Liechtenstein"),
    ("LK", "LKA", "Sri Lanka"),
    ("LR", "LBR", "Liberia"),
    ("LS", "LSO", "Lesotho"),
    ("LT", "LTU", "Lithuania"),
    ("LU", "LUX", "Luxembourg"),
    ("LV", "LVA", "Latvia"),
    ("LY", "LBY", "Libya"),
    ("MA", "MAR", "Morocco"),
    ("MC", "MCO", "Monaco"),
    ("MD", "MDA", "Moldova"),
    ("ME", "MNE", "Montenegro"),
    ("MF", "MAF", "Saint Martin (French part)"),
    ("MG", "MDG", "Madagascar"),
    ("MH", "MHL", "Marshall Islands"),
    ("MK", "MKD", "North Macedonia"),
    ("ML", "MLI", "Mali"),
    ("MM", "MMR", "Myanmar"),
    ("MN", "MNG", "Mongolia"),
    ("MO", "MAC", "Macau"),
    ("MP", "MNP", "Northern Mariana Islands"),
    ("MQ", "MTQ", "Martinique"),
    ("MR", "MRT", "Mauritania"),
    ("MS", "MSR", "Montserrat"),
    ("MT", "MLT", "Malta"),
    ("MU", "MUS", "Mauritius"),
    ("MV", "MDV", "Maldives"),
    ("MW", "MWI", "Malawi"),
    ("MX", "MEX", "Mexico"),
    ("MY", "MYS", "Malaysia"),
    ("MZ", "MOZ", "Mozambique"),
    ("NA", "NAM", "Namibia"),
    ("NC", "NCL", "New Caledonia"),
    ("NE", "NER", "Niger"),
    ("NF", "NFK", "Norfolk Island"),
    ("NG", "NGA", "Nigeria"),
    ("NI", "NIC", "Nicaragua"),
    ("NL", "NLD", "Netherlands"),
    ("NO", "NOR", "Norway"),
    ("NP", "NPL", "Nepal"),
    ("NR", "NRU", "Nauru"),
    ("NU", "NIU", "Niue"),
    ("NZ", "NZL", "New Zealand"),
    ("OM", "OMN", "Oman"),
    ("PA", "PAN", "Panama"),
    ("PE", "PER", "Peru"),
    ("PF", "PYF", "French Polynesia"),
    ("PG", "PNG", "Papua New Guinea"),
    ("PH", "PHL", "Philippines"),
    ("PK", "PAK", "Pakistan"),
    ("PL", "POL", "Poland"),
    ("PM", "SPM", "Saint Pierre and Miquelon"),
    ("PN", "PCN", "Pitcairn"),
    ("PR", "PRI", "Puerto Rico"),
    ("PS", "PSE", "Palestine"),
    ("PT", "PRT", "Portugal"),
    ("PW", "PLW", "Palau"),
    ("PY", "PRY", "Paraguay"),
    ("QA", "QAT", "Qatar"),
    ("RE", "REU", "Reunion"),
    ("RO", "ROU", "Romania"),
    ("RS", "SRB", "Serbia"),
    ("RU", "RUS", "Russia"),
    ("RW", "RWA", "Rwanda"),
    ("SA", "SAU", "Saudi Arabia"),
    ("SB", "SLB", "Solomon Islands"),
    ("SC", "SYC", "Seychelles"),
    ("SD", "SDN", "Sudan"),
    ("SE", "SWE", "Sweden"),
    ("SG", "SGP", "Singapore"),
    ("SH", "SHN", "Saint Helena"),
    ("SI", "SVN", "Slovenia"),
    ("SJ", "SJM", "Svalbard and Jan Mayen"),
    ("SK", "SVK", "Slovakia"),
    ("SL", "SLE", "Sierra Leone"),
    ("SM", "SMR", "San Marino"),
    ("SN", "SEN", "Senegal"),
    ("SO", "SOM", "Somalia"),
    ("SR", "SUR", "Suriname"),
    ("SS", "SSD", "South Sudan"),
    ("ST", "STP", "Sao Tome and Principe"),
    ("SV", "SLV", "El Salvador"),
    ("SX", "SXM", "Sint Maarten (Dutch part)"),
    ("SY", "SYR", "Syria"),
    ("SZ", "SWZ", "Eswatini"),
    ("TC", "TCA", "Turks and Caicos Islands"),
    ("TD", "TCD", "Chad"),
    ("TF", "ATF", "French Southern Territories"),
    ("TG", "TGO", "Togo"),
    ("TH", "THA", "Thailand"),
    ("TJ", "TJK", "Tajikistan"),
    ("TK", "TKL", "Tokelau"),
    ("TL", "TLS", "Timor-Leste"),
    ("TM", "TKM", "Turkmenistan"),
    ("TN", "TUN", "Tunisia"),
    ("TO", "TON", "Tonga"),
    ("TR", "TUR", "Turkey"),
    ("TT", "TTO", "Trinidad and Tobago"),
    ("TV", "TUV", "Tuvalu"),
    ("TW", "TWN", "Taiwan"),
    ("TZ", "TZA", "Tanzania"),
    ("UA", "UKR", "Ukraine"),
    ("UG", "UGA", "Uganda"),
    ("UM", "UMI", "United States Minor Outlying Islands"),
    ("US", "USA", "United States"),
    ("UY", "URY", "Uruguay"),
    ("UZ", "UZB", "Uzbekistan"),
    ("VA", "VAT", "Vatican"),
    ("VC", "VCT", "Saint Vincent and the Grenadines"),
    ("VE", "VEN", "Venezuela"),
    ("VG", "VGB", "British Virgin Islands"),
    ("VI", "VIR", "United States Virgin Islands"),
    ("VN", "VNM", "Vietnam"),
    ("VU", "VUT", "Vanuatu"),
    ("WF", "WLF", "Wallis and Futuna"),
    ("WS", "WSM", "Samoa"),
    ("YE", "YEM", "Yemen"),
    ("YT", "MYT", "Mayotte"),
    ("ZA", "ZAF", "South Africa"),
    ("ZM", "ZMB", "Zambia"),
    ("ZW", "ZWE", "Zimbabwe"),
    // No code of the standard: the user-assigned one that is common.
    ("XK", "XKX", "Kosovo"),
];

/// Other names in use, with the code of three letters.
#[rustfmt::skip]
const OTHER_NAMES: &[(&str, &str)] = &[
    ("UK", "GBR"),
    ("EL", "GRC"),
    ("Great Britain", "GBR"),
    ("Britain", "GBR"),
    ("England", "GBR"),
    ("America", "USA"),
    ("United States of America", "USA"),
    ("Mainland China", "CHN"),
    ("People's Republic of China", "CHN"),
    ("PRC", "CHN"),
    ("PR China", "CHN"),
    ("Republic of China", "TWN"),
    ("Chinese Taipei", "TWN"),
    ("Taiwan, Province of China", "TWN"),
    ("ROC", "TWN"),
    ("Korea", "KOR"),
    ("Republic of Korea", "KOR"),
    ("Korea, Republic of", "KOR"),
    ("ROK", "KOR"),
    ("DPRK", "PRK"),
    ("Democratic People's Republic of Korea", "PRK"),
    ("Holland", "NLD"),
    ("UAE", "ARE"),
    ("Emirates", "ARE"),
    ("KSA", "SAU"),
    ("Macao", "MAC"),
    ("Macao SAR", "MAC"),
    ("Macau SAR", "MAC"),
    ("Hong Kong SAR", "HKG"),
    ("Turkiye", "TUR"),
    ("Türkiye", "TUR"),
    ("Russian Federation", "RUS"),
    ("Czech Republic", "CZE"),
    ("Iran, Islamic Republic of", "IRN"),
    ("Syrian Arab Republic", "SYR"),
    ("Lao People's Democratic Republic", "LAO"),
    ("Burma", "MMR"),
    ("Brasil", "BRA"),
    ("Deutschland", "DEU"),
    ("Swaziland", "SWZ"),
    ("Macedonia", "MKD"),
    ("DRC", "COD"),
    ("Côte d'Ivoire", "CIV"),
    ("Cote d'Ivoire", "CIV"),
    ("Brunei Darussalam", "BRN"),
    ("East Timor", "TLS"),
];

/// A nation that a text names, in a table of nations or outside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedNation {
    /// Its ISO3 code.
    InTable(String),
    /// A nation that the table lacks: its name.
    Outside(&'static str),
    /// No nation's code or name.
    None,
}

/// The nation that a code of two or three letters or a name means, in any case. A code that the table holds is one of its
/// nations, whatever the standard says.
pub fn nation_named<'a>(text: &str, table: impl IntoIterator<Item = &'a str>) -> NamedNation {
    let text = text.trim();
    let table: Vec<&str> = table.into_iter().collect();
    let of_table = |code: &str| table.iter().find(|c| c.eq_ignore_ascii_case(code));
    if let Some(code) = of_table(text) {
        return NamedNation::InTable((*code).to_string());
    }
    let Some((code, name)) = nation_of_world(text) else {
        return NamedNation::None;
    };
    match of_table(code) {
        Some(code) => NamedNation::InTable((*code).to_string()),
        None => NamedNation::Outside(name),
    }
}

/// The ISO3 code and the name of the nation that a text means.
fn nation_of_world(text: &str) -> Option<(&'static str, &'static str)> {
    let bare = plain(text);
    let is = |name: &str| plain(name) == bare;
    let other = OTHER_NAMES.iter().find(|(name, _)| is(name));
    let code = other.map(|(_, code)| *code);
    let same = |(two, three, name): &&(&str, &'static str, &'static str)| {
        code == Some(*three) || code.is_none() && (is(two) || is(three) || is(name))
    };
    let found = NATIONS.iter().find(same)?;
    Some((found.1, found.2))
}

/// Small letters without marks, spaces and a leading article.
fn plain(text: &str) -> String {
    let small: String = text.to_lowercase();
    let small = small.strip_prefix("the ").unwrap_or(&small);
    small.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// How to ask for a nation, for messages.
pub const EXPECTED: &str = "the ISO3 code of a nation of the table, its code of two letters or its name (`chokepoint list nations`)";

/// The code of the table that is one letter away, where a text is the code or name of no nation.
pub fn nearest_code<'a>(text: &str, table: &[&'a str]) -> Option<&'a str> {
    let text = text.trim().to_uppercase();
    let near = |code: &&&str| strsim::damerau_levenshtein(&text, code) <= 1;
    table.iter().find(near).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const TABLE: [&str; 8] = ["USA", "CHN", "TWN", "GBR", "MAC", "POL", "KOR", "CHE"];

    #[test]
    fn a_nation_is_known_by_each_of_its_names() {
        for (text, code) in [
            ("CN", "CHN"),
            ("chn", "CHN"),
            ("China", "CHN"),
            ("PRC", "CHN"),
            ("uk", "GBR"),
            ("GB", "GBR"),
            ("MO", "MAC"),
            ("Macao", "MAC"),
            ("PL", "POL"),
            ("Taiwan", "TWN"),
            ("switzerland", "CHE"),
            ("The United States", "USA"),
            ("us", "USA"),
            (" South Korea ", "KOR"),
        ] {
            assert_eq!(
                nation_named(text, TABLE),
                NamedNation::InTable(code.into()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_nation_outside_the_table_is_named_and_no_neighbour_by_letters_is_offered() {
        for (text, name) in [
            ("IRQ", "Iraq"),
            ("SYR", "Syria"),
            ("LVA", "Latvia"),
            ("iq", "Iraq"),
            ("Peru", "Peru"),
            ("CU", "Cuba"),
            ("Burma", "Myanmar"),
        ] {
            assert_eq!(
                nation_named(text, TABLE),
                NamedNation::Outside(name),
                "{text}"
            );
        }
        for text in ["XYZ", "", "Atlantis", "C", "EU", "Q1"] {
            assert_eq!(nation_named(text, TABLE), NamedNation::None, "{text}");
        }
        assert_eq!(nearest_code("XYZ", &TABLE), None);
        assert_eq!(nearest_code("CNH", &TABLE), Some("CHN"));
    }

    #[test]
    fn no_code_or_name_stands_twice() {
        let mut seen = HashSet::new();
        for (two, three, name) in NATIONS {
            assert_eq!((two.len(), three.len()), (2, 3));
            for text in [two, three, name] {
                assert!(seen.insert(plain(text)), "{text} stands twice");
            }
        }
        for (name, code) in OTHER_NAMES {
            assert!(seen.insert(plain(name)), "{name} stands twice");
            assert!(NATIONS.iter().any(|(_, three, _)| three == code), "{code}");
        }
    }
}
