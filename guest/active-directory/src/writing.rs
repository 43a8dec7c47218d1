//! Profile changes and new users.

use crate::ActiveDirectory;
use policy_sdk::Writing;

impl Writing for ActiveDirectory {}
