//! Values as they lie in a guest's memory.

use turnkey_wasi_common::{Errno, Fd, Rights};

/// A value that has a place in a guest's memory. Numbers are little-endian.
///
/// ```
/// use turnkey_snapshots::preview_1::calls::{Filestat, Filetype};
/// use turnkey_snapshots::typed::Value;
///
/// let mut stored = [0; Filestat::SIZE as usize];
/// let stat = Filestat {
///     dev: 1,
///     ino: 2,
///     filetype: Filetype::DIRECTORY,
///     nlink: 1,
///     size: 4096,
///     atim: 0,
///     mtim: 0,
///     ctim: 0,
/// };
/// stat.store(&mut stored);
/// assert_eq!(stored[16], 3);
/// assert_eq!(Filestat::load(&stored), Some(stat));
/// assert_eq!(Filestat::load(&stored[1..]), None);
/// ```
pub trait Value: Copy {
    /// The room that it takes, in bytes.
    const SIZE: u32;

    /// The number that its address is a multiple of.
    const ALIGN: u32;

    /// Writes it to the beginning of some bytes. Those between its members stay as they are, and
    /// so does everything that `to` has no room for.
    fn store(self, to: &mut [u8]);

    /// Reads it from the beginning of some bytes. `None` if there are too few, or if what they say
    /// is no such value.
    fn load(from: &[u8]) -> Option<Self>;
}

/// A value that is one word of a call.
pub trait Scalar: Value {
    /// The value of a word. One that is too large for the type is told as the type's largest, which
    /// means nothing either wherever WASI has a type that is narrower than its word.
    fn of_word(word: u64) -> Self;
}

/// Numbers, of which a word holds the lower bits.
macro_rules! numbers {
    ($($number:ty, $word:ty, $size:literal;)*) => {
        $(
            impl Value for $number {
                const SIZE: u32 = $size;
                const ALIGN: u32 = $size;

                fn store(self, to: &mut [u8]) {
                    if let Some(to) = to.first_chunk_mut() {
                        *to = self.to_le_bytes();
                    }
                }

                fn load(from: &[u8]) -> Option<Self> {
                    Some(Self::from_le_bytes(*from.first_chunk()?))
                }
            }

            impl Scalar for $number {
                fn of_word(word: u64) -> Self {
                    <$word>::try_from(word)
                        .ok()
                        .and_then(|word| Self::try_from(word).ok())
                        .unwrap_or(Self::MAX)
                }
            }
        )*
    };
}

numbers! {
    u8, u32, 1;
    u16, u32, 2;
    u32, u32, 4;
    u64, u64, 8;
}

impl Value for i64 {
    const SIZE: u32 = 8;
    const ALIGN: u32 = 8;

    fn store(self, to: &mut [u8]) {
        if let Some(to) = to.first_chunk_mut() {
            *to = self.to_le_bytes();
        }
    }

    fn load(from: &[u8]) -> Option<Self> {
        Some(Self::from_le_bytes(*from.first_chunk()?))
    }
}

impl Scalar for i64 {
    fn of_word(word: u64) -> Self {
        Self::from_ne_bytes(word.to_ne_bytes())
    }
}

/// Types of the core, each a number in memory.
macro_rules! of_numbers {
    ($($ty:ty, $number:ty, $to:expr, $of:expr;)*) => {
        $(
            impl Value for $ty {
                const SIZE: u32 = <$number>::SIZE;
                const ALIGN: u32 = <$number>::ALIGN;

                fn store(self, to: &mut [u8]) {
                    let number: $number = $to(self);
                    number.store(to);
                }

                fn load(from: &[u8]) -> Option<Self> {
                    <$number>::load(from).and_then($of)
                }
            }
        )*
    };
}

of_numbers! {
    Fd, u32, |fd: Self| fd.0, |number| Some(Self(number));
    Rights, u64, |rights: Self| rights.bits(), |bits| Some(Self::from_bits_retain(bits));
    Errno, u16, Self::number, Self::from_number;
}

impl Scalar for Fd {
    fn of_word(word: u64) -> Self {
        Self(u32::of_word(word))
    }
}

impl Scalar for Rights {
    fn of_word(word: u64) -> Self {
        Self::from_bits_retain(word)
    }
}
