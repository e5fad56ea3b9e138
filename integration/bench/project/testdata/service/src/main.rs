//! A newsletter service: subscriptions in PostgreSQL, issues sent through a mail provider's HTTP API.

mod auth;
mod config;
mod domain;
mod email;
mod error;
mod routes;
mod store;

use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use tokio::net::TcpListener;
use tracing_subscriber::{fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _, EnvFilter};

use crate::{config::Args, email::Mailer, routes::App, store::Store};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    tracing_subscriber::registry()
        .with(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with(fmt::layer().json())
        .init();
    let store = Store::connect(&args.database_url, args.database_connections)
        .await
        .context("connect to the database")?;
    store.migrate().await.context("bring the schema up to date")?;
    let mailer = Mailer::new(&args.mail_url, &args.mail_token, args.mail_timeout())?;
    let app = Arc::new(App::new(store, mailer, args.public_url.clone()));
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("listen on {}", args.listen))?;
    tracing::info!(address = %args.listen, "listening");
    axum::serve(listener, routes::router(app))
        .with_graceful_shutdown(shutdown())
        .await
        .context("serve")
}

/// Resolves when the process is asked to stop.
async fn shutdown() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::error!(%error, "cannot wait for a signal");
    }
}
