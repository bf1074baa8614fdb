//! A chip: its specification, useful throughput for training and serving, and unit cost.

use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// The physical attributes that throughput, cost and supply need; one row of the chip table.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ChipSpec {
    pub fp16_dense_tflops: f64,
    /// The 8-bit rate; equal to `fp16_dense_tflops` where the chip has no faster 8-bit training format.
    pub fp8_dense_tflops: f64,
    /// Largest 8-bit rate, floating or integer: the basis of recorded H100-equivalents.
    pub peak_8bit_tops: f64,
    /// Total processing performance (TPP), TOPS x bit: the unit of the rules.
    pub tpp: f64,
    pub die_area_mm2: f64,
    pub process_node_nm: f64,
    pub interconnect_gbps: f64,
    pub host_link_gbps: f64,
    pub mem_capacity_gb: f64,
    pub mem_bandwidth_tbs: f64,
    pub tdp_w: f64,
    pub hbm_stacks: f64,
    pub packages_per_wafer: f64,
    pub packaging: Packaging,
    /// List price in constant 2024 USD.
    pub list_price_usd: f64,
}

impl ChipSpec {
    /// The same chip with rates, links and memory bandwidth multiplied by `by`.
    #[must_use]
    pub fn scaled(&self, by: f64) -> Self {
        Self {
            fp16_dense_tflops: self.fp16_dense_tflops * by,
            fp8_dense_tflops: self.fp8_dense_tflops * by,
            peak_8bit_tops: self.peak_8bit_tops * by,
            tpp: self.tpp * by,
            interconnect_gbps: self.interconnect_gbps * by,
            host_link_gbps: self.host_link_gbps * by,
            mem_bandwidth_tbs: self.mem_bandwidth_tbs * by,
            ..*self
        }
    }
}

/// The shared packaging line that a chip needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Packaging {
    CowosS,
    CowosL,
    None,
    China,
}

/// The reference chip: one H100-equivalent is one H100 SXM in the same hands.
/// Source: chip table, NVIDIA H100 SXM.
pub const H100: ChipSpec = ChipSpec {
    fp16_dense_tflops: 989.4,
    fp8_dense_tflops: 1979.0,
    peak_8bit_tops: 1979.0,
    tpp: 15832.0,
    die_area_mm2: 814.0,
    process_node_nm: 4.0,
    interconnect_gbps: 900.0,
    host_link_gbps: 128.0,
    mem_capacity_gb: 80.0,
    mem_bandwidth_tbs: 3.35,
    tdp_w: 700.0,
    hbm_stacks: 5.0,
    packages_per_wafer: 29.0,
    packaging: Packaging::CowosS,
    list_price_usd: 33_600.0,
};

/// Useful training throughput relative to an H100 in the same hands.
///
/// ```text
/// time = [ (1/F)^p + ((1-s) m/B)^p + ((1-s) (n1/(I+host) + n2/host))^p ]^(1/p),   useful = time(H100) / time
/// ```
///
/// `F`, `B`, `I+host`, `host` are compute, memory bandwidth, all links and the host link relative to an H100;
/// `s` is the share of memory and communication time that software hides. Two link tiers keep cards
/// without chip-to-chip links finite. `fp8_share` is the share of training arithmetic done in 8 bits.
/// Form: p-norm with two link tiers; starting values from a numerical trial, checked on A800/A100,
/// H800/H100 and H20/H100 in `tests/chips.rs`.
pub fn training_throughput(
    spec: &ChipSpec,
    overlap_share: f64,
    fp8_share: f64,
    p: &Parameters,
) -> f64 {
    training_time(&H100, overlap_share, fp8_share, p)
        / training_time(spec, overlap_share, fp8_share, p)
}

fn training_time(spec: &ChipSpec, overlap_share: f64, fp8_share: f64, p: &Parameters) -> f64 {
    let in_16_bits = spec.fp16_dense_tflops / H100.fp16_dense_tflops;
    let in_8_bits = spec.fp8_dense_tflops / H100.fp8_dense_tflops;
    // in_16_bits^(1 - share) * in_8_bits^share.
    let compute =
        maths::exp((1.0 - fp8_share) * maths::ln(in_16_bits) + fp8_share * maths::ln(in_8_bits));
    let memory = spec.mem_bandwidth_tbs / H100.mem_bandwidth_tbs;
    let h100_links_gbps = H100.interconnect_gbps + H100.host_link_gbps;
    let links = (spec.interconnect_gbps + spec.host_link_gbps) / h100_links_gbps;
    let host = spec.host_link_gbps / H100.host_link_gbps;
    let exposed = 1.0 - overlap_share;
    norm(
        1.0 / compute,
        exposed * p.training_memory_weight / memory,
        exposed * (p.training_link_weight / links + p.training_host_weight / host),
        p.training_norm,
    )
}

