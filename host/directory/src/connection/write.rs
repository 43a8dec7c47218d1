//! Writes (RFC 4511 sections 4.6 to 4.9).

use super::{Answered, Connection, Failure, Fault, guard};
use crate::convert;
use bridge_model::{
    dn::Dn,
    search::{Control, Reply},
    write::{Modification, ModifyWay, Write},
};
use ldap3::{Ldap, Mod};
use std::collections::HashSet;
use tokio::time::Instant;

impl Connection {
    /// Writes to one entry.
    pub(crate) async fn write(
        &mut self,
        write: &Write,
        deadline: Instant,
    ) -> Result<Answered<Reply>, Failure> {
        self.wire.begin();
        let outcome = guard(deadline, run(&mut self.ldap, write)).await;
        self.conclude_write(outcome)
    }

    /// As [`Connection::conclude`], with what a lost answer to a write means.
    pub(super) fn conclude_write(
        &self,
        outcome: Result<Reply, Fault>,
    ) -> Result<Answered<Reply>, Failure> {
        let outcome = outcome.map(|value| Answered {
            value,
            is_reusable: true,
        });
        self.conclude("the write", outcome).map_err(|mut failure| {
            if failure.progress == super::Progress::Sent {
                failure.error.detail += ", so it is not known whether it was done";
            }
            failure
        })
    }
}

async fn run(ldap: &mut Ldap, write: &Write) -> Result<Reply, Fault> {
    let answer = match write {
        Write::Add { dn, attributes } => {
            // An attribute has a value (RFC 4512 section 2.2), so one without is not there.
            let attributes = attributes
                .iter()
                .filter(|attribute| !attribute.values.is_empty())
                .map(|attribute| (attribute.name.as_bytes(), values(&attribute.values)));
            ldap.add(dn.as_str(), attributes.collect()).await?
        }
        Write::Modify { dn, modifications } => {
            let changes = modifications.iter().filter_map(change).collect();
            ldap.modify(dn.as_str(), changes).await?
        }
        Write::Rename { dn, name } => {
            let rdn = Dn::named(name, &Dn::root())
                .map_err(|error| Fault::Unsendable(format!("the new name is {error}")))?;
            ldap.modifydn(dn.as_str(), rdn.as_str(), true, None).await?
        }
        Write::Delete { dn } => ldap.delete(dn.as_str()).await?,
    };
    Ok(convert::reply(answer))
}

/// None for an addition of nothing, which changes nothing and which no message can say.
fn change(modification: &Modification) -> Option<Mod<&[u8]>> {
    let name = modification.attribute.name.as_bytes();
    let values = values(&modification.attribute.values);
    match modification.way {
        ModifyWay::Add if values.is_empty() => None,
        ModifyWay::Add => Some(Mod::Add(name, values)),
        ModifyWay::Remove => Some(Mod::Delete(name, values)),
        ModifyWay::Replace => Some(Mod::Replace(name, values)),
    }
}

fn values(values: &[Vec<u8>]) -> HashSet<&[u8]> {
    values.iter().map(Vec::as_slice).collect()
}

/// Sends modifications whose values are secret.
pub(super) async fn modify(
    ldap: &mut Ldap,
    dn: &Dn,
    changes: Vec<Mod<&[u8]>>,
    controls: &[Control],
) -> Result<Reply, Fault> {
    if !controls.is_empty() {
        ldap.with_controls(convert::request_controls(controls));
    }
    Ok(convert::reply(ldap.modify(dn.as_str(), changes).await?))
}
