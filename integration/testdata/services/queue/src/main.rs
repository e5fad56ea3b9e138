//! Sends messages through a cluster that librdkafka plays itself.
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::time::Duration;

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
    for _ in 0..2 {
        let message = consumer.poll(Duration::from_secs(30)).expect("no message").expect("no message");
        println!("{}", String::from_utf8_lossy(message.payload().unwrap()));
    }
}
