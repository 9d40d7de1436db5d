//! The modules, whose sources lie in `guests`.

pub(crate) const AGAMA: &[u8] = include_bytes!("guests/agama.wasm");
pub(crate) const EASYDEX: &[u8] = include_bytes!("guests/easydex.wasm");

/// The notify that prints what it is told.
pub(crate) const NOTIFY: &[u8] = include_bytes!("guests/notify_1_2_0.wasm");

/// Its next version, which wants more, and runs as soon as it can.
pub(crate) const TAKEN_OVER: &[u8] = include_bytes!("guests/notify_1_3_0.wasm");

/// Two versions that import the same. The second opens the seed.
pub(crate) const OPENS: [&[u8]; 2] = [
    include_bytes!("guests/opens_1_2_0.wasm"),
    include_bytes!("guests/opens_1_3_0.wasm"),
];

/// One that imports `fd_write` with another type.
pub(crate) const RETYPED: &[u8] = include_bytes!("guests/retyped.wasm");

/// One that hands the host a pointer beyond its memory.
pub(crate) const WILD: &[u8] = include_bytes!("guests/wild.wasm");
