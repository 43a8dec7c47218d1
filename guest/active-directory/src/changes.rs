//! What changed.

use crate::ActiveDirectory;
use policy_sdk::Changes;

impl Changes for ActiveDirectory {}
