//! Virtual file systems.
//!
//! Whoever writes a file system implements [`Node`]: a directory, one name at a time. [`Tree`] makes
//! of it a directory that a guest can be handed, and is the only place where paths are resolved.
//!
//! Others stand before or around a file system: [`read_only`], [`subtree`], [`PathFilter`] and
//! [`Quota`] make less of it, [`Mounts`] and [`Union`] make one of several.

mod account;
mod adopted;
mod archive;
mod computed;
mod contents;
mod copy;
mod found;
mod gate;
mod generated;
mod leased;
mod listed;
mod memory;
mod mounts;
mod names;
mod node;
mod number;
mod numbered;
mod path_filter;
mod path_glob;
mod quota;
mod read_only;
mod shown;
mod sink;
mod subtree;
mod tree;
mod union;
mod view;
mod walk;

pub use account::{Allowance, Usage};
pub use adopted::Adopted;
pub use archive::{
    Archive, ArchiveError, ArchiveFormat, ArchiveOptions, ArchiveSource, SkipReason, Skipped,
};
pub use computed::Computed;
pub use contents::Contents;
pub use copy::{Copied, copy};
pub use found::{Found, Link, Unopened};
pub use generated::Generated;
pub(crate) use leased::leased;
pub use listed::Listed;
pub use memory::{MemoryFs, MemoryFsBuilder, Space};
pub use mounts::Mounts;
pub use names::Names;
pub use node::Node;
pub use path_filter::{PathFilter, Treatment};
pub use quota::Quota;
pub use read_only::{read_only, read_only_dir};
pub use sink::Sink;
pub use subtree::subtree;
pub use tree::Tree;
pub use union::Union;
