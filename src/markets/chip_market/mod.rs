//! The chip market: offers, orders, licences, caps, allocation of scarce supply, and deliveries.

pub mod allocation;
pub mod buyers;
pub mod caps;
pub mod choice;
mod delivery;
pub mod licences;
mod orders;
pub mod state;
mod trade;

pub use state::ChipMarket;
