//! Words of documents: one list for each kind, by which they are read, written and described.

use bridge_model::{
    client::GrantType,
    federation::{EditMode, OnError, TlsVersion},
    keys::SigningAlgorithm,
    search::SearchScope,
};
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! words {
    ($(#[$about:meta])* $name:ident as $schema:ident: $model:ty { $($(#[$doc:meta])* $variant:ident = $word:tt => $value:expr,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
        #[schema(as = $schema)]
        pub(crate) enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Each word with what it stands for.
            pub(crate) const ALL: &'static [(&'static str, $model)] = &[$(($word, $value),)+];

            /// The word for a value; the first where there is none.
            pub(crate) fn of(value: $model) -> Self {
                let words = [$(Self::$variant,)+];
                let place = Self::ALL.iter().position(|(_, known)| *known == value);
                words[place.unwrap_or_default()]
            }
        }
    };
}

words!(
    /// What may be written to the directory.
    EditModeWord as EditMode: EditMode {
        /// Nothing.
        ReadOnly = "READ_ONLY" => EditMode::ReadOnly,
        /// Profile changes and passwords go to the directory.
        Writable = "WRITABLE" => EditMode::Writable,
        /// Changes are kept by the bridge, over what the directory says.
        Unsynced = "UNSYNCED" => EditMode::Unsynced,
    }
);

/// How the service connections are bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BindKind {
    /// By a name.
    #[default]
    Simple,
    /// Not at all.
    Nobody,
    /// By what the channel says.
    External,
}

words!(
    /// How the service connections are bound.
    BindTypeWord as BindType: BindKind {
        /// With `bind_dn` and `bind_credential`.
        Simple = "simple" => BindKind::Simple,
        /// As nobody.
        Nobody = "none" => BindKind::Nobody,
        /// As whoever the channel says (SASL EXTERNAL): with `client_certificate` and its private key as
        /// `bind_credential`, or over `ldapi://` as the process's own user.
        External = "external" => BindKind::External,
    }
);

words!(
    /// A version of TLS.
    TlsVersionWord as TlsVersion: TlsVersion {
        /// RFC 5246.
        Tls12 = "1.2" => TlsVersion::Tls12,
        /// RFC 8446.
        Tls13 = "1.3" => TlsVersion::Tls13,
    }
);

words!(
    /// How far below its base a search looks.
    SearchScopeWord as SearchScope: SearchScope {
        /// The base and all entries below it.
        Subtree = "SUBTREE" => SearchScope::Subtree,
        /// The entries right below the base.
        OneLevel = "ONE_LEVEL" => SearchScope::OneLevel,
    }
);

words!(
    /// What a sign-in does when the directory cannot answer.
    OnErrorWord as OnError: OnError {
        /// It stops: the person might live there.
        Deny = "deny" => OnError::Deny,
        /// It goes on to the next federation.
        PassOver = "pass_over" => OnError::PassOver,
    }
);

words!(
    /// What is done with referrals.
    ReferralWord as Referral: bool {
        /// They are passed over.
        Ignore = "ignore" => false,
        /// Those to `referral_hosts` are followed.
        Follow = "follow" => true,
    }
);

words!(
    /// How a client comes by tokens.
    GrantTypeWord as GrantType: GrantType {
        /// With a code that a person's browser brought.
        AuthorizationCode = "authorization_code" => GrantType::AuthorizationCode,
        /// With its own secret, for itself.
        ClientCredentials = "client_credentials" => GrantType::ClientCredentials,
    }
);

words!(
    /// What tokens are signed with.
    SigningAlgorithmWord as SigningAlgorithm: SigningAlgorithm {
        /// RSA with SHA-256: what every client knows.
        RS256 = "RS256" => SigningAlgorithm::RS256,
        /// ECDSA on P-256 with SHA-256: smaller, and far cheaper to sign.
        ES256 = "ES256" => SigningAlgorithm::ES256,
    }
);
