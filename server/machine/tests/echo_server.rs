//! The echo server in a container, reached over the world's network: requests, a WebSocket, events.

mod world;

use std::cell::RefCell;
use std::rc::Rc;

use machine::cri::{ContainerConfig, ContainerId, ContainerState};
use machine::http::{Request, fetch};
use machine::pipe::Socket;
use machine::time::Duration;
use world::World;

fn start(world: &World, env: &[(&str, &str)]) -> ContainerId {
    let env = env.iter().map(|(k, v)| ((*k).into(), (*v).into()));
    let id = world.start_config(ContainerConfig {
        image: "jmalloc/echo-server".into(),
        env: env.collect(),
        ..world.config()
    });
    world.run(Duration::from_secs(1));
    id
}

/// A connection to the server from the node.
fn dial(world: &World) -> Socket {
    let socket = Rc::new(RefCell::new(None));
    let slot = socket.clone();
    let dial = world
        .kernel
        .network()
        .dial([10, 244, 0, 1].into(), ([10, 244, 0, 5], 8080).into());
    let task = world.executor.spawn(async move {
        *slot.borrow_mut() = Some(dial.await.expect("it listens"));
    });
    world.run(Duration::from_millis(100));
    drop(task);
    socket.take().expect("a connection")
}

/// Sends these bytes and gives what comes back in a while.
fn say(world: &World, socket: &Socket, bytes: &[u8], millis: u64) -> Vec<u8> {
    let sent = socket.writer.try_write(bytes).expect("room");
    assert_eq!(sent, Ok(bytes.len()));
    world.run(Duration::from_millis(millis));
    let mut back = Vec::new();
    while let Some(Ok(part)) = socket.reader.try_read(1 << 16) {
        if part.is_empty() {
            break;
        }
        back.extend(part);
    }
    back
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

const UPGRADE: &str = "GET /any/path HTTP/1.1\r\nHost: pod\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A frame of a client, masked with zeros.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    [
        &[0x80 | opcode, 0x80 | payload.len() as u8, 0, 0, 0, 0][..],
        payload,
    ]
    .concat()
}

#[test]
fn a_request_comes_back_as_text() {
    let world = World::new();
    let id = start(&world, &[("SEND_HEADER_X_COLOUR", "blue")]);
    let post = "POST /a?b=c HTTP/1.1\r\nuser-agent: me\r\nHost: pod:8080\r\naccept: */*\r\nContent-Length: 2\r\n\r\nhi";
    let answer = text(say(&world, &dial(&world), post.as_bytes(), 1000));
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Colour: blue\r\nDate: "),
        "{head}"
    );
    assert_eq!(
        body,
        "Request served by pod-a\n\nPOST /a?b=c HTTP/1.1\n\nHost: pod:8080\nAccept: */*\nContent-Length: 2\nUser-Agent: me\n\nhi"
    );
    let logs = world.logs(&id);
    assert!(
        logs.starts_with("Echo server listening on port 8080.\n10.244.0.1:"),
        "{logs}"
    );
    assert!(logs.ends_with(" | POST /a?b=c\n"), "{logs}");
    world.stop(&id, Duration::from_secs(5));
    assert_eq!(world.status(&id).exit_code, 2);
}

#[test]
fn the_environment_says_what_is_told() {
    let world = World::new();
    let env = [
        ("LOG_HTTP_HEADERS", "1"),
        ("LOG_HTTP_BODY", "1"),
        ("SEND_SERVER_HOSTNAME", "False"),
    ];
    let id = start(&world, &env);
    let put = "PUT / HTTP/1.1\r\nHost: pod\r\nContent-Length: 3\r\n\r\nabc";
    let answer = text(say(&world, &dial(&world), put.as_bytes(), 1000));
    assert!(
        answer.ends_with("\r\n\r\nPUT / HTTP/1.1\n\nHost: pod\nContent-Length: 3\n\nabc"),
        "{answer}"
    );
    let get = "GET / HTTP/1.1\r\nHost: pod\r\nX-Send-Server-Hostname: true\r\n\r\n";
    let answer = text(say(&world, &dial(&world), get.as_bytes(), 1000));
    assert!(answer.contains("Request served by pod-a\n"), "{answer}");
    let logs = world.logs(&id);
    for line in [
        "\n--------  10.244.0.1:40000 | PUT /\nHeaders\nContent-Length: 3\n00000000  61 62 63 ",
        " |abc|\n",
    ] {
        assert!(logs.contains(line), "{line:?} is not in {logs:?}");
    }
    let other = World::new();
    let id = start(&other, &[("PORT", "http-alt")]);
    assert_eq!(other.status(&id).state, ContainerState::Exited);
    assert_eq!(other.status(&id).exit_code, 2);
    let logs = other.logs(&id);
    assert!(
        logs.contains("panic: listen tcp: lookup tcp/http-alt: unknown port\n"),
        "{logs}"
    );
}

