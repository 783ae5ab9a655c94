//! `vi [FILE]`: a small screen editor. Mirrors POSIX vi in the keys that people use: hjkl and arrows, w b e 0 ^ $ gg G, i a I A o O,
//! x D C dd cc yy dw cw p P J r ~, u, counts, / ? n N, `:w :q :wq :x :q! :NUMBER :s` and line numbers in the status.
//!
//! `keys` are the commands; they know no terminal.

pub(crate) mod keys;

use super::{editing, options};
use crate::errno::Errno;
use crate::sys::Sys;
use keys::Vi;

const USAGE: &str = "[-R] [FILE]...\n\nEdit FILE";

pub async fn main(sys: Sys) -> i32 {
    let options = match options::read(&sys, "Rc:", &[], USAGE).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let name = options.rest.first().cloned().unwrap_or_default();
    let mut editor = Vi::new(&name);
    if !name.is_empty() {
        let refused = match editing::load(&sys, &name).await {
            Ok(Some(text)) => {
                editor.load(&text);
                None
            }
            Ok(None) => {
                editor.say(&format!("'{name}' [New file]"));
                None
            }
            Err(Errno::EISDIR) => Some("is a directory"),
            Err(Errno::EFBIG) => Some("is too large"),
            Err(error) => {
                editor.say(&format!("'{name}' {}", error.text()));
                None
            }
        };
        if let Some(why) = refused {
            options::complain(&sys, &format!("'{name}' {why}")).await;
            return 1;
        }
    }
    editing::edit(&sys, &mut editor).await
}
