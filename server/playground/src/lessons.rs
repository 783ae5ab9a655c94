//! The lessons that this server teaches: those built into it, or a folder's.

use std::path::Path;
use std::{fs, io};

use course::{Course, Diagnostic, Texts};

include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

/// Lessons cannot be taught.
#[derive(Debug, thiserror::Error)]
pub enum LessonsError {
    #[error("lessons: {0} cannot be read: {1}")]
    Folder(String, io::Error),
    #[error("lessons: {} to mend:\n{}", .0.len(), .0.iter().map(|d| format!("  {d}")).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<Diagnostic>),
}

/// The course of `folder`, or the built-in one.
pub fn course(folder: Option<&Path>) -> Result<Course, LessonsError> {
    course::load(texts(folder)?).map_err(LessonsError::Wrong)
}

/// The files of `folder`, or the built-in ones, by path.
pub fn texts(folder: Option<&Path>) -> Result<Texts, LessonsError> {
    match folder {
        None => Ok(FILES
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect()),
        Some(folder) => {
            let mut texts = Texts::new();
            read(folder, "", &mut texts)
                .map_err(|e| LessonsError::Folder(folder.display().to_string(), e))?;
            Ok(texts)
        }
    }
}

fn read(folder: &Path, prefix: &str, texts: &mut Texts) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            read(&entry.path(), &format!("{prefix}{name}/"), texts)?;
        } else {
            texts.insert(format!("{prefix}{name}"), fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}
