//! What each module of the wallet may ask for.

use crate::guests::{AGAMA, EASYDEX};
use turnkey_examples::Failure;
use turnkey_virt::policy::{Grants, Lock, Locked, Needs};

/// The lock of a wallet with this notify, as version 1.2.0.
pub(crate) fn lock(notify: &[u8]) -> Result<Lock, Failure> {
    let locked = |name, version, wasm| -> Result<Locked, Failure> {
        Ok(Locked::new(name, Some(version), &Needs::of(wasm)?))
    };
    let output = || Grants::new().grant("fd", "fd 1");
    Ok(Lock::new([
        locked("agama", "1.0.0", AGAMA)?.granted(output()?.grant("files", "seed.txt")?),
        locked("easydex", "2.0.0", EASYDEX)?
            .under("agama")
            .granted(output()?),
        locked("notify", "1.2.0", notify)?
            .under("easydex")
            .granted(output()?),
    ])?)
}
