//! Claims about chips, buyers and makers: C1 to C10 and C13.

use chokepoint::foundation::calendar::Month;
use chokepoint::foundation::channels::Channel::*;
use chokepoint::technology::chip::ChipSpec;
use chokepoint::technology::roadmap::SlotKind;

use super::arms::{
    World, arm, change, chips_and_inputs, entry, named, oct23_announced, oct23_dropped, only, rule,
    under,
};
use super::engine::{Claim, Expect::*, Over, Read, claim, difference, effect, level, outcome};
use super::look::{Look, at};

const SLACK: &[(&str, f64)] = &[("supply_multiplier", 3.0), ("capacity_speed", 1.0)];
const TIGHT: &[(&str, f64)] = &[("supply_multiplier", 0.6)];
/// The tight case of C10 is taken without friction of resale, and with pools that bind throughout.
const TIGHT_FREE: &[(&str, f64)] = &[("supply_multiplier", 0.3), ("resale_friction", 0.0)];
const SERVING: &[(&str, f64)] = &[
    ("training_share_2022", 0.05),
    ("training_share_2024", 0.05),
    ("training_share_2026", 0.05),
];

fn from(year: i32, month: i32, months: usize) -> Over {
    Over::From(Month::of(year, month), months)
}

const COMPUTE: Read = Read::As("target_compute_h100e at the end", |l| {
    l.last("compute_h100e", "target")
});
const INFLOW: Read = Read::Outcome("target_inflow_h100e");
const CAPACITY: Read = Read::As("wafer_capacity at the end", |l| {
    l.last("wafer_capacity", "target")
});
const HOME_TPP: Read = Read::Outcome("target_home_tpp");

/// Everything recorded up to the end of the window, as one number: two runs that differ anywhere differ here.
pub const EVERYTHING: Read = Read::As("every measure", |l| {
    let mut hash = 0_u64;
    for column in 0..l.b.watch.columns.names().len() {
        for value in &l.record.column(column)[..l.to] {
            hash = (hash ^ value.to_bits())
                .wrapping_mul(0x0000_0100_0000_01b3)
                .rotate_left(23);
        }
    }
    (hash >> 12) as f64
});

fn links(spec: &ChipSpec) -> f64 {
    spec.interconnect_gbps + spec.host_link_gbps
}

/// A variant and its parent that this accepts came on sale by a month.
fn variant_by(l: &Look, month: usize, accepts: impl Fn(&ChipSpec, &ChipSpec) -> bool) -> f64 {
    let found = l
        .variants()
        .any(|(slot, parent, launch)| launch <= month && accepts(l.spec(slot), l.spec(parent)));
    f64::from(u8::from(found))
}

/// The variant of an H100 with most of its arithmetic, over its parent, in hands of this skill.
fn over_parent(l: &Look, skill: f64, links_gbps: Option<f64>) -> f64 {
    let of_h100 = |parent: usize| l.b.roadmap.slots[parent].name.contains("H100 SXM");
    let found = l
        .variants()
        .filter(|(_, parent, _)| of_h100(*parent))
        .max_by(|a, b| l.spec(a.0).tpp.total_cmp(&l.spec(b.0).tpp));
    let Some((slot, parent, _)) = found else {
        return f64::NAN;
    };
    let mut cut = *l.spec(slot);
    if let Some(links) = links_gbps {
        cut.interconnect_gbps = links;
        cut.host_link_gbps = cut.host_link_gbps.min(links);
    }
    l.useful(&cut, skill, 0.0) / l.useful(l.spec(parent), skill, 0.0)
}

/// How far the target's hands are behind the most skilled, on that variant, after so many months of the window.
fn behind_the_skilled(l: &Look, months: usize) -> f64 {
    let skill = l.column("codesign_skill", "target")[l.from + months];
    over_parent(l, 1.0, None) - over_parent(l, skill, None)
}

