//! How does a server answer that is not itself today? As a test wrote it down: one answer a request.

use crate::commands::caller::Caller;
use engine::Stopwatch;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server that answers what it was told to, in turn, and then answers no more.
pub(super) struct Scripted {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<(Duration, String)>>>,
}

impl Scripted {
    /// Each answer is a status, headers such as `retry-after: 1\r\n`, and a body.
    pub(super) fn answering(answers: &[(u16, &str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (noted, since) = (heard.clone(), Stopwatch::start());
        let answers: Vec<String> = answers
            .iter()
            .map(|(status, headers, body)| {
                let length = body.len();
                format!("HTTP/1.1 {status} x\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
            })
            .collect();
        std::thread::spawn(move || {
            for answer in answers {
                let (stream, _) = listener.accept().unwrap();
                let mut stream = BufReader::new(stream);
                let mut n_bytes = 0;
                let mut line = String::new();
                while stream.read_line(&mut line).unwrap() > 2 {
                    let length = line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse());
                    n_bytes = length.map_or(n_bytes, Result::unwrap);
                    line.clear();
                }
                let mut body = vec![0; n_bytes];
                stream.read_exact(&mut body).unwrap();
                noted.lock().unwrap().push((since.elapsed(), String::from_utf8(body).unwrap()));
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { address, heard }
    }

    pub(super) fn caller(&self) -> Caller {
        Caller::new(&format!("http://{}", self.address), "key".to_owned())
    }

    /// What was sent, and when.
    pub(super) fn heard(&self) -> Vec<(Duration, String)> {
        self.heard.lock().unwrap().clone()
    }
}
