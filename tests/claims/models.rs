//! Claims about labs, models and replies: C11, C12, C14 to C19.

use chokepoint::foundation::calendar::Month;
use chokepoint::foundation::channels::Channel::*;

use super::arms::{
    World, access_denied, access_open, arm, change, entry, free_to, only, rule, under,
};
use super::chips::EVERYTHING;
use super::engine::{Claim, Expect::*, Over, Read, claim, difference, effect, level, outcome};
use super::look::{Look, slope};

fn from(year: i32, month: i32, months: usize) -> Over {
    Over::From(Month::of(year, month), months)
}

const LATENT_MONTHS: Read = Read::Outcome("latent_gap_months_mean");
const LATENT_POINTS: Read = Read::Outcome("latent_gap_points_mean");
const GAP_POINTS: Read = Read::Outcome("gap_points_mean");
const KNOWN: Read = Read::As("knowledge of the target, log of efficiency", |l| {
    l.last("algorithmic_efficiency", "target").log10()
});

fn c11() -> Vec<Claim> {
    let ban = || under("embargo");
    let none = || under("none");
    let off = [InducedEfficiency];
    let induced = outcome("induced_efficiency_end");
    let both = |read, set: &'static [(&'static str, f64)]| {
        difference(
            [ban().with(set), none().with(set)],
            [ban().off(&off).with(set), none().off(&off).with(set)],
        )
        .on(read)
    };
    const AT_ONCE: &[(&str, f64)] = &[("induced_diffusion_months", 1.0)];
    const DEAR: &[(&str, f64)] = &[("induced_research_cost", 0.3), ("induced_intensity", 0.1)];
    vec![
        claim(
            "C11",
            "scarcity teaches efficiency",
            both(induced, &[]).is(Plus),
        )
        .flip(
            "induced_efficiency off",
            effect(ban().off(&off), none().off(&off))
                .on(induced)
                .is(Zero),
        ),
        claim(
            "C11 concave",
            "less and less for more of it",
            effect(ban(), under("oct22"))
                .on(Read::As(
                    "log of induced_efficiency a unit of scarcity",
                    |l| l.mean("induced_efficiency", "target").ln() / l.mean("scarcity", "target"),
                ))
                .is(Minus),
        ),
        claim(
            "C11 world",
            "it spreads: the world's best gains",
            both(outcome("world_frontier_points_end"), &[]).is(Plus),
        )
        .flip(
            "it spreads at once: the world still gains",
            both(outcome("world_frontier_points_end"), AT_ONCE).is(Plus),
        ),
        claim(
            "C11 gap",
            "research dear, effort small: the gap widens",
            both(LATENT_POINTS, DEAR).is(Plus),
        )
        .flip(
            "it spreads at once: the target comes no nearer",
            both(LATENT_POINTS, AT_ONCE).is(NotLess),
        ),
    ]
}

fn c12() -> Vec<Claim> {
    let on = || under("history");
    let off = || under("history").off(&[OpenDiffusion]);
    const OTHER_SOURCES: [chokepoint::foundation::channels::Channel; 2] = [Distillation, Theft];
    const NO_PAPERS: &[(&str, f64)] = &[("publication_share", 0.0)];
    let alone = |a: super::arms::Arm| a.off(&OTHER_SOURCES).with(NO_PAPERS);
    let closed = |a: super::arms::Arm| a.world(World::AllClosed);
    vec![
        claim(
            "C12",
            "where nothing else can be learned from, open weights teach in the mean",
            effect(alone(on()), alone(off())).on(KNOWN).is(AtLeast(0.1)),
        )
        .flip(
            "all labs closed",
            effect(closed(on()), closed(off())).on(EVERYTHING).is(Zero),
        ),
    ]
}

/// Compute with which the target reached, over that with which the issuer first reached, the level that the issuer had
/// at the start of the window.
fn compute_for_a_level(l: &Look) -> f64 {
    let (leader, follower) = (
        l.column("frontier_points", "issuer"),
        l.column("frontier_points", "target"),
    );
    let level = leader[l.from];
    let reached = |series: &[f64]| series.iter().take(l.to).position(|v| *v >= level);
    match (reached(leader), reached(follower)) {
        (Some(a), Some(b)) => {
            l.column("compute_h100e", "target")[b] / l.column("compute_h100e", "issuer")[a]
        }
        _ => f64::NAN,
    }
}

