//! Virtual files, clocks and random sources, and children served by wasm parents
