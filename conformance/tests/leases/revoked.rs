//! What was taken back answers `BADF`, whatever is asked of it.

use crate::host::{Guest, Subscription, Tree, fdflags, oflags};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use turnkey_cap_backends::{HostListener, HostSocket, builder};
use turnkey_snapshots::preview_1;
use turnkey_wasi_common::function::{Function, Role};
use turnkey_wasi_common::{
    Access, Dir, Entry, Errno, Fd, FdFlags, Follow, Grant, GuestPath, Lease, Object, OpenOptions,
    Pipe, Rights, Table, WasiCtx,
};

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);

/// The descriptors of a guest that are leased, one of each kind, none of which ever waits.
const LEASED: std::ops::RangeInclusive<u32> = 3..=7;

/// A directory that is not.
const FREE: u32 = 8;

/// A guest with one object of each kind, and what all of them can be taken back by.
fn guest() -> (Guest, Lease) {
    let tree = Tree::new().file("file", "contents").dir("dir");
    let file = open(&*tree.host_dir(), "file");
    let (stream, _) = Pipe::new(16);
    let (socket, _) = UnixStream::pair().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let lease = Lease::new();
    let granted = |object| Grant::leased(object, lease.clone());
    let ctx = builder()
        .preopen_granted("/leased", granted(Object::Dir(tree.host_dir())))
        .grant(granted(file))
        .grant(granted(Object::Stream(Arc::new(stream))))
        .grant(granted(Object::Socket(Arc::new(HostSocket::new(socket)))))
        .grant(granted(Object::Listener(Arc::new(HostListener::new(
            listener,
        )))))
        .grant(granted_for_good(&tree))
        .build()
        .unwrap();
    for fd in LEASED {
        let never_waits = |entry: &Entry| entry.description().set_flags(FdFlags::NONBLOCK);
        ctx.table().with(Fd(fd), never_waits).unwrap();
    }
    let guest = Guest {
        kept: Some(tree),
        ..Guest::new(ctx)
    };
    (guest, lease)
}

fn granted_for_good(tree: &Tree) -> Entry {
    let dir = Object::Dir(tree.host_dir());
    Entry::new(dir, FdFlags::empty(), Rights::all(), Rights::all())
}

fn open(dir: &dyn Dir, path: &str) -> Object {
    let how = OpenOptions {
        write: true,
        follow: Follow::No,
        ..OpenOptions::READ
    };
    dir.open(GuestPath::new(path).unwrap(), &how).unwrap()
}

/// The functions with a descriptor, and at which of its words it stands.
fn functions() -> Vec<(&'static Function, usize)> {
    let words = |function: &'static Function| {
        let is_fd = |role: &Role| match *role {
            Role::Value(param) => function.params[param].ty.name == "fd",
            Role::Length(_) | Role::Return(_) => false,
        };
        let roles = function.roles.iter().enumerate();
        roles.filter_map(move |(word, role)| is_fd(role).then_some((function, word)))
    };
    preview_1::FUNCTIONS.iter().flat_map(words).collect()
}

/// Calls a function with one descriptor, others where it takes more, and zeros.
fn call(guest: &mut Guest, (function, word): (&'static Function, usize), fd: u32) -> Errno {
    let mut words = vec![0; function.core.params.len()];
    for (other, place) in functions() {
        if other.name == function.name {
            words[place] = FREE.into();
        }
    }
    words[word] = fd.into();
    guest.invoke(function.name, &words).unwrap()
}

#[test]
fn every_function_with_a_descriptor_badf_but_to_get_rid_of_it() {
    assert!(functions().len() > 35, "{}", functions().len());
    for function in functions() {
        let (name, word) = (function.0.name, function.1);
        let mut answers = LEASED.map(|fd| call(&mut guest().0, function, fd));
        let works = answers.any(|errno| errno != Errno::Badf);
        assert!(works, "{name} {word}: tried on nothing that it is for");

        let rids = matches!((name, word), ("fd_close", 0) | ("fd_renumber", 1));
        let expected = if rids { Errno::Success } else { Errno::Badf };
        for fd in LEASED {
            let (mut guest, lease) = guest();
            lease.revoke();
            let answer = call(&mut guest, function, fd);
            assert_eq!(answer, expected, "{name} {word}: descriptor {fd}");
        }
    }
}

#[test]
fn poll_oneoff_one_of_several_taken_back_the_whole_call_badf() {
    let (mut guest, lease) = guest();
    let both = [Subscription::Write(5), Subscription::Write(1)];
    assert_eq!(guest.poll_oneoff(&both).unwrap().len(), 2);
    lease.revoke();
    assert_eq!(guest.poll_oneoff(&both), Err(Errno::Badf));
    assert_eq!(guest.poll_oneoff(&both[1..]).unwrap().len(), 1);
}

#[test]
fn opened_through_taken_back_with_it_and_nothing_else() {
    let (mut guest, lease) = guest();
    let dir = guest.path_open((3, "dir"), 0, Rights::empty()).unwrap();
    let new = guest.path_open((dir, "new"), oflags::CREAT, READ_WRITE);
    let again = guest.path_open((dir, "."), 0, Rights::empty()).unwrap();
    let other = guest.path_open((FREE, "file"), 0, READ_WRITE).unwrap();
    let new = new.unwrap();
    assert_eq!(guest.fd_write(new, "mine"), Ok(4));

    lease.revoke();
    assert_eq!(guest.fd_write(new, "mine"), Err(Errno::Badf));
    assert_eq!(guest.fd_readdir(dir, 100, 0), Err(Errno::Badf));
    let reopened = guest.path_open((again, "new"), 0, Rights::FD_READ);
    assert_eq!(reopened, Err(Errno::Badf));
    assert_eq!(guest.fd_read(other, 8).unwrap(), b"contents");
    assert_eq!(guest.fd_write(other, "x"), Ok(1));
}

#[test]
fn accepted_through_taken_back_with_the_listener() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let grant = Grant::new(Object::Listener(Arc::new(HostListener::new(listener))));
    let lease = grant.lease();
    let mut guest = Guest::new(builder().grant(grant).build().unwrap());
    let _client = TcpStream::connect(address).unwrap();
    let socket = guest.sock_accept(3, fdflags::NONBLOCK).unwrap();
    assert_eq!(guest.sock_send(socket, "x", 0), Ok(1));
    lease.revoke();
    assert_eq!(guest.sock_send(socket, "x", 0), Err(Errno::Badf));
    assert_eq!(guest.sock_accept(3, 0), Err(Errno::Badf));
}

