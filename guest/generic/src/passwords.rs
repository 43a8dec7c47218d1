//! Passwords.

use crate::Generic;
use policy_sdk::Passwords;

impl Passwords for Generic {}
