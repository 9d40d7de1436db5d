//! The image decoder `qoi` as a module that imports nothing.
//!
//! Whoever calls it writes an image behind `room()`, and reads the pixels where `decode` was told to
//! put them.
//!
//! `cargo build --release --target wasm32-unknown-unknown` makes it, with any Rust from 1.63 on; the
//! `decoder.wasm` that lies above is made by 1.63.0, with bytemuck 1.25.2.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

use core::arch::wasm32::{memory_grow, memory_size};
use core::slice::{from_raw_parts, from_raw_parts_mut};

const PAGE: usize = 65536;

/// What `decode` answers for what is no image.
const NO_IMAGE: i32 = -1;
/// What it answers where there is no room for the pixels.
const NO_ROOM: i32 = -2;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Where memory begins that nobody uses, with at least this many bytes; 0 if there is not so much.
#[no_mangle]
pub extern "C" fn room(length: usize) -> usize {
    extern "C" {
        static __heap_base: u8;
    }
    // SAFETY: only the symbol's address is taken.
    let start = unsafe { core::ptr::addr_of!(__heap_base) as usize };
    let end = match start.checked_add(length) {
        Some(end) => end,
        None => return 0,
    };
    let held = memory_size(0) * PAGE;
    let more = end.saturating_sub(held);
    if more > 0 && memory_grow(0, (more + PAGE - 1) / PAGE) == usize::MAX {
        return 0;
    }
    start
}

/// Decodes the image of `length` bytes at `image`, and answers how many bytes of pixels it has.
///
/// # Safety
/// Both ranges lie in the room, and apart.
#[no_mangle]
pub unsafe extern "C" fn decode(
    image: *const u8,
    length: usize,
    pixels: *mut u8,
    room: usize,
) -> i32 {
    // SAFETY: as the caller promises.
    let (image, pixels) = unsafe {
        (
            from_raw_parts(image, length),
            from_raw_parts_mut(pixels, room),
        )
    };
    let needed = match qoi::decode_header(image) {
        Ok(header) => header.n_bytes(),
        Err(_) => return NO_IMAGE,
    };
    match pixels.get_mut(..needed) {
        None => NO_ROOM,
        Some(pixels) => match qoi::decode_to_buf(pixels, image) {
            Ok(_) => needed as i32,
            Err(_) => NO_IMAGE,
        },
    }
}
