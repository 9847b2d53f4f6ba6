#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| offline_mailbox::testing::totality::search(octets));
