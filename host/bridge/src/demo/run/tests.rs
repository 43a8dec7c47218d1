//! The demonstration from one end to the other, but for the listener of HTTP.

use super::*;
use axum::body::{Body, to_bytes};
use bridge_directory::LdapDirectories;
use bridge_model::{
    dn::Dn,
    federation::BindName,
    filter::Filter,
    ports::{Directories as _, DirectoryFault},
    search::{Search, SearchScope},
    secret::{Password, Secret},
};
use http::{Method, Request, StatusCode, header};
use std::collections::BTreeMap;
use tower::ServiceExt as _;
use url::form_urlencoded;

const BASE_URL: &str = "http://127.0.0.1:8080";

async fn demo() -> Demo {
    Demo::start(Url::parse(BASE_URL).expect("a URL"))
        .await
        .expect("starts")
}

/// A browser without script that keeps its cookies.
struct Visitor<'a> {
    demo: &'a Demo,
    cookies: BTreeMap<String, String>,
}

struct Page {
    url: Url,
    status: StatusCode,
    body: String,
}

impl<'a> Visitor<'a> {
    fn new(demo: &'a Demo) -> Self {
        Self {
            demo,
            cookies: BTreeMap::new(),
        }
    }

    /// Loads a page, over any number of redirects that is sensible.
    async fn open(&mut self, method: Method, url: &str, form: &str) -> Page {
        let base_url = Url::parse(BASE_URL).expect("a URL");
        let mut url = base_url.join(url).expect("a URL");
        let (mut method, mut form) = (method, form.to_owned());
        for _ in 0..10 {
            assert_eq!(url.origin(), base_url.origin());
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let path = &url[url::Position::BeforePath..];
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(header::HOST, "127.0.0.1:8080")
                .header(header::ORIGIN, BASE_URL)
                .header(header::COOKIE, cookies.join("; "))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(form))
                .expect("a request");
            let response = self
                .demo
                .router
                .clone()
                .oneshot(request)
                .await
                .expect("served");
            let (head, body) = response.into_parts();
            for cookie in head.headers.get_all(header::SET_COOKIE) {
                let pair = cookie
                    .to_str()
                    .expect("ASCII")
                    .split(';')
                    .next()
                    .expect("a pair");
                let (name, value) = pair.split_once('=').expect("a pair");
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            if let Some(to) = head.headers.get(header::LOCATION) {
                url = url.join(to.to_str().expect("ASCII")).expect("a URL");
                (method, form) = (Method::GET, String::new());
                continue;
            }
            let body = to_bytes(body, usize::MAX).await.expect("a body");
            return Page {
                url,
                status: head.status,
                body: String::from_utf8(body.to_vec()).expect("text"),
            };
        }
        unreachable!("too many redirects, the last to {url}");
    }

    async fn sign_in(&mut self, realm: &str, username: &str, password: &str) -> Page {
        let page = self
            .open(Method::GET, &format!("/sample/{realm}/sign-in"), "")
            .await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let (action, csrf) = (
            between(&page.body, "action=\""),
            between(&page.body, "name=\"csrf\" value=\""),
        );
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("username", username)
            .append_pair("password", password)
            .append_pair("csrf", csrf)
            .finish();
        self.open(Method::POST, action, &form).await
    }
}

fn between<'a>(page: &'a str, start: &str) -> &'a str {
    let (_, rest) = page.split_once(start).expect(start);
    rest.split('"').next().expect("a quoted value")
}

