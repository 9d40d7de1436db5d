//! Leases: revoking against everything else.

use loom::thread;
use std::sync::Arc;
use turnkey_wasi_common::{BlockingWait, DeniedClocks, Interest, Lease, ParkWait, Pipe, Wait};

/// Runs something in a thread, with the same lease.
fn with_lease<R: 'static>(
    lease: &Lease,
    run: impl FnOnce(&Lease) -> R + 'static,
) -> thread::JoinHandle<R> {
    let lease = lease.clone();
    thread::spawn(move || run(&lease))
}

#[test]
fn derive_while_revoked_dead_afterwards() {
    loom::model(|| {
        let lease = Lease::new();
        let deriving = with_lease(&lease, |lease| lease.derive().derive());
        lease.revoke();
        assert!(!deriving.join().unwrap().is_alive());
    });
}

#[test]
fn look_while_revoked_never_alive_again() {
    loom::model(|| {
        let lease = Lease::new();
        let child = lease.derive();
        let looking = with_lease(&child, |child| (child.is_alive(), child.is_alive()));
        lease.revoke();
        assert!(!child.is_alive());
        assert_ne!(looking.join().unwrap(), (false, true));
    });
}

#[test]
fn revoke_from_two_threads_all_is_dead_to_each() {
    loom::model(|| {
        let lease = Lease::new();
        let child = lease.derive();
        let below = child.clone();
        let revoking = with_lease(&lease, move |lease| {
            lease.revoke();
            assert!(!below.is_alive());
        });
        lease.revoke();
        assert!(!child.is_alive());
        revoking.join().unwrap();
    });
}

#[test]
fn drop_while_revoked_neither_waits_for_the_other() {
    loom::model(|| {
        let lease = Lease::new();
        let child = lease.derive();
        let grandchild = child.derive();
        let dropping = thread::spawn(move || drop((child, grandchild)));
        lease.revoke();
        dropping.join().unwrap();
        assert!(!lease.is_alive());
    });
}

#[test]
fn revoked_from_above_while_a_guest_goes_to_sleep_it_wakes() {
    loom::model(|| {
        let lease = Lease::new();
        let child = lease.derive();
        let revoking = with_lease(&lease, Lease::revoke);
        let (_writer, reader) = Pipe::new(1);
        let mut wait = Wait::object(Arc::new(reader), Interest::Read);
        wait.end_with(&child, &DeniedClocks);
        while child.is_alive() {
            ParkWait.wait(&wait, &DeniedClocks).unwrap();
        }
        revoking.join().unwrap();
    });
}
