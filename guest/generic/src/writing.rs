//! Profile changes and new users.

use crate::Generic;
use policy_sdk::Writing;

impl Writing for Generic {}
