//! Evidence: the recorded history that the model is compared with and fitted to.

pub mod calibration;
pub mod headline;
pub mod hindcast;
pub mod patterns;
pub mod scorecard;
pub mod simulations;
