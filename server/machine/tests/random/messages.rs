//! HTTP from hostile peers, and what goes there and back.

use std::cell::RefCell;
use std::rc::Rc;

use machine::http::{Request, Response, Stream, Wire, fetch};
use machine::pipe::socket_pair;
use machine::time::Duration;
use machine::{Executor, Time};
use proptest::prelude::*;

use super::{Desk, cases};

/// What HTTP is made of.
const PIECES: &[&str] = &[
    "HTTP/1.1 200 OK",
    "HTTP/1.1 ",
    "HTTP/9",
    "GET / HTTP/1.1",
    "POST ",
    "\r\n",
    "\r\n\r\n",
    "\n",
    ":",
    " ",
    "Content-Length",
    "Content-Length: 5",
    "Content-Length: 99999999999999",
    "Content-Length: -1",
    "Transfer-Encoding: chunked",
    "5",
    "0",
    "ffffffffffffffffff",
    "zz",
    "hello",
    "Connection: close",
    "Expect: 100-continue",
    "Host: x",
    "100",
    "204",
    "\0",
];

fn message() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// Gives `bytes` in pieces to `peer` and runs it; whether it came to an end.
fn hears<F>(bytes: &[u8], piece: usize, peer: impl FnOnce(machine::pipe::Socket) -> F) -> bool
where
    F: Future<Output = ()> + 'static,
{
    let executor = Executor::new(Time::from_seconds(1));
    let (near, far) = socket_pair(1 << 16);
    let ended = Rc::new(RefCell::new(false));
    let (mark, body) = (ended.clone(), peer(near));
    let task = executor.spawn(async move {
        body.await;
        *mark.borrow_mut() = true;
    });
    for part in bytes.chunks(piece.max(1)) {
        let _ = far.writer.try_write(part);
        executor.run(&mut 10_000);
        let _ = far.reader.try_read(1 << 16);
    }
    drop(far);
    assert!(executor.run_until(executor.now() + Duration::from_secs(1), &mut 10_000));
    drop(task);
    ended.take()
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn any_bytes_may_be_an_answer(bytes in message(), piece in 1usize..40) {
        let ended = hears(&bytes, piece, |socket| async move {
            let _ = fetch(socket, &Request::get("/", "x")).await;
        });
        prop_assert!(ended);
    }

    #[test]
    fn any_bytes_may_be_requests(bytes in message(), piece in 1usize..40) {
        let ended = hears(&bytes, piece, |socket| async move {
            let mut stream = Stream::new(Wire::Outside(socket));
            while let Ok(Some(request)) = stream.request().await {
                let _ = (request.path().len(), request.query("a"), request.header("host"));
            }
        });
        prop_assert!(ended);
    }

    #[test]
    fn requests_are_read_as_they_were_written(method in "[A-Z]{1,7}", target in "/[!-~]{0,30}", headers in prop::collection::vec(("X-[A-Za-z]{1,8}", "[!-~]([ -~]{0,20}[!-~])?"), 0..5), body in prop::collection::vec(any::<u8>(), 0..3000)) {
        let sent = Request { method, target, version: "HTTP/1.1".into(), headers, body };
        let got = Rc::new(RefCell::new(None));
        let slot = got.clone();
        hears(&sent.encode(), 1000, |socket| async move {
            *slot.borrow_mut() = Stream::new(Wire::Outside(socket)).request().await.ok().flatten();
        });
        let mut got = got.take().expect("a request");
        got.headers.retain(|(name, _)| name != "Content-Length");
        prop_assert_eq!(got, sent);
    }
}

/// Name services: the files that say who answers, and names that are asked for.
#[test]
fn any_text_may_be_a_resolver_configuration() {
    let mut runner = proptest::test_runner::TestRunner::new(cases(60));
    let word = prop::sample::select(
        &[
            "nameserver",
            "search",
            "options",
            "ndots:5",
            "ndots:x",
            "attempts:9",
            "10.96.0.10",
            "::1",
            "1.2.3.4.5",
            "a.b",
            ".",
            "",
            "#",
            "\n",
            " ",
            "\t",
            "127.0.0.1",
            "box",
            "..",
            "é",
        ][..],
    );
    let text = prop::collection::vec(word, 0..20).prop_map(|words| words.join(" "));
    let result = runner.run(
        &(text.clone(), text, "[a-z.é-]{0,30}"),
        |(conf, hosts, name)| {
            let desk = Desk::new();
            let files = desk.computer.files();
            files
                .write("/etc/resolv.conf", conf.as_bytes(), 0o644)
                .unwrap();
            files.write("/etc/hosts", hosts.as_bytes(), 0o644).unwrap();
            desk.spawn(&["nslookup", &name], b"");
            desk.spawn(&["ping", "-c", "1", &name], b"");
            Ok(())
        },
    );
    if let Err(error) = result {
        panic!("{error}\n{runner}");
    }
}

/// An answer's body is what the server gave, whatever it is.
#[test]
fn answers_are_read_as_they_were_written() {
    let executor = Executor::new(Time::from_seconds(1));
    for body in [vec![], vec![0; 70_000], b"\r\n\r\n".to_vec()] {
        let (near, far) = socket_pair(1 << 20);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        assert!(
            far.writer
                .try_write(&[head.as_bytes(), &body].concat())
                .is_some()
        );
        let got: Rc<RefCell<Option<Response>>> = Rc::default();
        let slot = got.clone();
        let task = executor.spawn(async move {
            *slot.borrow_mut() = fetch(near, &Request::get("/", "x")).await.ok();
        });
        executor.run(&mut 10_000);
        assert_eq!(got.take().expect("an answer").body, body);
        drop((task, far));
    }
}
