//! The published cases of features whose numbers no market has, or which count another window than ours:
//! each asks the part of the engine that makes the value.

use serde::Deserialize;

use crate::oracles::{Given, assert_near, table};

#[derive(Deserialize)]
struct Table {
    feature: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    expected: f64,
    given: Option<Given>,
}

#[test]
fn every_oracle_with_given_numbers_holds() {
    let table: Table = table();
    for Case { id, expected, given } in &table.feature {
        let Some(given) = given else { continue };
        let value = match id.as_str() {
            "O03" => super::momentum::tests::distance_to_average(given),
            "O04" => super::bars::tests::relative_strength(given),
            "O07" => super::realised::tests::jump_share(given),
            "O12" => super::serial::tests::variance_ratio(given),
            "O14" => super::serial::tests::sign_entropy(given),
            "O24" => super::bars::tests::mean_impact_of(given),
            "O37" => crate::book_state::tests::normed_pressure(given),
            "O38" => crate::micro_price::tests::expected_move(given),
            "O42" => super::multi_level::tests::weighted_flow(given),
            "O50" => super::impact::tests::slope(given),
            "O58" => super::depletion::tests::log_lifetime_ratio(given),
            id => panic!("no test reads what {id} gives"),
        };
        assert_near(value, *expected, id);
    }
}
