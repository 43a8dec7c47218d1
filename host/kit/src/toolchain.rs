//! What compiles an author's policy: the same that compiles those that are built in.

#[path = "../../components/guest_toolchain.rs"]
#[expect(dead_code, reason = "the build scripts may install what is missing")]
mod guest_toolchain;

use guest_toolchain::Toolchain;
use std::process::Command;

pub(crate) use guest_toolchain::TARGET;

/// A cargo that can compile policies, with the arguments that it needs for that.
pub(crate) struct Compiler(Toolchain);

impl Compiler {
    /// Takes what is on this machine; else what to do.
    pub(crate) fn find() -> Result<Self, String> {
        Toolchain::present(&guest_toolchain::rustc()).map(Self)
    }

    /// Says which one it is.
    pub(crate) fn name(&self) -> &'static str {
        match self.0 {
            Toolchain::Own { .. } => "the compiler's own",
            Toolchain::Distribution { .. } => "built from the distribution's sources",
        }
    }

    /// `cargo build` for the target.
    pub(crate) fn build(&self) -> Command {
        let mut cargo = Command::new(self.0.cargo());
        self.0.set_up(&mut cargo);
        cargo.args(["build", "--target", TARGET]);
        cargo.args(self.0.arguments());
        cargo
    }
}
