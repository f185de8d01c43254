use fluxo_core::Price;

fn main() {
    let _ = Price::from_ticks(1.5);
}
