//! What compiles an author's policy: the same that compiles those that are built in.

#[path = "../../components/guest_toolchain.rs"]
#[expect(dead_code, reason = "the build scripts may install what is missing")]
mod guest_toolchain;

use guest_toolchain::Toolchain;
use std::process::Command;

/// What policies are compiled for.
pub(crate) const TARGET: &str = guest_toolchain::TARGET;

/// A cargo that can compile policies.
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

    /// One of its commands.
    pub(crate) fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(self.0.cargo());
        self.0.set_up(&mut cargo);
        cargo.arg(command);
        cargo
    }

    /// Has a command compile for policies' target.
    pub(crate) fn target(&self, cargo: &mut Command) {
        cargo.args(["--target", TARGET]);
        cargo.args(self.0.arguments());
    }
}
