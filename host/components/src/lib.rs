//! The vendor policies, built as components and embedded.
