//! What is done with a federation: sign in, translate, preview.
