//! Reading a call's words, and writing its results.

use crate::memory::check_array;
use crate::typed::{Scalar, Value, verdict};
use turnkey_wasi_common::{Errno, Invocation, Verdict};

/// The words of a call, if it is one of this function.
pub(crate) fn words<'a, const N: usize>(
    call: &Invocation<'a>,
    module: &str,
    index: usize,
) -> Option<&'a [u64; N]> {
    if call.function.index != index || call.function.module != module {
        return None;
    }
    call.args.try_into().ok()
}

/// The address that a word is.
pub(crate) fn address(word: u64) -> u32 {
    u32::of_word(word)
}

/// What a function tells on success: a value, or several, each at an address of its own.
pub trait Results: Copy {
    /// The size and the alignment of each.
    const LAYOUTS: &'static [(u32, u32)];

    /// Writes the value at a position to the beginning of some bytes.
    fn store(self, position: usize, to: &mut [u8]);

    /// Reads them, each from the beginning of what `from` gives for its position.
    fn load<'m>(from: impl Fn(usize) -> Option<&'m [u8]>) -> Option<Self>;
}

impl<T: Value> Results for T {
    const LAYOUTS: &'static [(u32, u32)] = &[(T::SIZE, T::ALIGN)];

    fn store(self, _position: usize, to: &mut [u8]) {
        Value::store(self, to);
    }

    fn load<'m>(from: impl Fn(usize) -> Option<&'m [u8]>) -> Option<Self> {
        Value::load(from(0)?)
    }
}

impl Results for () {
    const LAYOUTS: &'static [(u32, u32)] = &[];

    fn store(self, _position: usize, _to: &mut [u8]) {}

    fn load<'m>(_from: impl Fn(usize) -> Option<&'m [u8]>) -> Option<Self> {
        Some(())
    }
}

impl<A: Value, B: Value> Results for (A, B) {
    const LAYOUTS: &'static [(u32, u32)] = &[(A::SIZE, A::ALIGN), (B::SIZE, B::ALIGN)];

    fn store(self, position: usize, to: &mut [u8]) {
        match position {
            0 => self.0.store(to),
            _ => self.1.store(to),
        }
    }

    fn load<'m>(from: impl Fn(usize) -> Option<&'m [u8]>) -> Option<Self> {
        Some((A::load(from(0)?)?, B::load(from(1)?)?))
    }
}

/// Sees that every result has a place in the guest's memory.
pub(crate) fn check<R: Results>(memory: &[u8], addresses: &[u32]) -> Result<(), Verdict> {
    let places = addresses.iter().zip(R::LAYOUTS);
    for (address, (size, align)) in places {
        check_array(memory, *address, 1, *size, *align).map_err(verdict)?;
    }
    Ok(())
}

/// Writes the results, or nothing if one of them has no place.
pub(crate) fn write<R: Results>(memory: &mut [u8], addresses: &[u32], results: R) -> Verdict {
    if let Err(verdict) = check::<R>(memory, addresses) {
        return verdict;
    }
    for (position, address) in addresses.iter().enumerate() {
        if let Some(to) = memory.get_mut(*address as usize..) {
            results.store(position, to);
        }
    }
    Verdict::Answer(Errno::Success)
}

/// Reads the results back.
pub(crate) fn read<R: Results>(memory: &[u8], addresses: &[u32]) -> Option<R> {
    R::load(|position| memory.get(*addresses.get(position)? as usize..))
}
