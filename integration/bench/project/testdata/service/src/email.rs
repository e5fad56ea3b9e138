use std::time::Duration;

use reqwest::{Client, Url};
use serde::Serialize;

use crate::{domain::Issue, error::Error};

/// A client of the mail provider.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: Client,
    url: Url,
    token: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message<'a> {
    to: &'a str,
    subject: &'a str,
    text_body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    html_body: Option<&'a str>,
}

impl Mailer {
    pub fn new(url: &str, token: &str, timeout: Duration) -> anyhow::Result<Self> {
        let client = Client::builder().timeout(timeout).build()?;
        Ok(Self { client, url: Url::parse(url)?.join("email")?, token: token.to_owned() })
    }

    pub async fn send(&self, to: &str, issue: &Issue) -> Result<(), Error> {
        let message = Message { to, subject: &issue.title, text_body: &issue.text, html_body: issue.html.as_deref() };
        let response = self
            .client
            .post(self.url.clone())
            .bearer_auth(&self.token)
            .json(&message)
            .send()
            .await?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(Error::Mail(response.status()))
        }
    }
}