/// Training throughput of a chip in the most skilled hands, relative to an H100 in ordinary ones: software there hides
/// `codesign_overlap_share` of memory and communication time. Skill adds to every chip, most to one whose links were cut.
pub fn codesigned_throughput(spec: &ChipSpec, fp8_share: f64, p: &Parameters) -> f64 {
    H100Times::of(p).codesigned_throughput(spec, fp8_share, p)
}

fn skilled_overlap(p: &Parameters) -> f64 {
    p.codesign_overlap_share.max(p.overlap_share)
}

/// Useful serving throughput relative to an H100: the same form with its own weights, a sharper norm
/// (memory traffic overlaps with compute in serving), and credit for memory capacity.
pub fn serving_throughput(spec: &ChipSpec, p: &Parameters) -> f64 {
    serving_time(&H100, p) / serving_time(spec, p)
}

fn serving_time(spec: &ChipSpec, p: &Parameters) -> f64 {
    let bandwidth = spec.mem_bandwidth_tbs / H100.mem_bandwidth_tbs
        * maths::pow_of_positive(
            spec.mem_capacity_gb / H100.mem_capacity_gb,
            p.serving_capacity_exponent,
        );
    let links = (spec.interconnect_gbps + spec.host_link_gbps)
        / (H100.interconnect_gbps + H100.host_link_gbps);
    let compute = spec.fp8_dense_tflops / H100.fp8_dense_tflops;
    norm(
        1.0 / compute,
        p.serving_memory_weight / bandwidth,
        p.serving_link_weight / links,
        p.serving_norm,
    )
}

/// Times of an H100, which throughput is relative to: the same for every chip of a run. Its methods are
/// [`training_throughput`], [`codesigned_throughput`] and [`serving_throughput`] for many chips.
#[derive(Clone, Copy, Debug, Default)]
pub struct H100Times {
    training: f64,
    serving: f64,
}

impl H100Times {
    pub fn of(p: &Parameters) -> Self {
        Self {
            // In a format of 8 bits or of 16, an H100 has once its own compute.
            training: training_time(&H100, p.overlap_share, 0.0, p),
            serving: serving_time(&H100, p),
        }
    }

    pub fn training_throughput(&self, spec: &ChipSpec, fp8_share: f64, p: &Parameters) -> f64 {
        self.training / training_time(spec, p.overlap_share, fp8_share, p)
    }

    pub fn codesigned_throughput(&self, spec: &ChipSpec, fp8_share: f64, p: &Parameters) -> f64 {
        self.training / training_time(spec, skilled_overlap(p), fp8_share, p)
    }

    pub fn serving_throughput(&self, spec: &ChipSpec, p: &Parameters) -> f64 {
        self.serving / serving_time(spec, p)
    }
}

fn norm(a: f64, b: f64, c: f64, power: f64) -> f64 {
    if power == 1.0 {
        a + b + c
    } else {
        let sum: f64 = [a, b, c]
            .map(|x| maths::pow_of_positive(x, power))
            .iter()
            .sum();
        maths::pow_of_positive(sum, 1.0 / power)
    }
}

/// H100-equivalents on the 8-bit peak basis of the recorded series (not useful throughput).
pub fn peak_h100e(spec: &ChipSpec) -> f64 {
    spec.peak_8bit_tops / H100.peak_8bit_tops
}

/// Cost of one good package in USD: die, memory, packaging, board and test.
///
/// `cost = wafer cost(node) * area share / die yield + memory + packaging + board`. The area share uses 84 % of a
/// 300 mm wafer (edge and scribe loss); memory is HBM by the stack, or GDDR by the gigabyte.
/// Faster memory of the same kind costs in proportion to bandwidth above the stock part.
pub fn unit_cost_usd(spec: &ChipSpec, p: &Parameters) -> f64 {
    let usable_wafer_mm2 = 70_686.0 * 0.84;
    let wafer_usd = match spec.process_node_nm {
        n if n <= 3.0 => p.wafer_cost_3nm_usd,
        n if n <= 5.0 => p.wafer_cost_5nm_usd,
        n if n <= 7.0 => p.wafer_cost_7nm_usd,
        _ => p.wafer_cost_12nm_usd,
    };
    let die = wafer_usd * spec.die_area_mm2 / usable_wafer_mm2 / p.die_yield;
    let (memory, packaging) = if spec.hbm_stacks > 0.0 {
        (spec.hbm_stacks * p.hbm_stack_cost_usd, p.packaging_cost_usd)
    } else {
        (spec.mem_capacity_gb * p.gddr_cost_usd_per_gb, 0.0)
    };
    die + memory + packaging + p.board_cost_usd
}
