//! What people look like in a directory.

use super::{CheckError, SampleDirectory, draw::Draw};
use crate::{
    ldif::{self, AttributeValue, Record},
    tree::Tree,
    trial::{LdifDirectory, guess::suffix, stage::Stage},
};
use bridge_federation::Trial;
use bridge_model::{dn::Dn, plan::IdForm, realm::PlannedFederation, search::Reply};

/// What is particular to the demonstration's directories, and no attribute.
const PSEUDO: &str = "demo";
/// How many people are made of a plan.
const MADE: u32 = 4;

/// A directory with people in it, and the federation that they are tried in.
pub(crate) struct Shape {
    pub(crate) name: String,
    pub(crate) planned: PlannedFederation,
    /// All entries, those of people too.
    pub(crate) records: Vec<Record>,
    /// The entries of people.
    pub(crate) people: Vec<Record>,
    /// What the directory has answered to binds.
    pub(crate) replies: Vec<Reply>,
}

impl Shape {
    /// Whether an attribute has values that a directory draws for an entry. Of one that nobody here has
    /// the policy is believed.
    pub(crate) fn is_identifying(&self, description: &str) -> bool {
        let name = description.split(';').next().unwrap_or_default();
        let values = self.people.iter().flat_map(|person| &person.values);
        let mut own = values.filter(|value| value.description.eq_ignore_ascii_case(name));
        let stable_id = &self.planned.plan.stable_id.attribute;
        match own.next() {
            None => stable_id.eq_ignore_ascii_case(name),
            Some(first) => is_identifier(&first.value) || own.any(|it| is_identifier(&it.value)),
        }
    }
}

