use std::sync::Arc;

use axum::{
    extract::{Path, Query, State as Shared},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
    Json, Router,
};
use serde::Deserialize;
use tower::limit::ConcurrencyLimitLayer;
use tower_http::{
    compression::CompressionLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};
use uuid::Uuid;
use validator::Validate as _;

use crate::{
    auth::{self, Credentials},
    domain::{Delivery, Issue, Name, NewSubscriber, State, Subscriber},
    email::Mailer,
    error::Error,
    store::Store,
};

const MAX_REQUESTS: usize = 512;

/// What the handlers share.
pub struct App {
    store: Store,
    mailer: Mailer,
    public_url: String,
}

impl App {
    pub fn new(store: Store, mailer: Mailer, public_url: String) -> Self {
        Self { store, mailer, public_url }
    }

    async fn login(&self, headers: &HeaderMap) -> Result<String, Error> {
        let given = Credentials::from_headers(headers)?;
        let hash = self.store.password_hash(&given.user).await?;
        let password = given.password;
        tokio::task::spawn_blocking(move || auth::verify(&password, &hash))
            .await
            .map_err(|error| Error::Internal(error.to_string()))??;
        Ok(given.user)
    }
}

pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/health", get(|| async { StatusCode::NO_CONTENT }))
        .route("/subscriptions", post(subscribe))
        .route("/subscriptions/{token}/confirm", get(confirm))
        .route("/subscriptions/{token}/leave", get(leave))
        .route("/admin/subscribers", get(subscribers))
        .route("/admin/issues", post(publish))
        .route("/admin/password", post(password))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(CompressionLayer::new())
        .layer(ConcurrencyLimitLayer::new(MAX_REQUESTS))
        .with_state(app)
}

async fn subscribe(Shared(app): Shared<Arc<App>>, Json(body): Json<NewSubscriber>) -> Result<StatusCode, Error> {
    body.validate()?;
    let name = Name::parse(&body.name)?;
    let token = app.store.add(&name, &body.email).await?;
    let link = format!("{}/subscriptions/{token}/confirm", app.public_url);
    let welcome = Issue { title: "Please confirm".to_owned(), text: format!("Hello {name}, follow {link}"), html: None };
    app.mailer.send(&body.email, &welcome).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn confirm(Shared(app): Shared<Arc<App>>, Path(token): Path<Uuid>) -> Result<StatusCode, Error> {
    app.store.set_state(token, State::Confirmed).await?;
    Ok(StatusCode::OK)
}

async fn leave(Shared(app): Shared<Arc<App>>, Path(token): Path<Uuid>) -> Result<StatusCode, Error> {
    app.store.set_state(token, State::Left).await?;
    Ok(StatusCode::OK)
}

#[derive(Deserialize)]
struct Filter {
    #[serde(default = "confirmed")]
    state: State,
}

fn confirmed() -> State {
    State::Confirmed
}

async fn subscribers(
    Shared(app): Shared<Arc<App>>,
    headers: HeaderMap,
    Query(filter): Query<Filter>,
) -> Result<Json<Vec<Subscriber>>, Error> {
    app.login(&headers).await?;
    Ok(Json(app.store.list(filter.state).await?))
}

async fn publish(Shared(app): Shared<Arc<App>>, headers: HeaderMap, Json(issue): Json<Issue>) -> Result<Json<Delivery>, Error> {
    let user = app.login(&headers).await?;
    issue.validate()?;
    let mut delivery = Delivery::default();
    for subscriber in app.store.list(State::Confirmed).await? {
        match app.mailer.send(&subscriber.email, &issue).await {
            Ok(()) => delivery.sent += 1,
            Err(error) => {
                tracing::warn!(%error, subscriber = %subscriber.id, "not sent");
                delivery.failed.push(subscriber.email);
            }
        }
    }
    tracing::info!(user, sent = delivery.sent, failed = delivery.failed.len(), "published");
    Ok(Json(delivery))
}

#[derive(Deserialize)]
struct NewPassword {
    password: String,
}

async fn password(Shared(app): Shared<Arc<App>>, headers: HeaderMap, Json(body): Json<NewPassword>) -> Result<StatusCode, Error> {
    let user = app.login(&headers).await?;
    if body.password.len() < 12 {
        return Err(Error::Invalid("a password has at least 12 characters".to_owned()));
    }
    let hash = tokio::task::spawn_blocking(move || auth::hash(&body.password))
        .await
        .map_err(|error| Error::Internal(error.to_string()))??;
    app.store.set_password(&user, &hash).await?;
    Ok(StatusCode::NO_CONTENT)
}