fn c1() -> Vec<Claim> {
    let window = from(2022, 8, 15);
    let no_links = || {
        let mut rule = entry("test-compute-alone", "2022-09-12", "2022-10-21");
        rule.announced = rule.announced.min(rule.compliance);
        arm(change("none", "compute alone", |e| e.push(rule)))
    };
    let h100 = Read::As(
        "H100 variant, links < 600 GB/s, TPP kept, on sale by 2023-04",
        |l| {
            variant_by(l, at(2023, 4), |v, p| {
                p.tpp > 15_000.0 && links(v) < 600.0 && v.tpp >= 0.95 * p.tpp
            })
        },
    );
    let sold = outcome("variant_units_total");
    vec![
        claim(
            "C1a",
            "a part with cut links and whole arithmetic is on sale within six months",
            level(under("oct22")).on(h100).over(window).is(Share(0.85)),
        )
        .flip(
            "rule on arithmetic alone: no links are cut",
            level(no_links())
                .on(Read::As("variant with links cut", |l| {
                    variant_by(l, l.to, |v, p| links(v) < 0.95 * links(p))
                }))
                .over(window)
                .is(Zero),
        )
        .flip(
            "rule on arithmetic alone: arithmetic is cut",
            level(no_links())
                .on(Read::As("variant with TPP cut", |l| {
                    variant_by(l, l.to, |v, p| v.tpp < 0.95 * p.tpp)
                }))
                .over(window)
                .is(Share(0.85)),
        )
        .flip(
            "redesign dearer than the market",
            level(under("oct22").with(&[("redesign_cost_usd", 1e13)]))
                .on(sold)
                .over(window)
                .is(Zero),
        )
        .flip(
            "design_around off",
            level(under("oct22").off(&[DesignAround]))
                .on(sold)
                .over(window)
                .is(Zero),
        ),
        claim(
            "C1a inflow",
            "so that the target gets more than without it",
            effect(under("oct22"), under("oct22").off(&[DesignAround]))
                .on(INFLOW)
                .over(window)
                .is(Plus),
        ),
        claim(
            "C1b",
            "without variants the line takes half of what is new",
            effect(
                under("oct22").off(&[DesignAround]),
                under("none").off(&[DesignAround]),
            )
            .on(Read::As("inflow of chips launched from 2022-10", |l| {
                l.seen.new_inflow_h100e[l.from..l.to].iter().sum()
            }))
            .is(RatioAtMost(-0.5)),
        )
        .flip(
            "what was there before is untouched",
            effect(
                under("oct22").off(&[DesignAround]),
                under("none").off(&[DesignAround]),
            )
            .on(Read::As("target_compute_h100e the month before", |l| {
                l.column("compute_h100e", "target")[l.from - 1]
            }))
            .is(Zero),
        )
        .flip(
            "demand is for serving: the same, since the parts below the line lack memory bandwidth",
            effect(
                under("oct22").off(&[DesignAround]).with(SERVING),
                under("none").off(&[DesignAround]).with(SERVING),
            )
            .on(Read::As(
                "serving inflow of chips launched from 2022-10",
                |l| l.seen.new_inflow_serving_h100e[l.from..l.to].iter().sum(),
            ))
            .is(RatioAtMost(-0.5)),
        ),
        claim(
            "C1c",
            "in the most skilled hands the cut part does nearly what its parent does",
            level(under("oct22"))
                .on(Read::As("variant over H100, skilled", |l| {
                    over_parent(l, 1.0, None)
                }))
                .is(AtLeast(0.93)),
        )
        .flip(
            "in ordinary hands less",
            level(under("oct22"))
                .on(Read::As("skilled less ordinary", |l| {
                    over_parent(l, 1.0, None) - over_parent(l, 0.0, None)
                }))
                .is(Plus),
        )
        .flip(
            "the difference falls with months of scarcity",
            level(under("oct22"))
                .on(Read::As(
                    "behind the skilled, month 48 less month 12",
                    |l| behind_the_skilled(l, 47) - behind_the_skilled(l, 12),
                ))
                .is(Minus),
        )
        .flip(
            "co_design off: constant in time",
            level(under("oct22").off(&[CoDesign]))
                .on(Read::As(
                    "behind the skilled, month 48 less month 12",
                    |l| behind_the_skilled(l, 47) - behind_the_skilled(l, 12),
                ))
                .is(Zero),
        )
        .flip(
            "links cut to 64 GB/s",
            level(under("oct22"))
                .on(Read::As("variant with 64 GB/s over H100, skilled", |l| {
                    over_parent(l, 1.0, Some(64.0))
                }))
                .is(AtMost(0.93)),
        ),
    ]
}

