//! Lists of buffers and of subscriptions, of any bytes at any place.
//!
//! Each call is compared with what is told here, from the layouts alone, to be what it has to do:
//! every byte of the memory that it leaves, and what reaches the other end of a stream.

use super::guest::Guest;
use super::source::Source;
use super::time::{START, Time};
use std::sync::Arc;
use turnkey_snapshots::{function, preview_0, preview_1};
use turnkey_wasi_common::table::OwnedTable;
use turnkey_wasi_common::{Errno, Limits, Pipe, PipeReader, PipeWriter, Stop, TrapKind, WasiCtx};

const MEMORY: usize = 65536;

/// Bytes that wait at standard input, and room at standard output.
const WAITING: usize = 5000;
const ROOM: usize = 9000;

/// What a stream that swallows everything says that it has room for.
const NULL: usize = 1;

/// Buffers that one call moves at most.
const MOST_BUFFERS: usize = 1024;

const LIMITS: Limits = Limits {
    files: 3,
    subscriptions: 100,
    memory: 0,
    ..Limits::DEFAULT
};

/// The target.
///
/// # Panics
/// If a call does anything else than what it has to do.
pub fn target(input: &[u8]) {
    let mut source = Source::new(input);
    let module = match source.bool() {
        true => preview_1::MODULE,
        false => preview_0::MODULE,
    };
    let what = source.below(3);
    let tame = source.bool();
    let [list, second, result] = [(); 3].map(|()| place(&mut source));
    let count = match source.below(16) {
        0 => source.u32(),
        1 => source.u16().into(),
        2 => 1 << 29,
        // About the limit of subscriptions.
        4 => LIMITS.subscriptions + u32::from(source.byte() % 4) - 1,
        3 => 0,
        _ => u32::from(source.byte() % 24),
    };
    // What repeats can be more than an input holds.
    let repeat = source.below(4) == 0;
    let filling = match source.bool() {
        true => source.byte(),
        false => 0,
    };
    let bytes = source.take(MEMORY);

    let mut test = Test::new();
    let memory = &mut test.guest.memory;
    memory.fill(filling);
    let start = (list as usize).min(MEMORY);
    match repeat && !bytes.is_empty() {
        true => {
            let endless = bytes.iter().cycle();
            for (to, from) in memory[start..].iter_mut().zip(endless) {
                *to = *from;
            }
        }
        false => test.guest.put(list, bytes),
    }
    if tame && count <= 1 << 16 {
        let layout = layout_of(module);
        match what {
            0 | 1 => tame_buffers(&mut test.guest.memory[start..], count),
            _ => layout.tame(&mut test.guest.memory[start..], count),
        }
    }
    match what {
        0 => test.write(module, list, count, result),
        1 => test.read(module, list, count, result),
        _ => test.poll(module, list, second, count, result),
    }
}

/// Makes of any list one of buffers within the memory, but for some that end a little beyond it.
fn tame_buffers(list: &mut [u8], count: u32) {
    for buffer in list.chunks_exact_mut(8).take(count as usize) {
        let start = number_at(buffer, 0, 4) % (MEMORY as u64 + 1);
        let length = number_at(buffer, 4, 4);
        let length = match length % 16 {
            0 => MEMORY as u64 - start + length / 16 % 3,
            _ => length % 2048,
        };
        buffer[..4].copy_from_slice(&start.to_le_bytes()[..4]);
        buffer[4..].copy_from_slice(&length.to_le_bytes()[..4]);
    }
}

/// Mostly an address within the memory that is right for a structure.
fn place(source: &mut Source<'_>) -> u32 {
    let at = source.u32();
    match source.below(8) {
        0 => at,
        1 => at % 65600,
        2 => 65536 - at % 64 * 8,
        _ => at % 8192 * 8,
    }
}

/// How a call ends that does not succeed.
#[derive(Debug, PartialEq)]
enum Flaw {
    /// The guest is ended.
    Fault,
    Errno(Errno),
}

struct Test {
    guest: Guest<OwnedTable>,
    output: PipeReader,
    _input: PipeWriter,
}

/// The bytes of standard input.
fn waiting() -> Vec<u8> {
    (1..=251).cycle().take(WAITING).collect()
}

impl Test {
    fn new() -> Self {
        let (input, stdin) = Pipe::new(WAITING);
        let (stdout, output) = Pipe::new(ROOM);
        assert_eq!(input.send(&waiting()), Ok(WAITING));
        let time = Time::new();
        let ctx = WasiCtx::builder()
            .stdin(Arc::new(stdin))
            .stdout(Arc::new(stdout))
            .clocks(Arc::new(time.clone()))
            .waiter(Arc::new(time.clone()))
            .limits(LIMITS)
            .build();
        let (ctx, memory) = (ctx.unwrap(), vec![0; MEMORY]);
        Self {
            guest: Guest { ctx, memory, time },
            output,
            _input: input,
        }
    }

