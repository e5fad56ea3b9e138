use argon2::{
    password_hash::{rand_core::OsRng, PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString},
    Argon2,
};
use axum::http::{header, HeaderMap};
use base64::{engine::general_purpose::STANDARD, Engine as _};

use crate::error::Error;

/// The user and password of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

impl Credentials {
    /// Reads `Authorization: Basic …`.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, Error> {
        let value = headers.get(header::AUTHORIZATION).ok_or(Error::Unauthorized)?;
        let encoded = value
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix("Basic "))
            .ok_or(Error::Unauthorized)?;
        let decoded = STANDARD.decode(encoded).map_err(|_| Error::Unauthorized)?;
        let text = String::from_utf8(decoded).map_err(|_| Error::Unauthorized)?;
        let (user, password) = text.split_once(':').ok_or(Error::Unauthorized)?;
        Ok(Self { user: user.to_owned(), password: password.to_owned() })
    }
}

pub fn hash(password: &str) -> Result<String, Error> {
    let salt = SaltString::generate(&mut OsRng);
    Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| Error::Internal(error.to_string()))
}

pub fn verify(password: &str, hash: &str) -> Result<(), Error> {
    let parsed = PasswordHash::new(hash).map_err(|error| Error::Internal(error.to_string()))?;
    Argon2::default()
        .verify_password(password.as_bytes(), &parsed)
        .map_err(|_| Error::Unauthorized)
}
