//! Randomness as a guest receives it.

use crate::{Errno, Result};

/// A source of random bytes.
///
/// A source for tests, which anybody can foretell:
///
/// ```
/// use turnkey_wasi_common::{Random, Result};
///
/// struct Same(u8);
///
/// impl Random for Same {
///     fn fill(&self, bytes: &mut [u8]) -> Result<()> {
///         bytes.fill(self.0);
///         Ok(())
///     }
/// }
///
/// let mut bytes = [0; 4];
/// Same(4).fill(&mut bytes)?;
/// assert_eq!(bytes, [4; 4]);
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub trait Random: Send + Sync {
    /// Fills the whole of `bytes`.
    ///
    /// # Errors
    /// - `IO`: the source failed; what `bytes` holds is unspecified.
    /// - whatever errno a source answers that denies its bytes.
    fn fill(&self, bytes: &mut [u8]) -> Result<()>;
}

/// Randomness that is not there: every request answers `NOTSUP`.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeniedRandom;

impl Random for DeniedRandom {
    fn fill(&self, _bytes: &mut [u8]) -> Result<()> {
        Err(Errno::Notsup.into())
    }
}
