//! A policy on a stage of its own: loaded as a bridge has it, in force, beside nobody else unless the
//! federation needs others.

use bridge_federation::{Reviewed, TranslateError, review};
use bridge_model::{
    dn::Dn,
    federation::{Connection, Federation},
    names::{FederationName, NameError, RealmName},
    plan::{Description, Mapper},
    policy::{PolicyChoice, PolicyOrigin, PolicyPackage, WasiGrant},
    ports::{Policies, PolicyError},
    realm::{PlannedFederation, PolicyRef},
    search::{SearchScope, Subtree},
};
use bridge_policy::{HostError, HostSettings, Limits, Observers, PolicyHost};
use std::time::Duration;
use url::Url;

/// The realm, and the federation, that a trial is of.
const TRIAL: &str = "trial";
/// What stands for a directory's address where there is none (RFC 6761 section 6.4).
const NOWHERE: &str = "ldaps://ldif.invalid";
/// The vendor of a federation that tries a mapper policy, where nobody says another.
const PRESET_VENDOR: &str = "generic";
/// A trial shares its processor with nobody.
const UNLIMITED: Duration = Duration::from_secs(1_000_000);

/// A policy that is tried, in a host of its own.
pub struct Stage {
    host: PolicyHost,
    realm: RealmName,
    policy: PolicyRef,
    description: Description,
    is_mapper: bool,
    limits: Limits,
}

/// Why a policy cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// There is no host for it.
    #[error(transparent)]
    Host(#[from] HostError),
    /// It is not admitted.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// What the federation says is wrong.
    #[error(transparent)]
    Translate(#[from] TranslateError),
    /// The federation does not use the policy.
    #[error("{0}")]
    NotUsed(String),
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The address that stands for none.
    #[error(transparent)]
    Address(#[from] url::ParseError),
}

impl Stage {
    /// Loads a policy under these limits and puts it in force.
    ///
    /// # Errors
    ///
    /// When it is not admitted.
    pub fn load(octets: &[u8], wasi: WasiGrant, limits: Limits) -> Result<Self, StageError> {
        Self::observed(octets, wasi, limits, Observers::default())
    }

    /// The same, where somebody looks on at every call.
    ///
    /// # Errors
    ///
    /// As [`Stage::load`].
    pub fn observed(
        octets: &[u8],
        wasi: WasiGrant,
        limits: Limits,
        observers: Observers,
    ) -> Result<Self, StageError> {
        let settings = HostSettings {
            limits,
            ..HostSettings::default()
        };
        let host = PolicyHost::observed(settings, observers)?;
        let package = PolicyPackage {
            wasi,
            ..PolicyPackage::unsigned(octets, PolicyOrigin::File(TRIAL.to_owned()))
        };
        let policy = host.load(&package)?;
        host.put_in_force(&policy.digest)?;
        let realm = RealmName::new(TRIAL)?;
        host.limit_realm(&realm, UNLIMITED);
        let is_it = |(known, _): &(PolicyRef, Description)| known.digest == policy.digest;
        let vendor = host.vendors().into_iter().find(is_it);
        let is_mapper = vendor.is_none();
        let found = vendor.or_else(|| host.mappers().into_iter().find(is_it));
        let (_, description) = found.ok_or_else(|| {
            StageError::NotUsed("the policy is of a kind that is not known here".to_owned())
        })?;
        Ok(Self {
            host,
            realm,
            policy,
            description,
            is_mapper,
            limits,
        })
    }

    /// Puts another policy on the stage, which the federation may name. One whose names are taken stays
    /// away: the policy that is tried goes before.
    ///
    /// # Errors
    ///
    /// When it is not admitted.
    pub fn add(&self, octets: &[u8], wasi: WasiGrant) -> Result<(), PolicyError> {
        let package = PolicyPackage {
            wasi,
            ..PolicyPackage::unsigned(octets, PolicyOrigin::File(TRIAL.to_owned()))
        };
        let other = self.host.load(&package)?;
        let is_taken = |(known, _): &(PolicyRef, Description)| known.id == other.id;
        let mut in_force = self.host.vendors().into_iter().chain(self.host.mappers());
        if !in_force.any(|known| is_taken(&known)) {
            // Whoever has one of its aliases keeps it.
            let _ = self.host.put_in_force(&other.digest);
        }
        Ok(())
    }

    /// All policies on the stage.
    pub fn host(&self) -> &PolicyHost {
        &self.host
    }

    /// The policy that is tried.
    pub fn policy(&self) -> &PolicyRef {
        &self.policy
    }

    /// How a federation names it.
    pub fn choice(&self) -> PolicyChoice<'_> {
        PolicyChoice::Digest(&self.policy.digest)
    }

    /// What it says of itself.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Whether it is a mapper policy, which comes after a vendor policy.
    pub fn is_mapper(&self) -> bool {
        self.is_mapper
    }

    /// What its calls may use.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The realm of what is tried.
    pub fn realm(&self) -> &RealmName {
        &self.realm
    }

    /// The vendor of a federation that does not say one.
    pub fn vendor(&self) -> &str {
        if self.is_mapper {
            PRESET_VENDOR
        } else {
            &self.policy.id
        }
    }

    /// A federation in which nothing is said but where people live, and the mapper that is tried, if it
    /// is one.
    ///
    /// # Errors
    ///
    /// Never: its names and its address are well formed.
    pub fn federation(&self, users: Dn) -> Result<Federation, StageError> {
        let place = Subtree {
            base: users,
            scope: SearchScope::Subtree,
        };
        let mapper = self.is_mapper.then(|| Mapper {
            name: self.policy.id.clone(),
            kind: self.policy.id.clone(),
            ldap_attribute: None,
            settings: Vec::new(),
        });
        Ok(Federation {
            vendor: self.vendor().to_owned(),
            users: vec![place.clone()],
            read_bases: vec![place],
            mappers: mapper.into_iter().collect(),
            ..Federation::new(
                self.realm.clone(),
                FederationName::new(TRIAL)?,
                Connection::to(vec![Url::parse(NOWHERE)?]),
            )
        })
    }

    /// Has a federation translated, as when it is saved.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, or that it does not use the policy that is tried.
    pub fn plan(&self, federation: &Federation) -> Result<PlannedFederation, StageError> {
        let Reviewed { planned, .. } = review(&self.host, federation, None)?;
        self.check_used(&planned)?;
        Ok(planned)
    }

    /// Whether a planned federation uses the policy that is tried.
    ///
    /// # Errors
    ///
    /// What it uses instead.
    pub fn check_used(&self, planned: &PlannedFederation) -> Result<(), StageError> {
        let digest = &self.policy.digest;
        let id = &self.policy.id;
        let chained = &planned.plan.chained;
        if self.is_mapper {
            if !chained.iter().any(|mapper| mapper.policy.digest == *digest) {
                return Err(StageError::NotUsed(format!(
                    "no mapper of the federation is of the kind {id:?}; add one, so that the policy is asked"
                )));
            }
        } else if planned.policy.digest != *digest {
            return Err(StageError::NotUsed(format!(
                "the federation is for the vendor {:?}, which is not this policy; name it {id:?}, or leave it out",
                planned.federation.vendor
            )));
        }
        Ok(())
    }
}
