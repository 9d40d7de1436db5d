//! The host's attributes and times as the core tells them.

use rustix::fs::{Stat as HostStat, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use turnkey_wasi_common::{FileType, SetTime, Stat, Times, Timestamp};

const NANOSECONDS: u64 = 1_000_000_000;

/// Everything that `fstat` and `fstatat` know. `changed` is `st_ctime`, never the time of birth.
pub(crate) fn stat_of(host: &HostStat) -> Stat {
    Stat {
        device: unsigned(host.st_dev),
        inode: unsigned(host.st_ino),
        file_type: file_type_of(rustix::fs::FileType::from_raw_mode(host.st_mode)),
        links: unsigned(host.st_nlink),
        size: unsigned(host.st_size),
        accessed: timestamp(host.st_atime, host.st_atime_nsec),
        modified: timestamp(host.st_mtime, host.st_mtime_nsec),
        changed: timestamp(host.st_ctime, host.st_ctime_nsec),
    }
}

/// The core's name for a type. A FIFO has none and is `Unknown`; of a socket only a descriptor
/// knows more than that it is one.
pub(crate) fn file_type_of(host: rustix::fs::FileType) -> FileType {
    use rustix::fs::FileType as Host;
    match host {
        Host::RegularFile => FileType::RegularFile,
        Host::Directory => FileType::Directory,
        Host::Symlink => FileType::SymbolicLink,
        Host::CharacterDevice => FileType::CharacterDevice,
        Host::BlockDevice => FileType::BlockDevice,
        Host::Socket => FileType::SocketStream,
        Host::Fifo | Host::Unknown => FileType::Unknown,
    }
}

/// What `utimensat` is to be told.
pub(crate) fn timestamps_of(times: &Times) -> Timestamps {
    Timestamps {
        last_access: timespec(times.accessed),
        last_modification: timespec(times.modified),
    }
}

/// Whether both times stay as they are.
pub(crate) fn keeps_both(times: &Times) -> bool {
    matches!(
        (times.accessed, times.modified),
        (SetTime::Keep, SetTime::Keep)
    )
}

fn timespec(time: SetTime) -> Timespec {
    let (tv_sec, tv_nsec) = match time {
        SetTime::Keep => (0, UTIME_OMIT),
        SetTime::Now => (0, UTIME_NOW),
        SetTime::At(nanoseconds) => (
            i64::try_from(nanoseconds / NANOSECONDS).unwrap_or(i64::MAX),
            // Below 1,000,000,000, which every type of the field holds.
            (nanoseconds % NANOSECONDS).try_into().unwrap_or_default(),
        ),
    };
    Timespec { tv_sec, tv_nsec }
}

/// Moments before 1970 are 0, moments after 2554 the greatest value.
fn timestamp(seconds: impl TryInto<i64>, nanoseconds: impl TryInto<u64>) -> Timestamp {
    match seconds.try_into().unwrap_or(i64::MAX) {
        ..0 => 0,
        seconds => seconds
            .unsigned_abs()
            .saturating_mul(NANOSECONDS)
            .saturating_add(nanoseconds.try_into().unwrap_or(0)),
    }
}

/// The fields have other types on other systems; a negative number tells nothing and is 0.
fn unsigned(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_outside_what_can_be_told_saturates() {
        let cases = [
            (i64::MIN, 0, 0),
            (-1, 999_999_999, 0),
            (0, 0, 0),
            (0, 1, 1),
            (1, 2, 1_000_000_002),
            (18_446_744_073, 709_551_615, u64::MAX),
            (18_446_744_073, 709_551_616, u64::MAX),
            (18_446_744_074, 0, u64::MAX),
            (i64::MAX, 999_999_999, u64::MAX),
        ];
        for (seconds, nanoseconds, expected) in cases {
            assert_eq!(
                timestamp(seconds, nanoseconds),
                expected,
                "{seconds} s {nanoseconds} ns"
            );
        }
    }

    #[test]
    fn timespec_latest_timestamp_exact() {
        let told = timespec(SetTime::At(u64::MAX));
        assert_eq!((told.tv_sec, told.tv_nsec), (18_446_744_073, 709_551_615));
    }
}
