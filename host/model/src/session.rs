//! Sign-ins on their way, sessions, and grants.

use crate::{
    account::User,
    names::{ClientId, RealmName},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The SHA-256 digest of a random secret that somebody else holds: a cookie's value, a code. The
/// store keeps digests only, so its copy opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// What a client asked for, checked (OpenID Connect Core section 3.1.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes, as requested; it fits one that is registered.
    pub redirect_uri: String,
    /// The scopes granted: those asked for that are known; `openid` among them.
    pub scope: Vec<String>,
    /// Given back as it came.
    pub state: Option<String>,
    /// Goes into the ID token as it came.
    pub nonce: Option<String>,
    /// The S256 code challenge (RFC 7636 section 4.2), base64url without padding.
    pub code_challenge: Option<String>,
    /// Whether the person has to sign in anew: `prompt=login`.
    pub login_required: bool,
    /// How old a sign-in may be, in seconds.
    pub max_age: Option<u64>,
    /// The user name to begin with.
    pub login_hint: Option<String>,
}

/// A sign-in on its way: kept here, so that nothing in the browser can change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interaction {
    /// The digest of the id in the page's address.
    pub id: TokenHash,
    /// Whose it is.
    pub realm: RealmName,
    /// The digest of the browser's cookie: no other browser may go on with it.
    pub browser: TokenHash,
    /// What was asked for.
    pub request: AuthorizationRequest,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// A person's session with a realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its public name: the claim `sid`.
    pub id: Uuid,
    /// Whose it is: a cookie of one realm opens nothing in another.
    pub realm: RealmName,
    /// The digest of the cookie's value.
    pub secret: TokenHash,
    /// Who signed in.
    pub user: User,
    /// When the password was given.
    pub auth_time: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// What a person granted a client: made with an authorization code, redeemed for tokens once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its name: the claim `jti` of the access token.
    pub id: Uuid,
    /// Whose it is.
    pub realm: RealmName,
    /// The session it was made in.
    pub session: Uuid,
    /// What was asked for.
    pub request: AuthorizationRequest,
    /// Who signed in, as at the time.
    pub user: User,
    /// When the password was given.
    pub auth_time: Timestamp,
    /// The digest of the authorization code.
    pub code: TokenHash,
    /// The last second in which the code may be redeemed.
    pub code_expires_at: Timestamp,
    /// When the grant and what came of it is over; until then a replayed code is recognised.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub stage: GrantStage,
}

/// The end of a sign-in, and what it leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInEnd {
    /// The sign-in on its way that ends.
    pub interaction: TokenHash,
    /// The secret of the session that the browser had before, if any: the new one takes its place, and
    /// what was granted in it lives on.
    pub former: Option<TokenHash>,
    /// The session, of the realm that the sign-in is of.
    pub session: Session,
    /// What was granted in it, if anything was.
    pub grant: Option<Grant>,
}

/// Where a grant stands. It only goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantStage {
    /// The code is on its way.
    Issued,
    /// The code was redeemed.
    Redeemed,
    /// The code was redeemed again, or the grant was withdrawn: what came of it is dead.
    Revoked,
}

/// What came of redeeming a code. Redeeming is atomic: of any number at once, one is the first.
#[derive(Clone, Debug)]
pub enum Redemption {
    /// It was the first time; the grant now stands at [`GrantStage::Redeemed`].
    First(Grant),
    /// It was not; the grant now stands at [`GrantStage::Revoked`] (RFC 6749 section 4.1.2).
    Replayed(Grant),
    /// There is no such code.
    Unknown,
}
