from ringfence.model.attempt import Attempt


def test_an_attempt_of_which_nothing_is_known() -> None:
    attempt = Attempt()
    assert attempt.caller is None
    assert attempt.roaming is None
    assert attempt.fingerprint_parts == ()
