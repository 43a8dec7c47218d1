//! Files that are read again when they change.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// What is compared of a file: when it was last written, its length and its place on disk, so that a
/// file that is moved over another is seen too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

/// Files, as they were when they were last looked at.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    marks: HashMap<PathBuf, Option<Mark>>,
}

impl Watch {
    /// Watches these files and no others, from how they are now.
    pub(crate) fn set(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        self.marks = files
            .into_iter()
            .map(|file| {
                let mark = mark(&file);
                (file, mark)
            })
            .collect();
    }

    /// Whether any of the files is not as it was when this was last asked.
    pub(crate) fn has_changed(&mut self) -> bool {
        let mut changed = false;
        for (file, known) in &mut self.marks {
            let now = mark(file);
            changed |= now != *known;
            *known = now;
        }
        changed
    }
}

fn mark(file: &Path) -> Option<Mark> {
    use std::os::unix::fs::MetadataExt;
    let data = std::fs::metadata(file).ok()?;
    Some(Mark {
        modified: data.modified().ok(),
        length: data.len(),
        inode: data.ino(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_a_file_that_is_written_moved_over_or_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, other) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&file, "1").expect("written");
        let mut watch = Watch::default();
        watch.set([file.clone()]);
        assert!(!watch.has_changed());
        std::fs::write(&file, "22").expect("written");
        assert!(watch.has_changed());
        assert!(!watch.has_changed());
        std::fs::write(&other, "33").expect("written");
        std::fs::rename(&other, &file).expect("moved");
        assert!(watch.has_changed());
        std::fs::remove_file(&file).expect("removed");
        assert!(watch.has_changed());
        assert!(!watch.has_changed());
    }
}
