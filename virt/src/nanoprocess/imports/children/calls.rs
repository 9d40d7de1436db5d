//! Calling a child, and reaching its memory.

use crate::nanoprocess::imports::{Call, Failure, Kid};
use crate::nanoprocess::outcome::Outcome;
use crate::typed::{bits, of_bits};
use turnkey_snapshots::engine::{FuncType, Value, ValueType};
use turnkey_wasi_common::{Errno, Stop};

/// The most parameters or results that a function of WebAssembly has.
const MOST: usize = 1000;

pub(in super::super) fn child_call(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    let export = call.text("export")?;
    let args = words(call.bytes("args")?)?;
    let count = call.args.word("results_len")? as usize;
    let called = kid.serving.lend(call.guest, || {
        kid.child.call_with(&export, |ty| {
            if !export.is_empty() && ty.results.len() != count {
                return Err(Errno::Inval);
            }
            values(ty, &args)
        })
    });
    // Whoever ends the parent has ended the child as well.
    call.guest.ctx().check_interrupt()?;
    call.answer_outcome(&kid, &called?)
}

impl Call<'_> {
    /// Writes how a call of a child's ended, and what it returned.
    pub(super) fn answer_outcome(&mut self, kid: &Kid, outcome: &Outcome) -> Result<(), Failure> {
        let (ending, code): (u32, u32) = match (kid.serving.failure(), outcome) {
            (Some(exit @ Stop::Exit(_)), _) => return Err(exit.into()),
            (Some(Stop::Trap(_)), _) => (6, 0),
            (None, Outcome::Returned(_)) => (0, 0),
            (None, Outcome::Exited(code)) => (1, *code),
            (None, Outcome::Trapped(_)) => (2, 0),
            (None, Outcome::Killed) => (3, 0),
            (None, Outcome::Deadline) => (4, 0),
            (None, Outcome::OutOfFuel) => (5, 0),
        };
        if let (0, Outcome::Returned(results)) = (ending, outcome) {
            let places = self.bytes("results")?.chunks_exact_mut(8);
            for (place, result) in places.zip(results) {
                place.copy_from_slice(&bits(*result).to_le_bytes());
            }
        }
        let [ending, code] = [ending, code].map(u32::to_le_bytes);
        self.answer(&[ending, code].concat())
    }
}

/// # Errors
/// - `INVAL`: there are more than any function has.
pub(super) fn words(bytes: &[u8]) -> Result<Vec<u64>, Errno> {
    if bytes.len() / 8 > MOST {
        return Err(Errno::Inval);
    }
    let words = bytes.chunks_exact(8).map(|chunk| {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    Ok(words.collect())
}

/// # Errors
/// - `INVAL`: there are not as many as the function has parameters.
/// - `NOTSUP`: one of those is of a type that does not cross.
pub(super) fn values(ty: &FuncType, words: &[u64]) -> Result<Vec<Value>, Errno> {
    if ty.params.len() != words.len() {
        return Err(Errno::Inval);
    }
    let values = ty.params.iter().zip(words).map(|(ty, word)| match ty {
        ValueType::Other => Err(Errno::Notsup),
        ty => Ok(of_bits(*ty, *word)),
    });
    values.collect()
}

pub(in super::super) fn child_read(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    let from = call.args.word("from")?;
    kid.child.read(from, call.bytes("to")?)?;
    Ok(())
}

pub(in super::super) fn child_write(call: &mut Call<'_>) -> Result<(), Failure> {
    let kid = call.kid()?;
    let to = call.args.word("to")?;
    kid.child.write(to, call.bytes("bytes")?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ValueType::{F32, F64, I32, I64};

    #[test]
    fn values_and_words_of_each_type() {
        let ty = FuncType::new([I32, I64, F32, F64], []);
        let words = [u64::MAX, u64::MAX, 0x3f80_0000, 0x4000_0000_0000_0000];
        let values = values(&ty, &words).unwrap();
        let expected = [
            Value::I32(-1),
            Value::I64(-1),
            Value::F32(1.0),
            Value::F64(2.0),
        ];
        assert_eq!(values, expected);
        let back: Vec<_> = values.into_iter().map(bits).collect();
        assert_eq!(back[0], u64::from(u32::MAX));
        assert_eq!(back[1..], words[1..]);
    }
}
