use std::{net::SocketAddr, time::Duration};

/// What the command line and the environment say.
#[derive(Debug, Clone, clap::Parser)]
#[command(version, about)]
pub struct Args {
    #[arg(long, env, default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    #[arg(long, env, default_value = "http://127.0.0.1:8000")]
    pub public_url: String,
    #[arg(long, env)]
    pub database_url: String,
    #[arg(long, env, default_value_t = 8)]
    pub database_connections: u32,
    #[arg(long, env)]
    pub mail_url: String,
    #[arg(long, env, hide_env_values = true)]
    pub mail_token: String,
    #[arg(long, env, default_value_t = 5000)]
    pub mail_timeout_ms: u64,
}

impl Args {
    pub fn mail_timeout(&self) -> Duration {
        Duration::from_millis(self.mail_timeout_ms)
    }
}
