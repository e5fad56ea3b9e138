use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation as _;
use uuid::Uuid;
use validator::Validate;

use crate::error::Error;

const MAX_NAME: usize = 256;
const FORBIDDEN: &[char] = &['/', '(', ')', '"', '<', '>', '\\', '{', '}'];

/// A name that is short and has no characters with a meaning elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Name(String);

impl Name {
    pub fn parse(text: &str) -> Result<Self, Error> {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.graphemes(true).count() > MAX_NAME || trimmed.contains(FORBIDDEN) {
            return Err(Error::Invalid(format!("{text:?} is not a name")));
        }
        Ok(Self(trimmed.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The body of a subscription.
#[derive(Debug, Deserialize, Validate)]
pub struct NewSubscriber {
    #[validate(length(min = 1, max = 256))]
    pub name: String,
    #[validate(email)]
    pub email: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Pending,
    Confirmed,
    Left,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Left => "left",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "pending" => Ok(Self::Pending),
            "confirmed" => Ok(Self::Confirmed),
            "left" => Ok(Self::Left),
            other => Err(Error::Invalid(format!("unknown state {other:?}"))),
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Subscriber {
    pub id: Uuid,
    pub name: Name,
    pub email: String,
    pub state: State,
    pub since: DateTime<Utc>,
}

/// An issue of the newsletter.
#[derive(Debug, Clone, Deserialize, Validate)]
pub struct Issue {
    #[validate(length(min = 1, max = 200))]
    pub title: String,
    #[validate(length(min = 1))]
    pub text: String,
    pub html: Option<String>,
}

#[derive(Debug, Default, Serialize)]
pub struct Delivery {
    pub sent: usize,
    pub failed: Vec<String>,
}
