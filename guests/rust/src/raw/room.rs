//! Room in the parent's memory for what the host hands over.

use core::cell::UnsafeCell;

/// Bytes of room.
const ROOM: usize = 1 << 17;

#[repr(align(8))]
struct Room(UnsafeCell<[u8; ROOM]>);

// SAFETY: only the host writes there, while it waits for nobody else, and what is read of it is
// borrowed for the length of one request.
unsafe impl Sync for Room {}

static SCRATCH: Room = Room(UnsafeCell::new([0; ROOM]));

/// Where it lies.
pub(crate) fn room() -> *mut u8 {
    SCRATCH.0.get().cast()
}

/// How many bytes there are.
pub(crate) const LENGTH: usize = ROOM;

#[no_mangle]
extern "C" fn virt_scratch() -> u64 {
    (ROOM as u64) << 32 | room() as usize as u64
}
