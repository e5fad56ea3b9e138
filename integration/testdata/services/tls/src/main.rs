//! Makes a request to the server at ADDRESS, whose certificate CERTIFICATE vouches for.
use openssl::ssl::{SslConnector, SslMethod};
use openssl::x509::{store::X509StoreBuilder, X509};
use std::io::{Read, Write};

fn main() {
    let certificate = std::env::var("CERTIFICATE").expect("CERTIFICATE is not set");
    let address = std::env::var("ADDRESS").expect("ADDRESS is not set");
    let mut store = X509StoreBuilder::new().unwrap();
    store.add_cert(X509::from_pem(certificate.as_bytes()).unwrap()).unwrap();
    let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
    builder.set_cert_store(store.build());
    let connection = std::net::TcpStream::connect(&address).expect("no connection");
    let mut stream = builder.build().connect("example.com", connection).expect("no TLS");
    write!(stream, "GET / HTTP/1.0\r\nHost: example.com\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    println!("{} over {}", answer.rsplit("\r\n").next().unwrap(), stream.ssl().version_str());
}
