//! Whether a federation's directory is there, and what it was described as.

use bridge_model::{
    federation::Federation,
    filter::Filter,
    plan::Problem,
    ports::{Directories, DirectoryError, DirectoryFault},
    search::{Search, SearchScope},
    secret::Secret,
};

/// Asks a directory as the service would: dials, binds, and reads the entries that were named as
/// places where users live and as readable.
///
/// Gives what is wrong, in the operator's own field names; nothing where all is well. One federation's
/// connect and operation timeouts bound it.
pub async fn probe(
    directories: &dyn Directories,
    federation: &Federation,
    bind_credential: Option<Secret>,
) -> Vec<Problem> {
    let directory = match directories.open(federation, bind_credential) {
        Ok(directory) => directory,
        Err(error) => return vec![unanswered(&error)],
    };
    let users = federation.users.iter().map(|users| ("users_dn", users));
    let readable = federation.read_bases.iter();
    let readable = readable.map(|base| ("advanced.read_bases", base));
    let mut problems = Vec::new();
    for (field, place) in users.chain(readable) {
        let search = Search {
            base: place.base.clone(),
            scope: SearchScope::Base,
            filter: Filter::Present("objectClass".to_owned()),
            attributes: vec!["objectClass".to_owned()],
            size_limit: 1,
        };
        let message = match directory.search(&search).await {
            Ok(found) if found.result_code == 0 && !found.entries.is_empty() => continue,
            Ok(found) => format!(
                "there is no entry {} that the service account may read (result code {}); correct the name, or let the account read it",
                place.base, found.result_code
            ),
            // What does not answer once need not be asked again.
            Err(error) => {
                problems.push(unanswered(&error));
                break;
            }
        };
        problems.push(Problem {
            field: field.to_owned(),
            message,
        });
    }
    problems
}

fn unanswered(error: &DirectoryError) -> Problem {
    let (field, remedy) = match error.fault {
        DirectoryFault::NameResolution => ("connection_url", "check the host's name"),
        DirectoryFault::Connect | DirectoryFault::Timeout => (
            "connection_url",
            "check that the server runs, its address and port, and what stands between",
        ),
        DirectoryFault::Tls => (
            "connection_url",
            "use the name that stands in the server's certificate, and name the authority that made it in advanced.ca_bundle",
        ),
        DirectoryFault::Protocol => ("connection_url", "check that an LDAP server answers there"),
        DirectoryFault::ServiceBind => ("bind_dn", "check bind_dn and bind_credential"),
        DirectoryFault::PlaintextRefused => (
            "connection_url",
            "use ldaps:// or advanced.start_tls, so that no password travels in clear",
        ),
        DirectoryFault::OutboundRefused => (
            "connection_url",
            "name a server that the operator of the bridge lets this realm reach",
        ),
        DirectoryFault::Misconfigured => ("connection_url", "correct what is said above"),
    };
    Problem {
        field: field.to_owned(),
        message: format!("{error}; {remedy}"),
    }
}
