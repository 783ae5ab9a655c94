//! What `vi` and `nano` share: a text with its undo, the keys of a terminal, a window of lines, and the conversation with whoever types.

pub(crate) mod codes;
pub(crate) mod text;
pub(crate) mod window;

use crate::errno::Errno;
use crate::signal::{Disposition, Signal};
use crate::sys::{OpenFlags, Sys, Termios};
use crate::time::Duration;

/// Bytes of a file that is edited.
pub(crate) const LARGEST: usize = 512 << 10;
/// CPU time that a key takes.
const KEY: Duration = Duration::from_micros(20);

/// What an editor wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Quit,
    Write { name: String, then_quit: bool },
}

/// An editor that knows no terminal and no files.
pub(crate) trait Editor {
    /// Bytes typed that are no whole key yet.
    fn held(&mut self) -> &mut Vec<u8>;
    /// Takes a key.
    fn key(&mut self, key: char) -> Option<Asked>;
    /// The whole screen as bytes for a terminal.
    fn draw(&mut self, columns: usize, rows: usize) -> String;
    fn contents(&self) -> String;
    /// So many bytes were written to `name`.
    fn written(&mut self, name: &str, bytes: usize);
    /// Nothing was written to `name`.
    fn refused(&mut self, name: &str, error: Errno);

    /// Takes bytes of a terminal; what their keys ask.
    fn feed(&mut self, bytes: &[u8]) -> Vec<Asked> {
        self.held().extend_from_slice(bytes);
        let mut asked = Vec::new();
        while let Some((key, used)) = codes::next_key(self.held()) {
            self.held().drain(..used);
            asked.extend(self.key(key));
        }
        asked
    }
}

/// The text of a file; none where there is no such file yet. Errors: what opening and reading say.
pub(crate) async fn load(sys: &Sys, name: &str) -> Result<Option<String>, Errno> {
    if sys.stat(name).is_ok_and(|stat| stat.is_dir()) {
        return Err(Errno::EISDIR);
    }
    let fd = match sys.open(name, OpenFlags::READ, 0) {
        Ok(fd) => fd,
        Err(Errno::ENOENT) => return Ok(None),
        Err(error) => return Err(error),
    };
    let bytes = sys.read_to_end(fd, LARGEST).await;
    let _ = sys.close(fd);
    Ok(Some(String::from_utf8_lossy(&bytes?).into_owned()))
}

/// Edits on the whole terminal, which is afterwards as it was before; the exit code.
pub(crate) async fn edit(sys: &Sys, editor: &mut impl Editor) -> i32 {
    let before = sys.tcgetattr(0).unwrap_or_default();
    let raw = Termios {
        newline_in: false,
        ..Termios::raw()
    };
    let _ = sys.tcsetattr(0, raw);
    sys.set_signal(Signal::Winch, Disposition::Catch);
    sys.print("\x1b[?1049h\x1b[?2004l").await;
    let code = converse(sys, editor).await;
    sys.print("\x1b[?1049l").await;
    let _ = sys.tcsetattr(0, before);
    code
}

async fn converse(sys: &Sys, editor: &mut impl Editor) -> i32 {
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
        sys.cpu(KEY * bytes.len() as u32).await;
        for asked in editor.feed(&bytes) {
            let Asked::Write { name, then_quit } = asked else {
                return 0;
            };
            let text = editor.contents();
            match sys.write_file(&name, text.as_bytes()).await {
                Ok(()) if then_quit => return 0,
                Ok(()) => editor.written(&name, text.len()),
                Err(error) => editor.refused(&name, error),
            }
        }
    }
}
