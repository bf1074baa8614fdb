//! Evidence: the recorded history that the model is compared with and fitted to.

pub mod beside;
pub mod calibration;
pub mod forecast;
pub mod headline;
pub mod hindcast;
pub mod patterns;
pub mod predictive;
pub mod scorecard;
pub mod series_score;
pub mod simulations;
pub mod track_record;
