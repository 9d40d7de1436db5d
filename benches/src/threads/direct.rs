//! WASI's functions, called by this program itself: an engine's stores own their contexts, so this is
//! how threads share one.

use crate::Failure;
use crate::calls::fixture::Fixture;
use crate::calls::participants::Participant;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use turnkey_cap_backends::{HostDir, ambient_authority};
use turnkey_snapshots::{Memory, complete, preview_1};
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{Access, Builder, Stop, WasiCtx};

/// One who calls by a context of its own, or by one that it shares.
struct Direct<C> {
    ctx: C,
    /// What would be a guest's memory: the path from 0, a buffer from 16, answers from 32, and the
    /// bytes from 4096.
    bytes: Vec<u8>,
    file: i32,
}

const BUFFER: i32 = 16;
const ANSWER: i32 = 32;
/// Where the bytes are that the buffer leads to, and how many.
const BLOCK: [u32; 2] = [4096, 4096];
const FD_READ: i64 = 2;

fn context(own: &Path) -> Result<Builder, Failure> {
    let dir = HostDir::open_ambient(own, ambient_authority())?;
    Ok(turnkey_cap_backends::builder().preopen("/", Arc::new(dir), Access::ReadWrite))
}

/// One with a context and a directory of its own.
pub(super) fn own(fixture: &Fixture) -> Result<Box<dyn Participant>, Failure> {
    let ctx = Box::new(context(&fixture.directory()?)?.build()?);
    Ok(Box::new(Direct::new(ctx)?))
}

/// Two with one context.
pub(super) fn shared(fixture: &Fixture) -> Result<[Box<dyn Participant>; 2], Failure> {
    let ctx = Arc::new(context(&fixture.directory()?)?.build_shared()?);
    let other = Arc::clone(&ctx);
    Ok([Box::new(Direct::new(ctx)?), Box::new(Direct::new(other)?)])
}

impl<C, T: Table> Direct<C>
where
    C: Deref<Target = WasiCtx<T>>,
{
    fn new(ctx: C) -> Result<Self, Failure> {
        let mut bytes = vec![0; 8192];
        bytes[..4].copy_from_slice(b"file");
        bytes[16..20].copy_from_slice(&BLOCK[0].to_le_bytes());
        bytes[20..24].copy_from_slice(&BLOCK[1].to_le_bytes());
        let mut direct = Self {
            ctx,
            bytes,
            file: 0,
        };
        direct.file = direct.open()?;
        Ok(direct)
    }

    fn open(&mut self) -> Result<i32, Failure> {
        let bytes = &mut self.bytes;
        succeeded(complete(&self.ctx, |call| {
            let memory = &mut Memory::new(bytes);
            preview_1::path_open(call, memory, 3, 1, 0, 4, 0, FD_READ, FD_READ, 0, ANSWER)
        }))?;
        Ok(i32::from_le_bytes(self.bytes[32..36].try_into()?))
    }

    fn once(&mut self, export: &str) -> Result<(), Failure> {
        let (ctx, bytes, file) = (&*self.ctx, &mut self.bytes, self.file);
        match export {
            "clock_monotonic" => succeeded(complete(ctx, |call| {
                preview_1::clock_time_get(call, &mut Memory::new(bytes), 1, 1, ANSWER)
            })),
            "pread_4k" => succeeded(complete(ctx, |call| {
                let memory = &mut Memory::new(bytes);
                preview_1::fd_pread(call, memory, file, BUFFER, 1, 4096, ANSWER)
            })),
            "open_1" => {
                let fd = self.open()?;
                let (ctx, bytes) = (&*self.ctx, &mut self.bytes);
                succeeded(complete(ctx, |call| {
                    preview_1::fd_close(call, &mut Memory::new(bytes), fd)
                }))
            }
            other => Err(format!("there is no `{other}`").into()),
        }
    }
}

fn succeeded(answer: Result<i32, Stop>) -> Result<(), Failure> {
    match answer? {
        0 => Ok(()),
        errno => Err(format!("a call answered {errno}").into()),
    }
}

impl<C, T: Table> Participant for Direct<C>
where
    C: Deref<Target = WasiCtx<T>> + Send,
{
    fn name(&self) -> &str {
        "without an engine"
    }

    fn run(&mut self, export: &str, times: u32) -> Result<(), Failure> {
        for _ in 0..times {
            self.once(export)?;
        }
        Ok(())
    }
}
