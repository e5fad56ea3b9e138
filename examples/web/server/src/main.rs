//! The web service: `/` is a page, `/tasks` its data as JSON, `/healthz` says ok.

mod page;

use std::env;
use std::net::{Ipv4Addr, SocketAddr};

use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use shared::Task;
use tokio::net::TcpListener;
use tokio::signal::unix::{signal, SignalKind};

/// The page's heading.
const GREETING: &str = "Hello from a Rust image";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port()?));
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, routes())
        .with_graceful_shutdown(stopped())
        .await?;
    println!("stopped");
    Ok(())
}

fn routes() -> Router {
    Router::new()
        .route(
            "/",
            get(|| async { Html(page::render(GREETING, &shared::tasks())) }),
        )
        .route(
            "/tasks",
            get(|| async { Json::<Vec<Task>>(shared::tasks()) }),
        )
        .route("/healthz", get(|| async { "ok\n" }))
}

/// The port to listen on: PORT, or 8080.
fn port() -> Result<u16, String> {
    match env::var("PORT") {
        Ok(text) => text
            .parse()
            .map_err(|err| format!("PORT is {text:?}: {err}")),
        Err(_) => Ok(8080),
    }
}

/// Returns when the process is asked to stop. As process 1 of a container it
/// has no default handler for either signal.
async fn stopped() {
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be handled");
    let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be handled");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
