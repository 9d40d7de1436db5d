//! Arguments that no honest guest passes: never a panic, never more than an errno or a trap, and
//! never more host memory than the guest is entitled to.
//!
//! The calls are made from the table of functions, so that none can be forgotten.
#![cfg(test)]

mod host;

use host::{BUFFER, Guest, Tree, oflags};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use turnkey_cap_backends::{HostListener, HostSocket};
use turnkey_snapshots::preview_1;
use turnkey_wasi_common::function::{Function, Kind, Param, Role};
use turnkey_wasi_common::{
    Access, BlockingWait, Clocks, Errno, Pipe, PipeReader, PipeWriter, Result as CoreResult,
    Rights, Stop, TrapKind, Wait,
};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The tests count what the whole process allocates, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

/// One page of WebAssembly.
const PAGE: usize = 65536;

/// Bytes that one call may take from the host's heap, all its allocations together.
const MOST_OF_A_CALL: usize = 256 << 10;

/// Bytes that all calls together may leave behind.
const MOST_LEFT: usize = 8 << 20;

/// A guest that would wait is stopped instead.
struct NeverWait;

impl BlockingWait for NeverWait {
    fn wait(&self, _wait: &Wait, _clocks: &dyn Clocks) -> CoreResult<()> {
        Err(Errno::Notsup.into())
    }
}

/// A guest with an object of each kind, and the other ends of its streams.
struct Target {
    guest: Guest,
    _ends: (PipeWriter, PipeReader, UnixStream, TcpStream),
}

/// Standard input and output, a directory, a listener, a connection, a file, and nothing.
const DESCRIPTORS: [u64; 7] = [0, 1, 3, 4, 5, 6, 99];

impl Target {
    fn new(tree: &Tree) -> Self {
        let (input, stdin) = Pipe::new(64);
        let (stdout, output) = Pipe::new(64);
        input.send(b"input").unwrap();
        let (mut peer, socket) = UnixStream::pair().unwrap();
        peer.write_all(b"input").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let builder = tree
            .builder(Access::ReadWrite)
            .args(["program", "argument"])
            .env("NAME", "value")
            .stdin(Arc::new(stdin))
            .stdout(Arc::new(stdout))
            .listener(Arc::new(HostListener::new(listener)))
            .socket(Arc::new(HostSocket::new(socket)))
            .waiter(Arc::new(NeverWait))
            .on_raise(|_| Ok(()));
        let mut guest = Guest::new(builder.build().unwrap());
        let rights = Rights::FD_READ | Rights::FD_WRITE;
        assert_eq!(guest.path_open((3, "file"), oflags::CREAT, rights), Ok(6));
        guest.memory = vec![0; PAGE];
        Self {
            guest,
            _ends: (input, output, peer, client),
        }
    }

    /// Makes a call, and sees that it is bounded.
    fn call(&mut self, function: &'static Function, words: &[u64]) -> Result<Errno, Stop> {
        let before = ALLOCATOR.stats().bytes_allocated;
        let outcome = self
            .guest
            .run(|call, memory| preview_1::invoke(function.index, call, memory, words));
        let taken = ALLOCATOR.stats().bytes_allocated - before;
        let name = function.name;
        assert!(
            taken <= MOST_OF_A_CALL,
            "{name} {words:x?} took {taken} bytes"
        );
        let errno = outcome.map(|number| {
            let errno = u16::try_from(number).ok().and_then(Errno::from_number);
            errno.unwrap_or_else(|| panic!("{name} {words:x?} answered {number}"))
        });
        if let Err(Stop::Trap(trap)) = &errno {
            // The waiter's refusal is of the kind `Host`.
            let expected = matches!(trap.kind(), TrapKind::Fault | TrapKind::Host);
            assert!(expected, "{name} {words:x?}: {trap}");
        }
        errno
    }
}

/// Addresses and lengths at the edges of a page and of everything.
const EDGES: [u64; 9] = [
    0,
    1,
    PAGE as u64 - 1,
    PAGE as u64,
    1 << 29,
    1 << 31,
    u32::MAX as u64 - 7,
    u32::MAX as u64 - 1,
    u32::MAX as u64,
];

