//! The invariants of the house: what no compiler checks and no review should have to.

mod arrows;
mod contract;
mod prose;
mod sizes;
mod tree;
mod vendor_words;
