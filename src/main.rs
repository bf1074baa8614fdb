//! The program `chokepoint`; all of its code is in the library.

fn main() -> std::process::ExitCode {
    chokepoint::cli::main()
}
