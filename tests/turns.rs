//! Long work lets others have a turn, natively and in every browser.

use std::cell::Cell;

use offline_mailbox::platform::{sleep_ms, yield_now};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test;

async fn a_timer_fires_between_two_turns() {
    let fired = Cell::new(false);
    let timer = async {
        sleep_ms(5).await;
        fired.set(true);
    };
    let work = async {
        let mut turns = 0;
        while !fired.get() {
            yield_now().await;
            turns += 1;
            assert!(turns < 1_000_000, "the timer never had its turn");
        }
    };
    futures::join!(timer, work);
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test]
async fn yielding_lets_timers_fire() {
    a_timer_fires_between_two_turns().await;
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn yielding_lets_timers_fire() {
    futures::executor::block_on(a_timer_fires_between_two_turns());
}
