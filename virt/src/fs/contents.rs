//! Files whose contents are known and never change.

use std::io::IoSliceMut;
use turnkey_wasi_common::{Durability, File, FileType, Result, Stat};

/// A file of fixed contents.
///
/// ```
/// use std::io::IoSliceMut;
/// use turnkey_virt::fs::Contents;
/// use turnkey_wasi_common::File;
///
/// let file = Contents::from("hello\n");
/// let mut bytes = [0; 4];
/// assert_eq!(file.read_at(&mut [IoSliceMut::new(&mut bytes)], 2), Ok(4));
/// assert_eq!(&bytes, b"llo\n");
/// ```
#[derive(Debug, Clone)]
pub struct Contents<B = Vec<u8>>(B);

impl<B: AsRef<[u8]>> Contents<B> {
    /// A file that holds these bytes.
    pub fn new(bytes: B) -> Self {
        Self(bytes)
    }
}

impl From<&str> for Contents {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<Vec<u8>> for Contents {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl<B: AsRef<[u8]> + Send + Sync> File for Contents<B> {
    fn stat(&self) -> Result<Stat> {
        Ok(Stat {
            file_type: FileType::RegularFile,
            links: 1,
            size: self.0.as_ref().len() as u64,
            ..Stat::default()
        })
    }

    fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        Ok(copy_out(self.0.as_ref(), buffers, offset))
    }

    fn sync(&self, _durability: Durability) -> Result<()> {
        Ok(())
    }
}

/// Copies bytes from `offset` on into the buffers, and answers how many.
pub(super) fn copy_out(bytes: &[u8], buffers: &mut [IoSliceMut<'_>], offset: u64) -> usize {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let mut left = bytes.get(start..).unwrap_or_default();
    let before = left.len();
    for buffer in buffers {
        let (some, rest) = left.split_at(buffer.len().min(left.len()));
        if let Some(room) = buffer.get_mut(..some.len()) {
            room.copy_from_slice(some);
        }
        left = rest;
    }
    before - left.len()
}
