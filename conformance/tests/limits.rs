//! What a guest can make the host hold, at the edge of each limit: as much as is allowed works, and
//! one more answers the errno that the limit says.
//!
//! Every engine is put through the same edges by `turnkey_conformance::engine_kit`.
#![cfg(test)]

mod host;

use host::{BUFFER, Guest, Subscription, Tree, oflags};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use turnkey_cap_backends::{HostListener, builder};
use turnkey_wasi_common::{Access, BuildError, Errno, GuestPath, Limits, Rights, Table};

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);

fn limited(tree: &Tree, limits: Limits) -> Guest {
    let builder = tree.builder(Access::ReadWrite).limits(limits);
    Guest::new(builder.build().unwrap())
}

fn files(files: u32) -> Limits {
    Limits {
        files,
        ..Limits::default()
    }
}

/// Broken on purpose: `Numbers::has_room` compares with `<=`.
#[test]
fn files_limit_works_and_one_more_mfile() {
    let tree = Tree::new().file("file", "contents");
    for limit in [4, 5, 64, 65, 4096] {
        let mut guest = limited(&tree, files(limit));
        for fd in 4..limit {
            assert_eq!(guest.path_open((3, "file"), 0, Rights::FD_READ), Ok(fd));
        }
        for path in ["file", "."] {
            let opened = guest.path_open((3, path), 0, Rights::FD_READ);
            assert_eq!(opened, Err(Errno::Mfile), "{limit}");
        }
        let made = guest.path_open((3, "new"), oflags::CREAT, READ_WRITE);
        assert_eq!(made, Err(Errno::Mfile), "{limit}");
        assert!(!tree.path("new").exists());
        assert_eq!(guest.ctx.table().len(), limit as usize);
        // One that is closed makes room for one.
        assert_eq!(guest.fd_close(1), Ok(()));
        assert_eq!(guest.path_open((3, "file"), 0, Rights::FD_READ), Ok(1));
        let opened = guest.path_open((3, "file"), 0, Rights::FD_READ);
        assert_eq!(opened, Err(Errno::Mfile), "{limit}");
    }
    let context = tree.builder(Access::ReadWrite).limits(files(3)).build();
    assert_eq!(context.map(drop), Err(BuildError::TooManyFiles(3)));
    assert_eq!(Limits::default().files, 4096);
}

/// Broken on purpose: as above.
#[test]
fn files_limit_holds_for_sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let builder = builder().listener(Arc::new(HostListener::new(listener)));
    let mut guest = Guest::new(builder.limits(files(5)).build().unwrap());
    let _clients = [(); 2].map(|()| TcpStream::connect(address).unwrap());
    assert_eq!(guest.sock_accept(3, 0), Ok(4));
    assert_eq!(guest.sock_accept(3, 0), Err(Errno::Mfile));
    assert_eq!(guest.fd_close(4), Ok(()));
    assert_eq!(guest.sock_accept(3, 0), Ok(4), "the client is still there");
}

/// Broken on purpose: `poll::check_count` compares with `>=`.
#[test]
fn subscriptions_limit_works_and_one_more_nomem() {
    let tree = Tree::new().file("file", "contents");
    let default = Limits::default().subscriptions;
    assert_eq!(default, 4096);
    for limit in [1, 2, 5, default] {
        let limits = Limits {
            subscriptions: limit,
            ..Limits::default()
        };
        let mut guest = limited(&tree, limits);
        guest.path_open((3, "file"), 0, READ_WRITE).unwrap();
        let some = vec![Subscription::Read(4); limit as usize];
        assert_eq!(
            guest.poll_oneoff(&some).map(|told| told.len()),
            Ok(some.len())
        );
        let more = [some, vec![Subscription::Read(4)]].concat();
        assert_eq!(guest.poll_oneoff(&more), Err(Errno::Nomem), "{limit}");
        // The memory counts first, as for every call.
        let beyond = guest.invoke("poll_oneoff", &[0, 0, u32::MAX.into(), 0]);
        assert!(beyond.is_err(), "{limit}: {beyond:?}");
    }
}

