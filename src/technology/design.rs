//! Compliant designs: searches for the most profitable chips that the rules allow.
//!
//! The rules are a function that returns whether a design is legal. Candidates lie where its value changes and are found by
//! bisection along each factor. This module contains no threshold, no rule and no name of a chip.

use super::chip::{ChipSpec, H100Times, unit_cost_usd};
use crate::foundation::parameters::Parameters;

/// Factors by which a design differs from its parent: compute, chip-to-chip links, memory bandwidth, die area.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DesignFactors {
    pub compute: f64,
    pub links: f64,
    pub memory: f64,
    pub die: f64,
}

impl DesignFactors {
    pub const PARENT: Self = Self {
        compute: 1.0,
        links: 1.0,
        memory: 1.0,
        die: 1.0,
    };

    /// The parent with these factors applied. More memory bandwidth than the parent's needs more stacks; a larger die yields
    /// fewer packages for each wafer.
    pub fn apply(self, parent: &ChipSpec) -> ChipSpec {
        let stacks = self.memory.max(1.0);
        ChipSpec {
            fp16_dense_tflops: parent.fp16_dense_tflops * self.compute,
            fp8_dense_tflops: parent.fp8_dense_tflops * self.compute,
            peak_8bit_tops: parent.peak_8bit_tops * self.compute,
            tpp: parent.tpp * self.compute,
            die_area_mm2: parent.die_area_mm2 * self.die,
            interconnect_gbps: parent.interconnect_gbps * self.links,
            mem_bandwidth_tbs: parent.mem_bandwidth_tbs * self.memory,
            mem_capacity_gb: parent.mem_capacity_gb * stacks,
            hbm_stacks: parent.hbm_stacks * stacks,
            packages_per_wafer: parent.packages_per_wafer / self.die,
            ..*parent
        }
    }
}

/// Kind of cut: the factors of a design that are below its parent's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CutKind(u8);

impl CutKind {
    const NAMES: [&'static str; 3] = ["compute", "links", "memory"];
    /// Number of kinds.
    pub const KINDS: usize = 8;

    pub fn of(design: &ChipSpec, parent: &ChipSpec) -> Self {
        let less = |a: f64, b: f64, bit: u8| u8::from(a < 0.999 * b) << bit;
        Self(
            less(design.tpp, parent.tpp, 0)
                | less(design.interconnect_gbps, parent.interconnect_gbps, 1)
                | less(design.mem_bandwidth_tbs, parent.mem_bandwidth_tbs, 2),
        )
    }

    pub const fn code(self) -> usize {
        self.0 as usize
    }

    pub const fn from_code(code: usize) -> Self {
        Self(code as u8)
    }

    /// The factors, joined by `+`; `nothing` where none is cut.
    pub fn words(self) -> String {
        let cut: Vec<&str> = self.factors().map(|at| Self::NAMES[at]).collect();
        if cut.is_empty() {
            "nothing".into()
        } else {
            cut.join("+")
        }
    }

    /// Designs in which one cut factor is slightly larger, by more than the tolerance of the bisection. The rule that denies such
    /// a design is the binding threshold.
    pub fn relaxed_designs(
        self,
        design: &ChipSpec,
        parent: &ChipSpec,
    ) -> impl Iterator<Item = ChipSpec> {
        const STEP: f64 = 0.002;
        let (design, parent) = (*design, *parent);
        self.factors().map(move |at| {
            let mut more = design;
            match at {
                0 => more.tpp += STEP * parent.tpp,
                1 => more.interconnect_gbps += STEP * parent.interconnect_gbps,
                _ => more.mem_bandwidth_tbs += STEP * parent.mem_bandwidth_tbs,
            }
            more
        })
    }

    fn factors(self) -> impl Iterator<Item = usize> {
        (0..Self::NAMES.len()).filter(move |at| self.0 & (1 << at) != 0)
    }
}

/// Limits of a redesign.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RedesignLimits {
    /// Memory bandwidth over the parent's.
    pub memory_max: f64,
    /// Stacks slower than this, TB/s each, have controllers that cannot drive faster stacks.
    pub memory_from_tbs_per_stack: f64,
    /// Die area over the parent's.
    pub die_max: f64,
}

impl RedesignLimits {
    pub fn of(p: &Parameters) -> Self {
        Self {
            memory_max: p.memory_raise_max,
            memory_from_tbs_per_stack: p.memory_raise_from_tbs_per_stack,
            die_max: p.die_raise_max,
        }
    }

    /// Upper bound of the memory factor for one parent.
    fn memory_bound(&self, parent: &ChipSpec) -> f64 {
        let raises = parent.hbm_stacks > 0.0
            && parent.mem_bandwidth_tbs / parent.hbm_stacks >= self.memory_from_tbs_per_stack;
        if raises {
            self.memory_max.max(1.0)
        } else {
            1.0
        }
    }
}

/// A legal design and the factors that lead to it.
#[derive(Clone, Copy, Debug)]
pub struct DesignCandidate {
    pub factors: DesignFactors,
    pub spec: ChipSpec,
}

