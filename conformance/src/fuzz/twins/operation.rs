//! One operation of a guest.

use super::side::{Answer, Kind, Told};
use crate::fuzz::names;
use crate::fuzz::source::Source;
use std::collections::BTreeMap;
use std::fmt;

/// A descriptor, and a path from there.
#[derive(Clone)]
pub(super) struct At {
    pub(super) fd: u32,
    pub(super) path: Vec<u8>,
}

impl fmt::Debug for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match &self.path[..] {
            long if long.len() > 200 => format!("{} bytes", long.len()),
            path => path.escape_ascii().to_string(),
        };
        write!(f, "{} \"{path}\"", self.fd)
    }
}

/// How a path is opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    pub(super) follow: bool,
    pub(super) oflags: u16,
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) fdflags: u16,
}

/// What may be asked for its number.
#[derive(Debug, Clone)]
pub(super) enum Thing {
    Path(At),
    Fd(u32),
}

/// What happens to a directory while it is listed.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Make(Vec<u8>),
    MakeDirectory(Vec<u8>),
    Remove(Vec<u8>),
    Rename(Vec<u8>, Vec<u8>),
}

#[derive(Debug, Clone)]
pub(super) enum Operation {
    Open(At, How),
    Close(u32),
    Renumber(u32, u32),
    Read(u32, u32),
    Pread(u32, u32, u64),
    /// The bytes are counted from the last number on.
    Write(u32, u32, u8),
    Pwrite(u32, u32, u8, u64),
    Seek(u32, i64, u8),
    Tell(u32),
    Stat(u32),
    SetSize(u32, u64),
    SetTimes(u32, u64, u64, u16),
    Allocate(u32, u64, u64),
    Advise(u32, u64, u64, u8),
    Sync(u32, bool),
    Flags(u32),
    SetFlags(u32, u16),
    List(u32),
    /// With a buffer of so many bytes, and a change after each that was filled.
    ListInPieces(u32, u32, Vec<Change>),
    PathStat(At, bool),
    PathSetTimes(At, bool, u64, u64, u16),
    CreateDirectory(At),
    RemoveDirectory(At),
    Unlink(At),
    Rename(At, At),
    Link(At, At, bool),
    Symlink(Vec<u8>, At),
    ReadLink(At, u32),
    /// Whether both are one thing.
    Same(Thing, Thing),
}

/// What is open, on both sides alike.
#[derive(Debug)]
pub(super) struct Open(BTreeMap<u32, Kind>);

impl Default for Open {
    fn default() -> Self {
        Self(BTreeMap::from([(3, Kind::Directory)]))
    }
}

impl Open {
    /// Notes what an operation has opened and closed.
    pub(super) fn note(&mut self, operation: &Operation, answer: &Answer) {
        match (operation, answer) {
            (Operation::Open(..), Ok(Told::Opened(fd, kind))) => {
                self.0.insert(*fd, *kind);
            }
            (Operation::Close(fd), Ok(_)) => {
                self.0.remove(fd);
            }
            (Operation::Renumber(from, to), Ok(_)) if from != to => {
                let moved = self.0.remove(from);
                self.0.remove(to);
                self.0.extend(moved.map(|kind| (*to, kind)));
            }
            _ => {}
        }
    }

    /// All that can be seen through what is open.
    pub(super) fn last_look(&self) -> Vec<Operation> {
        let each = self.0.iter().flat_map(|(fd, kind)| match kind {
            Kind::Directory => vec![Operation::Stat(*fd), Operation::List(*fd)],
            Kind::File => vec![
                Operation::Stat(*fd),
                Operation::Tell(*fd),
                Operation::Pread(*fd, 1 << 17, 0),
            ],
            _ => vec![Operation::Stat(*fd)],
        });
        each.collect()
    }

