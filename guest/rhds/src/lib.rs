//! Policy for directories: rhds.
