//! Profile changes and new users; nothing is known of how accounts are switched off.

use crate::Generic;
use policy_sdk::Writing;

impl Writing for Generic {}
