//! Policy for directories: generic.
