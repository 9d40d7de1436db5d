//! Any calls in any order, with any arguments and any memory.
//!
//! The arguments are made by the types of the functions, so that most calls mean something: small
//! descriptors, paths of names that exist, buffers that lie within the memory. Among them are those
//! that no honest guest passes. After each call the table of descriptors is compared with what it
//! has to be.

use super::arguments::{Arguments, Vocabulary};
use super::guest::Guest;
use super::heap::live_bytes;
use super::names;
use super::scratch::Scratch;
use super::source::Source;
use super::time::Time;
use stats_alloc::INSTRUMENTED_SYSTEM;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use turnkey_cap_backends::{HostListener, HostRandom, HostSocket, ambient_authority};
use turnkey_snapshots::functions;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{
    Access, Builder, Errno, Fd, Limits, Null, Pipe, PipeReader, PipeWriter, Rights, Stop, TrapKind,
    WasiCtx,
};

/// Calls of one input.
const MOST_CALLS: usize = 48;

/// One page of WebAssembly.
const MEMORY: u32 = 65536;

/// Bytes that one call may take from the host's heap, all its allocations together.
const MOST_OF_A_CALL: usize = 256 << 10;

/// Bytes that may be left when a guest is gone: what is made once for a thread or the process.
const MOST_LEFT: usize = 64 << 10;

/// Few enough to be used up.
const LIMITS: Limits = Limits {
    files: 16,
    subscriptions: 16,
    memory: 256 << 10,
    ..Limits::DEFAULT
};

/// The directories that a guest has at the beginning.
const DIRECTORIES: [u64; 2] = [4, 3];

/// Descriptors of the process for each of a guest's: the object's own, and its listing's.
const MOST_OF_A_DESCRIPTOR: usize = 2;

/// The target.
///
/// # Panics
/// If a call or what it leaves behind is not as it has to be.
pub fn target(input: &[u8]) {
    let (open, live) = (open_descriptors(), live_bytes());
    play(input);
    assert_eq!(
        open_descriptors(),
        open,
        "descriptors of the process are left"
    );
    let left = live_bytes().saturating_sub(live);
    assert!(left <= MOST_LEFT, "{left} bytes are left");
}

fn play(input: &[u8]) {
    let mut source = Source::new(input);
    let mut scratch = Scratch::new(input);
    let time = Time::new();
    let (builder, ends) = context(&mut scratch, &time);
    if source.bool() {
        Play::new(builder.build_shared().unwrap(), time, source).run(&scratch);
    } else {
        Play::new(builder.build().unwrap(), time, source).run(&scratch);
    }
    drop(ends);
    scratch.assert_outside_untouched();
}

/// The other ends of a guest's streams.
type Ends = (PipeWriter, PipeReader, UnixStream, UnixStream);

/// A context with an object of each kind: standard streams, a directory that may be written and
/// the same that may not, a listener, a connection.
fn context(scratch: &mut Scratch, time: &Time) -> (Builder, Ends) {
    let (input, stdin) = Pipe::new(256);
    let (stdout, output) = Pipe::new(256);
    input.send(b"input").unwrap();
    let (mut peer, socket) = UnixStream::pair().unwrap();
    peer.write_all(b"input").unwrap();
    let listener = UnixListener::bind(scratch.place("socket")).unwrap();
    let client = UnixStream::connect(scratch.place("socket")).unwrap();
    scratch.settle();
    let builder = WasiCtx::builder()
        .args(["program", "argument"])
        .env("NAME", "value")
        .stdin(Arc::new(stdin))
        .stdout(Arc::new(stdout))
        .stderr(Arc::new(Null))
        .preopen("/", scratch.dir(), Access::ReadWrite)
        .preopen("/again", scratch.dir(), Access::ReadOnly)
        .listener(Arc::new(HostListener::new(listener)))
        .socket(Arc::new(HostSocket::new(socket)))
        .clocks(Arc::new(time.clone()))
        .random(Arc::new(HostRandom::new(ambient_authority())))
        .waiter(Arc::new(time.clone()))
        .limits(LIMITS);
    (builder, (input, output, peer, client))
}

/// What is known about an open descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    /// The address of the description, by which it is told apart while it is open.
    description: usize,
    base: Rights,
    inheriting: Rights,
}

type Descriptors = BTreeMap<u32, Known>;

struct Play<'a, T> {
    guest: Guest<T>,
    source: Source<'a>,
    descriptors: Descriptors,
}

impl<'a, T: Table> Play<'a, T> {
    fn new(ctx: WasiCtx<T>, time: Time, source: Source<'a>) -> Self {
        let descriptors = observe(&ctx);
        let memory = vec![0; MEMORY as usize];
        Self {
            guest: Guest { ctx, memory, time },
            source,
            descriptors,
        }
    }

    fn run(mut self, scratch: &Scratch) {
        let all: Vec<&'static Function> = functions().collect();
        // Without it there is little to call the others on.
        let open = all.iter().find(|function| function.name == "path_open");
        let most_open = open_descriptors() + MOST_OF_A_DESCRIPTOR * LIMITS.files as usize;
        for _ in 0..MOST_CALLS {
            if self.source.is_empty() {
                break;
            }
            let function = match self.source.below(6) {
                0 => open.unwrap(),
                _ => self.source.one_of(&all),
            };
            let words = self.words(function);
            self.call(function, &words);
        }
        assert!(open_descriptors() <= most_open);
        scratch.assert_unknown_to(&self.guest.memory);

        for fd in self.descriptors.into_keys() {
            drop(self.guest.ctx.table().remove(Fd(fd)).unwrap());
        }
        assert_eq!(self.guest.ctx.budget().used(), 0, "the budget");
    }

