//! The imports with slices in place of pointers.

use super::room;
use super::{nanoprocess_0 as nano, wasi_snapshot_preview1 as wasi};
use crate::{Errno, Result};
use core::mem::MaybeUninit;

fn length(bytes: &[u8]) -> u32 {
    bytes.len() as u32
}

/// What an import writes to an address, if it succeeds.
fn written<T>(import: impl FnOnce(*mut T) -> i32) -> Result<T> {
    let mut place = MaybeUninit::uninit();
    Errno::answered(import(place.as_mut_ptr()))?;
    // SAFETY: the host has written it. All that it writes are numbers.
    Ok(unsafe { place.assume_init() })
}

macro_rules! plain {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {
        $(pub(crate) fn $name($($arg: $type),*) -> Result<()> {
            // SAFETY: numbers alone are handed over.
            Errno::answered(unsafe { nano::$name($($arg),*) })
        })*
    };
}

plain! {
    module_drop(module: nano::Module);
    child_kill(child: nano::Child);
    child_drop(child: nano::Child);
    cap_revoke(cap: nano::Cap);
    cap_drop(cap: nano::Cap);
    obj_wake(object: nano::Object);
}

macro_rules! answering {
    ($($name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {
        $(pub(crate) fn $name($($arg: $type),*) -> Result<$result> {
            // SAFETY: numbers are handed over, and the address of what is written.
            written(|place| unsafe { nano::$name($($arg,)* place) })
        })*
    };
}

answering! {
    child_new(module: nano::Module) -> nano::Child;
    child_module(child: nano::Child, module: nano::Module) -> nano::Module;
    child_link(child: nano::Child) -> nano::Size;
    limits_left() -> nano::Limits;
    cap_from_fd(fd: nano::Fd, rights: nano::Rights) -> nano::Cap;
    cap_serve(kind: nano::Kind, tag: nano::Tag, object: nano::Object, rights: nano::Rights)
        -> nano::Cap;
}

pub(crate) fn module_load(wasm: &[u8]) -> Result<nano::Module> {
    // SAFETY: the bytes are borrowed.
    written(|place| unsafe { nano::module_load(wasm.as_ptr(), length(wasm), place) })
}

pub(crate) fn module_need(module: nano::Module, index: u32, room: &mut [u8]) -> Result<nano::Need> {
    // SAFETY: the room is borrowed.
    written(|place| unsafe {
        nano::module_need(module, index, room.as_mut_ptr(), length(room), place)
    })
}

pub(crate) fn child_missing(child: nano::Child, index: u32, room: &mut [u8]) -> Result<nano::Need> {
    // SAFETY: the room is borrowed.
    written(|place| unsafe {
        nano::child_missing(child, index, room.as_mut_ptr(), length(room), place)
    })
}

pub(crate) fn child_bind(
    child: nano::Child,
    what: &str,
    (binding, tag): (nano::Binding, nano::Tag),
) -> Result<()> {
    let what = what.as_bytes();
    // SAFETY: the text is borrowed.
    Errno::answered(unsafe { nano::child_bind(child, what.as_ptr(), length(what), binding, tag) })
}

pub(crate) fn child_grant(
    child: nano::Child,
    cap: nano::Cap,
    at: nano::Fd,
    name: &[u8],
) -> Result<nano::Fd> {
    // SAFETY: the name is borrowed.
    written(|place| unsafe {
        nano::child_grant(child, cap, at, name.as_ptr(), length(name), place)
    })
}

pub(crate) fn child_arg(child: nano::Child, arg: &[u8]) -> Result<()> {
    // SAFETY: the text is borrowed.
    Errno::answered(unsafe { nano::child_arg(child, arg.as_ptr(), length(arg)) })
}

pub(crate) fn child_env(child: nano::Child, name: &[u8], value: &[u8]) -> Result<()> {
    // SAFETY: both texts are borrowed.
    Errno::answered(unsafe {
        nano::child_env(
            child,
            name.as_ptr(),
            length(name),
            value.as_ptr(),
            length(value),
        )
    })
}

pub(crate) fn child_limits(child: nano::Child, limits: &nano::Limits) -> Result<()> {
    // SAFETY: the limits are borrowed.
    Errno::answered(unsafe { nano::child_limits(child, limits) })
}

pub(crate) fn child_call(
    child: nano::Child,
    export: &str,
    args: &[u64],
    results: &mut [u64],
) -> Result<nano::Outcome> {
    let export = export.as_bytes();
    let (args_len, results_len) = (args.len() as u32, results.len() as u32);
    // SAFETY: all three are borrowed.
    written(|place| unsafe {
        nano::child_call(
            child,
            export.as_ptr(),
            length(export),
            args.as_ptr(),
            args_len,
            results.as_mut_ptr(),
            results_len,
            place,
        )
    })
}

pub(crate) fn child_read(child: nano::Child, from: u32, to: &mut [u8]) -> Result<()> {
    // SAFETY: the room is borrowed.
    Errno::answered(unsafe { nano::child_read(child, from, to.as_mut_ptr(), length(to)) })
}

pub(crate) fn child_write(child: nano::Child, to: u32, bytes: &[u8]) -> Result<()> {
    // SAFETY: the bytes are borrowed.
    Errno::answered(unsafe { nano::child_write(child, to, bytes.as_ptr(), length(bytes)) })
}

pub(crate) fn cap_attenuate(
    cap: nano::Cap,
    rights: nano::Rights,
    weakening: nano::Weakening,
    subtree: &str,
    expiry: nano::Timespan,
) -> Result<nano::Cap> {
    let subtree = subtree.as_bytes();
    // SAFETY: the path is borrowed.
    written(|place| unsafe {
        let (path, len) = (subtree.as_ptr(), length(subtree));
        nano::cap_attenuate(cap, rights, weakening, path, len, expiry, place)
    })
}

pub(crate) fn call_arg(call: u32, arg: u32, offset: u32, room: &mut [u8]) -> Result<usize> {
    // SAFETY: the room is borrowed.
    let copied = written(|place| unsafe {
        let (to, len) = (room.as_mut_ptr(), length(room));
        nano::call_arg(call as nano::Token, arg, offset, to, len, place)
    })?;
    Ok(copied as usize)
}

/// What `args_sizes_get` and `environ_sizes_get` tell.
type Sizes = unsafe extern "C" fn(*mut wasi::Size, *mut wasi::Size) -> i32;
/// What `args_get` and `environ_get` write.
type Texts = unsafe extern "C" fn(*mut *mut u8, *mut u8) -> i32;

/// Hands each of some strings to `each`. They lie in the room for requests, which nobody uses
/// before a child is called.
fn strings(sizes: Sizes, texts: Texts, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut bytes = 0;
    // SAFETY: both numbers are written to this frame.
    let count = written(|place| unsafe { sizes(place, &mut bytes) })? as usize;
    let pointers = count.saturating_mul(4);
    if pointers.saturating_add(bytes as usize) > room::LENGTH {
        return Err(Errno::NOSPC);
    }
    let start = room::room();
    // SAFETY: all of it fits the room, as was seen. The host ends each string with a NUL.
    unsafe {
        let first = start.cast::<*mut u8>();
        Errno::answered(texts(first, start.add(pointers)))?;
        for index in 0..count {
            let text = *first.add(index);
            let mut length = 0;
            while *text.add(length) != 0 {
                length += 1;
            }
            each(core::slice::from_raw_parts(text, length))?;
        }
    }
    Ok(())
}

pub(crate) fn args(each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    strings(wasi::args_sizes_get, wasi::args_get, each)
}

pub(crate) fn environ(each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    strings(wasi::environ_sizes_get, wasi::environ_get, each)
}

/// Hands the name of an open descriptor to `step`: none if it is no preopen.
///
/// # Errors
/// - `BADF`: it is not open.
pub(crate) fn preopen<R>(fd: wasi::Fd, step: impl FnOnce(&[u8]) -> Result<R>) -> Result<R> {
    // SAFETY: the answers are written to this frame, and to the room for requests, which nobody
    // uses before a child is called.
    unsafe {
        written(|place| wasi::fd_fdstat_get(fd, place))?;
        let bytes = match written(|place| wasi::fd_prestat_get(fd, place)) {
            Ok(wasi::Prestat(bytes)) => bytes,
            Err(_) => return step(&[]),
        };
        let [_, _, _, _, a, b, c, d] = bytes;
        let length = u32::from_le_bytes([a, b, c, d]);
        if length as usize > room::LENGTH {
            return Err(Errno::NAMETOOLONG);
        }
        Errno::answered(wasi::fd_prestat_dir_name(fd, room::room(), length))?;
        step(core::slice::from_raw_parts(room::room(), length as usize))
    }
}

/// Writes on standard error. Where it cannot there is nobody to tell.
pub(crate) fn say(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let whole = wasi::Ciovec {
            buf: bytes.as_ptr(),
            buf_len: length(bytes),
        };
        // SAFETY: the bytes are borrowed.
        let done = written(|place| unsafe { wasi::fd_write(2, &whole, 1, place) });
        bytes = match done {
            Ok(done) if done > 0 => bytes.get(done as usize..).unwrap_or(&[]),
            _ => return,
        };
    }
}

pub(crate) fn exit(code: u32) -> ! {
    // SAFETY: a number is handed over.
    unsafe { wasi::proc_exit(code) }
}
