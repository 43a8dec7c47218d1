//! What the author of a policy does with it, without a server.
