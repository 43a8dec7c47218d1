//! Peers that play a domain controller, and realms that lead to them.

use super::{
    super::stage::{Realm, Stage},
    words::{ADA, entry, found, person},
};
use serde_json::{Value, json};
use suites::peer::{BIND, Peer, Reaction, Request, bind_response, message, result};

pub(super) fn sub_code(stage: &Stage, code: &str, reason: &str) {
    let text = format!(
        "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data {code}, v4563"
    );
    let peer = domain(Ok(49), &text);
    at(stage, &peer, |_| {}).is_refused("ada", "Pw-ada", reason);
}

/// A controller with one person, whose bind is answered so.
pub(super) fn domain(user_bind: Result<u8, ()>, diagnostic: &str) -> Peer {
    let diagnostic = diagnostic.to_owned();
    Peer::start(move |request| match (request.operation, user_bind) {
        (BIND, Ok(code)) if binds(request, "CN=Ada") => {
            Reaction::Send(message(request.id, 0x61, &result(code, &diagnostic)))
        }
        (BIND, _) => Reaction::Send(bind_response(request.id, 0)),
        _ => Reaction::Send(found(request.id, &person(&[]))),
    })
}

/// A peer that takes every bind and answers everything else so, given the message's id.
pub(super) fn answering(answer: impl Fn(u8) -> Vec<u8> + Send + Sync + 'static) -> Peer {
    Peer::start(move |request| {
        Reaction::Send(if request.operation == BIND {
            bind_response(request.id, 0)
        } else {
            answer(request.id)
        })
    })
}

pub(super) fn binds(request: &Request, name: &str) -> bool {
    let name = name.as_bytes();
    request.operation == BIND && request.octets.windows(name.len()).any(|part| part == name)
}

/// A controller that answers `memberOf` in ranges of two.
pub(super) fn ranged(stage: &Stage) {
    let peer = Peer::start(|request| {
        let asks = |text: &str| {
            let text = text.as_bytes();
            request.octets.windows(text.len()).any(|part| part == text)
        };
        let groups: [&[u8]; 3] = [
            b"CN=One,DC=ad,DC=example,DC=test",
            b"CN=Two,DC=ad,DC=example,DC=test",
            b"CN=Three,DC=ad,DC=example,DC=test",
        ];
        match request.operation {
            BIND => Reaction::Send(bind_response(request.id, 0)),
            _ if asks("memberOf;range=2-*") => Reaction::Send(found(
                request.id,
                &entry(ADA, &[("memberOf;range=2-*", &groups[2..])]),
            )),
            _ => Reaction::Send(found(
                request.id,
                &person(&[("memberOf", &[]), ("memberOf;range=0-1", &groups[..2])]),
            )),
        }
    });
    let claims = at(stage, &peer, |_| {}).claims("ada", "Pw-ada");
    assert_eq!(claims["groups"], json!(["One", "Three", "Two"]), "{claims}");
}

/// A realm with the domain of a script, over a connection without TLS.
pub(super) fn at<'a>(stage: &'a Stage, peer: &Peer, change: impl FnOnce(&mut Value)) -> Realm<'a> {
    let mut federation = json!({
        "name": "people",
        "vendor": "active-directory",
        "username_ldap_attribute": "sAMAccountName",
        "rdn_ldap_attribute": "cn",
        "uuid_ldap_attribute": "objectGUID",
        "user_object_classes": "user",
        "connection_url": format!("ldap://{}", peer.address()),
        "users_dn": "DC=ad,DC=example,DC=test",
        "bind_dn": "CN=svc,DC=ad,DC=example,DC=test",
        "bind_credential": "svcpw",
        "mapper": [],
        "advanced": {
            "allow_plaintext": true, "connection_timeout": "2s", "read_timeout": "2s",
        },
    });
    change(&mut federation);
    stage.realm_of(&federation)
}
