//! Random bytes that are the same each time.
//!
//! [`SeededRandom`] makes them, [`ReplayedRandom`] is given them. A guest that is to have none is
//! given [`DeniedRandom`](turnkey_wasi_common::DeniedRandom), as a context does by itself.

mod replayed;
mod seeded;

pub use replayed::ReplayedRandom;
pub use seeded::SeededRandom;
