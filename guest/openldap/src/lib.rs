//! Policy for directories: openldap.