#[tokio::test(flavor = "multi_thread")]
async fn ada_signs_in_to_every_realm_and_sees_where_she_comes_from() {
    let demo = demo().await;
    assert_eq!(demo.settings.realms.len(), 3);
    let start = Visitor::new(&demo).open(Method::GET, "/", "").await;
    let mut binary_values = 0;
    for realm in &demo.settings.realms {
        assert!(
            start
                .body
                .contains(&format!("/sample/{}/sign-in", realm.name))
        );
        let mut visitor = Visitor::new(&demo);
        let page = visitor
            .sign_in(realm.name.as_str(), "ada", "bridge-demo")
            .await;
        assert_eq!(
            (page.status, page.url.path()),
            (StatusCode::OK, "/sample/signed-in"),
            "{}",
            page.body
        );
        for part in [
            "Hello, Ada Lovelace",
            "Engineering",
            "Administrators",
            "sha256:",
        ] {
            assert!(page.body.contains(part), "{}: no {part}", realm.name);
        }
        binary_values += page.body.matches(" octets</span>").count();
        assert!(
            !page.body.contains("cannot be shown"),
            "{}: {}",
            realm.name,
            page.body
        );
        assert!(
            !page.body.contains("no longer the token’s"),
            "{}",
            realm.name
        );
        assert!(
            !page.body.contains("bridge-demo"),
            "{}: a password is shown",
            realm.name
        );
    }
    assert!(binary_values > 0, "no identifier of octets was shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_come_in_is_told_no_reason() {
    let demo = demo().await;
    for realm in &demo.settings.realms {
        let mut refusals = Vec::new();
        for (username, password) in [
            ("ada", "wrong"),
            ("grace", "bridge-demo"),
            ("alan", "bridge-demo"),
            ("nobody", "bridge-demo"),
        ] {
            let page = Visitor::new(&demo)
                .sign_in(realm.name.as_str(), username, password)
                .await;
            assert_eq!(
                page.status,
                StatusCode::UNAUTHORIZED,
                "{} {username}",
                realm.name
            );
            let token = between(&page.body, "name=\"csrf\" value=\"").to_owned();
            let action = between(&page.body, "action=\"").to_owned();
            refusals.push(page.body.replace(&token, "").replace(&action, ""));
        }
        assert!(
            refusals.windows(2).all(|pair| pair[0] == pair[1]),
            "{}",
            realm.name
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directories_answer_the_bridges_own_client() {
    let demo = demo().await;
    for realm in &demo.settings.realms {
        let planned = demo
            .bridge
            .store()
            .federations(&realm.name)
            .await
            .expect("read");
        let federation = &planned[0].federation;
        let directories = LdapDirectories::new(loopback());
        let directory = directories
            .open(federation, Some(Secret::new("service-demo")))
            .expect("opens");
        let name = planned[0].plan.username_attribute.clone();
        let id = planned[0].plan.stable_id.attribute.clone();
        let mut search = Search {
            base: federation.users[0].base.clone(),
            scope: SearchScope::Subtree,
            filter: Filter::equal(name, "ada"),
            attributes: vec![id.clone()],
            size_limit: 2,
        };
        let found = directory.search(&search).await.expect("answered");
        assert_eq!(
            (found.result_code, found.entries.len()),
            (0, 1),
            "{}",
            realm.name
        );
        let ada = found.entries[0].clone();
        assert_eq!(ada.attributes.len(), 1);

        // By the identifier's octets, whether they are text or not.
        search.filter = Filter::equal(id.clone(), ada.values(&id)[0].clone());
        let found = directory.search(&search).await.expect("answered");
        assert_eq!(found.entries, std::slice::from_ref(&ada), "{}", realm.name);

        let dn = BindName::new(ada.dn.as_str()).expect("a name");
        assert!(Dn::parse(dn.as_str()).is_ok());
        for (password, expected) in [("bridge-demo", 0), ("wrong", 49)] {
            let password = Password::new(password).expect("not empty");
            let reply = directory.bind(&dn, &password, &[]).await.expect("answered");
            assert_eq!(reply.result_code, expected, "{}", realm.name);
        }

        let directory = directories
            .open(federation, Some(Secret::new("wrong")))
            .expect("opens");
        let error = directory.search(&search).await.expect_err("refused");
        assert_eq!(error.fault, DirectoryFault::ServiceBind, "{}", realm.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_greeting_says_where_everything_is() {
    let demo = demo().await;
    let greeting = demo.greeting();
    for realm in &demo.settings.realms {
        assert!(greeting.contains(&realm.directory_url), "{greeting}");
        assert!(
            greeting.contains(&format!("{BASE_URL}/realms/{}", realm.name)),
            "{greeting}"
        );
    }
    for part in ["ada", "grace", "alan", "bridge-demo", "public client, cli"] {
        assert!(greeting.contains(part), "no {part} in {greeting}");
    }
}

#[tokio::test]
async fn listens_on_loopback_alone() {
    for address in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
        let error = run(address.parse().expect("an address"))
            .await
            .expect_err(address);
        let text = error.to_string();
        assert!(
            text.contains(address) && text.contains("127.0.0.1:8080"),
            "{text}"
        );
    }
}
