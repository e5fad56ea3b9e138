//! Nothing that the service uses.
