use fluxo_risk::Approved;

fn main() {
    let _ = Approved { value: 1, limits: unreachable!() };
}