    /// A descriptor that is mostly of a kind.
    fn fd(&self, source: &mut Source<'_>, wanted: Kind) -> u32 {
        let choice = source.byte();
        let fitting: Vec<u32> = match choice % 16 {
            15 => (0..20).collect(),
            14 => self.0.keys().copied().collect(),
            _ => {
                let of_kind = self.0.iter().filter(|(_, kind)| **kind == wanted);
                of_kind.map(|(fd, _)| *fd).collect()
            }
        };
        match fitting.len() {
            0 => 3,
            count => fitting[usize::from(choice / 16) % count],
        }
    }

    fn dir(&self, source: &mut Source<'_>) -> u32 {
        self.fd(source, Kind::Directory)
    }

    fn file(&self, source: &mut Source<'_>) -> u32 {
        self.fd(source, Kind::File)
    }

    fn at(&self, source: &mut Source<'_>) -> At {
        let fd = match source.below(2) {
            0 => 3,
            _ => self.dir(source),
        };
        let path = match source.below(32) {
            0 => names::any_path(source),
            1..4 => names::path(source).into_bytes(),
            _ => name(source),
        };
        At { fd, path }
    }

    fn has(&self, wanted: Kind) -> bool {
        self.0.values().any(|kind| *kind == wanted)
    }
}

/// A name that may be there, without a way.
fn name(source: &mut Source<'_>) -> Vec<u8> {
    const NAMES: [&str; 12] = [
        "a", "d", "e", "n", "m", "l", "ld", "d/e", "d/n", "d/m", "fifo", "n/m",
    ];
    source.one_of(&NAMES).as_bytes().to_vec()
}

fn length(source: &mut Source<'_>) -> u32 {
    match source.below(16) {
        0 => 0,
        1 => 70_000,
        2 => 4096,
        3 => 65_536,
        few => u32::from(source.byte()) % (8 * u32::try_from(few).unwrap()),
    }
}

/// A place in a file that is not so large that it could not be looked at.
fn place(source: &mut Source<'_>) -> u64 {
    match source.below(16) {
        0..9 => u64::from(source.byte()) % 24,
        9..11 => 65_530 + u64::from(source.byte()) % 12,
        11 => 131_066 + u64::from(source.byte()) % 12,
        12 => 4096,
        13 => 100_000,
        14 => 1 << 63,
        _ => u64::MAX,
    }
}

/// Seconds that no clock tells today, and both times or one of them.
fn times(source: &mut Source<'_>) -> (u64, u64, u16) {
    let mut time = || u64::from(source.byte()) * 1_000_000_000;
    let (one, other) = (time(), time());
    (one, other, u16::from(source.byte()) % 16)
}

/// Without the directory that it was given, a guest has nothing to do any more.
fn not_given(fd: u32) -> u32 {
    match fd {
        3 => 13,
        fd => fd,
    }
}

impl How {
    fn new(source: &mut Source<'_>) -> Self {
        let choice = source.byte();
        let flag = |bit: u8| choice >> bit & 1 == 1;
        let oflags = source.byte();
        Self {
            follow: flag(0),
            // Neither two flags that exclude each other nor too many at once.
            oflags: u16::from(match oflags % 8 {
                0..3 => 0b0001,
                3 => 0b1001,
                4 => 0b0101,
                5 => 0,
                6 => 0b0010,
                _ => oflags / 8 % 16,
            }),
            read: flag(1) || flag(2),
            write: flag(3) || (flag(4) && flag(5)),
            fdflags: match source.below(16) {
                0 => u16::from(source.byte()) % 32,
                1..4 => 0b0001,
                4 => 0b0100,
                _ => 0,
            },
        }
    }
}

