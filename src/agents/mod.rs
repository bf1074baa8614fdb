//! Who decides: chipmakers, labs, nations, governments. Each file says what an agent is, what it wants, how it decides.

pub mod broker;
pub mod chipmaker;
pub mod government;
pub mod lab;
pub mod nation;
pub mod users;
