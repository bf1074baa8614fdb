//! Who decides: makers, labs, nations and their users, governments and their counter-controls, hosts, brokers. Each file says what an agent is and how it decides.

pub mod broker;
pub mod chipmaker;
pub mod counter_controls;
pub mod government;
pub mod host;
pub mod lab;
pub mod nation;
pub mod users;
