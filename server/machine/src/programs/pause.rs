//! `pause`: sleeps until it is told to stop, as process 1 of a sandbox does.

use crate::signal::{Disposition, Signal};
use crate::sys::Sys;

pub async fn main(sys: Sys) -> i32 {
    for signal in [Signal::Int, Signal::Term] {
        sys.set_signal(signal, Disposition::Catch);
    }
    loop {
        sys.pause().await;
        if let Some(signal) = sys.take_signal() {
            sys.print(format!("Shutting down, got signal: {}\n", signal.text()))
                .await;
            return 0;
        }
    }
}
