//! The parameters of the model: one field for each, grouped by mechanism, with values in `configs/parameters`.
//!
//! A parameter file that lacks one of these names or contains another name is an error. So every number that shapes behaviour
//! is in a file, and every number in a file has an effect.

macro_rules! parameters {
    ($( $mechanism:ident { $( $id:ident ),* $(,)? } )*) => {
        /// One value for every parameter, in the units of its file.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Parameters { $( $( pub $id: f64, )* )* }

        impl Parameters {
            /// (mechanism, id) of every parameter, in reading order.
            pub const NAMES: &'static [(&'static str, &'static str)] =
                &[ $( $( (stringify!($mechanism), stringify!($id)), )* )* ];

            /// From values in the order of [`Parameters::NAMES`].
            pub fn from_values(values: &[f64]) -> Option<Self> {
                let mut next = values.iter().copied();
                let read = Self { $( $( $id: next.next()?, )* )* };
                next.next().is_none().then_some(read)
            }

            /// All parameters 0, for tests that set only the parameters that they need.
            #[cfg(test)]
            pub fn zero() -> Self {
                Self { $( $( $id: 0.0, )* )* }
            }

            /// Values in the order of [`Parameters::NAMES`].
            pub fn values(&self) -> Vec<f64> {
                vec![ $( $( self.$id, )* )* ]
            }
        }
    };
}

parameters! {
    throughput {
        training_memory_weight, training_link_weight, training_host_weight, training_norm,
        serving_memory_weight, serving_link_weight, serving_norm, serving_capacity_exponent,
        overlap_share, fp8_share_2026, realised_share_base, realised_share_per_maturity,
    }
    software {
        maturity_target_start, maturity_learning_per_year, lock_in_log_value,
    }
    cost {
        wafer_cost_3nm_usd, wafer_cost_5nm_usd, wafer_cost_7nm_usd, wafer_cost_12nm_usd, die_yield,
        hbm_stack_cost_usd, gddr_cost_usd_per_gb, packaging_cost_usd, board_cost_usd,
        captive_price_over_cost, home_price_over_list,
    }
    demand {
        chips_at_start, chips_at_start_issuer_share, chips_at_start_target_share,
        wants_share_before, wants_share_after, wants_jump_year, wants_jump_width_years,
        target_wants_multiplier, capex_growth_late, capex_ceiling_usd, target_wants_growth_late,
        target_wants_ceiling_usd, networking_share, training_share_2022, training_share_2024,
        training_share_2026, demand_shock_sd, demand_shock_persistence, wallet_decay_per_month,
    }
    stockpiling {
        frontload_share, frontload_repay_months, announced_rule_belief, memory_rule_belief,
    }
    market {
        choice_slope, choice_nest, host_cost_usd, relationship_share_target, customary_share_target, quota_inertia, captive_claim, capacity_speed,
        capacity_lag_months, capacity_fall_per_month, capacity_use_target, price_response,
        price_reversion, price_clip, price_fall_per_year, new_part_ramp_months, resale_friction, resale_recovery_months,
        entrant_share_of_orders, end_of_sale_months, end_of_sale_share, supply_multiplier, pool_growth_late, retirement_per_year,
    }
    licensing {
        licence_days_target, licence_days_elsewhere, approval_case_by_case_target,
        approval_notify_target, approval_elsewhere, levy_pass_through, input_licence_refused,
        tool_licence_refused,
    }
    design {
        redesign_cost_usd, redesign_lag_low_months, redesign_lag_mode_months,
        redesign_lag_high_months, believed_rule_life_months, memory_raise_max, memory_raise_from_tbs_per_stack,
        die_raise_max,
    }
    roadmap {
        generation_gain, generation_gain_target_share, generation_months, generation_slip_months, rd_share_of_revenue,
        rd_elasticity_quality, rd_depreciation_per_year,
    }
    foundry {
        smic_yield_ceiling, smic_yield_start, smic_learning_million_dies, smic_growth_per_year,
        smic_ceiling_wafers, smic_accelerator_share, home_priority_share, equipment_growth_effect, equipment_yield_effect,
        equipment_memory_effect, equipment_process_effect,
        hbm_domestic_growth, hbm_domestic_ceiling_stacks, hbm_stockpile_stacks, die_bank_draw,
        tool_backfill_per_year, tool_sales_target_usd_per_year, tool_sales_advanced_share, input_share_lost, input_substitution_months,
    }
    capability {
        points_per_decade_of_compute, frontier_points_per_year_before, frontier_points_per_year_after,
        frontier_compute_growth, regime_break_year, research_compute_elasticity, public_research_compute_share,
        research_saturation_per_year, research_reference_h100e, run_reference_h100e,
        frontier_points_reference, ai_research_per_point, target_knowledge_gap_2020, third_knowledge_gap_2020,
        post_training_share_2027, lab_share_of_compute, lab_share_growth, lab_share_growth_target, lab_share_stands_year, lab_skill_sd,
    }
    diffusion {
        catch_up_per_year, scale_dependence, scale_span_decades, publication_lag_months, publication_share,
        open_lag_months, open_share, served_share, distillation_share, distillation_lag_months,
    }
    efficiency {
        induced_intensity, induced_multiplier_per_year, induced_delay_months, induced_max_points,
        induced_diffusion_months, induced_research_cost, codesign_share, codesign_scale_years,
        codesign_overlap_share,
    }
    response {
        supply_risk_memory_months, supply_assurance_log_value, state_demand_share, state_steered_share,
        home_demand_floor, indigenisation_capacity_effect, indigenisation_fade_years, refusal_probability, refusal_home_slope,
        refusal_share, retaliation_probability, retaliation_tightening, retaliation_months,
        theft_events_per_year, lab_security, theft_share, over_compliance_share, affiliated_buyers_share, talent_share,
    }
    leakage {
        grey_premium_per_scarcity, grey_premium_max, detection_per_year, enforcement, penalty_multiple,
        detection_volume_packages, broker_start_packages, broker_growth_per_month, leak_share,
        remote_share, rentable_share, remote_switch_months, rent_markup,
    }
    services {
        service_quality_per_point, service_reference_points, service_price_slope, service_affinity_weight,
        service_markup_max, service_markup_scale_points, service_gdp_share_2035,
        service_investment_elasticity, stack_adjustment_per_year, open_stack_weight,
        alignment_drift_per_year, alignment_return_per_year,
    }
    power {
        power_overhead, ai_share_of_power_max, power_growth_late, power_growth_factor,
        power_growth_factor_target, power_usd_per_gw,
    }
    policy {
        policy_events_per_year, policy_loosen_share_before, policy_loosen_share_after, policy_shift_year,
        policy_notice_months, policy_observation_months, policy_gap_response, policy_variant_response,
        policy_revenue_response, policy_administration_response, administration_reversal,
        administration_overturn_share, administration_expand_share,
    }
    training {
        run_length_months, run_length_shape, run_luck_points, release_delay_max_months,
        final_run_share_issuer, final_run_share_target,
    }
}
