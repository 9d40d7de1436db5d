//! How much memory an instance has taken.

/// Bytes that an element of a table counts as.
const ELEMENT: u64 = 16;

/// The memory of an instance, all its memories and tables together, against its limit. Adapters
/// ask it wherever their engine asks them.
#[derive(Debug, Clone, Default)]
pub struct MemoryUse {
    limit: Option<u64>,
    used: u64,
    last: u64,
    refused: Option<u64>,
}

impl MemoryUse {
    /// Nothing is used yet; `limit` is in bytes.
    pub fn with_limit(limit: Option<u64>) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// Whether a memory may grow from `current` to `desired` bytes. What is allowed counts as
    /// used. `maximum` is what the memory itself declares: what exceeds it fails in any case, and
    /// counts for nothing.
    pub fn grow_memory(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        self.grow(current, desired, maximum, 1)
    }

    /// The same for a table, whose size is in elements.
    pub fn grow_table(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        self.grow(current, desired, maximum, ELEMENT)
    }

    fn grow(&mut self, current: usize, desired: usize, maximum: Option<usize>, unit: u64) -> bool {
        self.last = 0;
        if maximum.is_some_and(|maximum| desired > maximum) {
            return false;
        }
        let growth = (desired.saturating_sub(current) as u64).saturating_mul(unit);
        let used = self.used.saturating_add(growth);
        if self.limit.is_some_and(|limit| used > limit) {
            self.refused = Some(used);
            return false;
        }
        self.last = growth;
        self.used = used;
        true
    }

    /// The growth that was allowed last did not happen.
    pub fn give_back(&mut self) {
        self.used -= std::mem::take(&mut self.last);
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Says what was refused last, if anything was.
    pub fn refusal(&self) -> Option<String> {
        let (refused, limit) = self.refused.zip(self.limit)?;
        Some(format!(
            "the instance needs {refused} bytes of memory, and its limit is {limit} bytes"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grow_memory_several_memories_share_the_limit() {
        let mut memory = MemoryUse::with_limit(Some(100));
        assert!(memory.grow_memory(0, 60, None));
        assert!(!memory.grow_memory(0, 41, None));
        assert!(memory.refusal().unwrap().contains("101 bytes"));
        assert!(memory.grow_memory(60, 84, None));
        assert!(memory.grow_table(0, 1, None));
        assert_eq!(memory.used(), 100);
        assert!(!memory.grow_table(1, 2, None));
    }

    #[test]
    fn give_back_after_failure_once() {
        let mut memory = MemoryUse::with_limit(Some(100));
        assert!(memory.grow_memory(0, 60, None));
        assert!(memory.grow_memory(0, 40, None));
        memory.give_back();
        memory.give_back();
        assert_eq!(memory.used(), 60);
    }

    #[test]
    fn grow_memory_beyond_its_maximum_counts_for_nothing() {
        let mut memory = MemoryUse::with_limit(None);
        assert!(!memory.grow_memory(0, 60, Some(50)));
        assert_eq!((memory.used(), memory.refusal()), (0, None));
        assert!(memory.grow_memory(0, usize::MAX, None));
        assert!(memory.grow_table(0, usize::MAX, None));
    }
}
