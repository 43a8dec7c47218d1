//! Signs people of LDAP directories in to OpenID Connect applications.

mod demo;
