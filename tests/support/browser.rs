//! A browser without a screen: cookies, forms, and no redirect that a test did not ask for.

use crate::authority::Authority;
use reqwest::{
    Certificate,
    blocking::{Client, RequestBuilder},
    header::{CONTENT_TYPE, COOKIE, HeaderMap, SET_COOKIE},
    redirect::Policy,
};
use std::{collections::BTreeMap, sync::Mutex, time::Duration};
use url::{Url, form_urlencoded};

/// Cookies of one host, and the connection to it.
pub struct Browser {
    client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// What came back.
#[derive(Debug)]
pub struct Page {
    /// The address it was asked for at.
    pub url: Url,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as text.
    pub body: String,
}

/// A form of a page, with its hidden and filled-in fields.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it is sent.
    pub action: Url,
    /// Its fields, in order.
    pub fields: Vec<(String, String)>,
}

impl Browser {
    /// A browser that has been nowhere, and trusts the suites' own authority.
    pub fn new() -> Self {
        let authority = Certificate::from_pem(Authority::shared().ca.as_bytes());
        let client = Client::builder()
            .tls_certs_only([authority.expect("a certificate")])
            .redirect(Policy::none())
            .timeout(Duration::from_secs(30))
            .no_proxy()
            .build()
            .expect("an HTTP client");
        Self {
            client,
            cookies: Mutex::default(),
        }
    }

    /// Asks for a page.
    pub fn get(&self, url: impl AsRef<str>) -> Page {
        self.send(self.client.get(url.as_ref()))
    }

    /// Asks for a page of somebody who may not be there yet.
    pub fn try_get(&self, url: &str) -> Option<Page> {
        let response = self
            .client
            .get(url)
            .timeout(Duration::from_secs(2))
            .send()
            .ok()?;
        Some(self.keep(response))
    }

    /// Sends form fields.
    pub fn post(
        &self,
        url: impl AsRef<str>,
        fields: &[(impl AsRef<str>, impl AsRef<str>)],
    ) -> Page {
        self.send(self.posting(url, fields))
    }

    /// A request with form fields, to add headers to.
    pub fn posting(
        &self,
        url: impl AsRef<str>,
        fields: &[(impl AsRef<str>, impl AsRef<str>)],
    ) -> RequestBuilder {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.client
            .post(url.as_ref())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
    }

    /// A request of any kind, to add headers to.
    pub fn request(&self, method: &str, url: impl AsRef<str>) -> RequestBuilder {
        self.client
            .request(method.parse().expect("a method"), url.as_ref())
    }

    /// Sends a request with this browser's cookies, and keeps what it is given.
    pub fn send(&self, request: RequestBuilder) -> Page {
        let cookies = self.cookies.lock().expect("the cookies").clone();
        let line: Vec<_> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = if line.is_empty() {
            request
        } else {
            request.header(COOKIE, line.join("; "))
        };
        self.keep(request.send().expect("an answer"))
    }

    /// Sends a form.
    pub fn submit(&self, form: &Form) -> Page {
        self.post(&form.action, &form.fields)
    }