/// The directories in which the policy finds people.
pub(crate) async fn shapes(
    stage: &Stage,
    samples: &[SampleDirectory<'_>],
    planned: Option<&PlannedFederation>,
) -> Result<Vec<Shape>, CheckError> {
    let mut shapes = Vec::new();
    // What a mapper policy needs beside its kind only its federation says.
    if stage.is_mapper() && planned.is_none() {
        return Ok(shapes);
    }
    for sample in samples {
        let Ok(records) = ldif::read(sample.ldif) else {
            continue;
        };
        let Ok(users) = suffix(&records) else {
            continue;
        };
        let (planned, records) = if let Some(planned) = planned {
            (planned.clone(), at_home(records, &users, planned))
        } else {
            // A policy may need to be told more than where people live.
            let Ok(planned) = stage.plan(&stage.federation(users)?) else {
                continue;
            };
            (planned, records)
        };
        let shape = of_sample(stage, sample, records, planned).await?;
        if !shape.people.is_empty() {
            shapes.push(shape);
        }
    }
    let preset = if let Some(planned) = planned {
        planned.clone()
    } else {
        let users = Dn::parse("ou=people,dc=example,dc=test").unwrap_or_else(|_| Dn::root());
        stage.plan(&stage.federation(users)?)?
    };
    shapes.push(of_plan(preset));
    Ok(shapes)
}

/// A sample's entries where a federation looks for people, the names in their values too: a federation
/// speaks of its own directory, and people are alike everywhere.
fn at_home(records: Vec<Record>, place: &Dn, planned: &PlannedFederation) -> Vec<Record> {
    let Some(users) = planned.federation.users.first() else {
        return records;
    };
    let is_there =
        |record: &Record| Dn::parse(&record.dn).is_ok_and(|dn| dn.is_within(&users.base));
    if records.iter().any(is_there) {
        return records;
    }
    let (from, to) = (place.to_string(), users.base.to_string());
    let moved = |text: &str| {
        let (own, end) = text.split_at_checked(text.len().checked_sub(from.len())?)?;
        let is_below = own.is_empty() || own.ends_with(',');
        (is_below && end.eq_ignore_ascii_case(&from)).then(|| format!("{own}{to}"))
    };
    let moved = |mut record: Record| {
        if let Some(dn) = moved(&record.dn) {
            record.dn = dn;
        }
        for value in &mut record.values {
            let name = str::from_utf8(&value.value).ok().and_then(moved);
            if let Some(name) = name {
                value.value = name.into_bytes();
            }
        }
        record
    };
    records.into_iter().map(moved).collect()
}

async fn of_sample(
    stage: &Stage,
    sample: &SampleDirectory<'_>,
    records: Vec<Record>,
    planned: PlannedFederation,
) -> Result<Shape, CheckError> {
    let replies = replies(&records);
    let records: Vec<Record> = records.into_iter().map(without_pseudo).collect();
    let mut people = Vec::new();
    if let Ok(directory) = LdifDirectory::new(records.clone(), None) {
        let trial = Trial::open(planned.clone(), stage.host(), &directory)?;
        for record in &records {
            if let Ok(dn) = Dn::parse(&record.dn)
                && !dn.is_root()
                && trial.user(&dn).await?.is_some()
            {
                people.push(record.clone());
            }
        }
    }
    Ok(Shape {
        name: sample.name.to_owned(),
        planned,
        records,
        people,
        replies,
    })
}

/// What the sample's directory answers to binds, with the right password and with a wrong one.
fn replies(records: &[Record]) -> Vec<Reply> {
    let Ok(tree) = Tree::of("sample", records.to_vec()) else {
        return Vec::new();
    };
    let mut replies = vec![tree.bind("cn=nobody", b"x")];
    for record in records {
        let is_password =
            |it: &&AttributeValue| it.description.eq_ignore_ascii_case("demoPassword");
        if let Some(password) = record.values.iter().find(is_password) {
            let reply = tree.bind(&record.dn, &password.value);
            if !replies.contains(&reply) {
                replies.push(reply);
            }
        }
    }
    replies
}

fn without_pseudo(mut record: Record) -> Record {
    record.values.retain(|value| {
        let start = value.description.get(..PSEUDO.len());
        !start.is_some_and(|start| start.eq_ignore_ascii_case(PSEUDO))
    });
    record
}

/// People who have every attribute that the policy reads.
fn of_plan(planned: PlannedFederation) -> Shape {
    let plan = &planned.plan;
    let base = planned.federation.users.first().map(|users| &users.base);
    let base = base.map(ToString::to_string).unwrap_or_default();
    let mut draw = Draw::of(0, 0);
    let people: Vec<Record> = (0..MADE)
        .map(|number| {
            let mut values = Vec::new();
            let mut add = |name: &str, value: Vec<u8>| {
                values.push(AttributeValue {
                    line: 0,
                    description: name.to_owned(),
                    value,
                });
            };
            for class in &plan.user_object_classes {
                add("objectClass", class.clone().into_bytes());
            }
            let name = format!("person{number}");
            let is_own = |known: &str, own: &str| known.eq_ignore_ascii_case(own);
            let id = &plan.stable_id;
            add(&id.attribute, identifier(id.form, &mut draw));
            if !is_own(&id.attribute, "entryUUID") {
                add("entryUUID", identifier(IdForm::Uuid, &mut draw));
            }
            for attribute in [&plan.username_attribute, &plan.rdn_attribute] {
                if !is_own(attribute, &id.attribute) {
                    add(attribute, name.clone().into_bytes());
                }
            }
            for attribute in &plan.attributes {
                let known = [&id.attribute, &plan.username_attribute, &plan.rdn_attribute];
                if !known.iter().any(|it| is_own(it, attribute)) && !is_own("entryUUID", attribute)
                {
                    add(attribute, format!("some {attribute}").into_bytes());
                }
            }
            Record {
                line: 0,
                dn: format!("{}={name},{base}", plan.rdn_attribute),
                values,
            }
        })
        .collect();
    Shape {
        name: "its own plan".to_owned(),
        records: people.clone(),
        people,
        replies: Vec::new(),
        planned,
    }
}

/// Octets that identify somebody.
pub(crate) fn identifier(form: IdForm, draw: &mut Draw) -> Vec<u8> {
    let octets = draw.octets();
    match form {
        IdForm::Guid => octets.to_vec(),
        IdForm::Octets | IdForm::Text | IdForm::Uuid => {
            let digits = crate::trial::outcome::hexadecimal(&octets);
            let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
            let parts = parts.map(|(from, to)| digits.get(from..to).unwrap_or_default());
            parts.join("-").into_bytes()
        }
    }
}

/// Whether a value is one that a directory draws for an entry and for no other.
pub(crate) fn is_identifier(value: &[u8]) -> bool {
    let digits = value
        .iter()
        .filter(|octet| octet.is_ascii_hexdigit())
        .count();
    let is_written = digits == 32 && value.iter().all(|it| it.is_ascii_hexdigit() || *it == b'-');
    let is_text = value.iter().all(u8::is_ascii_graphic);
    is_written || value.len() == 16 && !is_text
}

/// The same for another: as long, and of the same characters.
pub(crate) fn redrawn(value: &[u8], draw: &mut Draw) -> Vec<u8> {
    if value.len() == 16 {
        return draw.octets().to_vec();
    }
    let digit = |draw: &mut Draw| b"0123456789abcdef"[draw.below(16)];
    let redraw = |octet: &u8| if *octet == b'-' { b'-' } else { digit(draw) };
    value.iter().map(redraw).collect()
}
