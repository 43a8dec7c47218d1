//! Passwords.

use crate::ActiveDirectory;
use policy_sdk::Passwords;

impl Passwords for ActiveDirectory {}
