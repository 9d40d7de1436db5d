//! A guest without an engine.

use super::time::Time;
use turnkey_snapshots::{Call, Memory, complete, preview_0, preview_1};
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{Errno, Stop, WasiCtx};

pub(super) struct Guest<T> {
    pub(super) ctx: WasiCtx<T>,
    pub(super) memory: Vec<u8>,
    pub(super) time: Time,
}

impl<T: Table> Guest<T> {
    /// Completes a call.
    pub(super) fn call(
        &mut self,
        function: &'static Function,
        words: &[u64],
    ) -> Result<Errno, Stop> {
        let Self { ctx, memory, time } = self;
        time.begin_call();
        let attempt = |call: &mut Call<'_, T>| {
            let memory = &mut Memory::new(memory);
            match function.module {
                preview_0::MODULE => preview_0::invoke(function.index, call, memory, words),
                _ => preview_1::invoke(function.index, call, memory, words),
            }
        };
        let answer = complete(ctx, attempt)?;
        let errno = u16::try_from(answer).ok().and_then(Errno::from_number);
        let name = function.name;
        Ok(errno.unwrap_or_else(|| panic!("{name} {words:x?} answered {answer}")))
    }

    /// Writes bytes, as many of them as lie within the memory.
    pub(super) fn put(&mut self, at: u32, bytes: &[u8]) {
        put(&mut self.memory, at, bytes);
    }

    pub(super) fn u32_at(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.memory[at as usize..][..4].try_into().unwrap())
    }

    pub(super) fn u64_at(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.memory[at as usize..][..8].try_into().unwrap())
    }
}

/// Writes bytes to a memory, as many of them as lie within.
pub(super) fn put(memory: &mut [u8], at: u32, bytes: &[u8]) {
    let start = (at as usize).min(memory.len());
    let room = &mut memory[start..];
    let fitting = room.len().min(bytes.len());
    room[..fitting].copy_from_slice(&bytes[..fitting]);
}
