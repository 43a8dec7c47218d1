//! The OpenID Connect protocol and its signing keys.
