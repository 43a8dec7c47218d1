//! The allocator of components: it hands out memory and takes none back.
//!
//! An instance lives for one call (`wit/policy.wit`: nothing is kept between calls), so what a call
//! frees would never be used again before the instance is thrown away with all of its memory. Against
//! the standard library's allocator a sign-in runs a quarter fewer instructions. A host that calls one
//! instance again and again meets its memory limit in the end, and a trap.
//!
//! It begins with the heap that the linker sets aside (`--initial-heap`), since growing memory in a
//! call is dear.
#![expect(
    unsafe_code,
    reason = "an allocator is unsafe to implement and to call; every block says why it may"
)]

use core::arch::wasm32;
use std::{
    alloc::{GlobalAlloc, Layout},
    ptr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

#[global_allocator]
pub(crate) static ALLOCATOR: Bump = Bump {
    next: AtomicUsize::new(0),
    end: AtomicUsize::new(0),
};

const PAGE_OCTETS: usize = 64 * 1024;

unsafe extern "C" {
    /// Set by the linker: their addresses are where the memory begins and ends that an instance is
    /// given from the start and that neither data nor stack takes.
    safe static __heap_base: u8;
    safe static __heap_end: u8;
}

/// The free memory, `next..end`; both 0 before the first block. Atomics only because statics have to
/// be `Sync`: the target has one thread.
pub(crate) struct Bump {
    next: AtomicUsize,
    end: AtomicUsize,
}

// SAFETY: blocks are disjoint, since `next` only grows but where the last block is given back or
// shrinks; they lie in memory that is nobody else's, aligned as asked; nothing here panics or
// allocates.
unsafe impl GlobalAlloc for Bump {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.next.load(Relaxed).next_multiple_of(layout.align());
        match start.checked_add(layout.size()) {
            Some(end) if end <= self.end.load(Relaxed) => {
                self.next.store(end, Relaxed);
                ptr::with_exposed_provenance_mut(start)
            }
            _ => self.alloc_in_more(layout),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let start = block.addr();
        if start + layout.size() == self.next.load(Relaxed) {
            self.next.store(start, Relaxed);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let start = block.addr();
        let is_last = start + layout.size() == self.next.load(Relaxed);
        if let Some(end) = start.checked_add(size)
            && is_last
            && end <= self.end.load(Relaxed)
        {
            self.next.store(end, Relaxed);
            return block;
        }
        if size <= layout.size() {
            return block;
        }
        // SAFETY: the caller vouches for size and alignment; the new block is another one, or null.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(block, new, layout.size());
            }
            new
        }
    }
}

impl Bump {
    /// What begins a heap, and what goes on where it ends.
    #[cold]
    fn alloc_in_more(&self, layout: Layout) -> *mut u8 {
        if self.end.load(Relaxed) == 0 {
            self.next.store((&raw const __heap_base).addr(), Relaxed);
            self.end.store((&raw const __heap_end).addr(), Relaxed);
        } else if !self.add_pages(layout) {
            return ptr::null_mut();
        }
        // SAFETY: the size is not 0, or this was not called.
        unsafe { self.alloc(layout) }
    }

    /// Adds pages enough for this block. What was left before them stays unused where they do not follow
    /// on it.
    fn add_pages(&self, layout: Layout) -> bool {
        let octets = layout.size().saturating_add(layout.align());
        let pages = octets.div_ceil(PAGE_OCTETS);
        let before = wasm32::memory_grow::<0>(pages);
        if before == usize::MAX {
            return false;
        }
        let start = before * PAGE_OCTETS;
        if self.end.load(Relaxed) != start {
            self.next.store(start, Relaxed);
        }
        self.end.store(start + pages * PAGE_OCTETS, Relaxed);
        true
    }
}
