//! The `orloj` binary.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    // In pages of two mebibytes, a daemon with ten manifests would hold four times the memory, and a hundred thousand manifests
    // are not validated sooner. A system that knows no such pages has nothing to turn off.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    orloj::cli::main()
}
