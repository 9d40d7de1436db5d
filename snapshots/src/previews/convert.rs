//! A snapshot's own types, and what they are in the core. Every snapshot has this file as a module
//! of its own.

use super::calls::{Fdflags, Fdstat, Filestat, Filetype};
use super::generated::types;
use crate::buffers::Iovecs;
use crate::operations::WantedTimes;
use crate::operations::descriptor::FdStat;
use crate::operations::io::Whence;
use turnkey_wasi_common::{
    Advice, Clock, Errno, Fd, FdFlags, FileType, Follow, ReceiveFlags, Rights, Shutdown, Stat,
};

pub(super) fn errno(errno: Errno) -> types::Errno {
    types::Errno::try_from(errno.number()).unwrap_or(types::Errno::Io)
}

pub(super) fn fd(fd: types::Fd) -> Fd {
    Fd(fd.into())
}

pub(super) fn clock(id: types::Clockid) -> Clock {
    match id {
        types::Clockid::Realtime => Clock::Realtime,
        types::Clockid::Monotonic => Clock::Monotonic,
        types::Clockid::ProcessCputimeId => Clock::ProcessCpu,
        types::Clockid::ThreadCputimeId => Clock::ThreadCpu,
    }
}

pub(super) fn whence(whence: types::Whence) -> Whence {
    match whence {
        types::Whence::Set => Whence::Start,
        types::Whence::Cur => Whence::Current,
        types::Whence::End => Whence::End,
    }
}

pub(super) fn advice(advice: types::Advice) -> Advice {
    match advice {
        types::Advice::Normal => Advice::Normal,
        types::Advice::Sequential => Advice::Sequential,
        types::Advice::Random => Advice::Random,
        types::Advice::Willneed => Advice::WillNeed,
        types::Advice::Dontneed => Advice::DontNeed,
        types::Advice::Noreuse => Advice::NoReuse,
    }
}

pub(super) fn file_type(file_type: FileType) -> Filetype {
    match file_type {
        FileType::Unknown => Filetype::UNKNOWN,
        FileType::BlockDevice => Filetype::BLOCK_DEVICE,
        FileType::CharacterDevice => Filetype::CHARACTER_DEVICE,
        FileType::Directory => Filetype::DIRECTORY,
        FileType::RegularFile => Filetype::REGULAR_FILE,
        FileType::SocketDgram => Filetype::SOCKET_DGRAM,
        FileType::SocketStream => Filetype::SOCKET_STREAM,
        FileType::SymbolicLink => Filetype::SYMBOLIC_LINK,
    }
}

#[inline]
pub(super) fn fdstat(stat: &FdStat) -> Fdstat {
    Fdstat {
        fs_filetype: file_type(stat.file_type),
        fs_flags: to_fdflags(stat.flags),
        fs_rights_base: told(stat.base),
        fs_rights_inheriting: told(stat.inheriting),
    }
}

#[inline]
pub(super) fn filestat(stat: &Stat) -> Filestat {
    Filestat {
        dev: stat.device,
        ino: stat.inode,
        filetype: file_type(stat.file_type),
        nlink: links(stat.links),
        size: stat.size,
        atim: stat.accessed,
        mtim: stat.modified,
        ctim: stat.changed,
    }
}

/// A number of links, or the most that the snapshot can tell.
#[allow(
    clippy::useless_conversion,
    clippy::unnecessary_fallible_conversions,
    reason = "preview 0 tells fewer than preview 1, which tells every one"
)]
fn links(links: u64) -> types::Linkcount {
    links.try_into().unwrap_or(types::Linkcount::MAX)
}

/// The flags of an open descriptor, `None` if one is asked for that it cannot have.
pub(super) fn fd_flags(flags: types::Fdflags) -> Option<FdFlags> {
    let possible = types::Fdflags::APPEND | types::Fdflags::NONBLOCK;
    if !possible.contains(flags) {
        return None;
    }
    let mut known = FdFlags::empty();
    known.set(FdFlags::APPEND, flags.contains(types::Fdflags::APPEND));
    known.set(FdFlags::NONBLOCK, flags.contains(types::Fdflags::NONBLOCK));
    Some(known)
}

fn to_fdflags(flags: FdFlags) -> Fdflags {
    let bits = [
        (FdFlags::APPEND, Fdflags::APPEND),
        (FdFlags::NONBLOCK, Fdflags::NONBLOCK),
    ];
    let told = bits.iter().filter(|(flag, _)| flags.contains(*flag));
    told.fold(Fdflags::default(), |told, (_, bit)| told | *bit)
}

pub(super) fn rights(rights: types::Rights) -> Rights {
    Rights::from_bits_truncate(rights.bits())
}

/// Rights, of which a guest is told only those that the snapshot has.
fn told(all: Rights) -> Rights {
    all & rights(types::Rights::all())
}

pub(super) fn follow(flags: types::Lookupflags) -> Follow {
    match flags.contains(types::Lookupflags::SYMLINK_FOLLOW) {
        true => Follow::Yes,
        false => Follow::No,
    }
}

pub(super) fn times(accessed: u64, modified: u64, flags: types::Fstflags) -> WantedTimes {
    let set = |flag, value| flags.contains(flag).then_some(value);
    WantedTimes {
        accessed: set(types::Fstflags::ATIM, accessed),
        accessed_now: flags.contains(types::Fstflags::ATIM_NOW),
        modified: set(types::Fstflags::MTIM, modified),
        modified_now: flags.contains(types::Fstflags::MTIM_NOW),
    }
}

pub(super) fn receive_flags(flags: types::Riflags) -> ReceiveFlags {
    ReceiveFlags {
        peek: flags.contains(types::Riflags::RECV_PEEK),
        wait_all: flags.contains(types::Riflags::RECV_WAITALL),
    }
}

pub(super) fn shutdown(flags: types::Sdflags) -> Shutdown {
    Shutdown {
        receive: flags.contains(types::Sdflags::RD),
        send: flags.contains(types::Sdflags::WR),
    }
}

pub(super) fn iovecs<T>(list: wiggle::GuestPtr<[T]>) -> Iovecs {
    Iovecs {
        start: list.offset_base(),
        count: list.len(),
    }
}
