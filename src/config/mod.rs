//! Configuration: files people edit, read into typed values, with errors that say where and what was expected.

pub mod chips;
pub mod diagnostics;
pub mod figure;
pub mod law;
pub mod nations;
pub mod parameters;
pub mod source;
pub mod study;
pub mod world;
