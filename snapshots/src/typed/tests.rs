use super::*;
use crate::{Memory, complete, preview_0, preview_1};
use std::cell::Cell;
use std::sync::Arc;
use turnkey_wasi_common::{Fd, Invocation, Rights, TrapKind, WasiCtx, before};

fn look<R>(name: &str, args: &[u64], see: impl FnOnce(&Invocation<'_>) -> R) -> R {
    let function = crate::function(preview_1::MODULE, name).unwrap();
    see(&Invocation::new(function, args, &Cell::new(0)))
}

fn is_fault(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Trap(trap) if trap.kind() == TrapKind::Fault)
}

#[test]
fn of_path_open_fields_are_the_arguments() {
    use preview_1::calls::{Fdflags, Lookupflags, Oflags, PathOpen, PathUnlinkFile};
    let memory = b"data.txt";
    let args = [3, 1, 0, 8, 9, 1 << 40 | 2, 0x8000_0000_0000_0000, 4, 100];
    look("path_open", &args, |call| {
        assert!(PathUnlinkFile::of(call).is_none());
        let open = PathOpen::of(call).unwrap();
        assert_eq!(open.fd, Fd(3));
        assert_eq!(open.dirflags, Lookupflags::SYMLINK_FOLLOW);
        assert_eq!(open.path.read(memory), Ok("data.txt"));
        assert_eq!(open.oflags, Oflags::CREAT | Oflags::TRUNC);
        assert!(open.oflags.contains(Oflags::CREAT) && !open.oflags.contains(Oflags::EXCL));
        assert_eq!(open.fs_rights_base.bits(), 1 << 40 | 2);
        assert!(open.fs_rights_base.contains(Rights::FD_READ));
        assert_eq!(open.fs_rights_inheriting.bits(), 1 << 63);
        assert_eq!(open.fdflags, Fdflags::NONBLOCK);
    });
}

#[test]
fn of_same_call_of_other_snapshot_none() {
    let function = crate::function(preview_0::MODULE, "fd_seek").unwrap();
    let note = Cell::new(0);
    let args = [3, u64::MAX, 1, 0];
    let call = Invocation::new(function, &args, &note);
    assert!(preview_1::calls::FdSeek::of(&call).is_none());
    let seek = preview_0::calls::FdSeek::of(&call).unwrap();
    assert_eq!(seek.offset, -1);
    assert_eq!(seek.whence, preview_0::calls::Whence::END);
}

#[test]
fn of_too_few_words_none() {
    look("fd_seek", &[3, 0, 1], |call| {
        assert!(preview_1::calls::FdSeek::of(call).is_none());
    });
}

#[test]
fn of_value_wider_than_its_type_keeps_no_meaning() {
    use preview_1::calls::{FdSeek, PathOpen, Whence};
    look("fd_seek", &[3, 0, 0x100, 0], |call| {
        assert_eq!(FdSeek::of(call).unwrap().whence, Whence(255));
    });
    let args = [3, 0, 0, 0, 0x1_0001, 0, 0, 0, 0];
    look("path_open", &args, |call| {
        assert_eq!(PathOpen::of(call).unwrap().oflags.0, u16::MAX);
    });
}

#[test]
fn answer_results_without_a_place_nothing_written() {
    use preview_1::calls::{ArgsSizesGet, FdTell};
    for (args, fault) in [
        ([0, 8], false),
        ([8, 12], false),
        ([0, 2], true),
        ([0, 14], true),
        ([0, 16], true),
        ([16, 0], true),
        ([0, 0xffff_fffc], true),
    ] {
        let mut memory = [0xaa; 16];
        look("args_sizes_get", &args, |call| {
            let sizes = ArgsSizesGet::of(call).unwrap();
            let answer = sizes.answer(&mut memory, 7, 9);
            assert_eq!(is_fault(&answer), fault, "{args:?}");
            assert_eq!(sizes.check(&memory).is_err(), fault, "{args:?}");
            if fault {
                assert_eq!(memory, [0xaa; 16], "{args:?}");
            } else {
                assert_eq!(answer, Verdict::Answer(Errno::Success));
                assert_eq!(sizes.results(&memory), Some((7, 9)));
            }
        });
    }
    let mut memory = [0; 16];
    look("fd_tell", &[0, 8], |call| {
        let tell = FdTell::of(call).unwrap();
        assert_eq!(
            tell.answer(&mut memory, u64::MAX),
            Verdict::Answer(Errno::Success)
        );
        assert_eq!(tell.results(&memory), Some(u64::MAX));
    });
    assert_eq!(memory[..8], [0; 8]);
}