fn c2() -> Vec<Claim> {
    let window = from(2023, 11, 48);
    let early = || {
        arm(oct23_announced(
            "oct23 announced half a year ahead",
            "2023-05-17",
            "2023-11-17",
        ))
    };
    vec![
        claim(
            "C2",
            "closing the loophole ends the old variants within two months",
            level(under("oct23"))
                .on(Read::As(
                    "old variants sold in the target from 2024-01",
                    |l| l.seen.old_variant_units[at(2024, 1)..l.to].iter().sum(),
                ))
                .over(window)
                .is(Zero),
        ),
        claim(
            "C2 stock",
            "what was bought stays until it retires",
            level(under("oct23"))
                .on(Read::As("stock of old variants not explained", |l| {
                    l.seen.unexplained[l.from..l.to]
                        .iter()
                        .copied()
                        .fold(0.0, f64::max)
                }))
                .over(window)
                .is(Every(0.0, 1e-9)),
        ),
        claim(
            "C2 inflow",
            "the target gets less",
            effect(under("oct23"), under("oct22"))
                .on(INFLOW)
                .over(window)
                .is(Minus),
        ),
        claim(
            "C2 next",
            "a part with little arithmetic and whole memory follows within six months",
            level(under("oct23"))
                .on(Read::As(
                    "variant, TPP < 2400, bandwidth kept, on sale by 2024-05",
                    |l| {
                        variant_by(l, at(2024, 5), |v, p| {
                            v.tpp < 2400.0 && v.mem_bandwidth_tbs >= 0.95 * p.mem_bandwidth_tbs
                        })
                    },
                ))
                .over(window)
                .is(Share(0.9)),
        )
        .flip(
            "design_around off",
            level(under("oct23").off(&[DesignAround]))
                .on(outcome("variant_units_total"))
                .over(window)
                .is(Zero),
        ),
        claim(
            "C2 notice",
            "half a year of notice does not make up for the rule a year and a half later",
            effect(early(), under("oct22"))
                .on(COMPUTE)
                .over(from(2023, 5, 25))
                .is(Minus),
        )
        .flip(
            "stockpiling and design_around off: nothing before the rule",
            effect(
                early().off(&[Stockpiling, DesignAround]),
                under("oct22").off(&[Stockpiling, DesignAround]),
            )
            .on(COMPUTE)
            .over(from(2023, 5, 6))
            .is(Zero),
        ),
    ]
}

