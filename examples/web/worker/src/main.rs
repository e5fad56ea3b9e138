//! Works through the tasks one after the other and prints each as a line of
//! JSON when it is done.

use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), serde_json::Error> {
    let mut done = 0;
    for mut task in shared::tasks() {
        tokio::time::sleep(Duration::from_millis(10)).await;
        task.done = true;
        println!("{}", serde_json::to_string(&task)?);
        done += 1;
    }
    println!("{done} tasks done");
    Ok(())
}
