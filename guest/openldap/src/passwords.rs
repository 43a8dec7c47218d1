//! Passwords.

use crate::OpenLdap;
use policy_sdk::Passwords;

impl Passwords for OpenLdap {}
