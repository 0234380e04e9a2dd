//! The program `rotabot`; everything it does is in the library beside.

use std::process::ExitCode;

fn main() -> ExitCode {
    rotabot::cli::main()
}
