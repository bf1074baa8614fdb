//! Capability: research, diffusion between labs, induced efficiency, training runs, the frontier and the gap.

pub mod algorithms;
pub mod diffusion;
pub mod efficiency;
pub mod frontier;
pub mod gap;
pub mod training;
