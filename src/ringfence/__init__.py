"""Ringfence finds and stops calls that lie about who is calling.

The main path, from a made-up network to the spoofing services that hide in it::

    from pathlib import Path

    import pyarrow.parquet as pq

    from ringfence.config import HuntSettings
    from ringfence.hunt.run import Files, Where, hunt
    from ringfence.simulate.scenario import build
    from ringfence.simulate.simulation import run

    net, out = Path("net"), Path("run")
    run(build("small", subscribers=2000, days=5, settings=["fraud_rate=0.01"]), net)
    summary = hunt(
        [net / "calls"],  # any supported format: Parquet, CSV, switches' files, captures
        out,
        settings=HuntSettings(region="GB"),
        where=Where(engine="duckdb"),
        files=Files(numbers=net / "numbers.csv"),
    )
    print(summary["rows"]["accepted"], "calls,", summary["counts"]["flagged_calls"], "of them flagged")
    for platform in pq.read_table(out / "platforms.parquet").to_pylist():
        print(platform["platform"], f"{platform['score']:.2f}", platform["reason"])
"""

__version__ = "0.1.0"
