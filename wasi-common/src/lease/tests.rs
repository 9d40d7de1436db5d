//! Trees of leases, against a plain model where they grow at random.

use super::*;
use crate::{BlockingWait, DeniedClocks, Errno, ParkWait, Pipe, Wait};
use proptest::prelude::*;
use std::sync::atomic::AtomicU64;

/// A monotonic clock that is moved by hand.
#[derive(Default)]
struct Hand(AtomicU64);

impl Hand {
    fn set(&self, now: u64) {
        self.0.store(now, Ordering::SeqCst);
    }
}

impl Clocks for Hand {
    fn now(&self, clock: Clock) -> Result<u64> {
        match clock {
            Clock::Monotonic => Ok(self.0.load(Ordering::SeqCst)),
            _ => Err(Errno::Inval.into()),
        }
    }

    fn resolution(&self, _clock: Clock) -> Result<u64> {
        Ok(1)
    }
}

impl Lease {
    fn children(&self) -> usize {
        self.0.children().held.len()
    }
}

#[test]
fn derive_dropped_again_and_again_nothing_stays() {
    let lease = Lease::new();
    let kept = lease.derive();
    for _ in 0..10_000 {
        let child = lease.derive();
        drop((child.derive(), child.clone()));
        assert_eq!((lease.children(), child.children()), (2, 0));
    }
    drop(kept);
    assert_eq!(lease.children(), 0);
    lease.revoke();
    drop(lease.derive());
    assert_eq!(lease.children(), 0);
}

#[test]
fn revoke_descendants_of_what_was_dropped_reached() {
    let lease = Lease::new();
    let grandchild = lease.derive().derive();
    assert_eq!(lease.children(), 1, "the one between is held by its child");
    lease.revoke();
    assert!(!grandchild.is_alive());
    drop(grandchild);
    assert_eq!(lease.children(), 0);
}

#[test]
fn revoke_and_drop_chain_of_any_length() {
    let root = Lease::new();
    let mut last = root.clone();
    for _ in 0..200_000 {
        last = last.derive();
    }
    assert!(last.is_within(&root));
    root.revoke();
    assert!(!last.is_alive());
    drop(last);
    assert_eq!(root.children(), 0);
}

#[test]
fn derive_until_earliest_end_of_each_clock_counts() {
    let (day, sun) = (Arc::new(Hand::default()), Arc::new(Hand::default()));
    let by_day = Lease::new().derive_until(day.clone(), 100);
    let later = by_day.derive_until(day.clone(), 200);
    let by_both = later.derive_until(sun.clone(), 10);
    let of_both = by_both.derive();
    let all = [&by_day, &later, &by_both, &of_both];
    let alive = || all.map(Lease::is_alive);

    assert_eq!(by_both.0.expiries.len(), 2, "one for each clock");
    day.set(99);
    sun.set(9);
    assert_eq!(alive(), [true; 4]);
    sun.set(10);
    assert_eq!(alive(), [true, true, false, false]);
    day.set(100);
    assert_eq!(alive(), [false; 4]);
    // What has ended stays so.
    day.set(0);
    sun.set(0);
    assert_eq!(alive(), [false; 4]);
    assert!(!by_day.derive_until(day, 1000).is_alive());
}

#[test]
fn derive_for_measured_from_now() {
    let clock = Arc::new(Hand::default());
    clock.set(1000);
    let lease = Lease::new();
    let short = lease
        .derive_for(clock.clone(), Duration::from_nanos(5))
        .unwrap();
    let long = lease.derive_for(clock.clone(), Duration::MAX).unwrap();
    let none = lease.derive_for(clock.clone(), Duration::ZERO).unwrap();
    assert!(short.is_alive() && long.is_alive() && !none.is_alive());
    clock.set(1005);
    assert!(!short.is_alive() && long.is_alive());
    let refused = lease.derive_for(Arc::new(DeniedClocks), Duration::MAX);
    assert_eq!(refused.unwrap_err().errno(), Errno::Inval);
}

#[test]
fn expiry_noticed_by_one_told_to_all_below() {
    let clock = Arc::new(Hand::default());
    let lease = Lease::new().derive_until(clock.clone(), 10);
    let child = lease.derive();
    clock.set(10);
    assert!(!lease.is_alive());
    assert!(child.0.dead.load(Ordering::SeqCst));
}

#[test]
fn end_with_first_moment_of_all_clocks_counts() {
    let (theirs, ours) = (Arc::new(Hand::default()), Hand::default());
    theirs.set(1000);
    ours.set(7);
    let lease = Lease::new().derive_until(theirs.clone(), 1100);
    let sooner = lease.derive_until(Arc::new(Hand::default()), 20);
    let remaining = |deadline, lease: &Lease, clocks: &dyn Clocks| {
        let mut wait = Wait {
            deadline,
            ..Wait::default()
        };
        wait.end_with(lease, clocks);
        assert_eq!(wait.objects.len(), 1);
        wait.remaining(clocks)
    };
    assert_eq!(remaining(None, &Lease::new(), &ours), Ok(None));
    assert_eq!(remaining(None, &lease, &ours), Ok(Some(100)));
    assert_eq!(remaining(Some(50), &lease, &ours), Ok(Some(43)));
    assert_eq!(remaining(Some(500), &lease, &ours), Ok(Some(100)));
    assert_eq!(remaining(None, &sooner, &ours), Ok(Some(20)));
    assert_eq!(remaining(None, &sooner, &DeniedClocks), Ok(Some(20)));
    theirs.set(2000);
    assert_eq!(remaining(None, &lease, &DeniedClocks), Ok(Some(0)));
    let mut wait = Wait::default();
    wait.end_with(&lease, &DeniedClocks);
    assert!(wait.any_ready());
    let mut wait = Wait::default();
    wait.end_with(&lease, &*theirs);
    assert_eq!((wait.deadline, wait.ends.len()), (Some(1100), 0));
    assert_eq!(ParkWait.wait(&wait, &DeniedClocks), Ok(()));
}

