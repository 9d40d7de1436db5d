//! Views of file systems: what they let through is what lies beneath, and what they refuse stays as
//! it is.
#![cfg(test)]
#![cfg(unix)]

mod mounts;
mod path_filter;
mod quota;
mod read_only;
mod run;
mod transparent;
mod union;
