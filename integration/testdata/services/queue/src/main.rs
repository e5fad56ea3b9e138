//! Sends messages through a cluster that librdkafka plays itself.
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::time::{Duration, Instant};

fn main() {
    let cluster = MockCluster::new(1).expect("no cluster");
    cluster.create_topic("planets", 1, 1).unwrap();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap_servers()).set("group.id", "test").set("auto.offset.reset", "earliest");
    let producer: BaseProducer = config.create().expect("no producer");
    for name in ["Mercury", "Venus"] {
        producer.send(BaseRecord::<(), str>::to("planets").payload(name)).map_err(|(e, _)| e).unwrap();
    }
    producer.flush(Duration::from_secs(10)).unwrap();
    let consumer: BaseConsumer = config.create().expect("no consumer");
    consumer.subscribe(&["planets"]).unwrap();
    // Polling also ends when the consumer was given its partition.
    let started = Instant::now();
    let mut received = 0;
    while received < 2 {
        assert!(started.elapsed() < Duration::from_secs(40), "no message");
        if let Some(message) = consumer.poll(Duration::from_millis(200)) {
            println!("{}", String::from_utf8_lossy(message.expect("no message").payload().unwrap()));
            received += 1;
        }
    }
}
