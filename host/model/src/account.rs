//! Who signed in, and the one gate they pass.

use crate::{
    client::Client,
    decision::{Bar, Refusal},
    dn::Dn,
    names::{FederationId, FederationName, RealmName},
    realm::{PolicyRef, Realm},
    search::Reply,
    time::Timestamp,
    user::Standing,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A person as the bridge knows them after a sign-in: what tokens are made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The claim `sub`: derived by the host from the bound entry's stable identifier.
    pub subject: String,
    /// The user name, for people.
    pub username: String,
    /// Claims as JSON, checked; reserved claims are not among them.
    pub claims: Map<String, Value>,
    /// Reasons that will end this person's access, or have.
    pub bars: Vec<Bar>,
    /// The DNs of their groups, of which the claim `groups` is made.
    pub group_dns: Vec<String>,
    /// Where the person was found.
    pub federation: FederationName,
    /// The same, over every change of the name.
    pub federation_id: FederationId,
    /// The entry that was bound.
    pub entry_dn: String,
    /// The policy that made the identity.
    pub policy: PolicyRef,
}

impl User {
    /// Whether the person is in one of these groups: each a DN, or what stands in the claim `groups`
    /// (a name, or a path where the federation says so), compared without regard to case as
    /// directories do.
    pub fn is_in_any(&self, groups: &[String]) -> bool {
        let names = self.claims.get("groups").and_then(Value::as_array);
        let names: Vec<_> = names
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_lowercase)
            .collect();
        let dns: Vec<_> = self
            .group_dns
            .iter()
            .filter_map(|dn| Dn::parse(dn).ok())
            .collect();
        groups.iter().any(|wanted| match Dn::parse(wanted) {
            Ok(wanted) if !wanted.is_root() => dns.contains(&wanted),
            _ => names.contains(&wanted.to_lowercase()),
        })
    }
}

/// Proof that a person may come in now. It is made here and nowhere else, and whoever issues
/// something to a person asks for it.
#[derive(Clone, Debug)]
pub struct AuthenticatedUser {
    realm: RealmName,
    user: User,
    auth_time: Timestamp,
}

impl AuthenticatedUser {
    /// Whose user this is.
    pub fn realm(&self) -> &RealmName {
        &self.realm
    }

    /// The person.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// When the password was given.
    pub fn auth_time(&self) -> Timestamp {
        self.auth_time
    }
}

/// The account gate: the one way to an [`AuthenticatedUser`], for a sign-in and for whoever comes
/// again.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a> {
    /// Where the person wants in.
    pub realm: &'a Realm,
    /// What for.
    pub client: &'a Client,
    /// What the bridge itself holds against the person.
    pub standing: Standing,
    /// The time.
    pub now: Timestamp,
}

/// Why the gate keeps somebody out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptOut {
    /// The realm is switched off.
    RealmOff,
    /// The client is switched off, or another realm's.
    ClientOff,
    /// The federation that the person was found in is switched off, or gone.
    FederationOff,
    /// An administrator keeps the person out.
    Blocked,
    /// The directory did not answer the bind with success.
    BadCredentials,
    /// What the directory says of the account.
    Barred(Refusal),
    /// The person is in none of the groups that may use the client.
    NotInAllowedGroups,
}

impl KeptOut {
    /// The reason in the audit trail: a word, or a vendor's own.
    pub fn reason(&self) -> &str {
        match self {
            Self::RealmOff => "realm_off",
            Self::ClientOff => "client_off",
            Self::FederationOff => "federation_off",
            Self::Blocked => "blocked",
            Self::BadCredentials => "bad_credentials",
            Self::Barred(refusal) => refusal.reason(),
            Self::NotInAllowedGroups => "not_in_allowed_groups",
        }
    }
}

impl Gate<'_> {
    /// Lets a person in whose bind the directory answered with success.
    ///
    /// # Errors
    ///
    /// Why not. That the person may not use this client comes last: who hears it has proved who they
    /// are and may come in as such.
    pub fn admit(&self, user: User, reply: &Reply) -> Result<AuthenticatedUser, KeptOut> {
        if !reply.is_success() {
            return Err(KeptOut::BadCredentials);
        }
        self.readmit(user, self.now)
    }

    /// Lets a person in who signed in at `auth_time` and comes again, with a session or a token that the
    /// store vouches for.
    ///
    /// # Errors
    ///
    /// As [`Gate::admit`].
    pub fn readmit(&self, user: User, auth_time: Timestamp) -> Result<AuthenticatedUser, KeptOut> {
        if !self.realm.enabled {
            return Err(KeptOut::RealmOff);
        }
        if !self.client.enabled || self.client.realm != self.realm.name {
            return Err(KeptOut::ClientOff);
        }
        if !self.standing.is_federation_enabled {
            return Err(KeptOut::FederationOff);
        }
        if self.standing.is_blocked {
            return Err(KeptOut::Blocked);
        }
        if let Some(bar) = user.bars.iter().find(|bar| bar.holds_at(self.now)) {
            return Err(KeptOut::Barred(bar.reason.clone()));
        }
        let allowed = &self.client.allowed_groups;
        if !allowed.is_empty() && !user.is_in_any(allowed) {
            return Err(KeptOut::NotInAllowedGroups);
        }
        Ok(AuthenticatedUser {
            realm: self.realm.name.clone(),
            user,
            auth_time,
        })
    }
}
