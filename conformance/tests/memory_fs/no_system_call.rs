//! No operation makes a system call: all of them in a process where a call that is not about memory
//! ends it.

use crate::host::{Dirent, Guest, PATH_OPERATIONS, fdflags, fstflags, oflags, whence};
use crate::{READ_WRITE, guest};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
use std::collections::BTreeMap;
use std::hash::RandomState;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};
use std::thread;
use turnkey_virt::fs::{Contents, Found, Listed, MemoryFs};
use turnkey_wasi_common::Rights;

/// Says what the process is to do.
const TASK: &str = "TURNKEY_TEST_WITHOUT_SYSTEM_CALLS";

/// `mmap`, `mprotect`, `munmap`, `brk`, `mremap`, `madvise`: what an allocator needs; and
/// `rt_sigprocmask`, `exit`, `sigaltstack`, `futex`, by which a thread ends and another sees it.
const ALLOWED: [i64; 10] = [9, 10, 11, 12, 25, 28, 14, 60, 131, 202];

/// The signal that ends a process for a system call.
const SIGSYS: i32 = 31;

fn without_system_calls(run: impl FnOnce() + Send) {
    let allowed = ALLOWED.map(|number| (number, Vec::new()));
    let filter = SeccompFilter::new(
        BTreeMap::from(allowed),
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        TargetArch::x86_64,
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            // The standard library draws a thread's keys for hashing once.
            drop(RandomState::new());
            apply_filter(&program).unwrap();
            run();
        });
    });
}

/// This test again in a process of its own, for a task.
fn in_a_process(test: &str, task: &str) -> Output {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", test, "--nocapture"]);
    process.env(TASK, task).output().unwrap()
}

/// All that a guest can do with files.
fn everything(guest: &mut Guest) {
    for (_, call) in PATH_OPERATIONS {
        for path in [
            "file",
            "dir",
            "dir/new",
            "ln",
            "dir/../missing",
            "lnd/",
            "../out",
        ] {
            let _ = call(guest, path);
        }
    }
    let create = oflags::CREAT | oflags::TRUNC;
    let file = guest.path_open((3, "all"), create, READ_WRITE).unwrap();
    let dir = guest.path_open((3, "."), 0, Rights::empty()).unwrap();
    for flags in [0, fdflags::APPEND] {
        guest.fd_fdstat_set_flags(file, flags).unwrap();
        assert_eq!(guest.fd_write(file, "0123456789"), Ok(10));
    }
    assert_eq!(guest.fd_pwrite(file, "far", 1 << 40), Ok(3));
    assert_eq!(guest.fd_seek(file, 5, whence::SET), Ok(5));
    assert_eq!(guest.fd_read(file, 3).unwrap(), b"567");
    assert_eq!(guest.fd_pread(file, 100_000, 18).unwrap().len(), 100_000);
    assert_eq!(guest.fd_tell(file), Ok(8));
    guest.fd_allocate(file, 0, 1000).unwrap();
    guest.fd_advise(file, 0, 10, 3).unwrap();
    guest.fd_filestat_set_size(file, 12).unwrap();
    guest
        .fd_filestat_set_times(file, 1, 2, fstflags::ATIM | fstflags::MTIM_NOW)
        .unwrap();
    guest
        .fd_filestat_set_times(dir, 1, 2, fstflags::MTIM)
        .unwrap();
    guest.fd_sync(file).unwrap();
    guest.fd_datasync(file).unwrap();
    assert_eq!(guest.fd_filestat_get(file).unwrap().size, 12);
    guest.fd_filestat_get(dir).unwrap();
    let (entries, _) = Dirent::all(&guest.fd_readdir(dir, 4096, 0).unwrap());
    assert!(entries.len() > 3);
    guest.fd_readdir(dir, 4096, entries[1].next).unwrap();
    guest.path_unlink_file((3, "all")).unwrap();
    assert_eq!(guest.fd_read(file, 3).unwrap(), b"890");
    guest.fd_close(dir).unwrap();
    guest.fd_renumber(file, 3).unwrap();
    guest.fd_close(3).unwrap();
}

fn memory() -> MemoryFs {
    let fs = MemoryFs::new().file("file", b"contents").unwrap();
    let fs = fs.file("dir/inner", &[7; 100_000]).unwrap();
    let fs = fs.link("file", "ln").unwrap();
    fs.link("dir", "lnd").unwrap()
}

fn overlay() -> MemoryFs {
    let dir = Listed::new().entry("inner", Found::file(Contents::from(vec![7; 100_000])));
    let lower = Listed::new()
        .entry("file", Found::file(Contents::from("contents")))
        .entry("dir", Found::dir(dir))
        .entry("ln", Found::link("file"))
        .entry("lnd", Found::link("dir"));
    MemoryFs::builder().over(std::sync::Arc::new(lower)).build()
}

#[test]
fn everything_without_a_system_call() {
    let make = match std::env::var(TASK).as_deref() {
        Ok("memory") => memory,
        Ok("overlay") => overlay,
        Ok(_) => {
            // What is told of the filter is true: this ends the process.
            without_system_calls(|| drop(std::fs::read("/")));
            return;
        }
        Err(_) => {
            let test = "no_system_call::everything_without_a_system_call";
            for task in ["memory", "overlay"] {
                let output = in_a_process(test, task);
                let told = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{task}: {}: {told}", output.status);
            }
            let killed = in_a_process(test, "host").status;
            assert_eq!(killed.signal(), Some(SIGSYS), "{killed}");
            return;
        }
    };
    let mut guest = guest(&make());
    without_system_calls(|| everything(&mut guest));
}
