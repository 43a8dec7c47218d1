mod trust;

use super::*;
use crate::testing::Site;

fn a() -> RealmName {
    RealmName::new("a").expect("a name")
}

fn b() -> RealmName {
    RealmName::new("b").expect("a name")
}

#[tokio::test]
async fn a_realm_is_read_once_and_again_after_it_changed() {
    let site = Site::new(&["staff"]);
    let loads = || site.store.tables().loads;
    for _ in 0..2 {
        site.federations.realm(&a()).await.expect("loaded");
        site.federations.realm(&b()).await.expect("loaded");
    }
    assert_eq!(loads(), 2);
    site.federations.reload(&a());
    site.federations.realm(&b()).await.expect("loaded");
    assert_eq!(loads(), 2, "the other realm stays");
    site.federations.realm(&a()).await.expect("loaded");
    assert_eq!(loads(), 3);
    site.federations.reload_all();
    site.federations.realm(&b()).await.expect("loaded");
    assert_eq!(loads(), 4);
}

#[tokio::test]
async fn what_nobody_uses_is_forgotten() {
    let site = Site::new(&["staff"]);
    let (store, policies, directories) = (site.store, site.policies, site.directories);
    let federations = Federations::new(store.clone(), policies, directories)
        .with_idle_max(Duration::from_millis(40));
    federations.realm(&a()).await.expect("loaded");
    federations.realm(&b()).await.expect("loaded");
    assert_eq!(federations.forget_idle(), 0);
    tokio::time::sleep(Duration::from_millis(60)).await;
    federations.realm(&b()).await.expect("loaded");
    assert_eq!(federations.forget_idle(), 1, "a was not used");
    federations.realm(&b()).await.expect("loaded");
    assert_eq!(store.tables().loads, 2);
    federations.realm(&a()).await.expect("loaded");
    assert_eq!(store.tables().loads, 3);
}

#[tokio::test]
async fn another_digest_translates_anew_and_the_revision_stays() {
    let site = Site::new(&["staff"]);
    "sha256:2".clone_into(&mut site.policies.all()[0].reference.digest);
    site.federations.realm(&a()).await.expect("loaded");
    let kept = site.store.tables().federations[0].clone();
    assert_eq!(kept.policy.digest, "sha256:2");
    assert_eq!(kept.revision.0, 1);
}
