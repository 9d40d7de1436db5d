//! The engines that the command was built with.

/// Their names, the default first.
pub(crate) const ENGINES: &[&str] = &[
    #[cfg(feature = "wasmtime")]
    "wasmtime",
    #[cfg(feature = "wasmtime")]
    "wasmtime-async",
    #[cfg(feature = "wasmi")]
    "wasmi",
    #[cfg(feature = "wasmi")]
    "wasmi-resumable",
    #[cfg(feature = "tinywasm")]
    "tinywasm",
];
