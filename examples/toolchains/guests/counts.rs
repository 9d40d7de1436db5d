//! Counts the words and the letters of a text, and finds its longest word.
#![no_std]
#![no_main]
#![deny(unsafe_op_in_unsafe_fn)]

use core::{slice, str};
use turnkey_parent::Shared;

/// What the module offers, in the section in which a module describes its functions.
#[used]
#[link_section = "witx"]
static DESCRIPTION: [u8; 204] = *b"(typename $count
  (record (field $words u32) (field $letters u32) (field $longest string)))
;;; @exports
(module $counts (@interface func (export \"count\")
  (param $text string) (result $count $count)))
";

/// The record, as it lies in memory.
#[repr(C)]
pub struct Count {
    words: u32,
    letters: u32,
    longest: *const u8,
    longest_len: u32,
}

/// Room for one text and its record.
#[repr(C, align(8))]
struct Room([u8; 1 << 16]);

static ROOM: Shared<Room> = Shared::new(Room([0; 1 << 16]));

#[no_mangle]
extern "C" fn virt_alloc(size: usize, align: usize) -> *mut u8 {
    ROOM.with(|room| match size <= room.0.len() && align <= 8 {
        true => room.0.as_mut_ptr(),
        false => core::ptr::null_mut(),
    })
}

/// # Safety
/// The text lies at `start`, and there is room for the record at `count`.
#[no_mangle]
unsafe extern "C" fn count(start: *const u8, len: usize, count: *mut Count) {
    // SAFETY: the caller has said so.
    let text = str::from_utf8(unsafe { slice::from_raw_parts(start, len) }).unwrap_or("");
    let letters = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count() as u32;
    let mut longest = "";
    for word in text.split_whitespace() {
        if letters(word) > letters(longest) {
            longest = word;
        }
    }
    let counted = Count {
        words: text.split_whitespace().count() as u32,
        letters: letters(text),
        longest: longest.as_ptr(),
        longest_len: longest.len() as u32,
    };
    // SAFETY: the caller has said so.
    unsafe { count.write(counted) };
}

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