fn c3() -> Vec<Claim> {
    let caps = || under("diffusion");
    let before = || under("frozen-2025-05");
    // Controls on these nations' chips were none before, so that a cap is all that the rule adds.
    let wide = || {
        arm(change("frozen-2025-05", "caps x 100", |e| {
            e.push(entry("test-caps-100", "2024-10-14", "2025-05-15"))
        }))
    };
    let window = from(2025, 5, 32);
    vec![
        claim(
            "C3",
            "caps leave nations that want more than theirs less compute",
            effect(caps(), before())
                .on(Read::As(
                    "compute of tier-2 nations of India, Gulf, South-East Asia",
                    |l| {
                        l.compute_of(|n| {
                            n.diffusion_tier == 2
                                && ["India", "Gulf", "South-East Asia"].contains(&n.region.as_str())
                        })
                    },
                ))
                .over(window)
                .is(Minus),
        )
        .flip(
            "caps x 100",
            effect(wide(), before())
                .on(Read::As("compute of every nation", |l| {
                    l.compute_of(|_| true)
                }))
                .over(window)
                .is(Small),
        )
        .flip(
            "nations below their cap lose nothing",
            effect(caps().with(SLACK), before().with(SLACK))
                .on(Read::As("compute of tier-2 nations under USD 60 bn", |l| {
                    l.compute_of(|n| n.diffusion_tier == 2 && n.gdp_usd_2024 < 60e9 && !n.group_d4)
                }))
                .over(window)
                .is(NotLess),
        ),
        claim(
            "C3 queue",
            "and a longer queue",
            effect(caps(), before())
                .on(Read::As("mean scarcity in third countries", |l| {
                    l.mean("scarcity", "third")
                }))
                .over(window)
                .is(Plus),
        ),
        claim(
            "C3 tight",
            "where supply binds the issuer gets what they do not",
            effect(caps().with(TIGHT), before().with(TIGHT))
                .on(outcome("issuer_compute_h100e_end"))
                .over(window)
                .is(Plus),
        )
        .flip(
            "slack",
            effect(caps().with(SLACK), before().with(SLACK))
                .on(outcome("issuer_compute_h100e_end"))
                .over(window)
                .is(Small),
        ),
        claim(
            "C3 slack",
            "where supply is ample makers lose the sales",
            effect(caps().with(SLACK), before().with(SLACK))
                .on(outcome("us_maker_revenue_usd"))
                .over(window)
                .is(Minus),
        ),
    ]
}

fn c4() -> Vec<Claim> {
    let with = || {
        arm(change("diffusion", "diffusion with weights", |e| {
            e.push(rule("us-2025-01-4e091"))
        }))
    };
    let above = || {
        arm(change(
            "diffusion",
            "diffusion with weights above every model",
            |e| e.push(entry("test-weights-above-all", "2024-12-14", "2025-05-15")),
        ))
    };
    let closed = Read::As(
        "use of the issuer's closed models in third countries",
        |l| l.mean("service_share", "issuer"),
    );
    let open = Read::As("use of open models in third countries", |l| {
        l.mean("service_share", "open")
    });
    let all = outcome("third_service_use_mean");
    let far = |a: super::arms::Arm| a.world(World::FewOpen);
    let near = |a: super::arms::Arm| a.world(World::AllOpen);
    vec![
        claim(
            "C4",
            "weights denied: closed models are used less",
            effect(with(), under("diffusion")).on(closed).is(Minus),
        )
        .flip(
            "no model above the line",
            effect(above(), under("diffusion")).on(EVERYTHING).is(Zero),
        )
        .flip(
            "no closed model better than the open ones",
            effect(near(with()), near(under("diffusion")))
                .on(EVERYTHING)
                .is(Zero),
        ),
        claim(
            "C4 open",
            "and open ones more",
            effect(with(), under("diffusion")).on(open).is(Plus),
        ),
        claim(
            "C4 far",
            "where open models are far behind, users give up use",
            effect(far(with()), far(under("diffusion")))
                .on(all)
                .is(Minus),
        )
        .flip(
            "some turn to open models, since a lead is priced",
            effect(far(with()), far(under("diffusion")))
                .on(open)
                .is(Plus),
        )
        .flip(
            "open models as good: closed revenue is untouched",
            effect(near(with()), near(under("diffusion")))
                .on(outcome("issuer_service_revenue_usd"))
                .is(Zero),
        ),
    ]
}

