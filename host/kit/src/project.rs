//! An author's folder: how it begins, and how it becomes a component.

mod build;
mod embedded;
mod new;
mod rename;

pub use build::{BuildError, Built, build};
pub use new::{NewError, NewProject, create, starting_points};
