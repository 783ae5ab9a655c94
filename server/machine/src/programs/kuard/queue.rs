//! kuard's work queues in memory: `/memq/server/…`.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use super::api::{json, quote};
use crate::http::{Request, Response};

/// Messages that all queues hold.
const MESSAGES_MAX: usize = 1000;

#[derive(Default)]
struct Queue {
    messages: VecDeque<(u64, String)>,
    enqueued: u64,
    dequeued: u64,
    drained: u64,
}

/// All queues by name.
#[derive(Default)]
pub(super) struct Queues(RefCell<BTreeMap<String, Queue>>);

impl Queues {
    pub fn answer(&self, request: &Request, path: &str) -> Response {
        let mut queues = self.0.borrow_mut();
        let total: usize = queues.values().map(|q| q.messages.len()).sum();
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let missing = || Response::new(404, "text/plain; charset=utf-8", "queue not found\n");
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["stats"]) => {
                let each = queues.iter().map(|(name, q)| {
                    format!("{{\"name\":{},\"depth\":{},\"enqueued\":{},\"dequeued\":{},\"drained\":{}}}", quote(name), q.messages.len(), q.enqueued, q.dequeued, q.drained)
                });
                json(format!(
                    "{{\"kind\":\"stats\",\"queues\":[{}]}}",
                    each.collect::<Vec<_>>().join(",")
                ))
            }
            ("PUT", ["queues", name]) if queues.len() < 100 => {
                queues.entry((*name).to_string()).or_default();
                json(String::new())
            }
            ("DELETE", ["queues", name]) => queues
                .remove(*name)
                .map_or_else(missing, |_| json(String::new())),
            ("POST", ["queues", name, action]) => {
                let Some(queue) = queues.get_mut(*name) else {
                    return missing();
                };
                match *action {
                    "enqueue" if total < MESSAGES_MAX => {
                        queue.enqueued += 1;
                        let body = String::from_utf8_lossy(&request.body).into_owned();
                        queue.messages.push_back((queue.enqueued, body));
                        message(queue.messages.back())
                    }
                    "enqueue" => Response::new(503, "text/plain; charset=utf-8", "queue is full\n"),
                    "dequeue" => {
                        let first = queue.messages.pop_front();
                        queue.dequeued += u64::from(first.is_some());
                        if first.is_some() {
                            message(first.as_ref())
                        } else {
                            Response::new(204, "text/plain", "")
                        }
                    }
                    "drain" => {
                        queue.drained += queue.messages.len() as u64;
                        queue.messages.clear();
                        json(String::new())
                    }
                    _ => missing(),
                }
            }
            _ => missing(),
        }
    }
}

fn message(message: Option<&(u64, String)>) -> Response {
    let (id, body) = message.map_or((0, ""), |(id, body)| (*id, body));
    json(format!(
        "{{\"kind\":\"message\",\"id\":\"{id}\",\"body\":{}}}",
        quote(body)
    ))
}