/// A listing in progress is what a guest makes the host hold beside descriptors: the page of
/// entries in which its positions lie.
///
/// Broken on purpose: `Budget::charge` compares with `<`.
#[test]
fn memory_limit_exact_for_listings_and_one_byte_less_nomem() {
    let tree = Tree::new().dir("dir");
    let with_memory = |memory| {
        let limits = Limits {
            memory,
            ..Limits::default()
        };
        limited(&tree, limits)
    };
    let mut generous = with_memory(1 << 20);
    generous.fd_readdir(3, 100, 0).unwrap();
    let one = generous.ctx.budget().used();
    assert!(one > 0);

    let mut guest = with_memory(one - 1);
    assert_eq!(guest.fd_readdir(3, 100, 0), Err(Errno::Nomem));
    assert_eq!(
        guest.fd_readdir(3, 0, 0),
        Ok(Vec::new()),
        "nothing is asked for"
    );
    assert_eq!(guest.ctx.budget().used(), 0);

    for count in [1, 2, 3] {
        let mut guest = with_memory(count * one);
        let dirs: Vec<u32> = (0..=count)
            .map(|_| guest.path_open((3, "dir"), 0, Rights::empty()).unwrap())
            .collect();
        let (last, first) = dirs.split_last().unwrap();
        for dir in first {
            assert!(guest.fd_readdir(*dir, 100, 0).is_ok(), "{count}");
        }
        assert_eq!(guest.ctx.budget().used(), count * one);
        assert_eq!(
            guest.fd_readdir(*last, 100, 0),
            Err(Errno::Nomem),
            "{count}"
        );
        // Those that are open go on, and one that is closed makes room for another.
        assert!(guest.fd_readdir(first[0], 100, 0).is_ok());
        assert_eq!(guest.fd_close(first[0]), Ok(()));
        assert!(guest.fd_readdir(*last, 100, 0).is_ok(), "{count}");
        for dir in &dirs[1..] {
            assert_eq!(guest.fd_close(*dir), Ok(()));
        }
        assert_eq!(guest.ctx.budget().used(), 0);
    }
    assert_eq!(Limits::default().memory, 64 << 20);
}

/// Broken on purpose: `GuestPath::LONGEST` is 4,000; `LONGEST_NAME` is 254.
#[test]
fn path_longest_works_and_one_more_nametoolong() {
    let name = "n".repeat(255);
    let mut guest = Tree::new().guest();
    let path = |length: usize| format!("{}{name}", "./".repeat(length / 2 - 128)) + "/";
    let longest = path(GuestPath::LONGEST + 1);
    assert_eq!(longest.len(), 4096);
    assert_eq!(guest.path_create_directory((3, &longest[..4095])), Ok(()));
    for path in [longest, "x".repeat(256), "/".repeat(4096)] {
        let stat = guest.path_filestat_get((3, &path), true);
        assert_eq!(stat, Err(Errno::Nametoolong), "{} bytes", path.len());
        let linked = guest.path_symlink(&path, (3, "link"));
        assert_eq!(linked, Err(Errno::Nametoolong), "{} bytes", path.len());
    }
    let text = "x/".repeat(2048);
    assert_eq!(guest.path_symlink(&text[..4095], (3, "link")), Ok(()));
    assert_eq!(
        guest
            .path_readlink((3, "link"), 5000)
            .map(|told| told.len()),
        Ok(4095)
    );
}

/// Broken on purpose: `path_text` compares with `>=`.
#[test]
fn path_limit_works_and_one_more_nametoolong() {
    let tree = Tree::new().file("file", "contents");
    assert_eq!(Limits::default().path as usize, GuestPath::LONGEST);
    for limit in [4, 5, 100] {
        let limits = Limits {
            path: limit,
            ..Limits::default()
        };
        let mut guest = limited(&tree, limits);
        let fits = "./".repeat(50) + "file";
        let fits = &fits[fits.len() - limit as usize..];
        let fits = fits.trim_start_matches('/');
        assert!(guest.path_filestat_get((3, fits), true).is_ok(), "{fits}");
        let beyond = "x".repeat(limit as usize + 1);
        let stat = guest.path_filestat_get((3, &beyond), true);
        assert_eq!(stat, Err(Errno::Nametoolong), "{limit}");
        let linked = guest.path_symlink(&beyond, (3, "l"));
        assert_eq!(linked, Err(Errno::Nametoolong), "{limit}");
    }
    // More than the longest there is changes nothing.
    let limits = Limits {
        path: u32::MAX,
        ..Limits::default()
    };
    let stat = limited(&tree, limits).path_filestat_get((3, &"/".repeat(4096)), true);
    assert_eq!(stat, Err(Errno::Nametoolong));
}

