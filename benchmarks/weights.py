"""Set the weights of the evidence again.

    python -m benchmarks.weights NETWORK... [--out FILE] [--over-sampled N]

Each NETWORK is the folder of a simulated network with its truth. The model is an additive one whose weights
grow with the level of a signal (no evidence speaks for innocence by being there), fitted by penalised maximum
likelihood: first units, then calls, then calls beside their neighbours. `--over-sampled N`: the networks hold
N times the fraud of life, so that a few of them show many services; positives then weigh 1/N.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.optimize import minimize

from ringfence.hunt.evidence import Evidence, gather
from ringfence.hunt.inputs import load_context
from ringfence.hunt.scoring import call_strengths, judge_units, neighbour_strengths, score, with_crews
from ringfence.hunt.second_look import look_again
from ringfence.hunt.weights import LEVELS, Model, Weights, level_of, probability, shipped_weights
from ringfence.store.engines import open_engine


class Network(msgspec.Struct):
    """What the detectors say about one simulated network, and what is true of its suspects."""

    evidence: Evidence
    tables: dict[str, pd.DataFrame]
    fraud: Any  # bool per suspect call
    sizes: dict[str, pd.Series]
    missed: int  # fraudulent calls that never became suspects


def read_network(folder: Path, *, register: bool = True) -> Network:
    """Run the detectors over the network that `ringfence simulate` wrote into `folder`."""
    numbers = folder / "numbers.csv"
    given = numbers if register and numbers.exists() else None
    with (
        tempfile.TemporaryDirectory() as work,
        open_engine("duckdb", workdir=Path(work), memory="6GB") as engine,
    ):
        context = load_context(engine, [folder / "calls"], region="GB", numbers=given)
        # as a hunt does it: also what a second look around the first findings brings
        scores = score(context, shipped_weights())
        context = look_again(context, scores.evidence.calls[scores.score >= 0.5])
        evidence, crews = with_crews(context, gather(context))
        tables = judge_units(context, evidence, crews)
    truth = set(pq.read_table(folder / "truth.parquet")["call_id"].to_pylist())
    fraud = evidence.calls["call_id"].isin(truth).to_numpy()
    print(f"{folder}: {len(fraud)} suspects, {fraud.sum()} of {len(truth)} fraudulent calls", flush=True)
    return Network(evidence, tables, fraud, context.sizes, len(truth) - int(fraud.sum()))


def fit(strengths: pd.DataFrame, fraud: Any, weight: Any, penalty: float = 0.2) -> Model:
    """Additive monotone logistic model: every step from one level to the next adds a weight of 0 or more."""
    names = list(strengths.columns)
    levels = np.stack([level_of(strengths[n].to_numpy(float)) for n in names], axis=1)
    steps = np.concatenate([(levels >= k) for k in range(1, LEVELS)], axis=1).astype(float)
    # equal rows are one row with a larger weight: hundreds of thousands of suspects are a few thousand rows
    keyed = pd.DataFrame(steps.astype(np.int8)).assign(y=fraud.astype(float), w=weight)
    grouped = keyed.groupby([*range(steps.shape[1]), "y"], sort=False)["w"].sum().reset_index()
    x = grouped.iloc[:, : steps.shape[1]].to_numpy(float)
    y, w = grouped["y"].to_numpy(), grouped["w"].to_numpy()

    def loss(beta: Any) -> tuple[float, Any]:
        z = beta[0] + x @ beta[1:]
        p = probability(z)
        value = float((w * (np.logaddexp(0, z) - y * z)).sum() + 0.5 * penalty * (beta[1:] ** 2).sum())
        slope = w * (p - y)
        return value, np.concatenate([[slope.sum()], x.T @ slope + penalty * beta[1:]])

    start = np.zeros(steps.shape[1] + 1)
    start[0] = -5.0
    bounds = [(None, None)] + [(0.0, 10.0)] * steps.shape[1]
    beta = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000}).x
    per_level = np.cumsum(beta[1:].reshape(LEVELS - 1, len(names)), axis=0)
    return Model(
        bias=round(float(beta[0]), 3),
        weights={n: tuple(round(float(v), 3) for v in per_level[:, i]) for i, n in enumerate(names)},
    )


def unit_rows(networks: list[Network]) -> tuple[pd.DataFrame, Any, Any]:
    """Strengths, labels and weights of the units that are clearly one or the other: mostly fraud, or next to
    none. A unit weighs by its calls, up to 60: what is lost or wrongly accused with it are calls."""
    rows, labels, sizes = [], [], []
    for network in networks:
        for kind, table in network.tables.items():
            codes = network.evidence.calls[kind].to_numpy()
            found = pd.Series(network.fraud).groupby(codes).sum().reindex(table.index, fill_value=0)
            share = found / table["n"]
            clear = ((share >= 0.6) | (share <= 0.02)).to_numpy() & (table["n"] >= 3).to_numpy()
            rows.append(table[clear].drop(columns=["n", "log_odds"], errors="ignore"))
            labels.append((share >= 0.6).to_numpy()[clear])
            sizes.append(np.minimum(table["n"].to_numpy(float)[clear], 60.0) / 10.0)
    return pd.concat(rows, ignore_index=True).fillna(0.0), np.concatenate(labels), np.concatenate(sizes)


def fit_all(networks: list[Network], over_sampled: float) -> Weights:
    """Units, then calls, then calls beside their neighbours, each fitted on what the one before it says."""
    table, label, size = unit_rows(networks)
    unit = fit(table, label, size * np.where(label, 1 / over_sampled, 1.0))
    fraud = np.concatenate([n.fraud for n in networks])
    weight = np.where(fraud, 1 / over_sampled, 1.0)
    own = []
    for network in networks:
        for units in network.tables.values():
            units["log_odds"] = unit.log_odds(units.drop(columns=["n", "log_odds"], errors="ignore"))
        own.append(call_strengths(network.evidence, network.tables, network.sizes))
    call = fit(pd.concat(own, ignore_index=True).fillna(0.0), fraud, weight)
    linked = []
    for network, strengths in zip(networks, own, strict=True):
        first = probability(call.log_odds(strengths))
        linked.append(
            pd.concat([strengths, neighbour_strengths(network.evidence.calls, first, network.sizes)], axis=1)
        )
    both = pd.concat(linked, ignore_index=True).fillna(0.0)
    model = fit(both, fraud, weight)
    likely = probability(model.log_odds(both))
    for cut in (0.3, 0.5, 0.7, 0.9):
        hit = likely >= cut
        found = (hit & fraud).sum()
        every = fraud.sum() + sum(n.missed for n in networks)
        print(
            f"  at {cut}: precision {found / max(hit.sum(), 1):.3f}, "
            f"recall of suspects {found / fraud.sum():.3f}, of all {found / every:.3f}"
        )
    return Weights(unit=unit, call=call, linked=model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=Path("src/ringfence/hunt/weights.toml"))
    parser.add_argument("--over-sampled", type=float, default=1.0)
    options = parser.parse_args()
    weights = fit_all([read_network(n) for n in options.networks], options.over_sampled)
    lines = [
        "# Log-odds of levels 1 to 4 of each signal, "
        "fitted by `python -m benchmarks.weights` on simulated networks.",
        "",
    ]
    for name in ("unit", "call", "linked"):
        model = getattr(weights, name)
        lines += [f"[{name}]", f"bias = {model.bias}", "", f"[{name}.weights]"]
        lines += [f'"{n}" = [{", ".join(str(v) for v in values)}]' for n, values in model.weights.items()]
        lines.append("")
    options.out.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
