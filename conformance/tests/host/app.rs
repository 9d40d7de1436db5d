//! The application in whose `uploads` a hostile archive is extracted.

use super::{Backend, Layers, subdirectory};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tempfile::TempDir;
use turnkey_conformance::known::{Known, known};
use turnkey_wasi_common::{Dir, GuestPath};

/// A directory `app`, with `uploads` and `node_modules/x/index.js`.
pub struct App {
    _temporary: TempDir,
    layers: Layers,
    pub root: Arc<dyn Dir>,
    pub uploads: Arc<dyn Dir>,
}

impl App {
    pub fn new(on: Backend) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let app = temporary.path().join("app");
        fs::create_dir_all(app.join("uploads")).unwrap();
        fs::create_dir_all(app.join("node_modules/x")).unwrap();
        let secret = "module.exports = 'unchanged'";
        fs::write(app.join("node_modules/x/index.js"), secret).unwrap();
        let layers = on.layers(temporary.path());
        let root = subdirectory(&*layers.top, "app");
        Self {
            _temporary: temporary,
            uploads: subdirectory(&*root, "uploads"),
            root,
            layers,
        }
    }

    /// All that no member may change.
    pub fn beside(&self) -> (Known, Option<Known>) {
        let mut beside = known(&self.layers.top).unwrap();
        beside.retain(|path, _| !path.starts_with("app/uploads"));
        let below = self.layers.lower.as_ref();
        (beside, below.map(|lower| known(lower).unwrap()))
    }

    /// Runs `step` while `uploads/d` is the directory `d/x` and a link that leads outside, in turns.
    pub fn while_swapped<R>(&self, step: impl FnOnce() -> R) -> R {
        let uploads = &*self.uploads;
        let path = |name| GuestPath::new(name).unwrap();
        uploads.create_dir(path("d")).unwrap();
        uploads.create_dir(path("d/x")).unwrap();
        uploads.symlink("../node_modules", path("link")).unwrap();
        let rename = |from, to| uploads.rename(path(from), uploads, path(to)).unwrap();
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    rename("d", "away");
                    rename("link", "d");
                    thread::yield_now();
                    rename("d", "link");
                    rename("away", "d");
                    thread::yield_now();
                }
            });
            // A step that panics ends the thread as well.
            let ends = Ends(&ended);
            let result = step();
            drop(ends);
            result
        })
    }
}

struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
