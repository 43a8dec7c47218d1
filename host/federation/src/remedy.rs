//! What to do about a directory that does not answer.

use bridge_model::{
    plan::Problem,
    ports::{Certificate, DirectoryError, DirectoryFault, Facts, Misfit},
    time::Timestamp,
};
use serde::Serialize;

/// What a certificate that was not accepted says of itself; nobody vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateView {
    /// What does not fit: `name`, `authority`, `expired`, `not_yet_valid`, `other`.
    pub misfit: &'static str,
    /// Whom it was made for.
    pub subject: String,
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// Who made it.
    pub issuer: String,
    /// When it begins to be valid.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
}

impl CertificateView {
    pub(crate) fn of(error: &DirectoryError) -> Option<Self> {
        let Facts::Certificate(certificate) = &error.facts else {
            return None;
        };
        let Certificate {
            misfit,
            subject,
            names,
            issuer,
            not_before,
            not_after,
        } = certificate.as_ref().clone();
        Some(Self {
            misfit: match misfit {
                Misfit::Name => "name",
                Misfit::Authority => "authority",
                Misfit::Expired => "expired",
                Misfit::NotYetValid => "not_yet_valid",
                Misfit::Other => "other",
            },
            subject,
            names,
            issuer,
            not_before,
            not_after,
        })
    }
}

/// A fault as a problem of the member that can be changed about it.
pub(crate) fn unanswered(error: &DirectoryError) -> Problem {
    let (field, remedy) = match error.fault {
        DirectoryFault::NameResolution => ("connection_url", "check the host's name".to_owned()),
        DirectoryFault::Connect | DirectoryFault::Timeout => (
            "connection_url",
            "check that the server runs, its address and port, and what stands between".to_owned(),
        ),
        DirectoryFault::Tls => ("connection_url", about_tls(&error.facts)),
        DirectoryFault::Protocol => (
            "connection_url",
            "check that an LDAP server answers there, and that ldaps:// goes to its TLS port"
                .to_owned(),
        ),
        DirectoryFault::ServiceBind => ("bind_dn", about_bind(&error.facts).to_owned()),
        DirectoryFault::PlaintextRefused => (
            "connection_url",
            "use ldaps:// or advanced.start_tls, so that no password travels in clear".to_owned(),
        ),
        DirectoryFault::OutboundRefused => (
            "connection_url",
            "name a server that the operator of the bridge lets this realm reach".to_owned(),
        ),
        DirectoryFault::Misconfigured => ("connection_url", "correct what is said here".to_owned()),
    };
    // What stands before the first semicolon is what is wrong, whatever a server wrote.
    let what = error.to_string().replace("; ", ", ");
    Problem {
        field: field.to_owned(),
        message: format!("{what}; {remedy}"),
    }
}

fn about_tls(facts: &Facts) -> String {
    match facts {
        Facts::Certificate(certificate) => about_certificate(certificate),
        Facts::Refused(_) => {
            "let the server offer StartTLS, or use ldaps:// in its place".to_owned()
        }
        Facts::None => "check that this port speaks TLS: ldaps:// usually has port 636, and StartTLS goes with ldap:// and port 389".to_owned(),
    }
}

fn about_certificate(certificate: &Certificate) -> String {
    match certificate.misfit {
        Misfit::Name if certificate.names.is_empty() => {
            "have the server given a certificate that names its host".to_owned()
        }
        Misfit::Name => format!(
            "write one of the names that it is for ({}), or have the server given another certificate",
            certificate.names.join(", ")
        ),
        Misfit::Authority => format!(
            "put the certificate of {}, from a source that you trust, into advanced.ca_bundle",
            certificate.issuer
        ),
        Misfit::Expired => "have the server's certificate renewed".to_owned(),
        Misfit::NotYetValid => "compare the clocks of the server and of this machine".to_owned(),
        Misfit::Other => "have the server given another certificate".to_owned(),
    }
}

/// By result code (RFC 4511 appendix A).
fn about_bind(facts: &Facts) -> &'static str {
    match facts {
        Facts::Refused(8 | 13) => {
            "the server wants TLS before a bind: use ldaps:// or advanced.start_tls"
        }
        Facts::Refused(48 | 53) => {
            "the server does not take such a bind: let it take simple binds of this account"
        }
        Facts::Refused(32 | 34) => "write bind_dn as the directory knows the account",
        _ => {
            "check bind_dn and bind_credential, and in the directory that the account is neither locked nor expired"
        }
    }
}
