//! A context with the host's clocks, randomness and waiting.

use crate::{HostClocks, HostRandom, HostWait, ambient_authority};
use std::sync::{Arc, OnceLock};
use turnkey_wasi_common::{BlockingWait, Builder, Clocks};

/// Begins a context that has the host's clocks, randomness and way to wait, and nothing else: no
/// arguments, no environment, no directory, no stream.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_cap_backends::{HostDir, ambient_authority, builder, stdio};
/// use turnkey_wasi_common::{Access, Clock, Dir, Fd, Follow, GuestPath, Object, Table};
///
/// let temporary = tempfile::tempdir()?;
/// std::fs::write(temporary.path().join("greeting.txt"), "hello")?;
/// let data = HostDir::open_ambient(temporary.path(), ambient_authority())?;
///
/// let ctx = builder()
///     .args(["app", "--fast"])
///     .stdio(stdio::inherit()?)
///     .preopen("/data", Arc::new(data), Access::ReadOnly)
///     .build()?;
///
/// assert!(ctx.clocks().now(Clock::Realtime)? > 0);
/// let preopened = ctx.table().with(Fd(3), |entry| entry.description().clone())?;
/// let Object::Dir(data) = preopened.object() else { unreachable!() };
/// assert_eq!(data.stat_at(GuestPath::new("greeting.txt")?, Follow::No)?.size, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn builder() -> Builder {
    let clocks = CLOCKS.get_or_init(|| Arc::new(HostClocks::new(ambient_authority())));
    Builder::default()
        .clocks(Arc::clone(clocks) as Arc<dyn Clocks>)
        .random(Arc::new(HostRandom::new(ambient_authority())))
        .waiter(Arc::clone(WAIT.get_or_init(|| Arc::new(HostWait))) as Arc<dyn BlockingWait>)
}

/// What has no state is one for all contexts.
static CLOCKS: OnceLock<Arc<HostClocks>> = OnceLock::new();
static WAIT: OnceLock<Arc<HostWait>> = OnceLock::new();