    /// Makes a call, and compares what it changed with what it has to change.
    fn call(&mut self, function: &'static Function, words: &[u64]) {
        let memory = self.guest.memory.clone();
        let before = INSTRUMENTED_SYSTEM.stats().bytes_allocated;
        let outcome = self.guest.call(function, words);
        let taken = INSTRUMENTED_SYSTEM.stats().bytes_allocated - before;
        let name = function.name;
        assert!(
            taken <= MOST_OF_A_CALL,
            "{name} {words:x?} took {taken} bytes"
        );
        match &outcome {
            Ok(Errno::Success) | Err(Stop::Exit(_)) => {}
            Ok(errno) => {
                let same = self.guest.memory == memory;
                assert!(same, "{name} {words:x?} answered {errno} and wrote");
            }
            Err(Stop::Trap(trap)) => {
                // Waiting for what never comes is of the kind `Host`.
                let expected = matches!(trap.kind(), TrapKind::Fault | TrapKind::Host);
                assert!(expected, "{name} {words:x?}: {trap}");
            }
        }
        assert!(self.guest.ctx.budget().used() <= LIMITS.memory);
        let after = observe(&self.guest.ctx);
        self.expect(function, words, &outcome, &after);
        assert_eq!(after, self.descriptors, "{name} {words:x?}: {outcome:?}");
        assert_eq!(self.guest.ctx.table().len(), after.len());
    }

    /// Changes what is known as the call has to change it.
    fn expect(
        &mut self,
        function: &Function,
        words: &[u64],
        outcome: &Result<Errno, Stop>,
        after: &Descriptors,
    ) {
        let fd_at = |index: usize| words.get(index).map_or(u32::MAX, |word| low_half(*word));
        let ok = *outcome == Ok(Errno::Success);
        match function.name {
            "fd_close" if ok => {
                let closed = self.descriptors.remove(&fd_at(0));
                assert!(closed.is_some(), "nothing was open");
            }
            "fd_renumber" if ok => {
                let moved = self.descriptors.remove(&fd_at(0)).unwrap();
                let replaced = self.descriptors.insert(fd_at(1), moved);
                assert!(replaced.is_some() || fd_at(0) == fd_at(1));
            }
            "fd_fdstat_set_rights" if ok => {
                let known = self.descriptors.get_mut(&fd_at(0)).unwrap();
                for (rights, word) in [(&mut known.base, 1), (&mut known.inheriting, 2)] {
                    let wanted = Rights::from_bits(words[word]).unwrap();
                    assert!(rights.contains(wanted), "rights have grown");
                    *rights = wanted;
                }
            }
            // A result that cannot be written ends the guest, which has opened something by then.
            "path_open" | "sock_accept" if ok || outcome.is_err() => {
                let lowest = (0..LIMITS.files).find(|fd| !self.descriptors.contains_key(fd));
                let opened = lowest.and_then(|fd| Some((fd, *after.get(&fd)?)));
                let Some((fd, new)) = opened else {
                    assert!(!ok, "nothing is open at the lowest free number");
                    return;
                };
                if ok {
                    let told = self.guest.u32_at(low_half(*words.last().unwrap()));
                    assert_eq!(told, fd, "the lowest free number");
                }
                let parent = self.descriptors[&fd_at(0)];
                assert!(parent.inheriting.contains(new.base | new.inheriting));
                if function.name == "path_open" {
                    let asked = Rights::from_bits_retain(words[5]);
                    let access = Rights::FD_READ | Rights::FD_WRITE;
                    assert!(asked.contains(new.base & access), "nobody asked for this");
                }
                let known = self.descriptors.values();
                let alias = known
                    .clone()
                    .any(|known| known.description == new.description);
                assert!(!alias, "two descriptors share what is one's own");
                self.descriptors.insert(fd, new);
            }
            _ => {}
        }
    }
}

fn low_half(word: u64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an `i32` takes the lower half of a word"
    )]
    let half = word as u32;
    half
}

/// What stands at each number.
fn observe<T: Table>(ctx: &WasiCtx<T>) -> Descriptors {
    let at = |fd| {
        let known = ctx.table().with(Fd(fd), |entry| Known {
            description: Arc::as_ptr(entry.description()).addr(),
            base: entry.base(),
            inheriting: entry.inheriting(),
        });
        Some((fd, known.ok()?))
    };
    (0..LIMITS.files).filter_map(at).collect()
}

/// Descriptors of this process.
fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Paths of the tree, and descriptors of this guest.
struct Files;

impl Vocabulary for Files {
    fn handle(&self, odd: usize, source: &mut Source<'_>) -> u64 {
        match odd {
            ..8 => DIRECTORIES[odd % 2],
            _ => source.below(LIMITS.files as usize) as u64,
        }
    }

    fn text(&self, _param: &str, source: &mut Source<'_>) -> Vec<u8> {
        names::any_path(source)
    }
}

impl<T: Table> Play<'_, T> {
    /// The words of a call, and in the memory what they lead to.
    fn words(&mut self, function: &Function) -> Vec<u64> {
        let mut arguments = Arguments {
            source: &mut self.source,
            memory: &mut self.guest.memory,
            vocabulary: &Files,
        };
        let mut words = arguments.of(function);
        if function.name == "fd_allocate" {
            // Room that is really there would be taken.
            if let Some(length) = words.last_mut() {
                *length |= u64::from(*length > 1 << 20) << 63;
            }
        }
        words
    }
}
