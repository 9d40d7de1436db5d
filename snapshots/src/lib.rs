//! WASI's snapshots on Turnkey's core, ready to be registered with any engine
