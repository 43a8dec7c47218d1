//! What documents are written in.

mod json;
mod toml;
mod yaml;

use super::tree::Node;
use clap::ValueEnum;
use std::path::Path;

/// What a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// TOML 1.1.
    Toml,
    /// YAML 1.2 without anchors, aliases and tags: one document, names written once.
    Yaml,
    /// JSON (RFC 8259), names written once.
    Json,
}

/// Why a text is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// The line, counted from 1; 0 where it is not known.
    pub(crate) line: usize,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

impl Format {
    /// What a file is written in, by the end of its name; none: no end that is known.
    pub(crate) fn of(file: &Path) -> Option<Self> {
        let extension = file.extension()?.to_str()?;
        match extension.to_ascii_lowercase().as_str() {
            "toml" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Reads a text. A text with nothing in it is a table without members.
    ///
    /// # Errors
    ///
    /// The first thing that keeps it from being read.
    pub(crate) fn read(self, text: &str) -> Result<Node, Malformed> {
        match self {
            Self::Toml => toml::read(text),
            Self::Yaml => yaml::read(text),
            Self::Json => json::read(text),
        }
    }

    /// Writes a tree, members in order but for TOML, whose tables come last. What is nothing is left
    /// out. Ends with a line break.
    pub(crate) fn write(self, node: &Node) -> String {
        match self {
            Self::Toml => toml::write(node),
            Self::Yaml => yaml::write(node),
            Self::Json => json::write(node),
        }
    }
}

/// Finds lines in a text.
struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            starts: std::iter::once(0).chain(newlines).collect(),
        }
    }

    /// The line of an octet.
    fn at(&self, octet: usize) -> usize {
        self.starts.partition_point(|start| *start <= octet)
    }
}

fn too_deep(line: usize) -> Malformed {
    Malformed {
        line,
        message: format!(
            "too deep: no document has more than {} levels",
            super::tree::DEPTH_MAX
        ),
    }
}

fn twice(line: usize, name: &str) -> Malformed {
    Malformed {
        line,
        message: format!("{name:?} is written twice in one table; remove one of the two"),
    }
}

#[cfg(test)]
mod tests;
