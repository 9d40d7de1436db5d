//! Randomness that a parent serves.

use super::Serving;
use super::exports::Export;
use turnkey_wasi_common::{Errno, Random, Result};

/// Randomness that a parent serves with its export `rng_fill`.
pub(super) struct ServedRandom {
    serving: Serving,
    tag: u32,
}

/// The most bytes that a parent is asked for at once.
const PIECE: usize = 4096;

impl ServedRandom {
    pub(super) fn new(serving: Serving, tag: u32) -> Self {
        Self { serving, tag }
    }
}

impl Random for ServedRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        self.serving.ask(|parent| {
            let mut desk = parent.desk()?;
            let most = PIECE.min(desk.left() as usize);
            let address = desk.take(bytes.len().min(most), Errno::Nomem)?;
            for piece in bytes.chunks_mut(most) {
                let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
                let args = [self.tag.into(), address.into(), length.into()];
                desk.ask(Export::RngFill, Errno::Notsup, &args)?;
                piece.copy_from_slice(desk.bytes(address, piece.len())?);
            }
            Ok(())
        })
    }
}
