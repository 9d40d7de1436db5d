//! What a parent has for its children.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use turnkey_wasi_common::Errno;

/// Units that are left of something. `u64::MAX` of them never end.
#[derive(Debug, Clone)]
pub(super) struct Pool(Arc<AtomicU64>);

impl Pool {
    pub(super) fn new(units: u64) -> Self {
        Self(Arc::new(AtomicU64::new(units)))
    }

    /// How many units are left.
    pub(super) fn left(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes units, until what is answered is dropped.
    ///
    /// # Errors
    /// - `DQUOT`: there are not so many, or they are to be endless and these are not.
    pub(super) fn take(&self, units: u64) -> Result<Taken, Errno> {
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| match left {
                u64::MAX => Some(u64::MAX),
                left => left.checked_sub(units),
            });
        match taken {
            Ok(u64::MAX) => Ok(Taken::default()),
            Ok(_) => Ok(Taken(Some((self.clone(), units)))),
            Err(_) => Err(Errno::Dquot),
        }
    }
}

/// Units that were taken from a pool, and return to it.
#[derive(Debug, Default)]
pub(super) struct Taken(Option<(Pool, u64)>);

impl Taken {
    /// Only so many return.
    pub(super) fn keep(&mut self, units: u64) {
        if let Some((_, taken)) = &mut self.0 {
            *taken = units.min(*taken);
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some((pool, units)) = self.0.take() {
            pool.0.fetch_add(units, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn take_more_than_is_left_dquot_and_all_returns() {
        let pool = Pool::new(10);
        let seven = pool.take(7).unwrap();
        assert_eq!(pool.take(4).unwrap_err(), Errno::Dquot);
        assert_eq!(pool.take(u64::MAX).unwrap_err(), Errno::Dquot);
        drop(seven);
        assert!(pool.take(10).is_ok());
        let mut partly = pool.take(10).unwrap();
        partly.keep(3);
        drop(partly);
        assert!(pool.take(4).is_err());
        assert!(pool.take(3).is_ok());
    }

    #[test]
    fn take_of_what_never_ends_nothing_is_lost() {
        let pool = Pool::new(u64::MAX);
        drop([pool.take(u64::MAX).unwrap(), pool.take(5).unwrap()]);
        assert!(pool.take(u64::MAX).is_ok());
    }

    #[test]
    fn take_from_many_threads_never_more_than_there_is() {
        let pool = Pool::new(100);
        let taken: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let taken = (0..50).filter_map(|_| pool.take(1).ok());
                        taken.map(std::mem::forget).count()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(taken, 100);
    }
}
