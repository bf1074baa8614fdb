//! `chokepoint design`: prints the compliant variant that a maker would derive from a chip, and why.

use clap::Args;

use super::{
    Answer, Failure, Format, LawArgs, csv_text, date, law, say, say_data, say_json, table,
};
use crate::config::source::Configs;
use crate::controls::ControlledItem;
use crate::questions::designs::designs;

#[derive(Args)]
pub struct DesignArgs {
    /// Chip from which the design is derived (`chokepoint list chips`).
    chip: String,
    /// Day on which the design is made, such as 2023-12-01.
    #[arg(long, value_name = "DATE")]
    on: String,
    /// Destination country, as an ISO3 code.
    #[arg(long, value_name = "ISO3", default_value = "CHN")]
    to: String,
    #[command(flatten)]
    law: LawArgs,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

pub fn design(configs: Configs, args: &DesignArgs) -> Answer {
    let on = date("--on", &args.on)?;
    let (library, regime) = law(configs, &args.law)?;
    let parent = library.chip(&args.chip)?;
    let found = designs(&library, parent, &regime, on, &args.to)?;
    if found.is_empty() {
        return Err(Failure::No(format!(
            "no design from {} may be sold to {} without licence under {} on {on}\n",
            parent.chip, args.to, regime.name
        )));
    }
    if args.format == Format::Json {
        return say_json(&found);
    }
    let head = [
        "cut",
        "TPP",
        "links GB/s",
        "memory TB/s",
        "die mm2",
        "value",
        "price USD",
        "cost USD",
        "profit USD",
    ];
    let mut lines = vec![head.map(String::from).to_vec()];
    lines.extend(found.iter().map(|d| {
        vec![
            d.cut.clone(),
            format!("{:.0}", d.tpp),
            format!("{:.0}", d.interconnect_gbps),
            format!("{:.2}", d.mem_bandwidth_tbs),
            format!("{:.0}", d.die_area_mm2),
            format!("{:.3}", d.value),
            format!("{:.0}", d.price_usd),
            format!("{:.0}", d.cost_usd),
            format!("{:.0}", d.profit_usd),
        ]
    }));
    if args.format == Format::Csv {
        return say_data(&csv_text(&lines));
    }
    let mut text = format!(
        "{} for {} under {} on {on}: for each way to reduce the chip, the most profitable design that needs no licence:\n",
        parent.chip, args.to, regime.name
    );
    text.push_str(&table(&lines));
    let mut symbols = library.law.symbols.clone();
    let mut sale = parent.attributes(&mut symbols);
    let nation = library.nation(&args.to)?.groups(&mut symbols);
    sale.ship_to(&nation, &nation);
    text.push_str(&format!("rules that decide on {} itself:\n", parent.chip));
    for reason in
        regime
            .rules_in_force(&library.law, on)
            .explain(ControlledItem::ChipSale, &sale, &symbols)
    {
        text.push_str(&format!(
            "  {} {}: {}\n",
            reason.rule, reason.verdict, reason.because
        ));
    }
    text.push_str("value: useful work relative to an H100, in the buyers' mix of training and serving; price: an H100's price times the value\n");
    say(&text)
}
