//! What sign-ins are made of.

use crate::{active::Federations, password::Hashing, throttle::ThrottleLimits, trace::Recent};
use bridge_model::ports::{AuditLog, Clock, Random, Store};
use std::sync::Arc;

pub(crate) struct Parts {
    pub(crate) federations: Arc<Federations>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) audit: Arc<dyn AuditLog>,
    pub(crate) limits: ThrottleLimits,
    pub(crate) recent: Recent,
    pub(crate) hashing: Hashing,
}

impl Parts {
    pub(crate) fn new(
        federations: Arc<Federations>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        audit: Arc<dyn AuditLog>,
        limits: ThrottleLimits,
    ) -> Self {
        Self {
            federations,
            store,
            clock,
            random,
            audit,
            limits,
            recent: Recent::default(),
            hashing: Hashing::default(),
        }
    }
}
