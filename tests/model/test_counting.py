from ringfence.model.counting import Hit, Meter


def test_a_meter_counts_calls_unless_told_otherwise() -> None:
    meter = Meter("calls", ("trunk",), 60.0)
    assert meter.distinct == ""
    assert Hit(meter, "T1", "c1").meter is meter
