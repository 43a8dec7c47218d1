//! The kind `certificate-subject`: a claim from a certificate of the person's.

use super::settings::{self, Fields, Known};
use crate::{
    attributes::Attributes,
    memo::{Reader, Writer},
    types::{ClaimValue, Problem, problem},
    x509::Certificate,
};

pub(super) const KIND: &str = "certificate-subject";

const ATTRIBUTE: &str = "userCertificate;binary";
const PART: &str = "part";

/// In the order of their numbers in a memo.
const PARTS: &[&str] = &[
    "subject",
    "issuer",
    "serial",
    "san-email",
    "san-upn",
    "san-dns",
    "san-uri",
];

pub(super) const SETTINGS: &[Known] = &[
    settings::CLAIM,
    settings::LEFT_OUT_ON_ERROR,
    Known {
        name: PART,
        about: "What of the certificate: subject and issuer, as DNs (RFC 4514); serial, in hexadecimal digits; \
                or an alternative name: san-email, san-upn, san-dns, san-uri.",
        preset: Some("subject"),
        choices: PARTS,
    },
    Known {
        name: "multivalued",
        about: "first: the smallest value alone; all: an array of the values of all certificates.",
        preset: Some("first"),
        choices: &["first", "all"],
    },
];

#[derive(Debug)]
pub(super) struct CertificateRule<'a> {
    pub(super) claim: &'a str,
    pub(super) attribute: &'a str,
    part: u8,
    is_array: bool,
}

impl<'a> CertificateRule<'a> {
    pub(super) fn parse(mut fields: Fields<'a, '_>) -> Option<Self> {
        let part = fields.setting(PART).unwrap_or_default();
        let part = PARTS.iter().position(|known| *known == part);
        let rule = Self {
            claim: fields.claim(),
            attribute: fields.attribute(Some(ATTRIBUTE)),
            part: part.and_then(|part| u8::try_from(part).ok()).unwrap_or(0),
            is_array: fields.setting("multivalued") == Some("all"),
        };
        fields.finish(rule)
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.text(self.claim);
        writer.text(self.attribute);
        writer.octet(self.part);
        writer.octet(u8::from(self.is_array));
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            claim: reader.text()?,
            attribute: reader.text()?,
            part: reader.octet()?,
            is_array: reader.octet()? == 1,
        })
    }

    /// The claim's value; none where no certificate has the part.
    pub(super) fn value(&self, entry: Attributes<'_>) -> Result<Option<ClaimValue>, Problem> {
        let values = entry.values(self.attribute);
        let mut texts = Vec::new();
        for octets in values.octets() {
            let found = Certificate::read(octets).and_then(|read| self.part(&read));
            texts.extend(found.ok_or_else(|| {
                let message =
                    "a value is not a certificate in DER that can be read; correct the entry";
                problem(self.attribute, message)
            })?);
        }
        texts.retain(|text| !text.trim().is_empty());
        texts.sort_unstable();
        texts.dedup();
        Ok(match texts {
            texts if texts.is_empty() => None,
            texts if self.is_array => Some(ClaimValue::Texts(texts)),
            texts => texts.into_iter().next().map(ClaimValue::Text),
        })
    }

    fn part(&self, certificate: &Certificate<'_>) -> Option<Vec<String>> {
        match PARTS.get(usize::from(self.part)).copied() {
            Some("issuer") => certificate.issuer().map(|name| vec![name]),
            Some("serial") => Some(vec![certificate.serial()]),
            Some("san-email") => certificate.emails(),
            Some("san-upn") => certificate.principals(),
            Some("san-dns") => certificate.hosts(),
            Some("san-uri") => certificate.uris(),
            _ => certificate.subject().map(|name| vec![name]),
        }
    }
}
