"""Does a model say what its rows rest on?"""

from typing import Any

from fluxo_train.assemble import row_calibration


def test_a_model_names_the_calibration_of_its_rows() -> None:
    named = {"ds.calibration": {"sha256": "ab" * 32, "volume_bucket": "sessions"}}
    assert row_calibration(named) == {"row_calibration_sha256": "ab" * 32}
    rules: dict[str, Any] = {"ds.calibration": {"sha256": None, "volume_bucket": "first_hour"}}
    assert row_calibration(rules) == {}
    assert row_calibration({}) == {}
