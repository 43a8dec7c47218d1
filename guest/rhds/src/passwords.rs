//! Passwords.

use crate::Rhds;
use policy_sdk::Passwords;

impl Passwords for Rhds {}
