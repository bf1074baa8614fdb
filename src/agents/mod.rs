//! Who decides: chipmakers, labs, nations. Each file says what an agent is, what it wants, how it decides.

pub mod broker;
pub mod chipmaker;
pub mod lab;
pub mod nation;
pub mod users;