fn c5() -> Vec<Claim> {
    let at_once = || {
        arm(oct23_announced(
            "oct23 announced on the day",
            "2023-11-17",
            "2023-11-17",
        ))
    };
    let ahead = || {
        arm(oct23_announced(
            "oct23 announced four months ahead",
            "2023-07-17",
            "2023-11-17",
        ))
    };
    let shortly = || {
        arm(oct23_announced(
            "oct23 announced a month ahead",
            "2023-10-17",
            "2023-11-17",
        ))
    };
    let before = from(2023, 7, 4);
    const DOUBT: &[(&str, f64)] = &[("announced_rule_belief", 0.5)];
    const NO_FAITH: &[(&str, f64)] = &[("announced_rule_belief", 0.0)];
    let first = Read::As("first variant under TPP 2400 on sale, month", |l| {
        let small = l
            .variants()
            .filter(|v| l.spec(v.0).tpp < 2400.0)
            .map(|v| v.2);
        small.min().map_or(f64::NAN, |t| t as f64)
    });
    vec![
        claim(
            "C5",
            "a rule announced ahead pulls imports forward",
            effect(ahead(), at_once()).on(INFLOW).over(before).is(Plus),
        )
        .flip(
            "stockpiling and hedging off",
            effect(
                ahead().off(&[Stockpiling, Hedging]),
                at_once().off(&[Stockpiling, Hedging]),
            )
            .on(INFLOW)
            .over(before)
            .is(Small),
        )
        .flip(
            "nobody believes it",
            effect(ahead().with(NO_FAITH), at_once().with(NO_FAITH))
                .on(INFLOW)
                .over(before)
                .is(Small),
        )
        .flip(
            "before the announcement",
            effect(ahead(), at_once())
                .on(EVERYTHING)
                .over(from(2023, 1, 6))
                .is(Zero),
        ),
        claim(
            "C5 lead",
            "the more the longer the notice",
            effect(ahead(), shortly()).on(INFLOW).over(before).is(Plus),
        ),
        claim(
            "C5 doubt",
            "the less the likelier it is dropped",
            difference(
                [ahead().with(DOUBT), at_once().with(DOUBT)],
                [ahead(), at_once()],
            )
            .on(INFLOW)
            .over(before)
            .is(Minus),
        ),
        claim(
            "C5 variants",
            "variants are begun earlier",
            effect(ahead(), at_once())
                .on(first)
                .over(from(2023, 7, 30))
                .is(Minus),
        ),
        claim(
            "C5 dropped",
            "believed and then dropped: imports fall below what they would have been",
            effect(
                arm(oct23_dropped("2023-07-17", "2023-11-17")),
                under("oct22"),
            )
            .on(INFLOW)
            .over(from(2023, 12, 48))
            .is(Minus),
        ),
    ]
}

fn c6() -> Vec<Claim> {
    let strict = || under("frozen-2025-06").with(&[("enforcement", 4.0)]);
    let lax = || under("frozen-2025-06").with(&[("enforcement", 0.25)]);
    let no_rent = |times: f64| {
        let bill = entry("bill-remote-access", "2022-10-07", "2022-10-07");
        arm(change(
            "frozen-2025-06",
            "frozen-2025-06 and remote access",
            |e| e.push(bill),
        ))
        .with(&[("enforcement", times)])
    };
    let window = from(2022, 10, 48);
    let grey = outcome("grey_h100e_total");
    let rented = outcome("rented_h100e_mean");
    vec![
        claim(
            "C6",
            "enforcement cuts what brokers bring",
            effect(strict(), under("frozen-2025-06"))
                .on(grey)
                .over(window)
                .is(NotMore),
        )
        .flip(
            "from a quarter to one",
            effect(under("frozen-2025-06"), lax())
                .on(grey)
                .over(window)
                .is(Minus),
        )
        .flip(
            "without end",
            level(under("frozen-2025-06").with(&[("enforcement", 1e9)]))
                .on(grey)
                .over(window)
                .is(Zero),
        )
        .flip(
            "grey_market off: enforcement does nothing",
            effect(strict().off(&[GreyMarket]), lax().off(&[GreyMarket]))
                .on(COMPUTE)
                .over(window)
                .is(Small),
        ),
        claim(
            "C6 premium",
            "the premium does not fall",
            effect(strict(), lax())
                .on(Read::As("mean grey_premium", |l| {
                    l.mean("grey_premium", "target")
                }))
                .over(window)
                .is(NotLess),
        ),
        claim(
            "C6 rental",
            "users turn to rental",
            effect(strict(), lax()).on(rented).over(window).is(NotLess),
        )
        .flip(
            "remote_access off",
            level(strict().off(&[RemoteAccess]))
                .on(rented)
                .over(window)
                .is(Zero),
        ),
        claim(
            "C6 compute",
            "and have less compute",
            effect(strict(), lax()).on(COMPUTE).over(window).is(Minus),
        ),
        claim(
            "C6 remote",
            "a rule on remote access cuts rental",
            effect(
                no_rent(1.0),
                under("frozen-2025-06").with(&[("enforcement", 1.0)]),
            )
            .on(rented)
            .over(window)
            .is(Minus),
        )
        .flip(
            "then enforcement takes more compute",
            difference([no_rent(4.0), no_rent(0.25)], [strict(), lax()])
                .on(COMPUTE)
                .over(window)
                .is(Minus),
        ),
    ]
}

