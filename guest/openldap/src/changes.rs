//! What changed.

use crate::OpenLdap;
use policy_sdk::Changes;

impl Changes for OpenLdap {}
