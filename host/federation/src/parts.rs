//! What sign-ins are made of.

use crate::{active::Federations, throttle::ThrottleLimits, trace::Recent};
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
}
