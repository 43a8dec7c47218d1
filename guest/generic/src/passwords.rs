//! Passwords by RFC 3062.

use crate::Generic;
use policy_sdk::Passwords;

impl Passwords for Generic {}
