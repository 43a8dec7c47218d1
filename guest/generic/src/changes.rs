//! What changed, by time.

use crate::Generic;
use policy_sdk::Changes;

impl Changes for Generic {}
