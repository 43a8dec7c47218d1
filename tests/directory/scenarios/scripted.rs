//! What no server here says by itself, said by a script.

use super::{
    Scenario,
    stage::{Realm, Stage},
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use suites::peer::{
    BIND, EXTENDED, Peer, Reaction, Request, SEARCH, bind_response, element, extended_response,
    message, result, search_done,
};

const NO_SERVER: &str = "no server here says it";
const HOSTILE: &str = "real servers are not hostile";

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of_script(
        "sub-code 525: no such user",
        |stage| sub_code(stage, "525", "bad_credentials"),
        NO_SERVER,
    ),
    Scenario::of_script(
        "sub-code 530: not at this hour",
        |stage| sub_code(stage, "530", "outside_permitted_hours"),
        "shown by Samba, too",
    ),
    Scenario::of_script(
        "sub-code 531: not from here",
        |stage| sub_code(stage, "531", "not_permitted_here"),
        NO_SERVER,
    ),
    Scenario::of_script(
        "sub-code 533: disabled",
        |stage| sub_code(stage, "533", "disabled"),
        "shown by Samba, too",
    ),
    Scenario::of_script(
        "sub-code 701: account ended",
        |stage| sub_code(stage, "701", "account_expired"),
        "shown by Samba, too",
    ),
    Scenario::of_script(
        "sub-code 775: locked",
        |stage| sub_code(stage, "775", "locked"),
        "shown by Samba, too",
    ),
    Scenario::of_script(
        "sub-code 568: too many groups is an outage",
        |stage| {
            let peer = domain(
                Ok(49),
                "80090308: LdapErr: DSID-0C090400, comment: AcceptSecurityContext error, data 568, v4563",
            );
            at(stage, &peer, |_| {}).is_unavailable("ada", "Pw-ada", "directory_unavailable");
        },
        NO_SERVER,
    ),
    Scenario::of_script(
        "a sub-code that nobody knows is a refusal",
        |stage| {
            let peer = domain(Ok(49), "AcceptSecurityContext error, data 4242, v1");
            let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
            assert_eq!(page.status, 401);
        },
        NO_SERVER,
    ),
    Scenario::of_script(
        "a server that accepts everything does not accept an empty password",
        |stage| {
            let peer = domain(Ok(0), "");
            let realm = at(stage, &peer, |_| {});
            realm.comes_in("ada", "anything");
            for empty in ["", "\0", "\0\0"] {
                let page = realm.try_password("ada", empty);
                assert_eq!(page.status, 401);
            }
            let user_binds = peer
                .requests()
                .iter()
                .filter(|request| binds(request, "CN=Ada"))
                .count();
            assert_eq!(user_binds, 1, "nothing was sent for an empty password");
        },
        "the servers refuse it by themselves",
    ),
    Scenario::of_script(
        "only result code 0 is success, and trouble of the server's is nobody's fault",
        |stage| {
            for (code, status) in [
                (1, 503),
                (3, 503),
                (8, 503),
                (11, 503),
                (50, 401),
                (51, 503),
                (52, 503),
                (80, 503),
                (14, 401),
                (48, 401),
            ] {
                let peer = domain(Ok(code), "");
                let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
                assert_eq!(page.status, status, "result {code}");
            }
        },
        "they answer few of these codes",
    ),
    Scenario::of_script(
        "an answer in ranges is read to its end",
        ranged,
        "none of them cuts an attribute into ranges",
    ),
    Scenario::of_script(
        "a range that has no end is no list of groups",
        |stage| {
            let peer = Peer::start(|request| match request.operation {
                BIND => Reaction::Send(bind_response(request.id, 0)),
                _ => Reaction::Send(found(
                    request.id,
                    &person(&[
                        ("memberOf", &[]),
                        ("memberOf;range=0-0", &[b"CN=One,DC=ad,DC=example,DC=test"]),
                    ]),
                )),
            });
            let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
            assert_eq!(page.status, 503);
        },
        "none of them cuts an attribute into ranges",
    ),
    Scenario::of_script(
        "a referral is not followed",
        |stage| {
            let elsewhere = Peer::start(|_| Reaction::Ignore);
            let address = elsewhere.address();
            let peer = Peer::start(move |request| match request.operation {
                BIND => Reaction::Send(bind_response(request.id, 0)),
                _ => Reaction::Send(referral(request.id, &format!("ldap://{address}/DC=other"))),
            });
            let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
            assert_eq!(page.status, 503);
            assert!(elsewhere.requests().is_empty(), "somebody came along");
        },
        "none of them refers to another here",
    ),
    Scenario::of_script(
        "a continuation reference is passed over",
        |stage| {
            let elsewhere = Peer::start(|_| Reaction::Ignore);
            let address = elsewhere.address();
            let peer = Peer::start(move |request| match request.operation {
                BIND => Reaction::Send(bind_response(request.id, 0)),
                _ => {
                    let url = format!("ldap://{address}/DC=other");
                    let mut octets = message(request.id, 0x73, &element(0x04, url.as_bytes()));
                    octets.extend(found(request.id, &person(&[])));
                    Reaction::Send(octets)
                }
            });
            at(stage, &peer, |_| {}).comes_in("ada", "Pw-ada");
            assert!(elsewhere.requests().is_empty(), "somebody came along");
        },
        "Samba does so at the root of its domain only",
    ),
    Scenario::of_script(
        "a notice of disconnection is followed by another connection",
        |stage| {
            let searches = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&searches);
            let peer = Peer::start(move |request| match request.operation {
                BIND => Reaction::Send(bind_response(request.id, 0)),
                _ if counted.fetch_add(1, Ordering::SeqCst) == 0 => {
                    Reaction::SendAndClose(notice())
                }
                _ => Reaction::Send(found(request.id, &person(&[]))),
            });
            at(stage, &peer, |_| {}).comes_in("ada", "Pw-ada");
            assert_eq!(searches.load(Ordering::SeqCst), 2);
        },
        NO_SERVER,
    ),
    Scenario::of_script(
        "a user outside of the base is nobody's",
        |stage| {
            let peer = Peer::start(|request| match request.operation {
                BIND => Reaction::Send(bind_response(request.id, 0)),
                _ => Reaction::Send(found(
                    request.id,
                    &entry("CN=Ada,DC=elsewhere", &account(&[])),
                )),
            });
            let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
            assert_eq!(page.status, 503);
        },
        HOSTILE,
    ),
    Scenario::of_script(
        "two entries for one name are nobody, whatever the limit",
        |stage| {
            let peer = Peer::start(|request| match request.operation {
                BIND => Reaction::Send(bind_response(request.id, 0)),
                _ => {
                    let one = entry("CN=One,DC=ad,DC=example,DC=test", &account(&[]));
                    let two = entry("CN=Two,DC=ad,DC=example,DC=test", &account(&[]));
                    Reaction::Send(
                        [
                            message(request.id, 0x64, &one),
                            message(request.id, 0x64, &two),
                            search_done(request.id, 0),
                        ]
                        .concat(),
                    )
                }
            });
            at(stage, &peer, |_| {}).is_refused("ada", "Pw-ada", "ambiguous_user_name");
        },
        "shown by slapd, too",
    ),
    Scenario::of_script(
        "an entry without its identifier is nobody's",
        |stage| {
            let peer = Peer::start(|request| match request.operation {
                BIND => Reaction::Send(bind_response(request.id, 0)),
                _ => {
                    let attributes: Vec<Attribute<'_>> = account(&[])
                        .into_iter()
                        .filter(|(name, _)| *name != "objectGUID")
                        .collect();
                    Reaction::Send(found(request.id, &entry(ADA, &attributes)))
                }
            });
            let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
            assert_eq!(page.status, 401);
        },
        "every entry of theirs has one",
    ),
    Scenario::of_script(
        "a value that is no text is left out",
        |stage| {
            let peer = Peer::start(|request| match request.operation {
                BIND => Reaction::Send(bind_response(request.id, 0)),
                _ => Reaction::Send(found(request.id, &person(&[("givenName", &[b"\xff\xfe"])]))),
            });
            let claims = at(stage, &peer, |_| {}).claims("ada", "Pw-ada");
            assert_eq!(claims["given_name"], Value::Null, "{claims}");
        },
        "they store no such value",
    ),
    Scenario::of_script(
        "attributes come in other letter cases and with options",
        |stage| {
            let peer = Peer::start(|request| match request.operation {
                BIND => Reaction::Send(bind_response(request.id, 0)),
                _ => Reaction::Send(found(
                    request.id,
                    &person(&[("GIVENNAME", &[b"Ada"]), ("sn;lang-fr", &[b"de Lovelace"])]),
                )),
            });
            let claims = at(stage, &peer, |_| {}).claims("ada", "Pw-ada");
            assert_eq!(claims["given_name"], "Ada", "{claims}");
        },
        "they write names as the schema does",
    ),
    Scenario::of_script(
        "hostile octets hurt nobody",
        |stage| {
            for octets in hostile() {
                let peer = Peer::start(move |request| match request.operation {
                    BIND => Reaction::Send(bind_response(request.id, 0)),
                    _ => Reaction::SendAndClose(octets.clone()),
                });
                let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
                assert_eq!(page.status, 503);
            }
            stage.served().bridge.resident_kib();
        },
        HOSTILE,
    ),
    Scenario::of_script(
        "a result without end is broken off",
        |stage| {
            let peer = Peer::start(|request| match request.operation {
                BIND => Reaction::Send(bind_response(request.id, 0)),
                _ => Reaction::Drip(
                    message(request.id, 0x64, &person(&[])),
                    std::time::Duration::from_micros(10),
                ),
            });
            let page = at(stage, &peer, |_| {}).try_password("ada", "Pw-ada");
            assert!([401, 503].contains(&page.status), "{}", page.status);
        },
        HOSTILE,
    ),
    Scenario::of_script(
        "what comes after StartTLS without TLS ends the connection",
        |stage| {
            let peer = Peer::start(|request| match request.operation {
                EXTENDED => Reaction::Send(
                    [
                        extended_response(request.id, 0),
                        bind_response(2, 0),
                        found(3, &person(&[])),
                    ]
                    .concat(),
                ),
                _ => Reaction::Send(bind_response(request.id, 0)),
            });
            let realm = at(stage, &peer, |federation| {
                federation["advanced"] = json!({ "start_tls": true });
            });
            let page = realm.try_password("ada", "Pw-ada");
            assert_eq!(page.status, 503);
            let binds = peer
                .requests()
                .iter()
                .filter(|request| request.operation == BIND)
                .count();
            assert_eq!(binds, 0, "no password was sent");
        },
        HOSTILE,
    ),
    Scenario::of_script(
        "a server that refuses StartTLS hears no password",
        |stage| {
            let peer = Peer::start(|request| match request.operation {
                EXTENDED => Reaction::Send(extended_response(request.id, 2)),
                _ => Reaction::Send(bind_response(request.id, 0)),
            });
            let realm = at(stage, &peer, |federation| {
                federation["advanced"] = json!({ "start_tls": true });
            });
            realm.is_unavailable("ada", "Pw-ada", "TLS failed");
            let binds = peer
                .requests()
                .iter()
                .filter(|request| request.operation == BIND)
                .count();
            assert_eq!(binds, 0, "no password was sent");
        },
        "they all know StartTLS",
    ),
    Scenario::of_script(
        "only what is needed is asked for, by name",
        |stage| {
            let peer = domain(Ok(0), "");
            at(stage, &peer, |_| {}).comes_in("ada", "Pw-ada");
            let searches = peer.requests();
            let searches: Vec<_> = searches
                .iter()
                .filter(|request| request.operation == SEARCH)
                .collect();
            assert_eq!(searches.len(), 1, "a sign-in is one search");
            for secret in [
                &b"unicodePwd"[..],
                b"userPassword",
                b"\x04\x01*",
                b"\x04\x01+",
            ] {
                let octets = &searches[0].octets;
                assert!(!octets.windows(secret.len()).any(|part| part == secret));
            }
        },
        "shown here, where every octet is seen",
    ),
];