/// Broken on purpose: `Buffers::read` takes the whole of the buffer in which the limit lies.
#[test]
fn transfer_limit_moves_so_much_and_the_rest_with_the_next_call() {
    for (limit, moved) in [(0, 1), (1, 1), (5, 5), (7, 7), (10, 10), (11, 10)] {
        let limits = Limits {
            transfer: limit,
            ..Limits::default()
        };
        let tree = Tree::new().file("file", "0123456789");
        let mut guest = limited(&tree, limits);
        let file = guest.path_open((3, "file"), 0, READ_WRITE).unwrap();
        // The second buffer is empty, and the limit of 5 ends with the first.
        let buffers = [(BUFFER, 5), (BUFFER + 20, 0), (BUFFER + 5, 5)];
        assert_eq!(guest.fd_read_into(file, &buffers), Ok(moved), "{limit}");
        let expected = &b"0123456789"[..moved as usize];
        assert_eq!(guest.bytes(BUFFER, moved as usize), expected, "{limit}");
        let rest = guest.fd_read_into(file, &buffers);
        assert_eq!(rest, Ok(moved.min(10 - moved)), "{limit}");
        assert_eq!(guest.fd_write_from(file, &buffers), Ok(moved), "{limit}");
        let random = |guest: &mut Guest, length| guest.invoke("random_get", &[0, length]);
        let fits = u64::from(limit);
        assert_eq!(random(&mut guest, fits), Ok(Errno::Success), "{limit}");
        assert_eq!(random(&mut guest, fits + 1), Ok(Errno::Nomem), "{limit}");
    }
    assert_eq!(Limits::default().transfer, u32::MAX);
}

/// Broken on purpose: the builder compares with `>=`.
#[test]
fn strings_limits_work_and_one_byte_more_is_no_context() {
    for limit in [1, 2, 100] {
        let limits = Limits {
            args: limit,
            env: limit + 2,
            ..Limits::default()
        };
        for (length, fits) in [(limit - 1, true), (limit, false)] {
            let text = "x".repeat(length as usize);
            let args = builder().arg(&text).limits(limits).build().map(drop);
            let env = builder().env("N", &text).limits(limits).build().map(drop);
            match fits {
                true => assert_eq!((args, env), (Ok(()), Ok(())), "{limit}"),
                false => {
                    assert_eq!(args, Err(BuildError::TooManyArgs(limit)));
                    assert_eq!(env, Err(BuildError::TooMuchEnv(limit + 2)));
                }
            }
        }
    }
    assert_eq!(
        (Limits::default().args, Limits::default().env),
        (2 << 20, 2 << 20)
    );
}

/// One call moves 1024 buffers and leaves the rest to the next one.
///
/// Broken on purpose: `MOST_BUFFERS` is 1023.
#[test]
fn buffers_1024_at_a_time_and_the_rest_with_the_next_call() {
    let mut guest = Tree::new().guest();
    let file = guest
        .path_open((3, "file"), oflags::CREAT, READ_WRITE)
        .unwrap();
    let bytes: Vec<u8> = (0..1025_u32).map(|n| n.to_le_bytes()[0]).collect();
    let buffers: Vec<(u32, u32)> = (0..1025).map(|n| (BUFFER + n, 1)).collect();
    guest.put(BUFFER, &bytes);
    assert_eq!(guest.fd_write_from(file, &buffers[..1024]), Ok(1024));
    assert_eq!(guest.fd_seek(file, 0, host::whence::SET), Ok(0));
    assert_eq!(guest.fd_write_from(file, &buffers), Ok(1024));
    assert_eq!(guest.fd_write_from(file, &buffers[1024..]), Ok(1));
    assert_eq!(guest.fd_seek(file, 0, host::whence::SET), Ok(0));
    guest.memory[BUFFER as usize..][..1025].fill(0);
    assert_eq!(guest.fd_read_into(file, &buffers), Ok(1024));
    assert_eq!(guest.fd_read_into(file, &buffers[1024..]), Ok(1));
    assert_eq!(guest.bytes(BUFFER, 1025), bytes);
}

/// The embedder, not the guest, says how much of arguments and environment there is; what it says
/// is told as far as the guest has memory for it.
///
/// Broken on purpose: `copy_out` looks at one byte of the buffer.
#[test]
fn args_and_environ_as_large_as_the_memory_and_not_a_byte_more() {
    for (sizes, get, named) in [
        ("args_sizes_get", "args_get", ""),
        ("environ_sizes_get", "environ_get", "NAME="),
    ] {
        // With the NUL, and a pointer of 4 bytes at the beginning.
        let all = (1 << 20) - 4;
        let text = "x".repeat(all - 1 - named.len());
        for (text, fits) in [(text.clone(), true), (text + "x", false)] {
            let builder = match named {
                "" => builder().arg(text),
                _ => builder().env("NAME", text),
            };
            let mut guest = Guest::new(builder.build().unwrap());
            assert_eq!(guest.invoke(sizes, &[0, 4]), Ok(Errno::Success));
            let told = u32::from_le_bytes(guest.bytes(4, 4).try_into().unwrap()) as usize;
            assert_eq!((told == all, told > all), (fits, !fits));
            guest.memory.fill(0xee);
            let written = guest.invoke(get, &[0, 4]);
            assert_eq!(written.is_ok(), fits, "{get}: {written:?}");
            assert_eq!(guest.memory.ends_with(&[0]), fits);
            let untouched = guest.memory.iter().all(|byte| *byte == 0xee);
            assert_eq!(untouched, !fits, "{get}");
        }
    }
}
