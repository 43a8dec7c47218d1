use super::*;
use crate::testing::{Site, entry, federation, planned, realm};
use bridge_model::ports::DirectoryFault;

fn site() -> Site {
    let site = Site::new(&["staff"]);
    site.directories.put([
        entry("staff", "ada", &[("cn", "Ada")]),
        entry("staff", "bob", &[("description", "off")]),
        entry("staff", "cid", &[]),
        entry("interns", "dan", &[]),
    ]);
    site
}

fn names(people: &People) -> Vec<&str> {
    let identities = people.people.iter().filter_map(|it| it.identity.as_ref());
    identities.map(|it| it.username.as_str()).collect()
}

#[tokio::test]
async fn a_saved_federation_shows_one_or_several_people_without_a_bind() {
    let site = site();
    let kept = site.store.tables().federations[0].federation.clone();
    let shown = |whom| site.sign_ins.preview_federation(&kept.realm, kept.id, whom);
    let ada = shown(Whom::Name("ada")).await.expect("ada");
    assert_eq!(names(&ada), ["ada"]);
    let two = shown(Whom::First(2)).await.expect("people");
    assert_eq!(names(&two), ["ada", "bob"]);
    let bars = &two.people[1].identity.as_ref().expect("bob").bars;
    assert!(bars[0].holds);
    let all = shown(Whom::First(50)).await.expect("people");
    assert_eq!(names(&all), ["ada", "bob", "cid"]);
    let nobody = shown(Whom::Name("dan")).await;
    assert!(matches!(nobody, Err(PreviewError::Nobody)));
    assert!(site.directories.state().binds.is_empty());
    let json = serde_json::to_string(&all).expect("JSON");
    assert!(!json.contains("userPassword"), "{json}");

    let other = realm("c").name;
    let refused = site
        .sign_ins
        .preview_federation(&other, kept.id, Whom::First(1));
    assert!(matches!(refused.await, Err(PreviewError::Unknown)));
}

#[tokio::test]
async fn a_draft_shows_who_would_sign_in_and_as_whom() {
    let site = site();
    let draft = planned(federation("a", "interns"));
    let shown = |draft| site.sign_ins.preview_draft(draft, None, Whom::First(5));
    let people = shown(draft.clone()).await.expect("people");
    assert_eq!(names(&people), ["dan"]);
    let identity = people.people[0].identity.as_ref().expect("dan");
    assert!(identity.subject.is_some());
    assert_eq!(site.store.tables().loads, 0, "nothing is put in force");

    let elsewhere = planned(federation("c", "interns"));
    let people = shown(elsewhere).await.expect("people");
    let subject = &people.people[0].identity.as_ref().expect("dan").subject;
    assert_eq!(*subject, None, "there is no realm to derive it in");

    let mut unknown = draft;
    unknown.plan.stable_id.attribute = "employeeNumber".to_owned();
    let people = shown(unknown).await.expect("people");
    let problem = people.people[0].problem.as_deref().expect("a problem");
    assert!(problem.contains("employeeNumber"), "{problem}");
}

#[tokio::test]
async fn a_realm_shows_what_a_sign_in_would_make_of_somebody() {
    let site = site();
    let shown = site.sign_ins.preview(&realm("a"), "ada").await;
    let shown = shown.expect("ada");
    assert_eq!(shown.user.username, "ada");
    assert_eq!(shown.view().entry.dn, shown.entry.dn);
    site.directories
        .break_down("staff", DirectoryFault::Timeout);
    let shown = site.sign_ins.preview(&realm("a"), "ada").await;
    assert!(matches!(shown, Err(PreviewError::Federation { .. })));
}
