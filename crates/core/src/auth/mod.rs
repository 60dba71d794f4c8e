//! Request signatures, session and access tokens, password hashing: pure functions over bytes.
