fn main() -> std::process::ExitCode {
    chokepoint::cli::main()
}
