//! What the simulated cluster's components found out, told to a page that asks again and again.

use super::Connection;
use crate::session::life::Life;
use crate::wire::{Backend, Finding, MAX_MESSAGE_BYTES, ServerFrame};

/// Room for the frame around the findings, in bytes.
const ENVELOPE_BYTES: usize = 256;

impl Connection {
    /// Those after a number, as many as one message holds; a page that got some asks for more. A real cluster has none to tell.
    pub(super) async fn findings(&mut self, life: &Life, request: u32, after: u64) {
        let findings = match self.session.backend {
            Backend::Real => Vec::new(),
            Backend::Sim => life.world.findings_after(after).await.unwrap_or_default(),
        };
        let findings = that_fit(findings.into_iter().map(Finding::from));
        let frame = ServerFrame::Findings { request, findings };
        self.out.frame(&frame).await;
    }
}

fn that_fit(findings: impl Iterator<Item = Finding>) -> Vec<Finding> {
    let mut room = MAX_MESSAGE_BYTES - ENVELOPE_BYTES;
    findings
        .map_while(|finding| {
            let bytes = serde_json::to_vec(&finding).map_or(0, |json| json.len()) + 1;
            room = room.checked_sub(bytes)?;
            Some(finding)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Found;

    #[test]
    fn an_answer_is_one_message() {
        let probe = |number| Finding {
            number,
            at_ms: 0,
            pod: "p".repeat(36),
            what: Found::Probe {
                container: "c".into(),
                kind: "Liveness".into(),
                passed: Some(false),
                answer: "ö\n".repeat(120),
            },
        };
        let findings = that_fit((1..500).map(probe));
        assert!(findings.len() > 50);
        let frame = ServerFrame::Findings {
            request: u32::MAX,
            findings,
        };
        let bytes = serde_json::to_vec(&frame).expect("JSON").len();
        assert!(bytes <= MAX_MESSAGE_BYTES, "{bytes}");
    }
}
