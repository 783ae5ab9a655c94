//! `init`: process 1 of a workstation; takes in orphans.

use crate::signal::{Disposition, Signal};
use crate::sys::{Sys, WaitFor, WaitOptions};

pub async fn main(sys: Sys) -> i32 {
    sys.set_signal(Signal::Chld, Disposition::Catch);
    loop {
        while let Ok(Some(_)) = sys
            .wait(
                WaitFor::Any,
                WaitOptions {
                    nohang: true,
                    ..Default::default()
                },
            )
            .await
        {}
        sys.pause().await;
        while sys.take_signal().is_some() {}
    }
}
