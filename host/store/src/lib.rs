//! Persistence behind the store port: SQLite.