    /// Makes a call that is to end in a certain way and to leave this memory.
    fn call(
        &mut self,
        (module, name): (&str, &str),
        words: &[u64],
        expected: Result<(), Flaw>,
        memory: &[u8],
    ) {
        let outcome = self.guest.call(function(module, name).unwrap(), words);
        let outcome = match outcome {
            Ok(Errno::Success) => Ok(()),
            Ok(errno) => Err(Flaw::Errno(errno)),
            Err(Stop::Trap(trap)) if trap.kind() == TrapKind::Fault => Err(Flaw::Fault),
            Err(stop) => panic!("{name} {words:x?}: {stop}"),
        };
        assert_eq!(outcome, expected, "{module} {name} {words:x?}");
        let same = self.guest.memory == memory;
        assert!(same, "{module} {name} {words:x?}: the memory");
    }

    fn write(&mut self, module: &str, list: u32, count: u32, result: u32) {
        let mut memory = self.guest.memory.clone();
        let mut sent = Vec::new();
        let buffers = buffers(&memory, list, count);
        let expected = buffers.and_then(|buffers| {
            for (start, length) in buffers {
                sent.extend_from_slice(&memory[start..][..length]);
            }
            sent.truncate(ROOM);
            put_result(&mut memory, result, sent.len())
        });
        let words = [1, list.into(), count.into(), result.into()];
        self.call((module, "fd_write"), &words, expected, &memory);
        assert_eq!(self.output.drain(), sent, "what was written");
    }

    fn read(&mut self, module: &str, list: u32, count: u32, result: u32) {
        let mut memory = self.guest.memory.clone();
        let buffers = buffers(&memory, list, count);
        let expected = buffers.and_then(|buffers| {
            let mut waiting = waiting().into_iter();
            let places = buffers
                .into_iter()
                .flat_map(|(start, length)| start..start + length);
            let mut read = 0;
            for (at, byte) in places.zip(waiting.by_ref()) {
                memory[at] = byte;
                read += 1;
            }
            put_result(&mut memory, result, read)
        });
        let words = [0, list.into(), count.into(), result.into()];
        self.call((module, "fd_read"), &words, expected, &memory);
    }

    fn poll(&mut self, module: &str, list: u32, events: u32, count: u32, result: u32) {
        let mut memory = self.guest.memory.clone();
        let subscriptions = layout_of(module).subscriptions(&memory, list, events, count);
        let expected = subscriptions
            .and_then(|subscriptions| come(&subscriptions))
            .and_then(|come| {
                for (event, at) in come.iter().zip((events as usize..).step_by(EVENT)) {
                    event.put(&mut memory[at..][..EVENT]);
                }
                put_result(&mut memory, result, come.len())
            });
        let words = [list, events, count, result].map(u64::from);
        self.call((module, "poll_oneoff"), &words, expected, &memory);
    }
}

/// Sees that so many elements lie within the memory.
fn check_array(at: u32, count: u32, size: usize, align: u32) -> Result<(), Flaw> {
    let length = u64::from(count) * size as u64;
    let lies = at.is_multiple_of(align) && u64::from(at) + length <= MEMORY as u64;
    match lies || count == 0 {
        true => Ok(()),
        false => Err(Flaw::Fault),
    }
}

fn put_result(memory: &mut [u8], at: u32, count: usize) -> Result<(), Flaw> {
    check_array(at, 1, 4, 4)?;
    let count = u32::try_from(count).unwrap();
    memory[at as usize..][..4].copy_from_slice(&count.to_le_bytes());
    Ok(())
}

