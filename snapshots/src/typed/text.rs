//! Text that a guest hands in.

use crate::typed::{Array, Scalar};
use turnkey_wasi_common::{Errno, Verdict};

/// Where the text of a string lies in the guest's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Where it begins.
    pub address: u32,
    /// How many bytes it has.
    pub length: u32,
}

impl Text {
    pub(crate) fn of_words(address: u64, length: u64) -> Self {
        Self {
            address: u32::of_word(address),
            length: u32::of_word(length),
        }
    }

    /// The text, which stays in the guest's memory.
    ///
    /// ```
    /// use turnkey_snapshots::typed::Text;
    /// use turnkey_wasi_common::{Errno, Verdict};
    ///
    /// let memory = *b"data.txt\xff";
    /// let text = |address, length| Text { address, length };
    /// assert_eq!(text(5, 3).read(&memory), Ok("txt"));
    /// assert_eq!(text(5, 4).read(&memory), Err(Verdict::Answer(Errno::Ilseq)));
    /// assert!(matches!(text(5, 5).read(&memory), Err(Verdict::Trap(_))));
    /// ```
    ///
    /// # Errors
    /// The verdict that the host would come to, to be returned by the filter:
    /// - a trap of the kind `Fault`: it leads beyond the memory.
    /// - `ILSEQ`: it is not UTF-8.
    pub fn read(self, memory: &[u8]) -> Result<&str, Verdict> {
        let bytes = self.bytes(memory)?;
        std::str::from_utf8(bytes).map_err(|_| Verdict::Answer(Errno::Ilseq))
    }

    /// The bytes of the text, whatever they are.
    ///
    /// # Errors
    /// A trap of the kind `Fault`: it leads beyond the memory.
    pub fn bytes(self, memory: &[u8]) -> Result<&[u8], Verdict> {
        Array::<u8>::new(self.address, self.length).bytes(memory)
    }
}
