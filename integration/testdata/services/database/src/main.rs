//! Writes to the PostgreSQL at DATABASE_URL and reads it back.
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    name: String,
}

fn main() {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL is not set");
    let mut db = PgConnection::establish(&url).expect("no connection");
    diesel::sql_query("CREATE TEMPORARY TABLE planet (number bigint, name text)").execute(&mut db).unwrap();
    for (number, name) in [(1i64, "Mercury"), (2, "Venus"), (3, "Earth")] {
        diesel::sql_query("INSERT INTO planet VALUES ($1, $2)")
            .bind::<BigInt, _>(number)
            .bind::<Text, _>(name)
            .execute(&mut db)
            .unwrap();
    }
    let rows: Vec<Row> = diesel::sql_query("SELECT number, name FROM planet WHERE number > $1 ORDER BY number")
        .bind::<BigInt, _>(1)
        .load(&mut db)
        .unwrap();
    for row in rows {
        println!("{} {}", row.number, row.name);
    }
}
