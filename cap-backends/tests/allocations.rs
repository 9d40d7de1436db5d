//! That the operations a guest repeats take no memory from the host.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]
#![expect(
    unsafe_code,
    reason = "only an allocator of its own can count what is allocated"
)]

mod tree;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::io::{IoSlice, IoSliceMut, Write};
use std::sync::Arc;
use turnkey_cap_backends::{
    HostClocks, HostDir, HostFile, HostRandom, HostStream, ambient_authority, builder,
};
use turnkey_wasi_common::{
    Access, Clock, Clocks, Dir, File, Follow, GuestPath, Interest, Pollable, Random, SetTime,
    Stream, Times, WasiCtx,
};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every request goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        LIVE.with(|live| live.set(live.get().wrapping_add(layout.size())));
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // What another thread allocated is in the count of that.
        LIVE.with(|live| live.set(live.get().wrapping_sub(layout.size())));
        // SAFETY: the caller keeps the promises of `dealloc`.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn check(what: &str, operation: impl Fn()) {
    operation();
    let before = COUNT.with(Cell::get);
    for _ in 0..10 {
        operation();
    }
    assert_eq!(COUNT.with(Cell::get) - before, 0, "allocations of {what}");
}

#[test]
fn repeated_operations_allocate_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    fs::create_dir_all(temporary.path().join("a/b/c")).unwrap();
    fs::write(temporary.path().join("a/b/c/file"), [7; 5000]).unwrap();
    std::os::unix::fs::symlink("a/b/c/file", temporary.path().join("link")).unwrap();
    let dir = HostDir::open_ambient(temporary.path(), ambient_authority()).unwrap();
    let path = |text| GuestPath::new(text).unwrap();
    for text in [
        "a",
        "a/",
        ".",
        "a/b/c/file",
        "a/../link",
        "link",
        "a/b/c/..",
    ] {
        for follow in [Follow::Yes, Follow::No] {
            check(text, || {
                dir.stat_at(path(text), follow).unwrap();
            });
        }
    }
    check("a path that is not there", || {
        dir.stat_at(path("a/nothing"), Follow::Yes).unwrap_err();
    });
    check("a directory's attributes", || {
        dir.stat().unwrap();
    });
    let times = Times {
        accessed: SetTime::At(1),
        modified: SetTime::Now,
    };
    check("times", || {
        dir.set_times_at(path("link"), Follow::Yes, &times).unwrap()
    });
    check("a new name", || {
        dir.create_dir(path("a/new")).unwrap();
        dir.rename(path("a/new"), &dir, path("moved")).unwrap();
        dir.remove_dir(path("moved")).unwrap();
        dir.symlink("target", path("a/new")).unwrap();
        dir.link(path("a/new"), &dir, path("linked")).unwrap();
        dir.unlink(path("linked")).unwrap();
        dir.unlink(path("a/new")).unwrap();
    });

    let host = fs::File::options()
        .read(true)
        .write(true)
        .open(temporary.path().join("a/b/c/file"));
    let file = HostFile::new(host.unwrap());
    check("file", || {
        let (mut one, mut two) = ([0; 100], [0; 100]);
        file.stat().unwrap();
        file.read_at(&mut [IoSliceMut::new(&mut one)], 7).unwrap();
        file.read_at(
            &mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)],
            7,
        )
        .unwrap();
        file.write_at(&[IoSlice::new(&one)], 7).unwrap();
        file.write_at(&[IoSlice::new(&one), IoSlice::new(&two)], 7)
            .unwrap();
        file.append(&[IoSlice::new(b"x")]).unwrap();
        file.set_size(5000).unwrap();
    });

    let (reader, mut writer) = tree::pipe();
    let stream = HostStream::new(reader).unwrap();
    let null = fs::File::options().write(true).open("/dev/null").unwrap();
    let null = HostStream::new(null).unwrap();
    writer.write_all(&[1; 100]).unwrap();
    check("stream", || {
        let mut byte = [0; 1];
        stream.readiness(Interest::Read).unwrap();
        stream.read(&mut [IoSliceMut::new(&mut byte)]).unwrap();
        stream.stat().unwrap();
        null.write(&[IoSlice::new(&byte), IoSlice::new(&byte)])
            .unwrap();
    });

    let clocks = HostClocks::new(ambient_authority());
    let random = HostRandom::new(ambient_authority());
    check("clocks and randomness", || {
        for clock in [Clock::Realtime, Clock::Monotonic] {
            clocks.now(clock).unwrap();
            clocks.resolution(clock).unwrap();
        }
        random.fill(&mut [0; 64]).unwrap();
    });

    let mut listing = dir.listing().unwrap();
    listing.read(0, &mut |_| true).unwrap();
    let before = COUNT.with(Cell::get);
    listing.read(0, &mut |_| true).unwrap();
    assert_eq!(
        COUNT.with(Cell::get),
        before,
        "allocations of a second look at a directory"
    );
}

#[test]
fn contexts_take_few_bytes() {
    let dir: Arc<dyn Dir> = Arc::new(HostDir::open_ambient("/", ambient_authority()).unwrap());
    let bytes = |make: &dyn Fn() -> WasiCtx| {
        drop(make());
        let before = LIVE.with(Cell::get);
        let context = Box::new(make());
        let taken = LIVE.with(Cell::get).wrapping_sub(before);
        drop(context);
        assert_eq!(LIVE.with(Cell::get), before);
        taken
    };
    let bare = bytes(&|| builder().build().unwrap());
    assert!(bare <= 512, "a bare context takes {bare} bytes");
    let typical = bytes(&|| {
        let context = builder()
            .args(["program", "--flag", "input.txt", "output.txt"])
            .envs((0..8).map(|number| (format!("VARIABLE_{number}"), "some value")))
            .preopen("/", Arc::clone(&dir), Access::ReadOnly);
        context.build().unwrap()
    });
    assert!(typical <= 1024, "a typical context takes {typical} bytes");
}
