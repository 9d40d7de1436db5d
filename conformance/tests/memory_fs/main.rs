//! What files in memory promise beyond what every file system does: no operation makes a system call,
//! time grows with the number of files and no faster, and without room nothing is half done.
#![cfg(test)]

#[path = "../host/mod.rs"]
mod host;

mod full;
mod many;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod no_system_call;

use host::Guest;
use turnkey_virt::fs::MemoryFs;
use turnkey_wasi_common::{Access, Rights, WasiCtx};

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);

/// A guest with a file system as descriptor 3.
fn guest(fs: &MemoryFs) -> Guest {
    let ctx = WasiCtx::builder().preopen("/", fs.root(), Access::ReadWrite);
    Guest::new(ctx.build().unwrap())
}
