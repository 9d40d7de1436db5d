//! wasmtime, and how its guests wait.

use super::Keep;
use crate::cache;
use crate::failure::Failure;
use turnkey_snapshots::engine::EngineOptions;
use turnkey_wasmtime::WasmtimeEngine;
use wasmtime::{Cache, CacheConfig};

/// wasmtime, whose guests block the thread while they wait.
pub(super) fn plain(options: EngineOptions, keep: Keep) -> Result<WasmtimeEngine, Failure> {
    let mut config = WasmtimeEngine::config();
    if keep == Keep::OnDisk {
        config.cache(on_disk()?);
    }
    WasmtimeEngine::with_config(config, options).map_err(|error| {
        Failure::set_up(format_args!(
            "wasmtime does not start on this machine: {error:#}; choose another with --engine"
        ))
    })
}

/// wasmtime, whose guests are tasks of tokio's while they wait.
pub(super) fn asynchronous(options: EngineOptions, keep: Keep) -> Result<WasmtimeEngine, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::set_up(format_args!("tokio does not start: {error}")))?;
    Ok(plain(options, keep)?.asynchronous(move |call| runtime.block_on(call)))
}

/// wasmtime's store of compiled modules, if there is a folder for it. An entry is written before
/// the module runs; a thread in the background counts uses and removes what is old.
fn on_disk() -> Result<Option<Cache>, Failure> {
    let Some(folder) = cache::folder()? else {
        return Ok(None);
    };
    let mut config = CacheConfig::new();
    config.with_directory(folder);
    Cache::new(config).map(Some).map_err(|error| {
        Failure::set_up(format_args!(
            "compiled modules cannot be kept: {error:#}; choose --no-cache"
        ))
    })
}

#[cfg(test)]
mod tests {
    use crate::engine::EngineName;
    use std::pin::pin;
    use std::task::{Context, Waker};
    use turnkey_wasi_common::{Clock, Wait};

    #[test]
    fn context_of_asynchronous_guest_waits_without_blocking() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let _inside = runtime.enter();
        let ctx = EngineName::WasmtimeAsync.context().build().unwrap();
        let now = ctx.clocks().now(Clock::Monotonic).unwrap();
        let hour = Wait {
            deadline: Some(now + 3_600_000_000_000),
            ..Wait::default()
        };
        let waiting = pin!(ctx.wait(hour));
        let polled = waiting.poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
}
