//! The component host: admits, limits and calls policies.