#[test]
fn wait_for_anything_below_woken_by_revoke() {
    let lease = Lease::new();
    let (_writer, reader) = Pipe::new(1);
    let reader = Arc::new(reader);
    std::thread::scope(|scope| {
        for below in [lease.clone(), lease.derive(), lease.derive().derive()] {
            let mut wait = Wait::object(reader.clone(), Interest::Read);
            wait.end_with(&below, &DeniedClocks);
            scope.spawn(move || {
                while below.is_alive() {
                    ParkWait.wait(&wait, &DeniedClocks).unwrap();
                }
            });
        }
        lease.revoke();
    });
}

#[test]
fn derive_from_threads_while_revoked_none_survives() {
    for _ in 0..50 {
        let lease = Lease::new();
        let derived: Vec<Lease> = std::thread::scope(|scope| {
            let derive = || {
                let mut leases = vec![lease.clone()];
                for index in 0..100 {
                    leases.push(leases[index / 2].derive());
                }
                // Half of them go, in the middle of everything.
                leases.split_off(50)
            };
            let threads = [scope.spawn(derive), scope.spawn(derive)];
            lease.revoke();
            let threads = threads.into_iter();
            threads.flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert!(derived.iter().all(|lease| !lease.is_alive()));
        drop(derived);
        assert_eq!(lease.children(), 0);
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Derive(usize),
    DeriveUntil(usize, usize, u64),
    Revoke(usize),
    Drop(usize),
    Move(usize, u64),
}

const CLOCKS: usize = 2;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let node = || 0..40_usize;
    let step = prop_oneof![
        5 => node().prop_map(Step::Derive),
        2 => (node(), 0..CLOCKS, 0..300_u64).prop_map(|(node, clock, moment)| {
            Step::DeriveUntil(node, clock, moment)
        }),
        1 => node().prop_map(Step::Revoke),
        2 => node().prop_map(Step::Drop),
        1 => (0..CLOCKS, 0..20_u64).prop_map(|(clock, by)| Step::Move(clock, by)),
    ];
    prop::collection::vec(step, 0..150)
}

/// What a lease is, as plainly as it can be told.
#[derive(Default)]
struct Plain {
    parent: Option<usize>,
    end: Option<(usize, u64)>,
    revoked: bool,
}

fn is_alive(plain: &[Plain], times: [u64; CLOCKS], node: usize) -> bool {
    let Plain {
        parent,
        end,
        revoked,
    } = plain[node];
    let over = end.is_some_and(|(clock, moment)| moment <= times[clock]);
    !revoked && !over && parent.is_none_or(|parent| is_alive(plain, times, parent))
}

proptest! {
    #[test]
    fn tree_as_the_model(steps in steps()) {
        let clocks: [Arc<Hand>; CLOCKS] = std::array::from_fn(|_| Arc::default());
        let mut times = [0; CLOCKS];
        let mut plain = vec![Plain::default()];
        let mut leases = vec![Some(Lease::new())];
        for step in steps {
            let grow = match step {
                Step::Derive(node) => Some((node, None)),
                Step::DeriveUntil(node, clock, moment) => Some((node, Some((clock, moment)))),
                Step::Revoke(node) => {
                    if let Some(Some(lease)) = leases.get(node) {
                        lease.revoke();
                        plain[node].revoked = true;
                    }
                    None
                }
                Step::Drop(node) => {
                    drop(leases.get_mut(node).map(Option::take));
                    None
                }
                Step::Move(clock, by) => {
                    times[clock] += by;
                    clocks[clock].set(times[clock]);
                    None
                }
            };
            if let Some((node, end)) = grow {
                if let Some(Some(lease)) = leases.get(node) {
                    let derived = match end {
                        None => lease.derive(),
                        Some((clock, moment)) => {
                            lease.derive_until(clocks[clock].clone(), moment)
                        }
                    };
                    leases.push(Some(derived));
                    plain.push(Plain { parent: Some(node), end, revoked: false });
                }
            }
            for (node, lease) in leases.iter().enumerate() {
                if let Some(lease) = lease {
                    prop_assert_eq!(lease.is_alive(), is_alive(&plain, times, node), "{}", node);
                }
            }
        }
        // Each is where it was put, and what nobody holds is gone.
        for (low, high) in (0..plain.len()).flat_map(|low| (0..=low).map(move |high| (low, high))) {
            if let (Some(lower), Some(upper)) = (&leases[low], &leases[high]) {
                let mut above = std::iter::successors(Some(low), |node| plain[*node].parent);
                prop_assert_eq!(lower.is_within(upper), above.any(|node| node == high));
            }
        }
        if let Some(root) = leases[0].take() {
            drop(leases);
            prop_assert_eq!(root.children(), 0);
        }
    }
}