    /// The cookies, by name.
    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.lock().expect("the cookies").clone()
    }

    /// Puts a cookie in, as somebody would who stole or made it.
    pub fn plant(&self, name: &str, value: &str) {
        self.cookies
            .lock()
            .expect("the cookies")
            .insert(name.to_owned(), value.to_owned());
    }

    fn keep(&self, response: reqwest::blocking::Response) -> Page {
        let mut cookies = self.cookies.lock().expect("the cookies");
        for line in response.headers().get_all(SET_COOKIE) {
            let line = line.to_str().expect("a cookie in ASCII");
            let (name, value) = line
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .expect("a cookie");
            if line.to_ascii_lowercase().contains("max-age=0") {
                cookies.remove(name.trim());
            } else {
                cookies.insert(name.trim().to_owned(), value.to_owned());
            }
        }
        drop(cookies);
        Page {
            url: response.url().clone(),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().expect("a body"),
        }
    }
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Page {
    /// A header's value, if it is there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok();
        if values.next().is_some() { None } else { value }
    }

    /// Where a redirect leads.
    #[track_caller]
    pub fn location(&self) -> Url {
        let location = self.header("location");
        let location =
            location.unwrap_or_else(|| panic!("no redirect but {}:\n{}", self.status, self.body));
        self.url.join(location).expect("a location that is a URL")
    }

    /// The parameters of the address that a redirect leads to.
    #[track_caller]
    pub fn answer(&self) -> BTreeMap<String, String> {
        self.location().query_pairs().into_owned().collect()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{} is no JSON ({error}):\n{}", self.url, self.body))
    }

    /// The page's one form that is sent with POST.
    #[track_caller]
    pub fn form(&self) -> Form {
        let body = &self.body;
        let forms: Vec<_> = elements(body, "form")
            .into_iter()
            .filter(is_posted)
            .collect();
        assert_eq!(
            forms.len(),
            1,
            "{} {} has {} forms:\n{body}",
            self.status,
            self.url,
            forms.len()
        );
        self.filled(&forms[0], body)
    }

    /// The page's form that is sent to an address with this end.
    #[track_caller]
    pub fn form_to(&self, end: &str) -> Form {
        let mut bodies = self.body.split("<form").skip(1);
        let body = bodies.find_map(|rest| {
            let (body, _) = rest.split_once("</form>")?;
            attributes(body)
                .get("action")?
                .ends_with(end)
                .then_some(body)
        });
        let body = body.unwrap_or_else(|| panic!("no form to {end}:\n{}", self.body));
        self.filled(&attributes(body), body)
    }

    fn filled(&self, form: &BTreeMap<String, String>, body: &str) -> Form {
        let action = form.get("action").map_or("", String::as_str);
        let named = elements(body, "input").into_iter().filter_map(|input| {
            let value = input.get("value").cloned().unwrap_or_default();
            Some((input.get("name")?.clone(), value))
        });
        Form {
            action: self.url.join(action).expect("an action that is a URL"),
            fields: named.collect(),
        }
    }
}

impl Form {
    /// The form with a field filled in; it must have that field.
    #[must_use]
    #[track_caller]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(other, _)| other == name);
        let Some(field) = field else {
            panic!("no field {name} in {:?}", self.fields)
        };
        value.clone_into(&mut field.1);
        self
    }

    /// The form with a button pressed, which sends its name and value.
    #[must_use]
    pub fn pressed(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The form without a field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(other, _)| other != name);
        self
    }

    /// The value of a field.
    #[track_caller]
    pub fn value(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(other, _)| other == name);
        field.map_or_else(
            || panic!("no field {name} in {:?}", self.fields),
            |(_, value)| value,
        )
    }
}

fn is_posted(form: &BTreeMap<String, String>) -> bool {
    form.get("method")
        .is_some_and(|method| method.eq_ignore_ascii_case("post"))
}

/// The attributes of all elements of a name, in order. Enough for pages that are well formed, which
/// the suite `browser` checks with a real parser.
fn elements(html: &str, name: &str) -> Vec<BTreeMap<String, String>> {
    let open = format!("<{name}");
    let begins = html
        .match_indices(&open)
        .map(|(at, _)| &html[at + open.len()..]);
    begins
        .filter(|rest| rest.starts_with([' ', '\n', '>', '/']))
        .map(attributes)
        .collect()
}

fn attributes(mut rest: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([' ', '\n', '\t', '\r', '/']);
        let end = rest.find(['=', ' ', '\n', '>']).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        rest = &rest[end..];
        if name.is_empty() {
            return found;
        }
        let Some(after) = rest.strip_prefix('=') else {
            found.insert(name, String::new());
            continue;
        };
        let quoted = after
            .strip_prefix('"')
            .and_then(|text| text.split_once('"'));
        let end = after.find([' ', '\n', '>']).unwrap_or(after.len());
        let (value, left) = quoted.unwrap_or((&after[..end], &after[end..]));
        found.insert(name, unescape(value));
        rest = left;
    }
}

fn unescape(text: &str) -> String {
    [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&lt;", "<"),
        ("&#60;", "<"),
    ]
    .into_iter()
    .chain([
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ])
    .fold(text.to_owned(), |text, (entity, plain)| {
        text.replace(entity, plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_with_and_without_quotes() {
        let html = "<form\n method=post action=\"/a?b=1&amp;c=2\"><input name=x value='y' required>\
                    <input value=\"&lt;&#34;\" name=\"z\" autofocus/></form>";
        assert_eq!(elements(html, "form")[0]["action"], "/a?b=1&c=2");
        let inputs = elements(html, "input");
        assert_eq!(inputs.len(), 2);
        assert_eq!(inputs[0]["required"], "");
        assert_eq!((&*inputs[1]["name"], &*inputs[1]["value"]), ("z", "<\""));
    }
}
