//! The same operations by the kernel alone.
//!
//! Paths are resolved by `openat2` with `RESOLVE_BENEATH`; what acts on a name is told the directory
//! that was found and the name, with the slashes that stood behind it.

use super::operation::{At, Base, How, Operation, What};
use super::{Answer, FileType, Told};
use crate::fuzz::scratch::Scratch;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    AtFlags, FileType as HostType, Mode, OFlags, ResolveFlags, Stat, Timespec, Timestamps, fstat,
    linkat, mkdirat, open, openat2, readlinkat, renameat, symlinkat, unlinkat, utimensat,
};
use rustix::io::Errno as Host;
use turnkey_cap_backends::errno_of;
use turnkey_wasi_common::Errno;

pub(super) struct Kernel {
    root: OwnedFd,
    subdirectory: OwnedFd,
}

/// What is found, whatever may be done with it.
const FOUND: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

impl Kernel {
    pub(super) fn new(scratch: &Scratch) -> Self {
        let directory = FOUND.union(OFlags::DIRECTORY);
        let of = |name| open(scratch.place(name), directory, Mode::empty()).unwrap();
        Self {
            root: of("root"),
            subdirectory: of("root/d"),
        }
    }

    fn base(&self, base: Base) -> &OwnedFd {
        match base {
            Base::Root => &self.root,
            Base::Subdirectory => &self.subdirectory,
        }
    }

    /// What is refused for what the path says.
    fn refused(path: &[u8]) -> Result<(), Errno> {
        let longest_name = path.split(|byte| *byte == b'/').map(<[u8]>::len).max();
        Err(match path {
            [] => Errno::Noent,
            _ if path.len() > 4095 => Errno::Nametoolong,
            _ if std::str::from_utf8(path).is_err() => Errno::Ilseq,
            _ if path.contains(&0) => Errno::Inval,
            [b'/', ..] => Errno::Perm,
            _ if longest_name > Some(255) => Errno::Nametoolong,
            _ => return Ok(()),
        })
    }

    fn resolve(&self, at: &At, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        resolve(self.base(at.base), &at.path, flags, mode)
    }

    /// What lies at a path.
    fn find(&self, at: &At, follow: bool) -> Result<OwnedFd, Errno> {
        let nofollow = match follow {
            true => OFlags::empty(),
            false => OFlags::NOFOLLOW,
        };
        self.resolve(at, FOUND | nofollow, Mode::empty())
    }

