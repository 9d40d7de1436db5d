//! What keeps a child within its limits.

use super::family::Family;
use super::limits::{ChildLimits, Reserved};
use crate::fs::{Adopted, Quota, Tree};
use std::sync::Arc;
use turnkey_wasi_common::{Grant, Object};

/// What keeps a child within its limits.
pub(super) struct Keep {
    pub(super) limits: ChildLimits,
    pub(super) reserved: Reserved,
    pub(super) quota: Option<Quota>,
    /// The child's own, if it can have children.
    pub(super) family: Option<Family>,
}

impl Keep {
    /// Puts a grant under the child's quota, if it has one.
    pub(super) fn counted(&self, grant: Grant) -> Grant {
        counted(self.quota.as_ref(), grant)
    }

    /// Ends the child's own children, and answers the fuel that they have left of the child's.
    pub(super) fn disband(&self) -> u64 {
        self.family.as_ref().map_or(0, Family::disband)
    }
}

/// Puts a grant under a quota, if there is one.
pub(super) fn counted(quota: Option<&Quota>, grant: Grant) -> Grant {
    let Some(quota) = quota else {
        return grant;
    };
    let entry = grant.into_entry();
    let again = Grant::sharing(&entry);
    match entry.object() {
        Object::Dir(_) => again
            .wrap_dir(|dir| Arc::new(Tree::new(quota.over(Arc::new(Adopted::new(dir))))))
            .unwrap_or_else(|_| Grant::sharing(&entry)),
        _ => again,
    }
}