const ADA: &str = "CN=Ada,DC=ad,DC=example,DC=test";

type Attribute<'a> = (&'a str, &'a [&'a [u8]]);

fn sub_code(stage: &Stage, code: &str, reason: &str) {
    let text = format!(
        "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data {code}, v4563"
    );
    let peer = domain(Ok(49), &text);
    at(stage, &peer, |_| {}).is_refused("ada", "Pw-ada", reason);
}

/// A controller with one person, whose bind is answered so.
fn domain(user_bind: Result<u8, ()>, diagnostic: &str) -> Peer {
    let diagnostic = diagnostic.to_owned();
    Peer::start(move |request| match (request.operation, user_bind) {
        (BIND, Ok(code)) if binds(request, "CN=Ada") => {
            Reaction::Send(message(request.id, 0x61, &result(code, &diagnostic)))
        }
        (BIND, _) => Reaction::Send(bind_response(request.id, 0)),
        _ => Reaction::Send(found(request.id, &person(&[]))),
    })
}

fn binds(request: &Request, name: &str) -> bool {
    let name = name.as_bytes();
    request.operation == BIND && request.octets.windows(name.len()).any(|part| part == name)
}

/// A controller that answers `memberOf` in ranges of two.
fn ranged(stage: &Stage) {
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
fn at<'a>(stage: &'a Stage, peer: &Peer, change: impl FnOnce(&mut Value)) -> Realm<'a> {
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

