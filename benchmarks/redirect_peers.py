"""Redirect servers that judge nothing, under the load that the screen gets: Kamailio and sippy."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.sip_load import CORES, free_port, load, told

KAMAILIO = """#!KAMAILIO
children=1
listen=udp:127.0.0.1:@port@
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
request_route {
	append_to_reply("Contact: <sip:$rU@127.0.0.1>\\r\\n");
	sl_send_reply("302", "Moved Temporarily");
}
"""

SIPPY = """
import sys
from sippy.SipConf import SipConf
from sippy.SipTransactionManager import SipTransactionManager
from sippy.SipContact import SipContact
from sippy.SipAddress import SipAddress
from sippy.SipURL import SipURL
from sippy.Core.EventDispatcher import ED2
from sippy.SipLogger import SipLogger

class Quiet:
    def write(self, *a, **k): pass

SipConf.my_address, SipConf.my_port = "127.0.0.1", int(sys.argv[1])
config = {"_sip_address": "127.0.0.1", "_sip_port": int(sys.argv[1]), "_sip_logger": Quiet()}
config["nh_addr_default"] = None

def asked(request, transaction):
    if request.getMethod() != "INVITE":
        return (None, None, None)
    answer = request.genResponse(302, "Moved Temporarily")
    answer.appendHeader(__import__("sippy.SipHeader", fromlist=["SipHeader"]).SipHeader(
        name="contact", body=SipContact(address=SipAddress(url=SipURL(host="127.0.0.1")))))
    return (answer, None, None)

SipTransactionManager(config, asked)
print("ready", file=sys.stderr, flush=True)
ED2.loop()
"""


@contextmanager
def bound(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A program on the first core, ended at the end."""
    process = subprocess.Popen(
        ["taskset", "-c", str(CORES[0]), *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def peers(seconds: float) -> None:
    if shutil.which("kamailio"):
        with tempfile.TemporaryDirectory() as name:
            port = free_port()
            (Path(name) / "k.cfg").write_text(KAMAILIO.replace("@port@", str(port)))
            command = ["kamailio", "-DD", "-E", "-m", "64", "-M", "8", "-f", f"{name}/k.cfg", "-Y", name]
            with bound(command):
                time.sleep(3)
                told("Kamailio's 302 (judges nothing)", load(("127.0.0.1", port), None, seconds=seconds))
    else:
        print("Kamailio is not installed")
    python = Path("build/sippy/bin/python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", "build/sippy"], check=True)
        subprocess.run(
            [python, "-m", "pip", "-q", "install", "sippy"], check=False, stderr=subprocess.DEVNULL
        )
    port = free_port()
    with bound([str(python), "-c", SIPPY, str(port)]) as process:
        time.sleep(3)
        if process.poll() is None:
            found = load(("127.0.0.1", port), None, seconds=seconds)
            told("sippy's 302 (judges nothing)", found)
        else:
            print("sippy's redirect server did not start")
