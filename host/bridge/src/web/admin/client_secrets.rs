//! `/clients/{client_id}/secrets`: two are valid at once, so that one can take the other's place.

use super::{
    AdminState,
    access::RealmCall,
    api::Endpoint,
    body::{OptionalBody, Segments},
    change::{Done, Wanted, audited},
    clients::{READ, WRITE, find, may_give, name_of},
    problem::{Kind, Problem},
    shape::Shape,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bridge_model::{
    audit::AuditKind,
    client::{Client, ClientAuthentication, ClientSecret},
    ports::StoreError,
    secret::Secret,
    time::Timestamp,
};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

const TAG: &str = "clients";
const ALL: &str = "/clients/{client_id}/secrets";
const ONE: &str = "/clients/{client_id}/secrets/{secret_id}";

/// What a secret is to be.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// The first second in which it no longer holds, since 1970-01-01T00:00:00Z; none: it holds until
    /// it is removed.
    #[schema(minimum = 0, maximum = 253_402_300_799_u64)]
    expires_at: Option<u64>,
}

/// The last second of the year 9999: a longer span is a mistake.
const EXPIRES_MAX: u64 = 253_402_300_799;

/// What is known of a secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientSecret)]
struct SecretView {
    /// Its name.
    id: Uuid,
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    created_at: u64,
    /// The first second in which it no longer holds; none: it holds until it is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    /// Whether it is gone after it was used.
    single_use: bool,
}

/// A new secret. It is shown here and never again.
#[derive(Serialize, ToSchema)]
struct MadeSecret {
    /// The secret itself: 256 random bits.
    secret: String,
    /// What is known of it.
    #[serde(flatten)]
    about: SecretView,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, READ, list)
            .about(
                TAG,
                "list_client_secrets",
                "What is known of a client's secrets, oldest first",
            )
            .answers(
                200,
                "The secrets, without what they are",
                Shape::list_of::<SecretView>(),
            ),
        Endpoint::post(ALL, WRITE, create)
            .about(
                TAG,
                "create_client_secret",
                "Makes a secret; two hold at once, so remove one first",
            )
            .takes_optional(Shape::of::<Wish>())
            .answers(
                201,
                "The secret, shown this once",
                Shape::of::<MadeSecret>(),
            ),
        Endpoint::delete(ONE, WRITE, delete)
            .about(TAG, "delete_client_secret", "Takes a secret from a client")
            .answers_empty(204, "It holds no longer"),
    ]
}

async fn list(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let client = find(&state, &call.realm, &segments).await?;
    let store = &state.web.store;
    let secrets = store.client_secrets(&client.realm, &client.id).await?;
    let views: Vec<_> = secrets.iter().map(SecretView::from).collect();
    Ok(Json(views).into_response())
}

async fn create(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
    OptionalBody(wish): OptionalBody<Wish>,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let client = find(&state, &realm, &segments).await?;
    let wanted = Wanted::new(AuditKind::Changed, &realm.name, name_of(&client));
    let made = audited(&state, &caller, wanted, async {
        may_change(&client)?;
        may_give(&caller.administrator, &client)?;
        let mut octets = zeroize::Zeroizing::new([0; 32]);
        state.web.random.fill(octets.as_mut());
        let secret = BASE64_URL_SAFE_NO_PAD.encode(octets.as_ref());
        let about = ClientSecret {
            id: state.web.random.uuid(),
            created_at: state.web.clock.now(),
            expires_at: wish.expires_at.map(Timestamp),
            single_use: false,
        };
        let is_to_come = |end: Timestamp| end > about.created_at && end.0 <= EXPIRES_MAX;
        if !about.expires_at.is_none_or(is_to_come) {
            let message = "is no time to come; give seconds since 1970, or leave it out";
            return Err(Problem::of_member("expires_at", message));
        }
        let kept = Secret::new(secret.as_str());
        let store = &state.web.store;
        store
            .add_client_secret(&client.realm, &client.id, &kept, &about)
            .await?;
        Ok(Done {
            after: Some(json!({ "added_secret": about.id })),
            ..Done::new(MadeSecret {
                secret,
                about: SecretView::from(&about),
            })
        })
    })
    .await?;
    let location = [(
        header::LOCATION,
        format!("{}/{}", caller.path, made.about.id),
    )];
    Ok((StatusCode::CREATED, location, Json(made)).into_response())
}

async fn delete(
    State(state): State<AdminState>,
    call: RealmCall,
    segments: Segments,
) -> Result<Response, Problem> {
    let RealmCall { realm, caller } = call;
    let client = find(&state, &realm, &segments).await?;
    let id: Uuid = segments.parsed("secret_id", "secret")?;
    let wanted = Wanted::new(AuditKind::Changed, &realm.name, name_of(&client));
    audited(&state, &caller, wanted, async {
        may_change(&client)?;
        may_give(&caller.administrator, &client)?;
        let store = &state.web.store;
        if !store
            .remove_client_secret(&client.realm, &client.id, id)
            .await?
        {
            return Err(Problem::missing("secret"));
        }
        Ok(Done {
            before: Some(json!({ "removed_secret": id })),
            ..Done::new(())
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn may_change(client: &Client) -> Result<(), Problem> {
    if let Some(source_name) = client.managed_by.clone() {
        let object = name_of(client);
        return Err(StoreError::Managed {
            object,
            source_name,
        }
        .into());
    }
    if client.authentication == ClientAuthentication::Public {
        return Err(Problem::new(
            Kind::Conflict,
            "a public client has no secret; make it one that is not public first",
        ));
    }
    Ok(())
}

impl From<&ClientSecret> for SecretView {
    fn from(about: &ClientSecret) -> Self {
        Self {
            id: about.id,
            created_at: about.created_at.0,
            expires_at: about.expires_at.map(|end| end.0),
            single_use: about.single_use,
        }
    }
}
