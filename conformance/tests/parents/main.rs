//! Parents written in C, around guests of every suite and around small ones.
#![cfg(test)]
#![allow(clippy::print_stdout, reason = "tests tell where they are")]

mod children;
mod extracting;
mod family;
#[path = "../host/mod.rs"]
mod host;
mod suites;
mod zip_slip;