impl DesignCandidate {
    /// The same design from a parent that differs from the nominal one: attributes that the rules limit keep their absolute
    /// values, others follow the parent.
    pub fn fit(&self, nominal: &ChipSpec, actual: &ChipSpec, reach: &RedesignLimits) -> ChipSpec {
        let f = self.factors;
        let kept = |factor: f64, bound: f64, of: f64, over: f64| {
            if factor >= bound * 0.999 || over <= 0.0 {
                factor
            } else {
                (factor * of / over).min(bound)
            }
        };
        let bound = reach.memory_bound(nominal);
        let links = if f.links >= 0.999 || actual.interconnect_gbps <= 0.0 {
            f.links
        } else {
            let allowed = f.links * nominal.interconnect_gbps + nominal.host_link_gbps
                - actual.host_link_gbps;
            (allowed / actual.interconnect_gbps).clamp(0.0, 1.0)
        };
        let factors = DesignFactors {
            compute: kept(f.compute, 1.0, nominal.tpp, actual.tpp),
            links,
            memory: kept(
                f.memory,
                bound,
                nominal.mem_bandwidth_tbs,
                actual.mem_bandwidth_tbs,
            ),
            die: f.die,
        };
        factors.apply(actual)
    }
}

/// Legal designs from one parent that no other legal design dominates.
///
/// A coarse grid gives legal seeds, of which dominated ones are dropped. Each remaining seed is raised along every order of the
/// three performance factors by bisection of the verdict boundary. This takes about two thousand verdicts. The result depends
/// on the parent and the rules only, so all runs share it.
pub fn candidates(
    parent: &ChipSpec,
    reach: &RedesignLimits,
    mut legal: impl FnMut(&ChipSpec) -> bool,
) -> Vec<DesignCandidate> {
    let (memory_max, die_max) = (reach.memory_bound(parent), reach.die_max);
    let mut seeds: Vec<DesignFactors> = Vec::new();
    for die in [1.0, (1.0 + die_max) / 2.0, die_max] {
        for compute in [1.0, 0.6, 0.35, 0.2, 0.12, 0.06, 0.03, 0.015] {
            for links in [1.0, 0.5, 0.25, 0.1, 0.02] {
                for memory in [1.0, 0.6, 0.35, 0.2, 0.1, 0.05] {
                    let seed = DesignFactors {
                        compute,
                        links,
                        memory,
                        die,
                    };
                    // The grid descends, so a dominated seed is dominated by one that is already kept.
                    if !seeds.iter().any(|kept| dominates(kept, &seed))
                        && legal(&seed.apply(parent))
                    {
                        seeds.push(seed);
                    }
                }
            }
        }
    }
    let mut found: Vec<DesignCandidate> = Vec::new();
    for seed in seeds {
        for (first, others) in [(0, [1, 2]), (1, [0, 2]), (2, [0, 1])] {
            let mut raised = seed;
            raise_factor(&mut raised, first, memory_max, parent, &mut legal);
            for order in [others, [others[1], others[0]]] {
                let mut factors = raised;
                for factor in order {
                    raise_factor(&mut factors, factor, memory_max, parent, &mut legal);
                }
                let known = |c: &DesignCandidate| {
                    c.factors.die == factors.die
                        && (c.factors.compute - factors.compute).abs() < 1e-3
                        && (c.factors.links - factors.links).abs() < 1e-3
                        && (c.factors.memory - factors.memory).abs() < 1e-3
                };
                if !found.iter().any(known) {
                    found.push(DesignCandidate {
                        factors,
                        spec: factors.apply(parent),
                    });
                }
            }
        }
    }
    found
}

fn dominates(a: &DesignFactors, b: &DesignFactors) -> bool {
    a.compute >= b.compute && a.links >= b.links && a.memory >= b.memory && a.die <= b.die
}

/// Raises one factor to the last legal value below its bound, to within a thousandth.
fn raise_factor(
    factors: &mut DesignFactors,
    which: usize,
    memory_max: f64,
    parent: &ChipSpec,
    legal: &mut impl FnMut(&ChipSpec) -> bool,
) {
    let set = |factors: &mut DesignFactors, value: f64| match which {
        0 => factors.compute = value,
        1 => factors.links = value,
        _ => factors.memory = value,
    };
    let (mut low, high) = match which {
        0 => (factors.compute, 1.0),
        1 => (factors.links, 1.0),
        _ => (factors.memory, memory_max),
    };
    set(factors, high);
    if legal(&factors.apply(parent)) {
        return;
    }
    let mut above = high;
    while above - low > 5e-4 * high {
        let middle = 0.5 * (low + above);
        set(factors, middle);
        if legal(&factors.apply(parent)) {
            low = middle
        } else {
            above = middle
        }
    }
    set(factors, low);
}

/// Value of a chip to buyers relative to an H100: a mean of training and serving throughput, weighted by use.
pub fn blended_value(
    spec: &ChipSpec,
    training_share: f64,
    fp8_share: f64,
    h100: &H100Times,
    p: &Parameters,
) -> f64 {
    training_share * h100.training_throughput(spec, fp8_share, p)
        + (1.0 - training_share) * h100.serving_throughput(spec, p)
}

/// Profit per package of a design of this value, USD: value at the market price of useful compute, less unit cost.
pub fn profit_per_unit_usd(spec: &ChipSpec, value: f64, usd_per_h100e: f64, p: &Parameters) -> f64 {
    value * usd_per_h100e - unit_cost_usd(spec, p)
}
