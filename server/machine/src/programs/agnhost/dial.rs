//! Requests of agnhost's own: one over HTTP, one over UDP, each within a time.

use core::net::SocketAddr;

use super::connect::first_address;
use crate::http::{Request, Response, Stream, Wire};
use crate::programs::wget::within;
use crate::sys::Sys;
use crate::time::Duration;

/// How long one attempt lasts.
const PATIENCE: Duration = Duration::from_secs(5);

/// GET `target` of `host`. An error's text as Go's client would put it.
pub(super) async fn get(
    sys: &Sys,
    host: &str,
    port: u16,
    target: &str,
) -> Result<Response, String> {
    let url = format!("http://{host}:{port}{target}");
    let ip = first_address(sys, host)
        .await
        .ok_or_else(|| format!("Get {url:?}: dial tcp: lookup {host}: no such host"))?;
    let to = SocketAddr::new(ip, port);
    let fetching = async {
        let fd = sys.connect(to).await?;
        let request = Request::get(target, &format!("{host}:{port}"));
        let answer = Stream::new(Wire::Process(sys.clone(), fd))
            .fetch(&request)
            .await;
        sys.close(fd)?;
        answer
    };
    match within(sys, PATIENCE, fetching).await {
        Some(Ok(response)) => Ok(response),
        Some(Err(error)) => {
            let why = error.text().to_lowercase();
            Err(format!("Get {url:?}: dial tcp {to}: connect: {why}"))
        }
        None => Err(format!("Get {url:?}: dial tcp {to}: i/o timeout")),
    }
}

/// A datagram, and the one that comes back.
pub(super) async fn datagram(
    sys: &Sys,
    host: &str,
    port: u16,
    text: &str,
) -> Result<String, String> {
    let ip = first_address(sys, host)
        .await
        .ok_or_else(|| format!("dial udp: lookup {host}: no such host"))?;
    let to = SocketAddr::new(ip, port);
    let fd = sys
        .udp(SocketAddr::from(([0, 0, 0, 0], 0)))
        .map_err(|error| error.text().to_owned())?;
    let _ = sys.send_to(fd, text.as_bytes(), to);
    let answer = within(sys, PATIENCE, sys.recv_from(fd)).await;
    let _ = sys.close(fd);
    match answer {
        Some(Ok((bytes, _))) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        _ => Err(format!("read udp {to}: i/o timeout")),
    }
}
