//! Profile changes and new users.

use crate::OpenLdap;
use policy_sdk::Writing;

impl Writing for OpenLdap {}