fn c14() -> Vec<Claim> {
    const HALF: &[(&str, f64)] = &[("catch_up_per_year", 0.5)];
    const NOTHING: &[(&str, f64)] = &[("catch_up_per_year", 0.5), ("publication_share", 0.0)];
    let off = [OpenDiffusion, Distillation, Theft];
    let late = from(2030, 10, 24);
    let growth = Read::As("slope of latent_gap_months", |l| {
        slope(l.span("latent_gap_months", "target_vs_issuer"))
    });
    vec![
        claim(
            "C14",
            "what spreads slows the falling behind of a follower under embargo",
            effect(
                under("embargo").with(HALF),
                under("embargo").off(&off).with(NOTHING),
            )
            .on(growth)
            .over(late)
            .is(Minus),
        )
        .flip(
            "nothing spreads: it falls behind",
            level(under("embargo").off(&off).with(NOTHING))
                .on(growth)
                .over(late)
                .is(AtLeast(0.1)),
        ),
        claim(
            "C14 compute",
            "and needs less compute for a level than the first to reach it",
            level(under("embargo").with(HALF))
                .on(Read::As(
                    "compute for the issuer's level of 2026-10",
                    compute_for_a_level,
                ))
                .over(from(2026, 10, 84))
                .is(AtMost(0.7)),
        ),
    ]
}

fn c15() -> Vec<Claim> {
    let promote = || under("promote");
    let none = || under("none");
    const FAST: &[(&str, f64)] = &[
        ("publication_lag_months", 3.0),
        ("open_lag_months", 3.0),
        ("catch_up_per_year", 1.8),
    ];
    const TIGHT: &[(&str, f64)] = &[("supply_multiplier", 0.6)];
    const POWER: &[(&str, f64)] = &[("ai_share_of_power_max", 1e6)];
    let build = || arm(only("build-out alone", &["test-build-out"]));
    let frontier = outcome("issuer_frontier_points_end");
    vec![
        claim(
            "C15",
            "public support lifts the issuer's frontier",
            effect(promote(), none()).on(frontier).is(Plus),
        )
        .flip(
            "in the first year the world has no more compute than its money buys at 25,000 USD an H100e",
            effect(promote(), none())
                .on(Read::As("compute of every nation", |l| {
                    l.compute_of(|_| true)
                }))
                .over(Over::First(12))
                .is(AtMost(20e9 / 25_000.0)),
        ),
        claim(
            "C15 chokepoints",
            "denied inputs do not",
            effect(under("chokepoints"), none()).on(frontier).is(Small),
        ),
        claim(
            "C15 gap",
            "support widens the gap in points",
            effect(promote(), none()).on(GAP_POINTS).is(Plus),
        )
        .flip(
            "learning fast and soon: points still",
            effect(promote().with(FAST), none().with(FAST))
                .on(GAP_POINTS)
                .is(Plus),
        )
        .flip(
            "learning fast and soon: not in months",
            effect(promote().with(FAST), none().with(FAST))
                .on(outcome("gap_months_mean"))
                .is(Within(0.5)),
        ),
        claim(
            "C15 build-out",
            "money for build-out buys no compute where supply binds",
            effect(build().with(TIGHT), none().with(TIGHT))
                .on(outcome("issuer_compute_h100e_end"))
                .is(Small),
        )
        .flip(
            "energy where power never binds",
            effect(
                arm(only("energy alone", &["test-energy"])).with(POWER),
                none().with(POWER),
            )
            .on(EVERYTHING)
            .is(Zero),
        ),
    ]
}

fn c16() -> Vec<Claim> {
    let all = || under("history");
    let none = || under("none");
    const CORNER: &[(&str, f64)] = &[
        ("points_per_decade_of_compute", 7.0),
        ("catch_up_per_year", 1.0),
    ];
    const LITTLE: &[(&str, f64)] = &[
        ("points_per_decade_of_compute", 2.0),
        ("research_compute_elasticity", 0.15),
        ("catch_up_per_year", 1.8),
    ];
    let to_2025 = || free_to("2025-12-31");
    let sold = |name: &'static str, ids: &'static [&'static str]| {
        let mut regime = to_2025();
        regime.name = name.into();
        regime.entries.extend(ids.iter().map(|id| rule(id)));
        arm(regime)
    };
    let levy = |share: bool| {
        let name = if share {
            "oct23, H20 under a levy"
        } else {
            "oct23, H20 denied"
        };
        arm(change("oct23", name, |e| {
            e.push(entry("us-2025-04-h20", "2025-04-09", "2025-04-09"));
            if share {
                e.push(rule("hypothetical-h20-class-levy-recorded"));
            }
        }))
    };
    const REPLIES: [chokepoint::foundation::channels::Channel; 1] = [CounterMeasures];
    let late = from(2025, 4, 48);
    let later = from(2026, 1, 48);
    vec![
        claim(
            "C16",
            "all rules together keep the target further behind",
            effect(all().with(CORNER), none().with(CORNER))
                .on(LATENT_MONTHS)
                .is(Share(0.8)),
        )
        .flip(
            "compute worth little, learning fast: less far behind",
            difference(
                [all().with(LITTLE), none().with(LITTLE)],
                [all().with(CORNER), none().with(CORNER)],
            )
            .on(LATENT_MONTHS)
            .is(Minus),
        ),
        claim(
            "C16 H20",
            "each relaxation brings it nearer or leaves it: H20 free",
            effect(under("oct23"), levy(false))
                .on(LATENT_POINTS)
                .over(late)
                .is(NotMore),
        ),
        claim(
            "C16 levy",
            "H20 under a levy sells, where the target refuses nothing",
            effect(levy(true).off(&REPLIES), levy(false).off(&REPLIES))
                .on(outcome("levy_revenue_usd"))
                .over(late)
                .is(Plus),
        )
        .flip(
            "and the gap is nearly what it is without sales",
            effect(levy(true).off(&REPLIES), levy(false).off(&REPLIES))
                .on(LATENT_POINTS)
                .over(late)
                .is(Within(0.1)),
        ),
        claim(
            "C16 H200",
            "H200 under licence",
            effect(
                sold("H200 sold", &["us-2026-01-h200"]).off(&[CounterMeasures]),
                arm(to_2025()).off(&[CounterMeasures]),
            )
            .on(LATENT_POINTS)
            .over(later)
            .is(NotMore),
        ),
    ]
}