fn number_at(memory: &[u8], at: usize, size: usize) -> u64 {
    let bytes = memory[at..at + size].iter().rev();
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The buffers that a call moves, where each starts and how long it is.
fn buffers(memory: &[u8], list: u32, count: u32) -> Result<Vec<(usize, usize)>, Flaw> {
    check_array(list, count, 8, 4)?;
    let mut buffers = Vec::new();
    for index in 0..count as usize {
        let at = list as usize + 8 * index;
        let start = number_at(memory, at, 4);
        let length = number_at(memory, at + 4, 4);
        if length > 0 {
            if start + length > MEMORY as u64 {
                return Err(Flaw::Fault);
            }
            buffers.push((
                usize::try_from(start).unwrap(),
                usize::try_from(length).unwrap(),
            ));
        }
    }
    buffers.truncate(MOST_BUFFERS);
    Ok(buffers)
}

/// Where the parts of a subscription lie.
#[derive(Clone, Copy)]
struct Layout {
    size: usize,
    clock: usize,
    timeout: usize,
    flags: usize,
}

const USERDATA: usize = 0;
const TAG: usize = 8;
const DESCRIPTOR: usize = 16;

const PREVIEW_1: Layout = Layout {
    size: 48,
    clock: 16,
    timeout: 24,
    flags: 40,
};

/// A clock is behind an identifier of the guest's.
const PREVIEW_0: Layout = Layout {
    size: 56,
    clock: 24,
    timeout: 32,
    flags: 48,
};

fn layout_of(module: &str) -> Layout {
    match module {
        preview_0::MODULE => PREVIEW_0,
        _ => PREVIEW_1,
    }
}

struct Subscription {
    userdata: u64,
    what: What,
}

enum What {
    Clock {
        id: u64,
        timeout: u64,
        absolute: bool,
    },
    Read(u64),
    Write(u64),
}

impl Layout {
    /// Makes of any list one of subscriptions that mostly mean something.
    fn tame(self, list: &mut [u8], count: u32) {
        for bytes in list.chunks_exact_mut(self.size).take(count as usize) {
            let parts = match bytes[TAG] % 4 {
                0 => [
                    (self.clock, 4, 2),
                    (self.timeout, 8, 4000),
                    (self.flags, 2, 2),
                ],
                _ => [(DESCRIPTOR, 4, 3); 3],
            };
            let odd = u64::from(bytes[TAG] / 4 == 0);
            bytes[TAG] %= 3 + u8::from(odd == 1);
            for (at, size, end) in parts {
                let number = number_at(bytes, at, size) % (end + odd);
                bytes[at..at + size].copy_from_slice(&number.to_le_bytes()[..size]);
            }
        }
    }

    fn subscriptions(
        self,
        memory: &[u8],
        list: u32,
        events: u32,
        count: u32,
    ) -> Result<Vec<Subscription>, Flaw> {
        check_array(list, count, self.size, 8)?;
        check_array(events, count, EVENT, 8)?;
        match count {
            0 => return Err(Flaw::Errno(Errno::Inval)),
            _ if count > LIMITS.subscriptions => return Err(Flaw::Errno(Errno::Nomem)),
            _ => {}
        }
        let starts = (list as usize..).step_by(self.size).take(count as usize);
        starts.map(|at| self.subscription(&memory[at..])).collect()
    }

    fn subscription(self, memory: &[u8]) -> Result<Subscription, Flaw> {
        let descriptor = number_at(memory, DESCRIPTOR, 4);
        let clock = number_at(memory, self.clock, 4);
        let flags = number_at(memory, self.flags, 2);
        let what = match memory[TAG] {
            0 if clock < 4 && flags < 2 => What::Clock {
                id: clock,
                timeout: number_at(memory, self.timeout, 8),
                absolute: flags == 1,
            },
            1 => What::Read(descriptor),
            2 => What::Write(descriptor),
            _ => return Err(Flaw::Errno(Errno::Inval)),
        };
        let userdata = number_at(memory, USERDATA, 8);
        Ok(Subscription { userdata, what })
    }
}

/// The bytes of an event.
const EVENT: usize = 32;

/// What a guest is told; that there was an error it is never, here.
struct Event {
    userdata: u64,
    tag: u8,
    bytes: u64,
}

impl Event {
    /// Writes the event. Bytes that mean nothing stay what they are.
    fn put(&self, bytes: &mut [u8]) {
        bytes[..8].copy_from_slice(&self.userdata.to_le_bytes());
        bytes[8..10].fill(0);
        bytes[10] = self.tag;
        bytes[16..24].copy_from_slice(&self.bytes.to_le_bytes());
        bytes[24..26].fill(0);
    }
}

/// What has come when the call ends, which it does as soon as anything has.
fn come(subscriptions: &[Subscription]) -> Result<Vec<Event>, Flaw> {
    let mut events = Vec::new();
    let mut clocks = Vec::new();
    for subscription in subscriptions {
        let userdata = subscription.userdata;
        let mut tell = |tag, bytes: usize| {
            events.push(Event {
                userdata,
                tag,
                bytes: bytes as u64,
            });
        };
        match subscription.what {
            What::Clock { id: 2.., .. } => return Err(Flaw::Errno(Errno::Inval)),
            What::Clock {
                timeout, absolute, ..
            } => {
                let moment = match absolute {
                    true => timeout,
                    false => timeout.saturating_add(START),
                };
                match timeout == 0 || moment <= START {
                    true => tell(0, 0),
                    false => clocks.push((moment, userdata)),
                }
            }
            What::Read(0) => tell(1, WAITING),
            What::Write(1) => tell(2, ROOM),
            What::Write(2) => tell(2, NULL),
            What::Read(_) | What::Write(_) => return Err(Flaw::Errno(Errno::Badf)),
        }
    }
    if events.is_empty() {
        let first = clocks.iter().map(|(moment, _)| *moment).min();
        clocks.retain(|(moment, _)| Some(*moment) == first);
        events.extend(clocks.into_iter().map(|(_, userdata)| Event {
            userdata,
            tag: 0,
            bytes: 0,
        }));
    }
    Ok(events)
}
