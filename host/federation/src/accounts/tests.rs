mod changing;
mod creating;

use super::*;
use crate::{
    Attempt, SignInOutcome,
    testing::{BASE, PASSWORD, Site, attribute, client, entry, realm},
};
use bridge_model::{
    dn::Dn,
    ports::DirectoryFault,
    search::Reply,
    write::{EntryChange, Modification, ModifyWay, NamePart, NewEntry, Write},
};
use serde_json::json;

const NEW: &str = "battery staple";

fn site(mode: EditMode) -> Site {
    let site = Site::new(&["staff", "partners"]);
    site.store.change("staff", |it| {
        it.edit_mode = mode;
        it.sync_registration = true;
        it.import_enabled = true;
    });
    site.directories.put([
        entry("staff", "ada", &[("cn", "Ada"), ("mail", "ada@x.example")]),
        entry("partners", "bob", &[]),
    ]);
    site.policies.all()[0].new_entry = Some(NewEntry {
        parent: Dn::parse(&format!("ou=staff,{BASE}")).expect("a DN"),
        name: vec![NamePart {
            attribute: "uid".to_owned(),
            value: b"cid".to_vec(),
        }],
        attributes: vec![
            attribute("objectClass", &["person"]),
            attribute("cn", &["Cid"]),
        ],
    });
    site
}

fn dn(name: &str) -> String {
    format!("uid={name},ou=staff,{BASE}")
}

fn replaced(name: &str, values: &[&str]) -> Modification {
    Modification {
        way: ModifyWay::Replace,
        attribute: attribute(name, values),
    }
}

/// What the policy makes of every change from now on.
fn make_of_changes(site: &Site, change: EntryChange) {
    site.policies.all()[0].change = Ok(change);
    site.federations.reload_all();
}

fn asked(site: &Site) -> Vec<String> {
    let asked = Arc::clone(&site.policies.all()[0].asked);
    std::mem::take(&mut *asked.lock().expect("no test panicked in here"))
}

async fn sign_in(site: &Site, username: &str, password: &str) -> SignInOutcome {
    let attempt = Attempt {
        username,
        password,
        client: &client("a"),
        address: None,
        request_id: "r",
    };
    site.sign_ins.sign_in(&realm("a"), &attempt).await
}

/// Somebody who has signed in.
async fn known(site: &Site, username: &str) -> String {
    match sign_in(site, username, PASSWORD).await {
        SignInOutcome::SignedIn(user) => user.user().subject.clone(),
        other => panic!("{other:?}: {:?}", site.audit.last()),
    }
}

fn new_user(username: &str, password: Option<&str>, enabled: bool) -> NewUser {
    let claims = json!({"name": "Cid", "email": null, "age": 7});
    NewUser {
        username: username.to_owned(),
        claims: claims.as_object().expect("an object").clone(),
        enabled,
        password: password.map(|text| Password::new(text).expect("a password")),
    }
}

async fn create(site: &Site, user: NewUser) -> Result<StoredUser, AccountError> {
    site.accounts.create(&realm("a"), user).await
}

fn claims(value: &Value) -> ProfileUpdate {
    ProfileUpdate {
        claims: value.as_object().expect("an object").clone(),
        ..ProfileUpdate::default()
    }
}

async fn update(
    site: &Site,
    subject: &str,
    update: ProfileUpdate,
) -> Result<StoredUser, AccountError> {
    site.accounts.update(&realm("a"), subject, update).await
}

async fn reset(site: &Site, subject: &str, temporary: bool) -> Result<(), AccountError> {
    let new = Password::new(NEW).expect("a password");
    site.accounts
        .reset_password(&realm("a"), subject, new, temporary)
        .await
}

fn refuse_write(site: &Site, code: u32) {
    let reply = Reply {
        result_code: code,
        ..Reply::default()
    };
    site.directories.state().write_replies.push_back(reply);
}

fn writes(site: &Site) -> Vec<Write> {
    site.directories.state().writes.clone()
}
