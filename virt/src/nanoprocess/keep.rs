//! What keeps a child within its limits.

use super::limits::{ChildLimits, Reserved};
use crate::fs::{Adopted, Quota, Tree};
use std::sync::Arc;
use turnkey_wasi_common::{Grant, Object};

/// What keeps a child within its limits.
pub(super) struct Keep {
    pub(super) limits: ChildLimits,
    pub(super) reserved: Reserved,
    pub(super) quota: Option<Quota>,
}

impl Keep {
    /// Puts a grant under the child's quota, if it has one.
    pub(super) fn counted(&self, grant: Grant) -> Grant {
        counted(self.quota.as_ref(), grant)
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