impl Operation {
    pub(super) fn new(source: &mut Source<'_>, open: &Open) -> Self {
        let choice = match source.below(48) {
            // What needs a file waits until there is one.
            11..29 if !open.has(Kind::File) => 0,
            choice => choice,
        };
        match choice {
            0..8 => Self::Open(open.at(source), How::new(source)),
            8..10 => Self::Close(not_given(open.file(source))),
            10 => Self::Close(not_given(open.dir(source))),
            11 => Self::Renumber(
                not_given(open.file(source)),
                not_given(open.fd(source, Kind::File)),
            ),
            12 => Self::Read(open.file(source), length(source)),
            13 => Self::Pread(open.file(source), length(source), place(source)),
            14..17 => Self::Write(open.file(source), length(source), source.byte()),
            17..19 => {
                let (fd, length) = (open.file(source), length(source));
                Self::Pwrite(fd, length, source.byte(), place(source))
            }
            19 => {
                let fd = open.file(source);
                let delta = match source.below(8) {
                    0 => i64::MAX,
                    1 => i64::MIN,
                    2 => 65_536,
                    3..6 => i64::from(source.byte()),
                    _ => -i64::from(source.byte()),
                };
                Self::Seek(fd, delta, source.byte() % 3)
            }
            20 => Self::Tell(open.file(source)),
            21 => Self::Stat(open.file(source)),
            22 => Self::Stat(open.dir(source)),
            23..25 => Self::SetSize(open.file(source), place(source)),
            25 => {
                let fd = match source.bool() {
                    true => open.file(source),
                    false => open.dir(source),
                };
                let (accessed, modified, flags) = times(source);
                Self::SetTimes(fd, accessed, modified, flags)
            }
            26 => Self::Allocate(open.file(source), place(source), place(source)),
            27 => {
                let fd = open.file(source);
                match source.below(3) {
                    0 => Self::Advise(fd, place(source), place(source), source.byte() % 6),
                    1 => Self::Sync(fd, source.bool()),
                    _ => Self::SetFlags(fd, u16::from(source.byte()) % 32),
                }
            }
            28 => Self::Flags(open.fd(source, Kind::File)),
            29 => Self::List(open.dir(source)),
            30 => {
                let fd = open.dir(source);
                let length = 280 + u32::from(source.byte());
                let changes = (0..source.below(6)).map(|_| Change::new(source)).collect();
                Self::ListInPieces(fd, length, changes)
            }
            31..33 => Self::PathStat(open.at(source), source.bool()),
            33 => {
                let (at, follow) = (open.at(source), source.bool());
                let (accessed, modified, flags) = times(source);
                Self::PathSetTimes(at, follow, accessed, modified, flags)
            }
            34..36 => Self::CreateDirectory(open.at(source)),
            36 => Self::RemoveDirectory(open.at(source)),
            37..39 => Self::Unlink(open.at(source)),
            39..42 => Self::Rename(open.at(source), open.at(source)),
            42..44 => {
                let (from, to) = (open.at(source), open.at(source));
                Self::Link(from, to, source.below(16) == 15)
            }
            44 => Self::Symlink(names::any_path(source), open.at(source)),
            45 => Self::ReadLink(open.at(source), length(source)),
            _ => {
                let mut thing = || match source.below(3) {
                    0 => Thing::Fd(open.file(source)),
                    _ => Thing::Path(open.at(source)),
                };
                Self::Same(thing(), thing())
            }
        }
    }
}

impl Change {
    fn new(source: &mut Source<'_>) -> Self {
        let mut one = || {
            let names = ["a", "n", "m", "e", "p", "q", "r", "s"];
            source.one_of(&names).as_bytes().to_vec()
        };
        let (name, other) = (one(), one());
        match source.below(4) {
            0 => Self::Make(name),
            1 => Self::MakeDirectory(name),
            2 => Self::Remove(name),
            _ => Self::Rename(name, other),
        }
    }

    /// Whether it has to do with a name.
    pub(super) fn touches(&self, name: &str) -> bool {
        match self {
            Self::Make(one) | Self::MakeDirectory(one) | Self::Remove(one) => {
                one == name.as_bytes()
            }
            Self::Rename(from, to) => from == name.as_bytes() || to == name.as_bytes(),
        }
    }
}