fn c7() -> Vec<Claim> {
    let allied = || under("tools-allied");
    let alone = || under("tools-us");
    let long = Over::First(128);
    let poor = |a: super::arms::Arm| a.world(World::NoAlliedTools);
    const NO_NEED: &[(&str, f64)] = &[
        ("equipment_growth_effect", 0.0),
        ("equipment_yield_effect", 0.0),
        ("equipment_memory_effect", 0.0),
        ("equipment_process_effect", 0.0),
    ];
    const FILLED: &[(&str, f64)] = &[("tool_backfill_per_year", 1.0)];
    const BACKFILL: &[(&str, f64)] = &[("tool_backfill_per_year", 0.8)];
    const NO_BACKFILL: &[(&str, f64)] = &[("tool_backfill_per_year", 0.0)];
    vec![
        claim(
            "C7",
            "allies' tool rules shrink the target's fabs",
            effect(allied(), alone()).on(CAPACITY).over(long).is(Minus),
        )
        .flip(
            "allies sell nothing of the step",
            effect(poor(allied()), poor(alone()))
                .on(CAPACITY)
                .over(long)
                .is(Zero),
        )
        .flip(
            "home tools are adequate, and materials are not kept back in answer",
            effect(
                allied().with(NO_NEED).off(&[CounterMeasures]),
                alone().with(NO_NEED).off(&[CounterMeasures]),
            )
            .on(CAPACITY)
            .over(long)
            .is(Zero),
        )
        .flip(
            "others replace everything",
            effect(allied().with(FILLED), alone().with(FILLED))
                .on(CAPACITY)
                .over(long)
                .is(Zero),
        ),
        claim(
            "C7 yield",
            "and their yield",
            effect(allied(), alone())
                .on(Read::As("yield at the end", |l| l.last("yield", "target")))
                .over(long)
                .is(Minus),
        ),
        claim(
            "C7 home",
            "and what home makers deliver",
            effect(allied(), alone()).on(HOME_TPP).over(long).is(Minus),
        )
        .flip(
            "in the first year not yet",
            effect(allied(), alone())
                .on(HOME_TPP)
                .over(Over::First(12))
                .is(Small),
        ),
        claim(
            "C7 allies",
            "at a cost to allied suppliers",
            effect(allied(), alone())
                .on(outcome("allied_supplier_revenue_usd"))
                .over(long)
                .is(Minus),
        ),
        claim(
            "C7 alone",
            "alone, the issuer's suppliers lose their sales",
            effect(alone(), under("none"))
                .on(outcome("issuer_tool_revenue_usd"))
                .over(long)
                .is(Minus),
        )
        .flip(
            "in the proportion of outside estimates: two thirds of the sales stay",
            effect(alone(), under("none"))
                .on(outcome("issuer_tool_revenue_usd"))
                .over(long)
                .is(RatioAtLeast(-0.33)),
        )
        .flip(
            "the faster others fill the hole, the less capacity is lost",
            difference(
                [alone().with(BACKFILL), under("none").with(BACKFILL)],
                [alone().with(NO_BACKFILL), under("none").with(NO_BACKFILL)],
            )
            .on(CAPACITY)
            .over(long)
            .is(Plus),
        ),
    ]
}

