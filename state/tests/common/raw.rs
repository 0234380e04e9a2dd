//! The database on the disk without the store around it: for tests that write what no store would, or look at what one wrote.

use std::path::Path;
use std::time::Duration;

/// Opens it, once its lock is free.
pub(crate) fn open_raw(path: &Path) -> sled::Db {
    for _ in 0..100 {
        if let Ok(tree) = sled::open(path) {
            return tree;
        }
        // Its lock outlives its owner by a moment.
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{} stays locked", path.display());
}
