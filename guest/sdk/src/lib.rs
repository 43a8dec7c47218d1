//! What a policy author writes against.
