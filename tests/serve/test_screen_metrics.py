from __future__ import annotations

import time
from pathlib import Path

from tests.serve.screens import invite, screening

from ringfence.serve.screen_metrics import Snapshot, added_up, exposition, snapshot, write
from ringfence.serve.sip_queue import Counts


def test_processes_are_added_up(tmp_path: Path) -> None:
    screen = screening()
    screen.handle(invite(), ("127.0.0.1", 1), "udp", time.time())
    own = snapshot(screen, Counts(received=3))
    write(tmp_path, "1", own)
    write(tmp_path, "0", own)
    (tmp_path / "2.json").write_bytes(b"{half")
    whole = added_up(tmp_path, "0", own)
    assert whole.verdicts == [("block", "block", "do not originate", "live", 2)]
    assert whole.sip["received"] == 6 and sum(whole.seconds) == 2
    assert added_up(None, "0", own).sip["received"] == 3


def test_as_prometheus_reads_it() -> None:
    text = exposition(
        Snapshot([("block", "block", 'a "b"', "live", 2)], {}, {"received": 1}, [1] + [0] * 9 + [1])
    )
    assert 'verdicts_total{action="block",would="block",rule="a \\"b\\"",mode="live"} 2' in text
    assert 'ringfence_screen_messages_total{what="received"} 1' in text
    assert 'seconds_bucket{le="+Inf"} 2' in text and 'seconds_bucket{le="0.0005"} 1' in text
    for line in text.splitlines():
        assert line.startswith(("# ", "ringfence_screen_"))