fn c17() -> Vec<Claim> {
    const SLACK: &[(&str, f64)] = &[
        ("supply_multiplier", 3.0),
        ("capacity_speed", 1.0),
        ("resale_friction", 0.0),
    ];
    const TIGHT: &[(&str, f64)] = &[("supply_multiplier", 0.3), ("resale_friction", 0.0)];
    let with_lobbying = |set: &[(&'static str, f64)]| under("reactive").with(set);
    let without_lobbying = |set: &[(&'static str, f64)]| with_lobbying(set).off(&[Lobbying]);
    let pair = |set: &[(&'static str, f64)], read| {
        effect(with_lobbying(set), without_lobbying(set))
            .on(read)
            .over(Over::First(60))
    };
    let strict = outcome("strict_months_total");
    let fixed = || under("history-free");
    vec![
        claim(
            "C17",
            "lobbying shortens the months under strict rules in the mean, where revenue is lost",
            pair(SLACK, strict).is(AtMost(-1.0)),
        )
        .flip(
            "supply binds: less is lost, and it shortens them less",
            difference(
                [with_lobbying(TIGHT), without_lobbying(TIGHT)],
                [with_lobbying(SLACK), without_lobbying(SLACK)],
            )
            .on(strict)
            .over(Over::First(60))
            .is(AtLeast(0.0)),
        )
        .flip(
            "a fixed regime",
            effect(fixed(), fixed().off(&[Lobbying, PolicyReaction]))
                .on(EVERYTHING)
                .is(Zero),
        ),
        claim(
            "C17 sales",
            "and more is sold to the target in the mean",
            pair(SLACK, outcome("us_maker_revenue_target_usd")).is(AtLeast(0.0)),
        ),
    ]
}

fn c18() -> Vec<Claim> {
    let on = |set: &[(&'static str, f64)]| under("history-free").with(set);
    let off = |set: &[(&'static str, f64)]| under("history-free").off(&[Theft]).with(set);
    const PERFECT: &[(&str, f64)] = &[("lab_security", 1.0)];
    const OFTEN: &[(&str, f64)] = &[("lab_security", 0.1), ("theft_events_per_year", 12.0)];
    const GUARDED: &[(&str, f64)] = &[("lab_security", 0.99), ("theft_events_per_year", 12.0)];
    const SCALE: &[(&str, f64)] = &[("scale_dependence", 1.0), ("scale_span_decades", 1.0)];
    let poor = |a: super::arms::Arm| {
        let mut a = a
            .world(World::NoHomeSupply)
            .with(SCALE)
            .with(&[("target_wants_multiplier", 0.02)]);
        a.regime = under("embargo").regime;
        a
    };
    vec![
        claim(
            "C18",
            "given thefts, the target knows more",
            effect(on(OFTEN), off(OFTEN)).on(KNOWN).is(Plus),
        )
        .flip(
            "security perfect",
            effect(on(PERFECT), off(PERFECT)).on(EVERYTHING).is(Zero),
        )
        .flip(
            "only at the victim's scale, which the thief lacks",
            effect(poor(on(&[])), poor(off(&[]))).on(KNOWN).is(Small),
        ),
        claim(
            "C18 gap",
            "and narrows the gap in the mean",
            effect(on(OFTEN), off(OFTEN))
                .on(LATENT_POINTS)
                .is(AtMost(-0.3)),
        ),
        claim(
            "C18 security",
            "the less the better labs are guarded",
            difference([on(GUARDED), off(GUARDED)], [on(OFTEN), off(OFTEN)])
                .on(KNOWN)
                .is(Minus),
        ),
        claim(
            "C18 methods",
            "what is stolen is methods, which stay without distillation",
            effect(
                on(OFTEN).off(&[Distillation]),
                off(OFTEN).off(&[Distillation]),
            )
            .on(KNOWN)
            .is(Plus),
        ),
    ]
}

fn c19() -> Vec<Claim> {
    let denied = || arm(free_to("2025-11-20"));
    let allowed = || {
        let mut regime = free_to("2025-11-20");
        regime.name = "free-2025-11 and H200".into();
        regime.entries.push(rule("us-2026-01-h200"));
        arm(regime)
    };
    const ETA: &[(&str, f64)] = &[("service_investment_elasticity", 0.0)];
    const REFUSED: &[(&str, f64)] = &[("refusal_probability", 0.9)];
    const SLACK: &[(&str, f64)] = &[("supply_multiplier", 3.0), ("capacity_speed", 1.0)];
    const LEARNS: &[(&str, f64)] = &[
        ("refusal_probability", 0.9),
        ("smic_learning_million_dies", 0.7),
        ("smic_yield_ceiling", 0.75),
    ];
    let off = [CounterMeasures];
    let compute = outcome("target_compute_h100e_end");
    vec![
        claim(
            "C19a",
            "permission is not sale: where the target refuses, the issuer's share stays",
            effect(allowed().with(REFUSED), denied().with(REFUSED))
                .on(outcome("us_maker_share_target_end"))
                .is(Within(0.01)),
        )
        .flip(
            "refused: compute stays",
            effect(allowed().with(REFUSED), denied().with(REFUSED))
                .on(compute)
                .is(Small),
        ),
        claim(
            "C19a sold",
            "where it does not, the target gains compute",
            effect(allowed().off(&off), denied().off(&off))
                .on(compute)
                .is(Plus),
        )
        .flip(
            "refusal without home supply: less compute",
            effect(
                allowed().with(REFUSED).world(World::NoHomeSupply),
                allowed().off(&off).world(World::NoHomeSupply),
            )
            .on(compute)
            .over(from(2026, 1, 36))
            .is(Minus),
        )
        .flip(
            "refusal with home supply short of memory: a wider gap",
            effect(allowed().with(REFUSED), allowed().off(&off))
                .on(LATENT_POINTS)
                .over(from(2026, 1, 36))
                .is(Plus),
        )
        .flip(
            "strong learning and memory in plenty: in the end no wider",
            effect(
                allowed().with(LEARNS).world(World::HomeSupplyTen),
                allowed().off(&off).with(LEARNS).world(World::HomeSupplyTen),
            )
            .on(Read::As("latent_gap_points at the end", |l| {
                l.last("latent_gap_points", "target_vs_issuer")
            }))
            .over(from(2026, 1, 96))
            .is(Small),
        ),
        claim(
            "C19a home",
            "and its designers lose share",
            effect(allowed().off(&off), denied().off(&off))
                .on(outcome("target_self_sufficiency_end"))
                .is(Minus),
        ),
        claim(
            "C19a revenue",
            "and with ample supply sellers earn more",
            effect(
                allowed().off(&off).with(SLACK),
                denied().off(&off).with(SLACK),
            )
            .on(outcome("us_maker_revenue_usd"))
            .is(Plus),
        ),
        claim(
            "C19b",
            "access to served models denied: less is distilled",
            effect(arm(access_denied()), arm(access_open()))
                .on(outcome("distilled_points_total"))
                .is(Minus),
        )
        .flip(
            "distillation off, and revenue moves no investment",
            effect(
                arm(access_denied()).off(&[Distillation]).with(ETA),
                arm(access_open()).off(&[Distillation]).with(ETA),
            )
            .on(GAP_POINTS)
            .is(Zero),
        )
        .flip(
            "the best source is open: less than where it is closed",
            difference(
                [
                    arm(access_denied()).world(World::AllOpen),
                    arm(access_open()).world(World::AllOpen),
                ],
                [arm(access_denied()), arm(access_open())],
            )
            .on(GAP_POINTS)
            .is(Minus),
        ),
        claim(
            "C19b revenue",
            "the issuer's services earn less",
            effect(arm(access_denied()), arm(access_open()))
                .on(outcome("issuer_service_revenue_usd"))
                .is(Minus),
        ),
        claim(
            "C19b gap",
            "and the gap widens",
            effect(arm(access_denied()), arm(access_open()))
                .on(GAP_POINTS)
                .is(Plus),
        ),
    ]
}

pub fn claims() -> Vec<Claim> {
    [c11(), c12(), c14(), c15(), c16(), c17(), c18(), c19()]
        .into_iter()
        .flatten()
        .collect()
}
