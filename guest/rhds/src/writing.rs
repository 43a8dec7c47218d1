//! Profile changes and new users.

use crate::Rhds;
use policy_sdk::Writing;

impl Writing for Rhds {}
