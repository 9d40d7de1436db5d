//! An import of a module, as a parent is told it.

use super::{Call, Failure};
use crate::nanoprocess::need::{Lack, Need};
use turnkey_snapshots::engine::{ExternType, Why};

impl Call<'_> {
    /// Writes an import to the result, and its texts as far as there is room.
    pub(super) fn answer_need(&mut self, need: &Need) -> Result<(), Failure> {
        let ty = need.type_text();
        let texts = [
            need.import.module.as_str(),
            need.import.name.as_str(),
            ty.as_str(),
            need.class.unwrap_or_default(),
        ];
        let room = self.bytes("buf")?;
        let text = texts.iter().flat_map(|text| text.bytes());
        for (place, byte) in room.iter_mut().zip(text) {
            *place = byte;
        }
        let sort: u32 = match need.import.ty {
            ExternType::Function(_) => 0,
            ExternType::Memory => 1,
            ExternType::Table => 2,
            ExternType::Global => 3,
            ExternType::Tag => 4,
        };
        let why: u32 = match need.lack {
            None => 0,
            Some(Lack::Unbound) => 1,
            Some(Lack::Unfit(Why::Unknown)) => 2,
            Some(
                Lack::Unfit(Why::OtherType(_) | Why::NotAFunction)
                | Lack::Mistyped(_)
                | Lack::Unoffered(_),
            ) => 3,
        };
        let lengths = texts.map(|text| u32::try_from(text.len()).unwrap_or(u32::MAX));
        let words = lengths.into_iter().chain([sort, why, need.held]);
        let bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
        self.answer(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use crate::nanoprocess::table::types;
    use turnkey_wasi_common::function::Kind;

    #[test]
    fn answer_need_words_are_the_members_of_the_record() {
        let Kind::Record { members } = types::NEED.kind else {
            panic!("{:?}", types::NEED.kind);
        };
        let members: Vec<_> = members.iter().map(|m| (m.name, m.offset)).collect();
        let expected = [
            ("module_len", 0),
            ("name_len", 4),
            ("type_len", 8),
            ("class_len", 12),
            ("sort", 16),
            ("why", 20),
            ("held", 24),
        ];
        assert_eq!(members, expected);
    }
}
