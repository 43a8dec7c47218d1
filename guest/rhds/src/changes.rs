//! What changed.

use crate::Rhds;
use policy_sdk::Changes;

impl Changes for Rhds {}