    /// The directory of a path's last name, and the name with the slashes behind it.
    fn parent<'a>(&self, at: &'a At) -> Result<(OwnedFd, &'a [u8]), Errno> {
        let is_slash = |byte: &u8| *byte == b'/';
        let end = at.path.iter().rposition(|byte| !is_slash(byte));
        let end = end.map_or(0, |last| last + 1);
        let way = at.path[..end].iter().rposition(is_slash);
        let way = way.map_or(0, |slash| slash + 1);
        let (way, name) = at.path.split_at(way);
        if name.starts_with(b"..") && name[2..].iter().all(is_slash) {
            // The name itself may lead outside.
            self.find(at, true)?;
        }
        let way = match way {
            [] => b".",
            way => way,
        };
        let flags = FOUND.union(OFlags::DIRECTORY);
        let parent = resolve(self.base(at.base), way, flags, Mode::empty())?;
        Ok((parent, name))
    }

    pub(super) fn carry_out(&self, operation: &Operation) -> Answer {
        let at = &operation.at;
        if let What::Open(how) = &operation.what
            && how.directory
            && (how.create || how.exclusive || how.truncate)
        {
            return Err(Errno::Inval);
        }
        // A link's text is looked at before its name.
        if let What::Symlink { target } = &operation.what {
            Self::refused(target)?;
        }
        Self::refused(&at.path)?;
        if let What::Rename(to) | What::Link(to) = &operation.what {
            Self::refused(&to.path)?;
        }
        match &operation.what {
            What::Open(how) => self.open(at, operation.follow, *how),
            What::Stat => {
                let stat = self.find(at, operation.follow)?;
                let stat = fstat(stat).map_err(told)?;
                Ok(Told::Stat {
                    file_type: file_type(&stat),
                    size: u64::try_from(stat.st_size).unwrap(),
                    links: stat.st_nlink,
                })
            }
            What::SetTimes { seconds } => {
                let time = Timespec {
                    tv_sec: i64::try_from(*seconds).unwrap(),
                    tv_nsec: 0,
                };
                let times = Timestamps {
                    last_access: time,
                    last_modification: time,
                };
                let found = self.find(at, operation.follow)?;
                done(utimensat(found, "", &times, AtFlags::EMPTY_PATH))
            }
            What::CreateDirectory => {
                let (parent, name) = self.parent(at)?;
                done(mkdirat(parent, name, Mode::from_raw_mode(0o777)))
            }
            What::RemoveDirectory => {
                let (parent, name) = self.parent(at)?;
                done(unlinkat(parent, name, AtFlags::REMOVEDIR))
            }
            What::Unlink => {
                let (parent, name) = self.parent(at)?;
                done(unlinkat(parent, name, AtFlags::empty()))
            }
            What::Rename(to) => {
                let (from_parent, from_name) = self.parent(at)?;
                let (to_parent, to_name) = self.parent(to)?;
                done(renameat(from_parent, from_name, to_parent, to_name))
            }
            What::Link(to) => {
                let (from_parent, from_name) = self.parent(at)?;
                // With a slash behind it a link is followed, maybe to outside.
                if operation.has_slash() {
                    self.find(at, true)?;
                }
                let (to_parent, to_name) = self.parent(to)?;
                let flags = AtFlags::empty();
                done(linkat(from_parent, from_name, to_parent, to_name, flags))
            }
            What::Symlink { target } => {
                let (parent, name) = self.parent(at)?;
                done(symlinkat(&target[..], parent, name))
            }
            What::ReadLink => {
                let (parent, name) = self.parent(at)?;
                if operation.has_slash() {
                    self.find(at, true)?;
                }
                let text = readlinkat(parent, name, Vec::new()).map_err(told)?;
                match text.into_bytes() {
                    // The text of such a link would tell what the host looks like.
                    text if text.starts_with(b"/") => Err(Errno::Perm),
                    text => Ok(Told::Link(text)),
                }
            }
        }
    }

    fn open(&self, at: &At, follow: bool, how: How) -> Answer {
        let mut flags = OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        flags |= match (how.read, how.write) {
            (_, false) => OFlags::RDONLY,
            (false, true) => OFlags::WRONLY,
            (true, true) => OFlags::RDWR,
        };
        flags.set(OFlags::NOFOLLOW, !follow);
        flags.set(OFlags::CREATE, how.create);
        flags.set(OFlags::EXCL, how.create && how.exclusive);
        flags.set(OFlags::TRUNC, how.truncate);
        flags.set(OFlags::DIRECTORY, how.directory);
        let mode = match how.create {
            true => Mode::from_raw_mode(0o666),
            false => Mode::empty(),
        };
        let opened = self.resolve(at, flags, mode)?;
        let file_type = file_type(&fstat(&opened).map_err(told)?);
        if how.write && file_type == FileType::File {
            rustix::io::write(&opened, b"written").map_err(told)?;
        }
        Ok(Told::Opened(file_type))
    }
}

fn resolve(from: impl AsFd, path: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    loop {
        match openat2(&from, path, flags, mode, ResolveFlags::BENEATH) {
            // Somebody else moved something, somewhere, and `..` could not be judged.
            Err(Host::AGAIN) => {}
            Err(Host::XDEV) => return Err(Errno::Perm),
            outcome => return outcome.map_err(told),
        }
    }
}

fn told(host: Host) -> Errno {
    errno_of(&host.into())
}

fn done(outcome: rustix::io::Result<()>) -> Answer {
    outcome.map(|()| Told::Done).map_err(told)
}

fn file_type(stat: &Stat) -> FileType {
    match HostType::from_raw_mode(stat.st_mode) {
        HostType::Directory => FileType::Directory,
        HostType::RegularFile => FileType::File,
        HostType::Symlink => FileType::Link,
        _ => FileType::Other,
    }
}
