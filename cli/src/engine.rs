//! The engines that are built in.

use crate::failure::Failure;
use clap::ValueEnum;
use turnkey_snapshots::engine::{Engine, EngineOptions};

#[cfg(not(any(feature = "wasmtime", feature = "wasmi")))]
compile_error!("the command needs an engine: enable the feature `wasmtime` or `wasmi`");

/// The name of an engine that is built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum EngineName {
    // It compiles to machine code.
    #[cfg(feature = "wasmtime")]
    #[default]
    Wasmtime,
    // It interprets: it starts faster and runs slower.
    #[cfg(feature = "wasmi")]
    #[cfg_attr(not(feature = "wasmtime"), default)]
    Wasmi,
}

impl EngineName {
    /// Every engine that is built in, the default first.
    pub(crate) fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// The engine of this name.
    pub(crate) fn engine(self, options: EngineOptions) -> Result<Box<dyn Engine>, Failure> {
        match self {
            #[cfg(feature = "wasmtime")]
            Self::Wasmtime => match turnkey_wasmtime::WasmtimeEngine::new(options) {
                Ok(engine) => Ok(Box::new(engine)),
                Err(error) => Err(Failure::set_up(format_args!(
                    "wasmtime does not start on this machine: {error:#}; choose another with --engine"
                ))),
            },
            #[cfg(feature = "wasmi")]
            Self::Wasmi => Ok(Box::new(turnkey_wasmi::WasmiEngine::new(options))),
        }
    }
}
