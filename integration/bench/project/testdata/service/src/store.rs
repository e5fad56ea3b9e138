use chrono::{DateTime, Utc};
use sqlx::{postgres::PgPoolOptions, PgPool, Row as _};
use uuid::Uuid;

use crate::{
    domain::{Name, State, Subscriber},
    error::Error,
};

const SCHEMA: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS subscribers (
        id uuid PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE,
        state text NOT NULL, since timestamptz NOT NULL)",
    "CREATE TABLE IF NOT EXISTS tokens (
        token uuid PRIMARY KEY, subscriber uuid NOT NULL REFERENCES subscribers (id))",
    "CREATE TABLE IF NOT EXISTS users (name text PRIMARY KEY, hash text NOT NULL)",
];

#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

#[derive(sqlx::FromRow)]
struct SubscriberRow {
    id: Uuid,
    name: String,
    email: String,
    state: String,
    since: DateTime<Utc>,
}

impl TryFrom<SubscriberRow> for Subscriber {
    type Error = Error;

    fn try_from(row: SubscriberRow) -> Result<Self, Error> {
        Ok(Self { id: row.id, name: Name::parse(&row.name)?, email: row.email, state: State::parse(&row.state)?, since: row.since })
    }
}

impl Store {
    pub async fn connect(url: &str, connections: u32) -> Result<Self, Error> {
        let pool = PgPoolOptions::new().max_connections(connections).connect(url).await?;
        Ok(Self { pool })
    }

    pub async fn migrate(&self) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await?;
        for statement in SCHEMA {
            sqlx::query(statement).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Adds a subscriber and returns the token that confirms the address.
    pub async fn add(&self, name: &Name, email: &str) -> Result<Uuid, Error> {
        let (id, token) = (Uuid::new_v4(), Uuid::new_v4());
        let mut transaction = self.pool.begin().await?;
        sqlx::query("INSERT INTO subscribers (id, name, email, state, since) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(name.to_string())
            .bind(email)
            .bind(State::Pending.as_str())
            .bind(Utc::now())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO tokens (token, subscriber) VALUES ($1, $2)")
            .bind(token)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(token)
    }

    pub async fn set_state(&self, token: Uuid, state: State) -> Result<(), Error> {
        let done = sqlx::query("UPDATE subscribers SET state = $1 WHERE id = (SELECT subscriber FROM tokens WHERE token = $2)")
            .bind(state.as_str())
            .bind(token)
            .execute(&self.pool)
            .await?;
        if done.rows_affected() == 0 {
            return Err(Error::Missing("token"));
        }
        Ok(())
    }

    pub async fn list(&self, state: State) -> Result<Vec<Subscriber>, Error> {
        let rows: Vec<SubscriberRow> = sqlx::query_as("SELECT id, name, email, state, since FROM subscribers WHERE state = $1 ORDER BY since")
            .bind(state.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(Subscriber::try_from).collect()
    }

    pub async fn password_hash(&self, user: &str) -> Result<String, Error> {
        let row = sqlx::query("SELECT hash FROM users WHERE name = $1").bind(user).fetch_optional(&self.pool).await?;
        row.map(|row| row.get("hash")).ok_or(Error::Unauthorized)
    }

    pub async fn set_password(&self, user: &str, hash: &str) -> Result<(), Error> {
        sqlx::query("INSERT INTO users (name, hash) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET hash = $2")
            .bind(user)
            .bind(hash)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
