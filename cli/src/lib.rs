//! The turnkey command: run WebAssembly programs with exactly the handles they need
