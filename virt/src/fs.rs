//! Virtual file systems.
//!
//! Whoever writes a file system implements [`Node`]: a directory, one name at a time. [`Tree`] makes
//! of it a directory that a guest can be handed, and is the only place where paths are resolved.

mod adopted;
mod contents;
mod copy;
mod found;
mod listed;
mod memory;
mod names;
mod node;
mod number;
mod numbered;
mod tree;
mod walk;

pub use adopted::Adopted;
pub use contents::Contents;
pub use copy::{Copied, copy};
pub use found::{Found, Link, Unopened};
pub use listed::Listed;
pub use memory::{MemoryFs, MemoryFsBuilder, Space};
pub use names::Names;
pub use node::Node;
pub use tree::Tree;

use numbered::Numbered;
