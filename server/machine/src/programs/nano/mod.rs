//! `nano [+LINE] [FILE]`: a screen editor whose keys stand at the bottom: ^O write, ^X exit, ^W where is, ^K cut, ^U paste, ^A ^E ^V ^Y,
//! ^C where the cursor is. Mirrors GNU nano in what people use. `editor` knows no terminal.

mod editor;

use super::editing;
use crate::sys::Sys;
use editor::Nano;

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
    let mut editor = Nano::new(&name);
    if !name.is_empty() {
        match editing::load(&sys, &name).await {
            Ok(Some(text)) => editor.load(&text),
            Ok(None) => editor.say("New File"),
            Err(error) => editor.say(&format!("Error reading {name}: {}", error.text())),
        }
    }
    if let Some(line) = line {
        editor.go_to(line);
    }
    editing::edit(&sys, &mut editor).await
}
