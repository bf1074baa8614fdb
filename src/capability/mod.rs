//! How compute and knowledge become capability: research, diffusion between labs, training runs, the gap.

pub mod algorithms;
pub mod diffusion;
pub mod efficiency;
pub mod frontier;
pub mod gap;
pub mod training;
