//! Policy for directories: active-directory.
