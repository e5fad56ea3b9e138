use sqlx::Execute;

fn main() {
    let query = sqlx::query!("SELECT name FROM users WHERE id = $1", 7_i32);
    println!("{}", query.sql());
    for migration in sqlx::migrate!().iter() {
        println!("{} {}", migration.version, migration.description);
    }
}
