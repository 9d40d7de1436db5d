//! How much a child may use.

use crate::nanoprocess::imports::{Call, Failure};
use crate::nanoprocess::limits::ChildLimits;
use std::time::Duration;

pub(in super::super) fn child_limits(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    let fields = call.record("limits")?;
    let small = |name| match fields.number(name) {
        number if number == u64::from(u32::MAX) => u64::MAX,
        number => number,
    };
    let limits = ChildLimits {
        fuel: fields.number("fuel"),
        memory: fields.number("memory"),
        memory_below: fields.number("memory_below"),
        code: fields.number("code"),
        fs_bytes: fields.number("fs_bytes"),
        inodes: fields.number("inodes"),
        deadline: match fields.number("deadline") {
            u64::MAX => None,
            span => Some(Duration::from_nanos(span)),
        },
        files: small("files"),
        files_below: small("files_below"),
        children: small("children"),
        depth: u32::try_from(fields.number("depth")).unwrap_or(u32::MAX),
    };
    kid.limit(call.guest, limits)?;
    Ok(())
}

pub(in super::super) fn limits_left(call: &mut Call<'_>) -> Result<(), Failure> {
    let left = ChildLimits {
        fuel: call.guest.fuel().unwrap_or(u64::MAX),
        ..call.family.left()
    };
    call.answer(&record(&left))
}

/// Limits as they lie in a parent's memory.
fn record(limits: &ChildLimits) -> Vec<u8> {
    let span = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    let long = [
        limits.fuel,
        limits.memory,
        limits.memory_below,
        limits.code,
        limits.fs_bytes,
        limits.inodes,
        limits.deadline.map_or(u64::MAX, span),
    ];
    let short = [
        limits.files,
        limits.files_below,
        limits.children,
        limits.depth.into(),
    ];
    let short = short.map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    let long = long.into_iter().flat_map(u64::to_le_bytes);
    long.chain(short.into_iter().flat_map(u32::to_le_bytes))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nanoprocess::table::types;
    use turnkey_wasi_common::function::Kind;

    #[test]
    fn record_numbers_are_the_members_of_the_record() {
        let Kind::Record { members } = types::LIMITS.kind else {
            panic!("{:?}", types::LIMITS.kind);
        };
        let members: Vec<_> = members.iter().map(|m| (m.name, m.offset)).collect();
        let expected = [
            ("fuel", 0),
            ("memory", 8),
            ("memory_below", 16),
            ("code", 24),
            ("fs_bytes", 32),
            ("inodes", 40),
            ("deadline", 48),
            ("files", 56),
            ("files_below", 60),
            ("children", 64),
            ("depth", 68),
        ];
        assert_eq!(members, expected);
        let limits = ChildLimits {
            fuel: 1,
            deadline: Some(Duration::from_nanos(7)),
            files: 9,
            depth: 3,
            ..ChildLimits::DEFAULT
        };
        let bytes = record(&limits);
        assert_eq!(bytes.len(), usize::try_from(types::LIMITS.size).unwrap());
        assert_eq!((bytes[0], bytes[48], bytes[56], bytes[68]), (1, 7, 9, 3));
        assert_eq!(bytes[8..16], [0xff; 8]);
    }
}
