//! The LDAP side: dialling, TLS, pools, search, bind.