/// An account that may sign in, with more attributes.
fn account<'a>(more: &[Attribute<'a>]) -> Vec<Attribute<'a>> {
    let mut attributes: Vec<Attribute<'a>> = vec![
        ("objectClass", &[b"user"]),
        ("objectGUID", &[b"0123456789abcdef"]),
        ("sAMAccountName", &[b"ada"]),
        ("userAccountControl", &[b"512"]),
        ("msDS-User-Account-Control-Computed", &[b"0"]),
    ];
    attributes.extend_from_slice(more);
    attributes
}

fn person(more: &[Attribute<'_>]) -> Vec<u8> {
    entry(ADA, &account(more))
}

/// The content of a search result entry (RFC 4511 section 4.5.2).
fn entry(dn: &str, attributes: &[Attribute<'_>]) -> Vec<u8> {
    let attributes: Vec<u8> = attributes
        .iter()
        .flat_map(|(name, values)| {
            let values: Vec<u8> = values
                .iter()
                .flat_map(|value| element(0x04, value))
                .collect();
            element(
                0x30,
                &[element(0x04, name.as_bytes()), element(0x31, &values)].concat(),
            )
        })
        .collect();
    [element(0x04, dn.as_bytes()), element(0x30, &attributes)].concat()
}

/// One entry, and the end of the search.
fn found(id: u8, entry: &[u8]) -> Vec<u8> {
    [message(id, 0x64, entry), search_done(id, 0)].concat()
}

/// The end of a search that leads elsewhere (RFC 4511 section 4.1.10).
fn referral(id: u8, url: &str) -> Vec<u8> {
    let mut content = result(10, "");
    content.extend(element(0xa3, &element(0x04, url.as_bytes())));
    message(id, 0x65, &content)
}

/// RFC 4511 section 4.4.1.
fn notice() -> Vec<u8> {
    let mut content = result(52, "shutting down");
    content.extend(element(0x8a, b"1.3.6.1.4.1.1466.20036"));
    message(0, 0x78, &content)
}

/// What nobody should believe: lengths that are lies, nesting without end, answers to other questions.
fn hostile() -> Vec<Vec<u8>> {
    let nested = (0..10_000).fold(Vec::new(), |mut octets, _| {
        octets.extend([0x30, 0x80]);
        octets
    });
    vec![
        vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        vec![0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02, 0x01, 0x02],
        nested,
        b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        message(2, 0x61, &result(0, "")),
        message(99, 0x65, &result(0, "")),
        message(2, 0x65, &[0x0a, 0x01]),
        vec![0; 64],
    ]
}