fn c8_c9() -> Vec<Claim> {
    let caps = || under("diffusion");
    let before = || under("frozen-2025-05");
    let stack = outcome("third_issuer_stack_share_end");
    let to_2032 = Over::First(99);
    const NO_MODELS: &[(&str, f64)] = &[("open_stack_weight", 0.0)];
    let poor = |a: super::arms::Arm| a.world(World::NoHomeSupply);
    let lifted = || {
        let mut regime = named("diffusion");
        regime.name = "diffusion for six months".into();
        let at = super::arms::index("us-2025-01-diffusion-chips");
        for entry in regime.entries.iter_mut().filter(|e| e.rule == at) {
            entry.ended = Some("2025-11-14".parse().unwrap());
        }
        arm(regime)
    };
    let offer = || {
        arm(change(
            "frozen-2025-05",
            "frozen-2025-05 and an offer",
            |e| e.push(entry("test-offer", "2025-05-13", "2025-06-01")),
        ))
    };
    let denied = Read::As("alignment of tier-2 nations", |l| {
        l.alignment(|n| n.diffusion_tier == 2)
    });
    let allies = Read::As("alignment of tier-1 nations", |l| {
        l.alignment(|n| n.diffusion_tier == 1 && n.iso3 != "USA")
    });
    vec![
        claim(
            "C8",
            "rationed nations build on the other stack",
            effect(caps(), before()).on(stack).over(to_2032).is(Minus),
        )
        .flip(
            "the target can export nothing and nobody builds on models alone",
            effect(poor(caps()).with(NO_MODELS), poor(before()).with(NO_MODELS))
                .on(stack)
                .over(to_2032)
                .is(Small),
        )
        .flip(
            "the target can export nothing: models alone still move it",
            effect(poor(caps()), poor(before()))
                .on(stack)
                .over(to_2032)
                .is(Minus),
        )
        .flip(
            "lifted within six months: back three years later",
            effect(lifted(), before())
                .on(stack)
                .over(from(2024, 10, 50))
                .is(Within(0.01)),
        ),
        claim(
            "C8 duration",
            "the more the longer it lasts",
            effect(caps(), before())
                .on(Read::As("stack share, 2032 less 2027", |l| {
                    l.last("stack_share", "issuer")
                        - l.column("stack_share", "issuer")[at(2027, 12)]
                }))
                .over(to_2032)
                .is(Minus),
        ),
        claim(
            "C9",
            "and drift to the other side",
            effect(caps(), before()).on(denied).over(to_2032).is(Minus),
        )
        .flip(
            "an offer of equal value by the issuer",
            effect(offer(), before())
                .on(Read::As("alignment of tier-2 nations in group D:4", |l| {
                    l.alignment(|n| n.diffusion_tier == 2 && n.group_d4)
                }))
                .over(to_2032)
                .is(Plus),
        )
        .flip(
            "nations of the first tier",
            effect(caps(), before()).on(allies).over(to_2032).is(Small),
        ),
        claim(
            "C9 denied",
            "more than those that are not rationed",
            effect(caps(), before())
                .on(Read::As("alignment, tier 2 less tier 1", |l| {
                    l.alignment(|n| n.diffusion_tier == 2)
                        - l.alignment(|n| n.diffusion_tier == 1 && n.iso3 != "USA")
                }))
                .over(to_2032)
                .is(Minus),
        ),
    ]
}

/// Quality of the last generation of the issuer's merchants, in months of its trend.
const QUALITY: Read = Read::As("quality of the last generation, months of trend", |l| {
    let watch = &l.b.watch;
    let last = (0..l.chips.spec.len())
        .filter(|slot| {
            let place = &l.b.roadmap.slots[*slot];
            let maker = usize::from(place.maker);
            matches!(place.kind, SlotKind::Generation { .. })
                && watch.merchant[maker]
                && watch.home_of_maker[maker] == 0
                && l.chips.launch[*slot] < l.to as i32
        })
        .map(|slot| l.spec(slot).tpp.ln())
        .fold(f64::NEG_INFINITY, f64::max);
    12.0 * last / (1.1 * l.p.generation_gain).ln()
});

