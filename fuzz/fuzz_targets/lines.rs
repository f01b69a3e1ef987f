#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| orloj_fuzz::lines::check(bytes));
