//! What changed: by time, as the server keeps it of every entry.

use crate::Rhds;
use policy_sdk::Changes;

impl Changes for Rhds {}
