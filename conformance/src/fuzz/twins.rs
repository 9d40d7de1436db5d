//! Two guests that do the same, one with files of the host's, the other with files in memory.
//!
//! Both have to be told the same, except where a difference is meant (`DIFFERENCES`), and to leave the
//! same behind, and nothing that they were not given may change. Numbers of files are compared by what
//! has the same one, listings by the names, times of the last change by whether they were set.

mod differences;
mod made;
mod operation;
mod side;

use super::scratch::Scratch;
use super::source::Source;
use differences::{DIFFERENCES, meant};
use made::{Made, made};
use operation::{Open, Operation};
use side::{Answer, Side};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::ops::AddAssign;
use std::sync::Arc;
use turnkey_cap_backends::{HostClocks, HostDir, ambient_authority};
use turnkey_virt::fs::{Adopted, MemoryFs, Mounts, Tree, copy};
use turnkey_wasi_common::{Dir, FileType, Follow, GuestPath, Object, OpenOptions};

use crate::known::{Known, known};

/// Operations of one input.
const MOST_OPERATIONS: usize = 1000;

/// What the host is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// A copy of the host's tree in memory.
    Memory,
    /// A layer in memory over a tree like the host's.
    Overlay,
    /// A tree like the host's, mounted in another one and walked name by name.
    Mounts,
}

/// How many operations were carried out, and how often a difference was met that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Operations.
    pub operations: u64,
    /// Of those, the ones that had no errno.
    pub successes: u64,
    meant: [u64; DIFFERENCES.len()],
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.operations += other.operations;
        self.successes += other.successes;
        for (sum, more) in self.meant.iter_mut().zip(other.meant) {
            *sum += more;
        }
    }
}

/// A line for each difference that is meant.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} operations, {} successful",
            self.operations, self.successes
        )?;
        for (count, difference) in self.meant.iter().zip(DIFFERENCES) {
            writeln!(f, "{count:6} times: {}", difference.why)?;
        }
        Ok(())
    }
}

/// The target that compares files in memory.
///
/// # Panics
/// As [`compare`].
pub fn memory(input: &[u8]) {
    compare(input, Twin::Memory);
}

/// The target that compares a layer over the host's files.
///
/// # Panics
/// As [`compare`].
pub fn overlay(input: &[u8]) {
    compare(input, Twin::Overlay);
}

/// The target that compares the host's files with the same in a tree of several file systems.
///
/// # Panics
/// As [`compare`].
pub fn mounts(input: &[u8]) {
    compare(input, Twin::Mounts);
}