/// Numbers at the edges of 64 bits.
const WIDE: [u64; 6] = [
    0,
    PAGE as u64 + 1,
    i64::MAX as u64,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

/// What an honest guest passes, and what no honest guest does. `descriptor` stands for every
/// handle.
fn choices(function: &Function, role: Role, descriptor: u64) -> (u64, Vec<u64>) {
    match role {
        Role::Return(result) => (u64::from(RESULTS) + 64 * result as u64, EDGES.to_vec()),
        Role::Length(_) => (4, EDGES.to_vec()),
        Role::Value(param) => {
            let ty = function.params[param].ty;
            match ty.kind {
                Kind::Handle => (descriptor, vec![u32::MAX.into()]),
                Kind::Int { .. } if ty.size == 8 => (1, WIDE.to_vec()),
                Kind::Int { .. } => (4, EDGES.to_vec()),
                Kind::Enum { cases } => (
                    0,
                    vec![cases.len() as u64 - 1, cases.len() as u64, 256, 1 << 31],
                ),
                Kind::Flags { flags } => {
                    (0, vec![(1 << flags.len()) - 1, 1 << flags.len(), 1 << 31])
                }
                Kind::String | Kind::List { .. } | Kind::Pointer { .. } => {
                    (u64::from(INPUT), EDGES.to_vec())
                }
                Kind::Record { .. } | Kind::Variant { .. } => (u64::from(INPUT), EDGES.to_vec()),
            }
        }
    }
}

/// Where input lies, and where results go.
const INPUT: u32 = 1024;
const RESULTS: u32 = 4096;

/// Every call with one hostile argument, and with two.
fn hostile_words(function: &Function, descriptor: u64) -> Vec<Vec<u64>> {
    let choices: Vec<_> = function
        .roles
        .iter()
        .map(|role| choices(function, *role, descriptor))
        .collect();
    let honest: Vec<u64> = choices.iter().map(|(honest, _)| *honest).collect();
    let mut calls = vec![honest.clone()];
    for (first, (_, bad)) in choices.iter().enumerate() {
        for word in bad {
            let mut words = honest.clone();
            words[first] = *word;
            for (second, (_, bad)) in choices.iter().enumerate().skip(first + 1) {
                for word in bad {
                    let mut words = words.clone();
                    words[second] = *word;
                    calls.push(words);
                }
            }
            calls.push(words);
        }
    }
    calls
}

/// A tree in which names of four equal letters mean something.
fn tree() -> Tree {
    Tree::new()
        .link("cccc", "aaaa")
        .dir("bbbb")
        .file("cccc", "contents")
}

/// What the memory is filled with: subscriptions to a clock and empty buffers; a name; garbage.
const FILLINGS: [u8; 6] = [0, b'a', b'b', b'c', b'd', 0xff];

#[test]
fn every_function_every_pair_of_hostile_arguments_an_errno_or_a_stop() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let live = || {
        let stats = ALLOCATOR.stats();
        stats.bytes_allocated - stats.bytes_deallocated
    };
    let mut succeeded = BTreeSet::new();
    let mut outcomes = BTreeMap::new();
    // What the tables of calls take is not the guest's.
    let start = live();
    for function in &preview_1::FUNCTIONS {
        for filling in FILLINGS {
            let tree = tree();
            for descriptor in descriptors(function) {
                let calls = hostile_words(function, *descriptor);
                let mut target = Target::new(&tree);
                for words in &calls {
                    target.guest.memory.fill(filling);
                    let outcome = target.call(function, words);
                    if outcome == Ok(Errno::Success) {
                        succeeded.insert(function.name);
                        if changes_the_descriptors(function) {
                            target = Target::new(&tree);
                        }
                    }
                    let kind = match outcome {
                        Ok(errno) => errno.name(),
                        Err(Stop::Exit(_)) => "exit",
                        Err(Stop::Trap(_)) => "trap",
                    };
                    *outcomes.entry(kind).or_insert(0) += 1;
                }
            }
        }
    }
    let left = live().saturating_sub(start);
    assert!(left < MOST_LEFT, "{left} bytes are left");

    // The calls were not refused for something that has nothing to do with what is tested.
    let all = preview_1::FUNCTIONS.iter().map(|function| function.name);
    let never: Vec<_> = all.filter(|name| !succeeded.contains(name)).collect();
    assert_eq!(never, ["proc_exit"], "{outcomes:?}");
    assert!(outcomes["trap"] > 10_000, "{outcomes:?}");
}

/// The descriptors to try a function on; one try for a function that takes none.
fn descriptors(function: &Function) -> &'static [u64] {
    let takes_one = |param: &Param| param.ty.kind == Kind::Handle;
    match function.params.iter().any(takes_one) {
        true => &DESCRIPTORS,
        false => &DESCRIPTORS[..1],
    }
}

/// Whether the next call would find other descriptors, or with fewer rights.
fn changes_the_descriptors(function: &Function) -> bool {
    matches!(
        function.name,
        "fd_close" | "fd_renumber" | "fd_fdstat_set_rights" | "path_open" | "sock_accept"
    )
}

