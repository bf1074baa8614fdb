//! Agents: chipmakers, labs, nations and their users, governments and counter-controls, cloud hosts, and brokers.
//!
//! Each file holds the components of one agent and its decisions.

pub mod broker;
pub mod chipmaker;
pub mod compute;
pub mod counter_controls;
pub mod discontinuation;
pub mod government;
pub mod host;
pub mod lab;
pub mod nation;
pub mod users;
pub mod variants;