/// Has both guests do what an input says.
///
/// # Panics
/// If an answer or what is left differs from the host's, or something else was touched.
pub fn compare(input: &[u8], twin: Twin) -> Tally {
    let (here, there) = (Scratch::new(input), Scratch::new(input));
    for scratch in [&here, &there] {
        // A file of several pieces in memory.
        let large: Vec<u8> = (0..150_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        fs::write(scratch.place("root/m"), large).unwrap();
        if twin == Twin::Memory {
            // What a copy leaves out.
            fs::remove_file(scratch.place("root/fifo")).unwrap();
            fs::remove_file(scratch.place("root/abs")).unwrap();
        }
    }
    let lower = host(&there);
    let below = lower_known(&lower);
    let top = layer(twin, &lower);
    let beside = known(&beneath(&*top, "outside")).unwrap();
    let (host_root, root) = (here.dir(), beneath(&*top, "root"));

    let mut source = Source::new(input);
    let mut pair = Pair {
        host: Side::new(&host_root),
        ours: Side::new(&root),
        open: Open::default(),
        done: Vec::new(),
        tally: Tally::default(),
    };
    while !source.is_empty() && pair.done.len() < MOST_OPERATIONS {
        pair.carry_out(Operation::new(&mut source, &pair.open));
    }
    for operation in pair.open.last_look() {
        pair.carry_out(operation);
    }
    let Pair {
        done, tally, ours, ..
    } = pair;
    let (theirs, left): (Made, Made) = (made(&host_root), made(&root));
    assert_same(&left, &theirs, &done);
    assert_eq!(known(&beneath(&*top, "outside")).unwrap(), beside);
    if twin != Twin::Mounts {
        assert_same(&lower_known(&lower), &below, &done);
    }
    for scratch in [&here, &there] {
        scratch.assert_outside_untouched();
        scratch.assert_unknown_to(ours.memory());
    }
    tally
}

/// The two guests, and what they have done.
struct Pair {
    host: Side,
    ours: Side,
    open: Open,
    done: Vec<(Operation, Answer)>,
    tally: Tally,
}

impl Pair {
    fn carry_out(&mut self, operation: Operation) {
        let theirs = self.host.carry_out(&operation);
        let answer = self.ours.carry_out(&operation);
        self.tally.operations += 1;
        self.tally.successes += u64::from(answer.is_ok());
        if answer == theirs {
            self.open.note(&operation, &answer);
        } else {
            let index = meant(&operation, &theirs, &answer).unwrap_or_else(|| {
                panic!(
                    "{operation:?}: {answer:?}, but the host: {theirs:?}; {:?}; after {}",
                    self.open,
                    story(&self.done)
                )
            });
            self.tally.meant[index] += 1;
        }
        self.done.push((operation, answer));
    }
}

/// What must not change below a layer. A FIFO is the lower one itself, and is written.
fn lower_known(lower: &Arc<dyn Dir>) -> Known {
    let mut known = known(lower).unwrap();
    known.retain(|_, thing| thing.stat.file_type != FileType::Unknown);
    known
}

fn assert_same<T: PartialEq + fmt::Debug>(
    left: &BTreeMap<String, T>,
    expected: &BTreeMap<String, T>,
    done: &[(Operation, Answer)],
) {
    let paths: BTreeSet<&String> = expected.keys().chain(left.keys()).collect();
    for path in paths {
        let (left, expected) = (left.get(path), expected.get(path));
        assert!(
            left == expected,
            "{path} is {left:.300?}, and not {expected:.300?}, after {}",
            story(done)
        );
    }
}

/// What was done, a line for each operation.
fn story(done: &[(Operation, Answer)]) -> String {
    let lines = done
        .iter()
        .map(|(operation, answer)| format!("\n{operation:?}: {answer:.200?}"));
    lines.collect()
}

/// The directory that holds a scratch's `root` and `outside`.
fn host(scratch: &Scratch) -> Arc<dyn Dir> {
    let dir = HostDir::open_ambient(scratch.place(""), ambient_authority());
    Arc::new(dir.unwrap())
}

fn layer(twin: Twin, lower: &Arc<dyn Dir>) -> Arc<dyn Dir> {
    let clocks = Arc::new(HostClocks::new(ambient_authority()));
    let builder = MemoryFs::builder().clocks(clocks);
    match twin {
        Twin::Memory => {
            let top = builder.build().root();
            let copied = copy(&**lower, &*top).unwrap();
            assert_eq!(copied.left_out, [""; 0]);
            top
        }
        Twin::Overlay => {
            let lower = Adopted::new(Arc::clone(lower));
            builder.over(Arc::new(lower)).build().root()
        }
        Twin::Mounts => {
            let mounts = Mounts::new(builder.build().node());
            let lower = Arc::new(Adopted::new(Arc::clone(lower)));
            let mounts = mounts.mount("here", lower).unwrap().build();
            beneath(&Tree::new(mounts), "here")
        }
    }
}

fn beneath(dir: &dyn Dir, name: &str) -> Arc<dyn Dir> {
    let how = OpenOptions {
        directory: true,
        follow: Follow::No,
        ..OpenOptions::READ
    };
    match dir.open(GuestPath::new(name).unwrap(), &how).unwrap() {
        Object::Dir(dir) => dir,
        object => panic!("{name} is {object:?}"),
    }
}