#[test]
fn a_socket_says_who_serves_and_then_every_message_again() {
    let world = World::new();
    let id = start(&world, &[]);
    let socket = dial(&world);
    let hello = text(say(&world, &socket, UPGRADE.as_bytes(), 500));
    let (head, first) = hello.split_once("\r\n\r\n").expect("a head");
    assert_eq!(
        head,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    );
    assert_eq!(first, "\u{fffd}\u{17}Request served by pod-a");
    // In two pieces, with a ping between two fragments.
    let sent = [
        [&[0x01, 0x82, 0, 0, 0, 0][..], b"he"].concat(),
        frame(9, b"there?"),
        frame(0, b"llo"),
        frame(2, &[0, 255]),
    ]
    .concat();
    let (begin, rest) = sent.split_at(4);
    assert_eq!(say(&world, &socket, begin, 100), b"");
    assert_eq!(
        say(&world, &socket, rest, 500),
        b"\x8a\x06there?\x81\x05hello\x82\x02\x00\xff"
    );
    assert_eq!(
        say(&world, &socket, &frame(8, b"\x03\xe9"), 500),
        b"\x88\x02\x03\xe9"
    );
    assert!(socket.reader.is_ready(), "the connection is closed");
    let logs = world.logs(&id);
    let mine: Vec<&str> = logs
        .lines()
        .filter_map(|line| line.split_once(" | "))
        .map(|(_, what)| what)
        .collect();
    assert_eq!(
        mine,
        [
            "GET /any/path",
            "upgraded to websocket",
            "txt | hello",
            "bin | 2 byte(s)",
            "websocket: close 1001 (going away)"
        ]
    );
}

#[test]
fn who_breaks_the_protocol_or_goes_is_told_in_the_log() {
    let world = World::new();
    let id = start(&world, &[]);
    let check = |bytes: &[u8], back: &[u8], log: &str| {
        let socket = dial(&world);
        say(&world, &socket, UPGRADE.as_bytes(), 500);
        let heard = say(&world, &socket, bytes, 500);
        drop(socket);
        world.run(Duration::from_millis(100));
        assert_eq!(heard, back, "{}", String::from_utf8_lossy(&heard));
        let logs = world.logs(&id);
        assert!(
            logs.trim_end().ends_with(log),
            "{log:?} is not the end of {logs:?}"
        );
    };
    check(
        b"\x81\x01a",
        b"\x88\x0a\x03\xeabad MASK",
        "websocket: bad MASK",
    );
    check(
        &[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0],
        b"\x88\x15\x03\xf1read limit exceeded",
        "websocket: read limit exceeded",
    );
    check(
        &frame(8, b""),
        b"\x88\x00",
        "websocket: close 1005 (no status)",
    );
    check(
        b"",
        b"",
        "websocket: close 1006 (abnormal closure): unexpected EOF",
    );
    let old = UPGRADE.replace("Version: 13", "Version: 8");
    let refused = text(say(&world, &dial(&world), old.as_bytes(), 500));
    assert!(
        refused.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{refused}"
    );
    assert!(
        refused.contains("\r\nSec-Websocket-Version: 13\r\n"),
        "{refused}"
    );
    assert!(refused.ends_with("\r\n\r\nBad Request\n"), "{refused}");
}

#[test]
fn the_page_and_the_events() {
    let world = World::new();
    let id = start(&world, &[("FRONTEND_WS_PATH", "/chat")]);
    let answer = Rc::new(RefCell::new(None));
    let (slot, socket) = (answer.clone(), dial(&world));
    let task = world.executor.spawn(async move {
        *slot.borrow_mut() = fetch(socket, &Request::get("/.ws", "pod")).await.ok();
    });
    world.run(Duration::from_secs(1));
    drop(task);
    let page = answer.take().expect("the page");
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(text(page.body).contains("${location.host}/chat`"));
    let socket = dial(&world);
    let get = b"GET /.sse HTTP/1.1\r\nHost: pod\r\n\r\n";
    let events = text(say(&world, &socket, get, 2500));
    for part in [
        "\r\nContent-Type: text/event-stream\r\n",
        "\r\n21\r\nevent: server\ndata: pod-a\nid: 1\n\n\r\n",
        "event: request\ndata: GET /.sse HTTP/1.1\ndata: \ndata: Host: pod\ndata: \nid: 2\n\n",
        "event: time\ndata: 2027-01-15T08:00:0",
        "id: 4\n\n",
    ] {
        assert!(events.contains(part), "{part:?} is not in {events:?}");
    }
    drop(socket);
    world.run(Duration::from_secs(2));
    let logs = world.logs(&id);
    world.run(Duration::from_secs(5));
    assert_eq!(world.logs(&id), logs, "it goes on without a client");
    assert!(logs.contains(" | sse | event: time\n"), "{logs}");
}
