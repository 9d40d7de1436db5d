//! Turnkey's WASI for wasmtime