fn c10() -> Vec<Claim> {
    let ban = |set| under("embargo").with(set);
    let none = |set| under("none").with(set);
    let revenue = outcome("us_maker_revenue_usd");
    let long = Over::First(120);
    vec![
        claim(
            "C10",
            "with ample supply an embargo costs sellers revenue",
            effect(ban(SLACK), none(SLACK)).on(revenue).is(Minus),
        )
        .flip(
            "supply binds: less is lost, since it is sold elsewhere",
            difference(
                [ban(TIGHT_FREE), none(TIGHT_FREE)],
                [ban(SLACK), none(SLACK)],
            )
            .on(revenue)
            .is(Plus),
        ),
        claim(
            "C10 R&D",
            "and research",
            effect(ban(SLACK), none(SLACK))
                .on(outcome("us_maker_rd_usd"))
                .is(Minus),
        ),
        claim(
            "C10 share",
            "and share of the world",
            effect(ban(SLACK), none(SLACK))
                .on(outcome("us_maker_share_world_end"))
                .is(Minus),
        ),
        claim(
            "C10 quality",
            "but less than three months of progress in any run",
            effect(ban(SLACK), none(SLACK))
                .on(QUALITY)
                .over(long)
                .is(Every(-3.0, 3.0)),
        )
        .flip(
            "rd_feedback off",
            effect(
                ban(SLACK).off(&[RdFeedback]),
                none(SLACK).off(&[RdFeedback]),
            )
            .on(QUALITY)
            .over(long)
            .is(Zero),
        ),
    ]
}

fn c13() -> Vec<Claim> {
    let chips = || under("oct23");
    let inputs = || arm(chips_and_inputs());
    let none = || under("none");
    let foundry = || arm(only("foundry alone", &["us-2025-01-foundry"]));
    let designer = outcome("target_self_sufficiency_end");
    let fab = outcome("target_self_sufficiency_fab_end");
    const OFF: &[chokepoint::foundation::channels::Channel] = &[Indigenisation, LearningByDoing];
    vec![
        claim(
            "C13",
            "chips denied: home designers gain",
            effect(chips(), none()).on(designer).is(Plus),
        )
        .flip(
            "software_lock_in off: all the more",
            effect(chips().off(&[SoftwareLockIn]), chips())
                .on(designer)
                .is(AtLeast(0.0)),
        ),
        claim(
            "C13 fab",
            "and home fabs",
            effect(chips(), none()).on(fab).is(Plus),
        ),
        claim(
            "C13 home",
            "and home output",
            effect(chips(), none()).on(HOME_TPP).is(Plus),
        )
        .flip(
            "indigenisation and learning_by_doing off: less",
            difference([chips().off(OFF), none().off(OFF)], [chips(), none()])
                .on(HOME_TPP)
                .is(Minus),
        )
        .flip(
            "proxy_fab: dies that came through others spare home wafers",
            effect(
                under("history-free"),
                under("history-free").off(&[ProxyFab]),
            )
            .on(Read::As("use of home wafers", |l| {
                l.mean("pool_use", "logic_target")
            }))
            .is(Minus),
        ),
        claim(
            "C13 inputs",
            "chips denied and inputs too: home fabs have less capacity",
            effect(inputs(), chips())
                .on(CAPACITY)
                .over(Over::First(128))
                .is(Minus),
        )
        .flip(
            "foundries closed to designers only: home fabs gain",
            effect(foundry(), none()).on(fab).is(Plus),
        ),
        // Both together: the sign is a result, not a test.
    ]
}

pub fn claims() -> Vec<Claim> {
    [
        c1(),
        c2(),
        c3(),
        c4(),
        c5(),
        c6(),
        c7(),
        c8_c9(),
        c10(),
        c13(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
