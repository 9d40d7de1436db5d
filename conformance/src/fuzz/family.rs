//! Parents and children that are anything but honest.
//!
//! Both are programs of an engine that has no code: what a program does next is made of the bytes of
//! the input (`script.rs`). A parent makes children, binds, grants, links, calls, reads, revokes and
//! drops in any order with any arguments; whatever it is asked to serve it answers as it likes,
//! traps, exits, or uses the same imports in the middle of it. A child makes any calls with what it
//! has been given.
//!
//! What has to hold: every call answers an errno or ends the guest; one that fails writes nothing;
//! nobody is entered who has ended, nor a parent that has failed before its own call has returned;
//! and when the outermost is gone, nothing of the others is left.

mod host;
mod script;

use super::heap::live_bytes;
use super::source::Source;
use host::Passing;
use script::{Program, Scripts};
use std::sync::Arc;
use std::time::Duration;
use turnkey_snapshots::engine::{Limits, Node};
use turnkey_virt::fs::MemoryFs;
use turnkey_virt::nanoprocess::{Bind, Cap, ChildLimits, Family, FamilyBuilder, Loading, Place};
use turnkey_wasi_common::{
    Access, Fd, Grant, Interrupt, Null, Object, Pipe, PipeReader, Rights, WasiCtx,
};

/// Bytes that may be left when a tree is gone: what is made once for a thread or the process.
const MOST_LEFT: usize = 128 << 10;

/// Bytes that a whole tree may hold.
const MOST_HELD: usize = 32 << 20;

/// Little enough to be used up by many children, and not by one that is given no limit of its own.
const LIMITS: ChildLimits = ChildLimits {
    code: 4 << 10,
    files_below: 5 * ChildLimits::DEFAULT.files,
    children: 12,
    depth: 4,
    ..ChildLimits::PARENT
};

/// A parent that does anything.
///
/// # Panics
/// If something is not as it has to be.
pub fn parent(input: &[u8]) {
    leaves_nothing(input, |scripts| {
        run(scripts, Program::Parent, |family| {
            family
                .loading(Loading::with(Arc::new(scripts.clone())))
                .module(scripts.module(Program::Child))
                .module(scripts.module(Program::Parent))
                .module(scripts.module(Program::Unfit))
        });
    });
}

/// A child that does anything with what a parent serves, which answers anything.
///
/// # Panics
/// If something is not as it has to be.
pub fn child(input: &[u8]) {
    leaves_nothing(input, |scripts| {
        run(scripts, Program::Server, |family| {
            family.module(scripts.module(Program::Child))
        });
    });
}

/// A child of a Rust program, which grants, revokes and kills while the child is on its way.
///
/// # Panics
/// If something is not as it has to be.
pub fn rust_parent(input: &[u8]) {
    leaves_nothing(input, |scripts| {
        let family = Family::builder()
            .limits(LIMITS)
            .waiter(Arc::new(Passing::default()))
            .build();
        let Ok(child) = family.spawn(scripts.module(Program::Child)) else {
            return;
        };
        let fs = MemoryFs::new();
        let dir = Cap::new(Grant::new(Object::Dir(fs.root())));
        let limits = ChildLimits {
            fs_bytes: 64 << 10,
            inodes: 16,
            files: 8,
            deadline: Some(Duration::from_secs(60)),
            ..ChildLimits::DEFAULT
        };
        let set_up = || -> Option<()> {
            child.limit(limits).ok()?;
            child.bind("class:*", Bind::Pass).ok()?;
            child.grant(&dir, Place::Next, Some("/")).ok()?;
            child.link().ok()
        };
        set_up().expect("an honest parent gets what it asks for");
        for _ in 0..4 {
            let chunk = scripts.take();
            let mut source = Source::new(&chunk);
            match source.below(8) {
                0 => dir.revoke(),
                1 => child.kill(),
                2 => drop(child.grant(&dir.weaker(Access::ReadOnly), Place::Next, None)),
                3 => drop(child.write(source.u32(), &chunk)),
                _ => drop(child.call("_start", &[])),
            }
        }
    });
}

fn leaves_nothing(input: &[u8], play: impl FnOnce(&Scripts)) {
    let before = live_bytes();
    let scripts = Scripts::new(input);
    play(&scripts);
    assert!(
        scripts.most_held() <= MOST_HELD,
        "{} bytes were held",
        scripts.most_held()
    );
    assert_eq!(scripts.alive(), 0, "instances are left");
    drop(scripts);
    let left = live_bytes().saturating_sub(before);
    assert!(left <= MOST_LEFT, "{left} bytes are left");
}

/// Runs a program that is the outermost, with what its family is to have, until it or its script ends.
fn run(scripts: &Scripts, program: Program, having: impl FnOnce(FamilyBuilder) -> FamilyBuilder) {
    let (ctx, _ends) = context();
    let family = having(Family::builder().parent(&ctx).limits(LIMITS)).build();
    let node = Node {
        ctx,
        functions: family.functions(),
        limits: Limits::default(),
    };
    if let Ok(mut instance) = scripts.module(program).instantiate(node)
        && let Some(handler) = instance.export("_start")
    {
        let _ended = instance.call(handler, &[], &mut []);
    }
}

/// The other ends of the outermost guest's streams.
type Ends = PipeReader;

fn context() -> (WasiCtx, Ends) {
    let (stdout, output) = Pipe::new(256);
    let fs = MemoryFs::new();
    fs.write("a", b"contents").expect("there is room");
    let stdout = Grant::new(Object::Stream(Arc::new(stdout)));
    let passing = Arc::new(Passing::default());
    let ctx = WasiCtx::builder()
        .args(["program"])
        .stdin(Arc::new(PipeReader::of(b"input")))
        .grant_at(Fd(1), stdout.access(Access::Only(Rights::FD_WRITE)))
        .stderr(Arc::new(Null))
        .preopen("/", fs.root(), Access::ReadWrite)
        .interrupt(Interrupt::new())
        .clocks(passing.clone())
        .waiter(passing)
        .build()
        .expect("nothing is wrong with it");
    (ctx, output)
}
