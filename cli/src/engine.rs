//! The engines that are built in.

#[cfg(feature = "wasmtime")]
mod wasmtime;

use crate::failure::Failure;
use clap::ValueEnum;
use std::sync::Arc;
use turnkey_snapshots::engine::{Engine, EngineOptions};
use turnkey_wasi_common::{AsyncWait, Builder};

#[cfg(not(any(feature = "wasmtime", feature = "wasmi", feature = "tinywasm")))]
compile_error!("the command needs an engine: enable the feature `wasmtime`, `wasmi` or `tinywasm`");

/// The name of an engine that is built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum EngineName {
    #[cfg(feature = "wasmtime")]
    #[default]
    Wasmtime,
    #[cfg(feature = "wasmtime")]
    WasmtimeAsync,
    #[cfg(feature = "wasmi")]
    #[cfg_attr(not(feature = "wasmtime"), default)]
    Wasmi,
    #[cfg(feature = "wasmi")]
    WasmiResumable,
    #[cfg(feature = "tinywasm")]
    #[cfg_attr(not(any(feature = "wasmtime", feature = "wasmi")), default)]
    Tinywasm,
}

/// Whether an engine that compiles keeps what it has compiled for the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    OnDisk,
    Nowhere,
}

impl EngineName {
    /// Every engine that is built in, the default first.
    pub(crate) fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// What the engine is like, in a few words.
    pub(crate) fn about(self) -> &'static str {
        match self {
            #[cfg(feature = "wasmtime")]
            Self::Wasmtime => "compiles to machine code, which is kept for the next start",
            #[cfg(feature = "wasmtime")]
            Self::WasmtimeAsync => "the same; a guest that waits is a task, and blocks no thread",
            #[cfg(feature = "wasmi")]
            Self::Wasmi => "interprets: starts at once, and runs slower",
            #[cfg(feature = "wasmi")]
            Self::WasmiResumable => "the same; a guest that waits is left, and resumed later",
            #[cfg(feature = "tinywasm")]
            Self::Tinywasm => "interprets, in safe Rust alone: small, and slower yet",
        }
    }

    /// Whether a parent can serve its children on this engine. A parent is lent to whoever runs on
    /// its own thread, and each of tinywasm's instances has another.
    pub(crate) fn serves_children(self) -> bool {
        #[cfg(feature = "tinywasm")]
        if self == Self::Tinywasm {
            return false;
        }
        true
    }

    /// The engine of this name.
    pub(crate) fn engine(
        self,
        options: EngineOptions,
        #[cfg_attr(
            not(feature = "wasmtime"),
            expect(unused_variables, reason = "no engine compiles")
        )]
        keep: Keep,
    ) -> Result<Box<dyn Engine>, Failure> {
        match self {
            #[cfg(feature = "wasmtime")]
            Self::Wasmtime => Ok(Box::new(wasmtime::plain(options, keep)?)),
            #[cfg(feature = "wasmtime")]
            Self::WasmtimeAsync => Ok(Box::new(wasmtime::asynchronous(options, keep)?)),
            #[cfg(feature = "wasmi")]
            Self::Wasmi => Ok(Box::new(turnkey_wasmi::WasmiEngine::new(options))),
            #[cfg(feature = "wasmi")]
            Self::WasmiResumable => Ok(Box::new(
                turnkey_wasmi::WasmiEngine::new(options).resumable(|ctx, wait| ctx.block(wait)),
            )),
            #[cfg(feature = "tinywasm")]
            Self::Tinywasm => Ok(Box::new(turnkey_tinywasm::TinywasmEngine::new(options))),
        }
    }

    /// The way to wait without blocking a thread, on an engine that has one.
    pub(crate) fn async_waiter(self) -> Option<Arc<dyn AsyncWait>> {
        match self {
            #[cfg(feature = "wasmtime")]
            Self::WasmtimeAsync => Some(Arc::new(turnkey_cap_backends::TokioWait)),
            _ => None,
        }
    }

    /// A context for the engine's guests: the host's clocks and randomness, and the way to wait
    /// that the engine has.
    pub(crate) fn context(self) -> Builder {
        let context = turnkey_cap_backends::builder();
        match self.async_waiter() {
            Some(waiter) => context.async_waiter(waiter),
            None => context,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn engine_is_called_what_users_call_it() {
        for name in EngineName::all() {
            let engine = name
                .engine(EngineOptions::default(), Keep::Nowhere)
                .unwrap();
            let value = name.to_possible_value().unwrap();
            assert_eq!(engine.name(), value.get_name());
        }
    }
}
