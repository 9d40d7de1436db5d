//! What wasm parents serve and filter, through what they import, on every engine and across engines.
#![cfg(test)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "the numbers of these tests are small"
)]

mod capabilities;
mod dirs;
mod ends;
mod filters;
mod fuel;
mod hostile;

#[path = "../parents/mod.rs"]
mod parents;

mod quotas;
mod stack;
