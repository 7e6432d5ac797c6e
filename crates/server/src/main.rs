//! The program `rapport`: arguments, then settings, then the command.

use clap::Parser;
use server::args::Cli;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Wrong usage ends here, with clap's sentence and exit code 2.
    let cli = Cli::parse();
    let options = cli.options.clone();
    match server::commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rapport: {}", primitives::visible_lines(&options.as_typed(&error.story())));
            ExitCode::from(error.exit_code())
        }
    }
}
