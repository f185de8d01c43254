use fluxo_risk::Approved;

fn twice(approved: Approved<u8>) -> (Approved<u8>, Approved<u8>) {
    (approved.clone(), approved)
}

fn main() {}