#[test]
fn load_records_and_variants_as_the_guest_wrote_them() {
    use preview_1::calls::{Clockid, Event, Eventtype, PollOneoff, Prestat, PrestatDir};
    use preview_1::calls::{EventFdReadwrite, Eventrwflags, Subclockflags, SubscriptionU};
    let mut memory = vec![0; 256];
    memory[0] = 5;
    memory[16..20].copy_from_slice(&1_u32.to_le_bytes());
    memory[24..32].copy_from_slice(&1000_u64.to_le_bytes());
    memory[40] = 1;
    memory[48] = 6;
    memory[56] = 3;
    look("poll_oneoff", &[0, 128, 2, 200], |call| {
        let poll = PollOneoff::of(call).unwrap();
        let first = poll.in_.load(&memory, 0).unwrap().unwrap();
        assert_eq!(first.userdata, 5);
        match first.u {
            SubscriptionU::Clock(clock) => {
                assert_eq!((clock.id, clock.timeout), (Clockid::MONOTONIC, 1000));
                assert_eq!(clock.flags, Subclockflags::SUBSCRIPTION_CLOCK_ABSTIME);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(poll.in_.load(&memory, 1), Ok(None), "there is no such tag");
        assert_eq!(poll.in_.load(&memory, 2), Ok(None), "there are two");
        let event = Event {
            userdata: 5,
            error: Errno::Io,
            type_: Eventtype::CLOCK,
            fd_readwrite: EventFdReadwrite {
                nbytes: 0,
                flags: Eventrwflags::default(),
            },
        };
        poll.out.store(&mut memory, 0, event).unwrap();
        assert_eq!(poll.out.load(&memory, 0), Ok(Some(event)));
        assert_eq!((memory[128], memory[136]), (5, 29));
        assert_eq!(poll.answer(&mut memory, 1), Verdict::Answer(Errno::Success));
        assert_eq!(memory[200], 1);
    });
    look("fd_prestat_get", &[3, 64], |call| {
        let prestat = preview_1::calls::FdPrestatGet::of(call).unwrap();
        let dir = Prestat::Dir(PrestatDir { pr_name_len: 9 });
        assert_eq!(
            prestat.answer(&mut memory, dir),
            Verdict::Answer(Errno::Success)
        );
        assert_eq!((memory[64], memory[68]), (0, 9));
        assert_eq!(prestat.results(&memory), Some(dir));
    });
}

#[test]
fn array_beyond_memory_or_misaligned_faults() {
    let memory = [0; 64];
    for (address, count, fault) in [
        (0, 8, false),
        (56, 1, false),
        (64, 0, false),
        (u32::MAX, 0, false),
        (4, 1, true),
        (64, 1, true),
        (0, 9, true),
        (8, u32::MAX, true),
        (0xffff_fff8, 1, true),
    ] {
        let array = Array::<u64>::new(address, count);
        let checked = array.check(&memory);
        assert_eq!(checked.is_err(), fault, "{count} at {address}");
        assert!(checked.err().is_none_or(|verdict| is_fault(&verdict)));
        assert_eq!(
            array.load(&memory, 0).is_err(),
            fault,
            "{count} at {address}"
        );
    }
}

#[test]
fn scatter_buffer_beyond_memory_nothing_written() {
    let mut memory = [0; 64];
    for (place, word) in [(0, 32), (4, 4), (8, 62), (12, 4)] {
        memory[place] = word;
    }
    let vectors = Array::<preview_1::calls::Iovec>::new(0, 2);
    let refused = vectors.scatter(&mut memory, b"abcdefgh").unwrap_err();
    assert!(is_fault(&refused), "{refused:?}");
    assert_eq!(memory[32..], [0; 32]);
    assert!(vectors.gather(&mut memory, 10).is_err());
    memory[12] = 2;
    assert_eq!(vectors.scatter(&mut memory, b"abcdefgh"), Ok(6));
    assert_eq!((&memory[32..36], &memory[62..]), (&b"abcd"[..], &b"ef"[..]));
    assert_eq!(vectors.gather(&mut memory, 5), Ok(b"abcde".to_vec()));
    assert_eq!(vectors.scatter(&mut memory, b"xy"), Ok(2));
    assert_eq!(vectors.gather(&mut memory, 0), Ok(Vec::new()));
}

#[test]
fn answer_bad_pointer_ends_the_guest_with_a_fault() {
    let frozen = before(
        |call, memory| match preview_1::calls::ClockTimeGet::of(call) {
            Some(time) => time.answer(memory, 42),
            None => Verdict::Continue,
        },
    );
    let ctx = WasiCtx::builder().filter(Arc::new(frozen)).build().unwrap();
    let mut memory = [0; 16];
    let mut ask = |address| {
        complete(&ctx, |call| {
            preview_1::clock_time_get(call, &mut Memory::new(&mut memory), 0, 0, address)
        })
    };
    assert_eq!(ask(8), Ok(0));
    assert!(matches!(ask(12), Err(Stop::Trap(trap)) if trap.kind() == TrapKind::Fault));
    assert_eq!(memory[8], 42);
}
