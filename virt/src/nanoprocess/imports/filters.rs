//! What a filter of a parent's asks about the call that it is looking at.

use super::{Call, Failure};
use turnkey_wasi_common::Errno;

/// The most bytes that are copied at once.
const MOST: usize = 1 << 20;

pub(super) fn call_arg(call: &mut Call<'_>) -> Result<(), Failure> {
    let (token, arg) = (call.args.word("token")?, call.args.word("arg")?);
    let offset = call.args.word("offset")?;
    let family = call.family;
    let buffer = call.bytes("buf")?;
    let most = buffer.len().min(MOST);
    let buffer = buffer.get_mut(..most).unwrap_or_default();
    let looking = family.looking();
    let copied = looking.at(token, |looked| looked.read(arg, offset, buffer))?;
    call.answer_word(u32::try_from(copied).unwrap_or(u32::MAX))
}

pub(super) fn call_ret(call: &mut Call<'_>) -> Result<(), Failure> {
    let (token, arg) = (call.args.word("token")?, call.args.word("arg")?);
    let offset = call.args.word("offset")?;
    let bytes = call.bytes("bytes")?;
    if bytes.len() > MOST {
        return Err(Errno::TooBig.into());
    }
    let bytes = bytes.to_vec();
    let (guest, looking) = (&mut *call.guest, call.family.looking());
    looking.at(token, |looked| looked.write(guest, arg, offset, &bytes))?;
    Ok(())
}

pub(super) fn call_forward(call: &mut Call<'_>) -> Result<(), Failure> {
    let token = call.args.word("token")?;
    let (guest, looking) = (&mut *call.guest, call.family.looking());
    let answered = looking.at(token, |looked| looked.forward(guest));
    // Whoever ends the parent has ended the child as well.
    call.guest.ctx().check_interrupt()?;
    call.answer(&answered?.number().to_le_bytes())
}
