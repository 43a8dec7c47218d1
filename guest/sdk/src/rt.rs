//! What generated bindings stand on, in the place of `wit_bindgen::rt`, so that a policy needs no other
//! crate than this one. The names are the generator's (wit-bindgen 0.63); nobody else calls them.
#![expect(
    unsafe_code,
    reason = "memory that the host fills is allocated by hand; every block says why it may"
)]

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    ptr::{self, NonNull},
};

/// Memory of one lowered list, freed where the call that lent it is over.
pub struct Cleanup {
    block: NonNull<u8>,
    layout: Layout,
}

impl Cleanup {
    /// A block, with who frees it; null and nobody for a layout without octets.
    pub fn new(layout: Layout) -> (*mut u8, Option<Self>) {
        if layout.size() == 0 {
            return (ptr::null_mut(), None);
        }
        // SAFETY: the layout has octets.
        let Some(block) = NonNull::new(unsafe { alloc(layout) }) else {
            handle_alloc_error(layout)
        };
        (block.as_ptr(), Some(Self { block, layout }))
    }

    /// Leaves the block to somebody else.
    pub fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        // SAFETY: `new` allocated it with this layout, and nothing else frees it.
        unsafe { dealloc(self.block.as_ptr(), self.layout) }
    }
}

/// Called by the bindings so that the linker keeps the canonical ABI's `cabi_realloc`, with which the
/// host gets memory for arguments. Under WASI it is part of the C library.
pub fn maybe_link_cabi_realloc() {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    {
        #[used]
        static KEPT: unsafe extern "C" fn(*mut u8, usize, usize, usize) -> *mut u8 =
            allocation::cabi_realloc;
    }
}

/// Called by the bindings before each exported function: there are no constructors to run, and a call of
/// the linker's function for them keeps it from wrapping every export in one.
#[cfg(target_arch = "wasm32")]
pub fn run_ctors_once() {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    static RUN: AtomicBool = AtomicBool::new(false);
    unsafe extern "C" {
        /// The linker makes it.
        fn __wasm_call_ctors();
    }
    if !RUN.swap(true, Relaxed) {
        // SAFETY: it is called once, as it has to be, before anything else of the instance runs.
        unsafe { __wasm_call_ctors() }
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod allocation {
    use crate::allocator::ALLOCATOR;
    use core::arch::wasm32;
    use std::{
        alloc::{GlobalAlloc, Layout},
        ptr,
    };

    /// Allocates, or makes a block larger (component model, canonical ABI, `realloc`). The host calls it for
    /// every text and list of a call's arguments, so it goes straight to the allocator.
    ///
    /// # Safety
    ///
    /// As the canonical ABI has it: `old` is null and `old_octets` is 0, or the block came from here with
    /// that size and alignment; the alignment is a power of two.
    #[unsafe(no_mangle)]
    pub(super) unsafe extern "C" fn cabi_realloc(
        old: *mut u8,
        old_octets: usize,
        align: usize,
        octets: usize,
    ) -> *mut u8 {
        if octets == 0 {
            return ptr::without_provenance_mut(align);
        }
        // SAFETY: the caller vouches for alignment, block and size; neither size is 0.
        let block = unsafe {
            if old_octets == 0 {
                ALLOCATOR.alloc(Layout::from_size_align_unchecked(octets, align))
            } else {
                let layout = Layout::from_size_align_unchecked(old_octets, align);
                ALLOCATOR.realloc(old, layout, octets)
            }
        };
        if block.is_null() {
            wasm32::unreachable()
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_lent_and_given_back() {
        let (block, owner) = Cleanup::new(Layout::new::<[u64; 4]>());
        assert!(!block.is_null() && block.addr().is_multiple_of(8));
        drop(owner.expect("it has octets"));
        let (block, owner) = Cleanup::new(Layout::new::<()>());
        assert!(block.is_null() && owner.is_none());
    }
}
