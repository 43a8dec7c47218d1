//! Files that are read again when they change.

use std::{
    collections::HashMap,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// How far apart the clocks of a disk and of this machine may be, and how long a file may lie ready
/// before it is moved to its place.
const SLACK: Duration = Duration::from_secs(5);

/// What is compared of a file: when it was last written, its length and its place on disk, so that a
/// file that is moved over another is seen too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

/// How a file was when it was last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// Nobody knows: at the next look it has changed.
    Unknown,
    /// It was not there.
    Gone,
    /// It was this.
    File(Mark),
}

/// Files, as they were when they were last looked at.
#[derive(Debug)]
pub(crate) struct Watch {
    marks: HashMap<PathBuf, Seen>,
    /// When they were last looked at. Whatever is read is read after that.
    looked_at: SystemTime,
}

impl Watch {
    /// Watches files from how they are now on: to be made before they are read.
    pub(crate) fn over(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let looked_at = now();
        let marks = files.into_iter().map(|file| {
            let seen = seen_now(&file);
            (file, seen)
        });
        Self {
            marks: marks.collect(),
            looked_at,
        }
    }

    /// Watches these files from now on, and no others: to be called after they were read. Those that
    /// were watched before are compared with how they were when they were last looked at, so that
    /// nothing is missed that came in between; of the others, those that were written about then or
    /// later are taken for changed once.
    pub(crate) fn set(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        let known = std::mem::take(&mut self.marks);
        let earliest = self.looked_at.checked_sub(SLACK);
        self.marks = files
            .into_iter()
            .map(|file| {
                let seen = known.get(&file).copied();
                let seen = seen.unwrap_or_else(|| match seen_now(&file) {
                    Seen::File(mark) if mark.modified.is_none_or(|at| Some(at) >= earliest) => {
                        Seen::Unknown
                    }
                    seen => seen,
                });
                (file, seen)
            })
            .collect();
    }

    /// Whether any of the files is not as it was when this was last asked.
    pub(crate) fn has_changed(&mut self) -> bool {
        self.looked_at = now();
        let mut changed = false;
        for (file, known) in &mut self.marks {
            let now = seen_now(file);
            changed |= now != *known;
            *known = now;
        }
        changed
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the times of files are of the machine's clock, whatever clock the bridge is given"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

fn seen_now(file: &Path) -> Seen {
    mark_of(file).map_or(Seen::Gone, Seen::File)
}

/// How a file is now; none: it is not there.
pub(crate) fn mark_of(file: &Path) -> Option<Mark> {
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
        let mut watch = Watch::over([file.clone()]);
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
    #[test]
    fn what_changes_while_it_is_read_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let [own, named, gone] = ["a", "b", "c"].map(|name| folder.path().join(name));
        std::fs::write(&own, "1").expect("written");
        let mut watch = Watch::over([own.clone()]);
        std::fs::write(&named, "1").expect("written");
        watch.set([own.clone(), named.clone(), gone.clone()]);
        assert!(watch.has_changed());
        assert!(!watch.has_changed());
        // Of what was watched before, what was seen then counts.
        std::fs::write(&own, "22").expect("written");
        watch.set([own.clone(), named.clone(), gone.clone()]);
        assert!(watch.has_changed());
        std::fs::write(&gone, "1").expect("written");
        watch.set([own.clone(), named.clone(), gone]);
        assert!(watch.has_changed());
        assert!(!watch.has_changed());
        // What was there long before is as it was read.
        let old = now() - 2 * SLACK;
        let file = std::fs::File::options().append(true).open(&named);
        file.and_then(|file| file.set_modified(old)).expect("set");
        let mut watch = Watch::over([own.clone()]);
        watch.set([own, named]);
        assert!(!watch.has_changed());
    }
}
