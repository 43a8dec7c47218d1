use super::*;

#[tokio::test]
async fn without_a_known_client_there_is_a_page() {
    let house = House::new();
    for (client, expected) in [
        ("client_id=web", None),
        ("", Some(PageError::ClientIdMissing)),
        ("client_id=", Some(PageError::ClientIdMissing)),
        (
            "client_id=web&client_id=web",
            Some(PageError::ClientIdRepeated),
        ),
        ("client_id=nobody", Some(PageError::ClientUnknown)),
        ("client_id=w%20eb", Some(PageError::ClientUnknown)),
        ("client_id=WEB", Some(PageError::ClientUnknown)),
        ("client_id=old", Some(PageError::ClientDisabled)),
    ] {
        let query = asked("web", "").replacen("client_id=web", client, 1);
        assert_eq!(page(&house, &query).await, expected, "{client}");
    }
}

#[tokio::test]
async fn without_a_registered_address_there_is_a_page() {
    let house = House::new();
    let unregistered = Some(PageError::RedirectUriUnregistered);
    for (uri, expected) in [
        ("&redirect_uri=https://app.example/cb", None),
        ("", Some(PageError::RedirectUriMissing)),
        ("&redirect_uri=", Some(PageError::RedirectUriMissing)),
        (
            "&redirect_uri=https://app.example/cb&redirect_uri=https://app.example/cb",
            Some(PageError::RedirectUriRepeated),
        ),
        ("&redirect_uri=https://app.example/cb/", unregistered),
        ("&redirect_uri=https://app.example/cb?x=1", unregistered),
        ("&redirect_uri=https://app.example/cb%23x", unregistered),
        ("&redirect_uri=https://app.example/CB", unregistered),
        ("&redirect_uri=http://app.example/cb", unregistered),
        (
            "&redirect_uri=https://app.example@evil.example/cb",
            unregistered,
        ),
        ("&redirect_uri=https://app.example/x/../cb", unregistered),
        ("&redirect_uri=https://app.example/..;/cb", unregistered),
        (
            "&redirect_uri=https://app.example%5C@evil.example/cb",
            unregistered,
        ),
        ("&redirect_uri=https://app.example/cb%09", unregistered),
        ("&redirect_uri=JaVaScRiPt:alert(1)", unregistered),
    ] {
        let query = asked("web", "").replacen(&format!("&redirect_uri={CALLBACK}"), uri, 1);
        assert_eq!(page(&house, &query).await, expected, "{uri}");
    }
}

#[tokio::test]
async fn a_native_client_may_listen_on_any_port_of_its_address() {
    let house = House::new();
    assert_eq!(page(&house, &asked("cli", "")).await, None);
    let other = asked("cli", "").replacen("127.0.0.1", "localhost", 1);
    assert_eq!(
        page(&house, &other).await,
        Some(PageError::RedirectUriUnregistered)
    );
}

#[tokio::test]
async fn a_realm_that_is_switched_off_has_a_page() {
    let mut house = House::new();
    house.realm.enabled = false;
    assert_eq!(
        page(&house, &asked("web", "")).await,
        Some(PageError::RealmDisabled)
    );
}

/// The page that there is instead of an answer to the client.
async fn page(house: &House, query: &str) -> Option<PageError> {
    let (parameters, browser) = (Parameters::parse(query), Browser::default());
    match house
        .provider
        .authorize(&house.realm, &parameters, &browser)
        .await
    {
        Err(AuthorizeError::Page { code, description }) => {
            assert!(!description.is_empty());
            Some(code)
        }
        Err(other) => unreachable!("no page but {other}"),
        Ok(_) => None,
    }
}
