//! Turnkey's WASI for wasmi
