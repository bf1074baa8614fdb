//! Power: the share of installed compute that the power of data centres can supply.

use std::sync::Arc;

use bevy_ecs::resource::Resource;

use super::path::TimePath;

/// Power that data centres of each bloc can draw, GW.
#[derive(Resource, Clone, Debug, Default)]
pub struct PowerPaths(pub Arc<[TimePath; 3]>);

/// Share of the installed compute of a bloc that has power: `min(1, share of data centres * capacity / draw)`.
///
/// `draw` is the power of the chips times a factor for cooling, servers and networking.
pub fn powered_share(capacity_gw: f64, ai_share_max: f64, chips_w: f64, overhead: f64) -> f64 {
    let draw_gw = chips_w * overhead / 1e9;
    if draw_gw <= 0.0 || capacity_gw <= 0.0 {
        return 1.0;
    }
    (ai_share_max * capacity_gw / draw_gw).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_binds_only_when_it_is_short() {
        assert_eq!(powered_share(10.0, 0.5, 1e9, 1.5), 1.0);
        assert!((powered_share(10.0, 0.5, 1e10, 1.0) - 0.5).abs() < 1e-12);
    }
}
