//! The `orloj` binary.

fn main() -> std::process::ExitCode {
    orloj::cli::main()
}
