//! The host's files, sockets, clocks, randomness and waiting for Turnkey, over cap-std
