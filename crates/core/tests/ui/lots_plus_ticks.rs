use fluxo_core::{Lots, Ticks};

fn main() {
    let _ = Lots::new(1) + Ticks::new(2);
}