/// Results at the very end of the memory are written, and a step further they trap.
#[test]
fn every_function_result_at_the_end_of_the_memory_exact() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut checked = 0;
    for function in &preview_1::FUNCTIONS {
        if function.results.is_empty() {
            continue;
        }
        let tree = tree();
        for descriptor in descriptors(function) {
            for filling in FILLINGS {
                let words: Vec<u64> = function
                    .roles
                    .iter()
                    .map(|role| choices(function, *role, *descriptor).0)
                    .collect();
                let attempt = |words: &[u64]| {
                    let mut target = Target::new(&tree);
                    target.guest.memory.fill(filling);
                    target.call(function, words)
                };
                if attempt(&words) != Ok(Errno::Success) {
                    continue;
                }
                for (position, role) in function.roles.iter().enumerate() {
                    let Role::Return(result) = *role else {
                        continue;
                    };
                    let ty = function.results[result].ty;
                    let (size, align) = (u64::from(ty.size), u64::from(ty.align));
                    let last = PAGE as u64 - size;
                    for (address, fits) in [
                        (last, true),
                        (last + align, false),
                        (PAGE as u64, false),
                        (last + 1, align == 1 && size == 0),
                    ] {
                        let mut words = words.clone();
                        words[position] = address;
                        let outcome = attempt(&words);
                        let (name, ok) = (function.name, outcome == Ok(Errno::Success));
                        assert_eq!(ok, fits, "{name} {words:x?}: {outcome:?}");
                        let fault = matches!(
                            &outcome,
                            Err(Stop::Trap(trap)) if trap.kind() == TrapKind::Fault
                        );
                        assert!(ok || fault, "{name} {words:x?}: {outcome:?}");
                        checked += 1;
                    }
                }
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

/// A guest that really has 4 GiB, and means all of it: no length or count of its own makes the host
/// take memory (CVE-2026-27204).
///
/// Broken on purpose: `Buffers::read` makes room for as many ranges as the guest says.
#[test]
#[cfg(target_pointer_width = "64")]
fn ghsa_852m_cvvp_9p4w_sizes_of_four_gigabytes_take_nothing_from_the_host() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let tree = tree();
    let mut target = Target::new(&tree);
    // Zeros that nobody has touched take no memory.
    target.guest.memory = vec![0; 1 << 32];
    target.guest.put(8, &u32::MAX.to_le_bytes());
    target.guest.put(4, &u32::MAX.to_le_bytes());
    target.guest.put(16, &[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    target.guest.put(64, b"aaaa");
    let (most, result) = (u64::from(u32::MAX), u64::from(BUFFER));
    let by_name = |name: &str| {
        let mut functions = preview_1::FUNCTIONS.iter();
        functions.find(|function| function.name == name).unwrap()
    };
    for (name, words, expected) in [
        // One buffer of all but a byte, then two of them.
        ("fd_read", vec![6, 0, 1, result], Errno::Success),
        ("fd_pread", vec![6, 0, 1, 0, result], Errno::Success),
        ("fd_read", vec![0, 0, 1, result], Errno::Success),
        ("fd_write", vec![1, 0, 1, result], Errno::Success),
        ("fd_write", vec![1, 0, 3, result], Errno::Inval),
        ("fd_read", vec![6, 0, 3, result], Errno::Inval),
        ("sock_send", vec![5, 0, 1, 0, result], Errno::Success),
        ("sock_recv", vec![5, 0, 1, 2, result, result], Errno::Again),
        ("fd_readdir", vec![3, 0, most, 0, result], Errno::Success),
        (
            "path_readlink",
            vec![3, 64, 4, 128, most - 127, result],
            Errno::Success,
        ),
        ("fd_prestat_dir_name", vec![3, 0, most], Errno::Success),
        ("poll_oneoff", vec![0, 0, 1 << 26, result], Errno::Nomem),
        ("fd_read", vec![6, 4096, 1 << 28, result], Errno::Success),
        ("random_get", vec![result, 1 << 24], Errno::Success),
        (
            "path_filestat_get",
            vec![3, 0, 64, most - 127, result],
            Errno::Nametoolong,
        ),
        (
            "path_symlink",
            vec![64, most - 127, 3, 64, 4],
            Errno::Nametoolong,
        ),
    ] {
        // The calls before have left results at the beginning.
        target.guest.put(0, &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        target.guest.put(8, &[0, 0, 0, 0, 0, 0, 0, 0]);
        target.guest.put(16, &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        target.guest.put(64, b"aaaa");
        let outcome = target.call(by_name(name), &words);
        let waits = matches!(&outcome, Err(Stop::Trap(trap)) if trap.kind() == TrapKind::Host);
        let ok = outcome == Ok(expected) || (expected == Errno::Again && waits);
        assert!(ok, "{name} {words:x?}: {outcome:?}");
    }
}

#[test]
fn more_buffers_than_anybody_needs_bounded() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let tree = tree();
    let mut target = Target::new(&tree);
    target.guest.memory = vec![0; 1 << 20];
    let count = 100_000_u32;
    let one_byte = [(count * 8).to_le_bytes(), 1_u32.to_le_bytes()].concat();
    target.guest.put(0, &one_byte.repeat(count as usize));
    let result = u64::from(count) * 8 + 8;
    for name in ["fd_write", "fd_read"] {
        let mut functions = preview_1::FUNCTIONS.iter();
        let function = functions.find(|function| function.name == name).unwrap();
        let outcome = target.call(function, &[6, 0, count.into(), result]);
        assert_eq!(outcome, Ok(Errno::Success), "{name}");
    }
}