#[test]
fn fd_close_taken_back_its_number_is_free() {
    let (mut guest, lease) = guest();
    lease.revoke();
    assert_eq!(guest.fd_close(4), Ok(()));
    assert_eq!(guest.fd_close(4), Err(Errno::Badf));
    assert_eq!(guest.path_open((FREE, "file"), 0, READ_WRITE), Ok(4));
    assert_eq!(guest.fd_write(4, "x"), Ok(1));
}

#[test]
fn fd_renumber_taken_back_can_be_replaced_and_not_moved() {
    let (mut guest, lease) = guest();
    lease.revoke();
    assert_eq!(guest.fd_renumber(3, FREE), Err(Errno::Badf));
    assert_eq!(guest.fd_renumber(3, 3), Err(Errno::Badf));
    assert_eq!(guest.fd_renumber(3, 99), Err(Errno::Badf));
    assert!(guest.fd_readdir(FREE, 100, 0).is_ok());
    assert_eq!(guest.fd_renumber(FREE, 3), Ok(()));
    assert!(guest.fd_readdir(3, 100, 0).is_ok());
    assert_eq!(guest.fd_close(FREE), Err(Errno::Badf));
}

#[test]
fn preopens_taken_back_found_no_more() {
    let (mut guest, lease) = guest();
    assert_eq!(guest.fd_prestat_get(3), Ok(7));
    lease.revoke();
    assert_eq!(guest.fd_prestat_get(3), Err(Errno::Badf));
    assert_eq!(guest.fd_prestat_dir_name(3, 7), Err(Errno::Badf));
}

#[test]
fn table_shared_by_threads_taken_back_for_all() {
    let lease = Lease::new();
    let (writer, output) = Pipe::new(1 << 16);
    let grant = Grant::leased(Object::Stream(Arc::new(writer)), lease.clone());
    let ctx = WasiCtx::builder().grant(grant).build_shared().unwrap();
    let write = || {
        let mut memory = vec![0; 1 << 16];
        // One byte at 16.
        memory[..8].copy_from_slice(&[16, 0, 0, 0, 1, 0, 0, 0]);
        let mut written = 0;
        loop {
            let answer = turnkey_snapshots::complete(&ctx, |call| {
                let memory = &mut turnkey_snapshots::Memory::new(&mut memory);
                preview_1::fd_write(call, memory, 3, 0, 1, 8)
            });
            match answer.unwrap() {
                0 => written += 1,
                errno => return (errno, written),
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = [scope.spawn(write), scope.spawn(write)];
        while output.drain().len() < 10 {
            std::thread::yield_now();
        }
        lease.revoke();
        for thread in threads {
            let (errno, _) = thread.join().unwrap();
            assert_eq!(errno, i32::from(Errno::Badf.number()));
        }
    });
    assert!(ctx.table().with(Fd(3), |entry| !entry.is_alive()).unwrap());
}

#[test]
fn handed_on_from_what_is_taken_back_badf_as_well() {
    let (mut guest, lease) = guest();
    let grant = guest.ctx.table().with(Fd(4), Grant::of).unwrap();
    let weaker = grant.access(Access::ReadOnly).into_entry();
    let weaker = guest.ctx.table().insert(weaker).unwrap().0;
    assert_eq!(guest.fd_read(weaker, 8).unwrap(), b"contents");
    assert_eq!(guest.fd_write(weaker, "x"), Err(Errno::Badf));
    lease.revoke();
    assert_eq!(guest.fd_read(weaker, 8), Err(Errno::Badf));
}
