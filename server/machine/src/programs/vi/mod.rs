//! `vi [FILE]`: a small screen editor. Mirrors POSIX vi in the keys that people use: hjkl and arrows, w b e 0 ^ $ gg G, i a I A o O,
//! x D C dd cc yy dw cw p P J r ~, u, counts, / ? n N, `:w :q :wq :x :q! :NUMBER :s` and line numbers in the status.
//!
//! `text` is the buffer with its undo, `keys` the commands; both know no terminal.

pub(crate) mod keys;
pub(crate) mod text;

use super::options;
use crate::errno::Errno;
use crate::signal::{Disposition, Signal};
use crate::sys::{Sys, Termios};
use keys::{Asked, Editor};

const USAGE: &str = "[-R] [FILE]...\n\nEdit FILE";
/// Bytes of a file that is edited.
const LARGEST: usize = 512 << 10;

pub async fn main(sys: Sys) -> i32 {
    let options = match options::read(&sys, "Rc:", &[], USAGE).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let name = options.rest.first().cloned().unwrap_or_default();
    let mut editor = Editor::new(&name);
    if !name.is_empty() && !load(&sys, &name, &mut editor).await {
        return 1;
    }
    let before = sys.tcgetattr(0).unwrap_or_default();
    let _ = sys.tcsetattr(
        0,
        Termios {
            newline_in: false,
            ..Termios::raw()
        },
    );
    sys.set_signal(Signal::Winch, Disposition::Catch);
    sys.print("\x1b[?1049h\x1b[?2004l").await;
    let code = converse(&sys, &mut editor).await;
    sys.print("\x1b[?1049l").await;
    let _ = sys.tcsetattr(0, before);
    code
}

/// Reads the file; what cannot be edited is told, and is false.
async fn load(sys: &Sys, name: &str, editor: &mut Editor) -> bool {
    if sys.stat(name).is_ok_and(|stat| stat.is_dir()) {
        options::complain(sys, &format!("'{name}' is a directory")).await;
        return false;
    }
    let fd = match sys.open(name, crate::sys::OpenFlags::READ, 0) {
        Ok(fd) => fd,
        Err(Errno::ENOENT) => {
            editor.say(&format!("'{name}' [New file]"));
            return true;
        }
        Err(error) => {
            editor.say(&format!("'{name}' {}", error.text()));
            return true;
        }
    };
    let bytes = sys.read_to_end(fd, LARGEST).await;
    let _ = sys.close(fd);
    match bytes {
        Ok(bytes) => {
            editor.load(&String::from_utf8_lossy(&bytes));
            true
        }
        Err(_) => {
            options::complain(sys, &format!("'{name}' is too large")).await;
            false
        }
    }
}

async fn converse(sys: &Sys, editor: &mut Editor) -> i32 {
    loop {
        let size = sys.winsize(1).unwrap_or_default();
        sys.print(editor.draw(usize::from(size.cols), usize::from(size.rows)))
            .await;
        let bytes = match sys.read(0, 4096).await {
            Ok(bytes) if bytes.is_empty() => return 1,
            Ok(bytes) => bytes,
            Err(Errno::EINTR) => {
                while sys.take_signal().is_some() {}
                continue;
            }
            Err(_) => return 1,
        };
        sys.cpu(crate::time::Duration::from_micros(20 * bytes.len() as u64))
            .await;
        for asked in editor.feed(&bytes) {
            match asked {
                Asked::Quit => return 0,
                Asked::Write { name, then_quit } => {
                    let text = editor.contents();
                    match sys.write_file(&name, text.as_bytes()).await {
                        Ok(()) => {
                            editor.written(&name, text.len());
                            if then_quit {
                                return 0;
                            }
                        }
                        Err(error) => editor.say(&format!("'{name}' {}", error.text())),
                    }
                }
            }
        }
    }
}
