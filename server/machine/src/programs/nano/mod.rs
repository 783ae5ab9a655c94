//! `nano [+LINE] [FILE]`: a screen editor whose keys stand at the bottom: ^O write, ^X exit, ^W where is, ^K cut, ^U paste, ^A ^E ^V ^Y,
//! ^C where the cursor is. Mirrors GNU nano in what people use. `editor` knows no terminal.

mod editor;

use crate::errno::Errno;
use crate::signal::{Disposition, Signal};
use crate::sys::{OpenFlags, Sys, Termios};
use editor::{Asked, Editor};

/// Bytes of a file that is edited.
const LARGEST: usize = 512 << 10;

pub async fn main(sys: Sys) -> i32 {
    let args = sys.args();
    let mut words = args[1.min(args.len())..].iter();
    let (mut name, mut line) = (String::new(), None);
    for word in words.by_ref() {
        if let Some(number) = word.strip_prefix('+') {
            line = number
                .split(',')
                .next()
                .and_then(|number| number.parse::<usize>().ok());
        } else if !word.starts_with('-') {
            name.clone_from(word);
        }
    }
    let mut editor = Editor::new(&name);
    if !name.is_empty() {
        match load(&sys, &name).await {
            Ok(Some(text)) => editor.load(&text),
            Ok(None) => editor.say("New File"),
            Err(error) => editor.say(&format!("Error reading {name}: {error}")),
        }
    }
    if let Some(line) = line {
        editor.go_to(line);
    }
    let before = sys.tcgetattr(0).unwrap_or_default();
    let raw = Termios {
        newline_in: false,
        ..Termios::raw()
    };
    let _ = sys.tcsetattr(0, raw);
    sys.set_signal(Signal::Winch, Disposition::Catch);
    sys.print("\x1b[?1049h\x1b[?2004l").await;
    let code = converse(&sys, &mut editor).await;
    sys.print("\x1b[?1049l").await;
    let _ = sys.tcsetattr(0, before);
    code
}

/// None: no such file yet.
async fn load(sys: &Sys, name: &str) -> Result<Option<String>, String> {
    if sys.stat(name).is_ok_and(|stat| stat.is_dir()) {
        return Err(Errno::EISDIR.text().into());
    }
    let fd = match sys.open(name, OpenFlags::READ, 0) {
        Ok(fd) => fd,
        Err(Errno::ENOENT) => return Ok(None),
        Err(error) => return Err(error.text().into()),
    };
    let bytes = sys.read_to_end(fd, LARGEST).await;
    let _ = sys.close(fd);
    let bytes = bytes.map_err(|error| error.text().to_owned())?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
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
                        Ok(()) if then_quit => return 0,
                        Ok(()) => editor.written(&name),
                        Err(error) => {
                            editor.say(&format!("Error writing {name}: {}", error.text()))
                        }
                    }
                }
            }
        }
    }
}
