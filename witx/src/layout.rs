//! How much room a value takes in the guest's memory.

/// The room that a value takes in the guest's memory, in bytes.
///
/// It is computed here rather than taken from the `witx` crate, which divides by zero for a type
/// without members and makes a variant too small when its widest and its most aligned case differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The size in bytes, a multiple of the alignment; `u32::MAX` for what does not fit a memory.
    pub size: u32,
    /// The alignment in bytes, a power of two.
    pub align: u32,
}

impl Layout {
    /// A pointer into a 32-bit memory, or a handle.
    pub const WORD: Self = Self::of_int(4);

    /// A list or a string: a pointer and a length.
    pub const LIST: Self = Self { size: 8, align: 4 };

    /// An integer of `size` bytes.
    #[must_use]
    pub const fn of_int(size: u32) -> Self {
        Self { size, align: size }
    }

    /// Members one after another, each at the first place that its alignment allows. Answers the
    /// whole and the offset of each member in bytes.
    pub(crate) fn of_record(members: impl IntoIterator<Item = Self>) -> (Self, Vec<u32>) {
        let mut whole = Self { size: 0, align: 1 };
        let offsets = members
            .into_iter()
            .map(|member| {
                let offset = align_up(whole.size, member.align);
                whole.size = offset.saturating_add(member.size);
                whole.align = whole.align.max(member.align);
                offset
            })
            .collect();
        whole.size = align_up(whole.size, whole.align);
        (whole, offsets)
    }

    /// A tag, and then room for any of the payloads. Answers the whole and the offset of the
    /// payload in bytes.
    pub(crate) fn of_variant(tag: Self, payloads: impl IntoIterator<Item = Self>) -> (Self, u32) {
        let mut widest = Self { size: 0, align: 1 };
        for payload in payloads {
            widest.size = widest.size.max(payload.size);
            widest.align = widest.align.max(payload.align);
        }
        let payload_offset = align_up(tag.size, widest.align);
        let align = tag.align.max(widest.align);
        let size = align_up(payload_offset.saturating_add(widest.size), align);
        (Self { size, align }, payload_offset)
    }
}

fn align_up(size: u32, align: u32) -> u32 {
    size.checked_next_multiple_of(align).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_record_mixed_members_are_padded() {
        let members = [1, 2, 8, 4].map(Layout::of_int);
        let (whole, offsets) = Layout::of_record(members);
        assert_eq!(offsets, [0, 2, 8, 16]);
        assert_eq!(whole, Layout { size: 24, align: 8 });
    }

    #[test]
    fn of_record_without_members_takes_no_room() {
        let (whole, offsets) = Layout::of_record([]);
        assert!(offsets.is_empty());
        assert_eq!(whole, Layout { size: 0, align: 1 });
    }

    #[test]
    fn of_variant_widest_is_not_most_aligned_holds_both() {
        let wide = Layout { size: 12, align: 4 };
        let (whole, payload_offset) =
            Layout::of_variant(Layout::of_int(1), [wide, Layout::of_int(8)]);
        assert_eq!(payload_offset, 8);
        assert_eq!(whole, Layout { size: 24, align: 8 });
    }

    #[test]
    fn of_record_too_large_saturates() {
        let huge = Layout {
            size: u32::MAX,
            align: 8,
        };
        let (whole, _) = Layout::of_record([huge, huge]);
        assert_eq!(whole.size, u32::MAX);
    }
}
