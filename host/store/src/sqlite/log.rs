//! The write-ahead log, moved into the file beside whoever writes.
//!
//! To move it waits for the disk. That is done by a thread of its own, and SQLite begins the log anew
//! when it finds all of it moved and nobody reading in it. Who writes without a pause leaves it no such
//! moment: then the little that the thread has not moved is moved between two writes, or more of it before
//! the log has grown too long.

use rusqlite::{Connection, Error};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI32, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

/// The log of a database, as the connection that writes sees it.
pub(super) struct Log {
    /// How many pages it has, since the last commit.
    pages: Arc<AtomicI32>,
    /// So many are moved together.
    piece: i32,
    /// How many it had when it was last moved, or was to be.
    moved_at: i32,
    /// How many of them the thread has moved.
    moved_pages: Arc<AtomicI32>,
    /// How many it had when moving it was last waited for.
    waited_at: i32,
    mover: Option<Mover>,
    /// Held while it is moved: SQLite lets nobody wait for that.
    moving: Arc<Mutex<()>>,
}

struct Mover {
    wake: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Log {
    /// Looks after the log of a connection that writes, with another connection to the same database.
    /// Each `piece` of so many pages is moved together.
    ///
    /// # Errors
    ///
    /// What SQLite says.
    pub(super) fn of(
        writing: &mut Connection,
        moving: Connection,
        piece: i32,
    ) -> Result<Self, Error> {
        let pages = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&pages);
        // It takes the place of what moves the log after a commit, in the thread that committed.
        writing.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        let (wake, woken) = sync_channel(1);
        let thread = thread::Builder::new().name("store-log".into());
        let at_it = Arc::new(Mutex::new(()));
        let mover_at_it = Arc::clone(&at_it);
        let moved_pages = Arc::new(AtomicI32::new(0));
        let told = Arc::clone(&moved_pages);
        let thread = thread.spawn(move || {
            while woken.recv() == Ok(()) {
                let _at_it = lock(&mover_at_it);
                // Whatever is in the way of it, the next time moves that much more.
                let pages = checkpoint(&moving, "PASSIVE").unwrap_or(0);
                told.store(pages, Ordering::Relaxed);
            }
        });
        // Without the thread, whoever writes moves it.
        let mover = thread.ok().map(|thread| Mover { wake, thread });
        Ok(Self {
            pages,
            piece,
            moved_at: 0,
            moved_pages,
            waited_at: 0,
            mover,
            moving: at_it,
        })
    }

    /// To be called between two writes.
    pub(super) fn tend(&mut self, writing: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.moved_at {
            // It began anew.
            (self.moved_at, self.waited_at) = (0, 0);
        }
        let piece = self.piece;
        let long = (PIECES_MAX - 1) * piece;
        let step = if pages < long { piece } else { piece / 8 };
        let left = pages - self.moved_pages.load(Ordering::Relaxed);
        let is_little = pages >= long && (0..=step).contains(&left);
        let at_it = if pages - self.waited_at.max(long) >= piece {
            Some(lock(&self.moving))
        } else if is_little && pages - self.waited_at > step {
            self.moving.try_lock().ok()
        } else {
            None
        };
        if at_it.is_some() {
            // Somebody who reads for long may still be in the way, and is waited for again only when
            // the log has grown by as much.
            (self.moved_at, self.waited_at) = (pages, pages);
            let _ = checkpoint(writing, "RESTART");
        } else if pages - self.moved_at >= step {
            self.moved_at = pages;
            if let Some(mover) = &self.mover {
                // One that is at it already moves this too, or the next one does.
                let _ = mover.wake.try_send(());
            }
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(Mover { wake, thread }) = self.mover.take() {
            drop(wake);
            // Its connection is closed with it, so that the one that writes is the last.
            let _ = thread.join();
        }
    }
}

fn lock(at_it: &Mutex<()>) -> MutexGuard<'_, ()> {
    at_it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Moves what can be moved; how many pages of the log are moved in all.
fn checkpoint(connection: &Connection, mode: &str) -> Result<i32, Error> {
    let mut statement = connection.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?;
    statement.query_row([], |row| row.get(2))
}

/// A log of so many pieces is moved at any price: reads become slower with it.
const PIECES_MAX: i32 = 4;

#[cfg(test)]
mod tests;
