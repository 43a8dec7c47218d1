//! `/declaration`: a realm with its federations and clients in one document, applied whole or not at
//! all.

use super::{
    AdminState,
    access::{Access, Call, Ground},
    api::Endpoint,
    body::{Document, Parameters},
    caller::Caller,
    change::{Wanted, event, note_refused},
    clients::may_give,
    federations::changes_subjects,
    problem::Problem,
    realms::may_rule,
    shape::Shape,
};
use crate::documents::{
    Advice, Around, ClientDocument, Difference, FederationDocument, ObjectChange, ReadDeclaration,
    RealmDocument, read_declaration,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bridge_federation::subject_effect;
use bridge_model::{
    admin::AdminScope,
    audit::AuditKind,
    names::{FederationId, RealmName},
    policy::PolicyRules,
    realm::{Applied, Declaration, Prune, RealmDeclaration},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

const ACCESS: Access = Access::realm(AdminScope::RealmAdmin).on(Ground::NewRealm);
/// What objects are marked as managed by, where nobody says.
const SOURCE: &str = "declaration";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplyQuery {
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    prune: bool,
    #[serde(default)]
    adopt: bool,
    #[serde(default)]
    change_subjects: bool,
    source: Option<String>,
}

/// The documents of objects, by what they are, as `federation staff/ldap`.
type Documents = BTreeMap<String, Value>;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let about =
        "Makes a realm what a document says: realm, federations and clients, whole or not at all";
    vec![
        Endpoint::post("/declaration", ACCESS, post)
            .about("declarations", "apply_declaration", about)
            .query("dry_run", "Only says what would be done", Shape::flag())
            .query(
                "prune",
                "Removes what the same source declared of the realm before and no longer does",
                Shape::flag(),
            )
            .query(
                "adopt",
                "Takes over objects that are there and that nothing declares",
                Shape::flag(),
            )
            .query(
                "change_subjects",
                "Whether people may become others to all applications",
                Shape::flag(),
            )
            .query(
                "source",
                "What the objects are marked as managed by; `declaration` unless said otherwise",
                Shape::text(),
            )
            .takes(Shape::object())
            .answers(
                200,
                "What was changed, member by member",
                Shape::of::<Difference>(),
            ),
    ]
}

async fn post(
    State(state): State<AdminState>,
    call: Call,
    Parameters(query): Parameters<ApplyQuery>,
    Document(document): Document,
) -> Result<Response, Problem> {
    // The realm that the token or the path names is the one that the document has to be about, whether
    // it is there yet or not.
    let said = document.get("realm").and_then(|realm| realm.get("name"));
    let said = call
        .caller
        .named
        .as_deref()
        .or(said.and_then(Value::as_str));
    let said = said.and_then(|name| RealmName::new(name).ok());
    let realm = call.realm.map(|realm| realm.name).or(said);
    let wanted = || Wanted {
        kind: AuditKind::Changed,
        object: realm
            .as_ref()
            .map_or_else(|| "realm".to_owned(), |name| format!("realm {name}")),
        realm: realm.clone(),
    };
    match apply(&state, &call.caller, realm.as_ref(), &query, &document).await {
        Ok(difference) => Ok(Json(difference).into_response()),
        Err(problem) => {
            if !query.dry_run {
                note_refused(&state, &call.caller, wanted(), &problem);
            }
            Err(problem)
        }
    }
}

async fn apply(
    state: &AdminState,
    caller: &Caller,
    realm: Option<&RealmName>,
    query: &ApplyQuery,
    document: &Value,
) -> Result<Difference, Problem> {
    let source = query.source.as_deref().unwrap_or(SOURCE);
    if source.is_empty() || source.len() > 256 || Path::new(source).is_absolute() {
        let message =
            "is no name of a source; absolute paths are for the files that the bridge itself reads";
        return Err(Problem::of_member("source", message));
    }
    let realm = realm.ok_or_else(|| {
        Problem::of_member(
            "realm.name",
            "is no name of a realm; write 1 to 64 of a-z, 0-9 and -",
        )
    })?;
    // What the declaration itself says of the realm counts for its federations.
    let rules = PolicyRules::default();
    let around = Around {
        realm,
        rules: &rules,
        policies: state.policies.as_ref(),
        has_credential: true,
    };
    let read = read_declaration(document, &around)?;
    for (place, declared) in read.declared.clients.iter().enumerate() {
        may_give(&caller.administrator, &declared.client)
            .map_err(|problem| below(problem, &format!("clients[{place}]")))?;
    }
    let known = state.web.store.realm(realm).await?;
    may_rule(&caller.administrator, known.as_ref(), &read.declared.realm)
        .map_err(|problem| below(problem, "realm"))?;
    let warnings = read.warnings.iter().map(Advice::from).collect();
    let declared = with_ids(state, read, query.change_subjects).await?;
    let before = kept(state, realm).await?;
    let after = documents(&declared);
    let declaration = Declaration {
        source: source.to_owned(),
        realms: vec![declared],
        prune: if query.prune {
            Prune::DeclaredRealms
        } else {
            Prune::Nothing
        },
        adopt: query.adopt,
    };
    let now = state.web.clock.now();
    let store = &state.web.store;
    let applied = store.apply(&declaration, query.dry_run, now).await?;
    let difference = difference(&applied, &before, &after, warnings);
    if !query.dry_run {
        state.federations.reload(realm);
        note(state, caller, realm, &applied, (&before, &after));
    }
    Ok(difference)
}

/// Federations keep their ids over every change; new ones get theirs here.
async fn with_ids(
    state: &AdminState,
    read: ReadDeclaration,
    may_change_subjects: bool,
) -> Result<RealmDeclaration, Problem> {
    let store = state.web.store.as_ref();
    let mut declared = read.declared;
    for (place, declared) in declared.federations.iter_mut().enumerate() {
        let federation = &mut declared.planned.federation;
        let (realm, name) = (federation.realm.clone(), federation.name.clone());
        let own = read.subject_namespaces.get(name.as_str());
        let Some(key) = store.federation_key(&realm, &name).await? else {
            federation.id = FederationId(state.web.random.uuid());
            continue;
        };
        federation.id = key.id;
        federation.subject_namespace = own.cloned().unwrap_or(key.subject_namespace);
        let Some(current) = store.federation(&realm, key.id).await? else {
            continue;
        };
        let effect = subject_effect(store, &current, &declared.planned).await?;
        if effect > 0 && !may_change_subjects {
            let problem = changes_subjects(effect, &current, &declared.planned);
            return Err(below(problem, &format!("federations[{place}]")));
        }
    }
    Ok(declared)
}

/// The same of a part of the document.
fn below(mut problem: Problem, part: &str) -> Problem {
    for error in &mut problem.errors {
        error.member = format!("{part}.{}", error.member);
    }
    problem
}

/// The objects of a realm as they are kept.
async fn kept(state: &AdminState, realm: &RealmName) -> Result<Documents, Problem> {
    let store = &state.web.store;
    let mut documents = Documents::new();
    let Some(kept) = store.realm(realm).await? else {
        return Ok(documents);
    };
    add(
        &mut documents,
        format!("realm {realm}"),
        &RealmDocument::from(&kept),
    );
    for planned in store.federations(realm).await? {
        let name = format!("federation {realm}/{}", planned.federation.name);
        add(&mut documents, name, &FederationDocument::from(&planned));
    }
    for client in store.clients(realm).await? {
        let name = format!("client {realm}/{}", client.id);
        add(&mut documents, name, &ClientDocument::from(&client));
    }
    Ok(documents)
}

/// The objects of a realm as they are declared.
fn documents(declared: &RealmDeclaration) -> Documents {
    let realm = &declared.realm.name;
    let mut documents = Documents::new();
    add(
        &mut documents,
        format!("realm {realm}"),
        &RealmDocument::from(&declared.realm),
    );
    for federation in &declared.federations {
        let name = format!("federation {realm}/{}", federation.planned.federation.name);
        add(
            &mut documents,
            name,
            &FederationDocument::from(&federation.planned),
        );
    }
    for client in &declared.clients {
        let name = format!("client {realm}/{}", client.client.id);
        add(&mut documents, name, &ClientDocument::from(&client.client));
    }
    documents
}

fn add(documents: &mut Documents, name: String, document: &impl Serialize) {
    documents.insert(name, serde_json::to_value(document).unwrap_or_default());
}

fn difference(
    applied: &Applied,
    before: &Documents,
    after: &Documents,
    warnings: Vec<Advice>,
) -> Difference {
    let changes = |objects: &[String]| {
        let change = |object: &String| {
            ObjectChange::of(object.clone(), before.get(object), after.get(object))
        };
        objects.iter().map(change).collect()
    };
    Difference {
        created: changes(&applied.created),
        changed: changes(&applied.changed),
        removed: changes(&applied.removed),
        warnings,
    }
}

/// A line in the audit trail for each object.
fn note(
    state: &AdminState,
    caller: &Caller,
    realm: &RealmName,
    applied: &Applied,
    (before, after): (&Documents, &Documents),
) {
    for (kind, objects) in [
        (AuditKind::Created, &applied.created),
        (AuditKind::Changed, &applied.changed),
        (AuditKind::Removed, &applied.removed),
    ] {
        for object in objects {
            let mut event = event(state, caller, Wanted::new(kind, realm, object.as_str()));
            event.before = before.get(object).cloned();
            event.after = after.get(object).cloned();
            state.web.audit.record(&event);
        }
    }
}
