"""The page of runs: those there are, one or two of them closely, and starting the sample's."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app.answer import plain
from app.settings import Settings
from utils.comparison.measured import compare_measures
from utils.comparison.words import score, signed, summary, title, verdict
from utils.dag.code_bundle import PROJECT
from utils.dag.run_folder import OUTPUT, holder
from utils.errors import InputError
from utils.tracking.recorded import RecordedRun, find_runs
from utils.tracking.table import rows_of

PICTURES = {
    "confusion_matrix.png": "Confusion matrix",
    "training_curves.png": "Training",
    "precision_recall.png": "Precision and recall",
    "calibration.png": "Calibration",
    "predicted_image.png": "A prediction",
}
EVERY = "3s"
"""How often what is running is looked at again."""

REPORT_HEIGHT = 900


def show(settings: Settings) -> None:
    """Show the page."""
    st.title("Runs")
    if settings.start_runs:
        _start(settings)
    runs = find_runs([settings.runs]) if settings.runs.is_dir() else []
    rows = rows_of(runs)
    if not rows:
        st.info("There are no runs yet.", icon=":material/info:")
        return
    st.dataframe([_shown(row) for row in rows], hide_index=True)
    by_name = {run.name: run for run in runs if run.is_run}
    names = [row["run"] for row in rows if row["run"] in by_name]
    if not names:
        return
    chosen = st.multiselect(
        "Look closely at one, or at two side by side", names, names[:1], max_selections=2
    )
    if len(chosen) == 2:
        _compared(*(by_name[name] for name in chosen))
    columns = st.columns(max(1, len(chosen)))
    for column, name in zip(columns, chosen, strict=False):
        with column:
            _closely(by_name[name], settings)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    answer = row["answer"] or {}
    score = row["balanced_accuracy"] if row["map_50"] is None else row["map_50"]
    return {
        "when": (row["when"] or "")[:16].replace("T", " "),
        "run": row["run"],
        "state": row["state"],
        "task": row["task"],
        "data": (row["data"] or "")[:12],
        "mAP at IoU 0.5, or balanced accuracy": score,
        "answer": answer.get("words") or "",
        "options that differ": ", ".join(f"{k} {v}" for k, v in row["differs"].items()),
    }


def _compared(first: RecordedRun, second: RecordedRun) -> None:
    """Show how two runs differ on the test photographs that both share."""
    try:
        comparison = compare_measures(first, second)
    except InputError as error:
        st.warning(plain(str(error)), icon=":material/warning:")
        return
    st.markdown(f"**{plain(summary(comparison))}**")
    for note in comparison.notes:
        st.caption(plain(note))
    rows = [
        {
            "measure": title(name),
            first.name: score(one.first),
            second.name: score(one.second),
            "difference": signed(one.difference),
            "95 % interval": " to ".join(map(signed, one.interval)) if one.interval else "",
            "": verdict(one),
        }
        for name, one in comparison.measures.items()
    ]
    if rows:
        st.dataframe(rows, hide_index=True)


def _closely(run: RecordedRun, settings: Settings) -> None:
    st.subheader(run.name)
    if run.state == "running":
        _follow(run.folder, settings)
        return
    st.markdown(f"State: **{run.state}**")
    for text in run.trouble:
        st.warning(text, icon=":material/warning:")
    output = run.folder / OUTPUT
    report = output / "report.html"
    if report.exists() and report.stat().st_size:
        with st.expander("Report", expanded=False):
            # A frame of its own: what a report holds reaches neither this page nor a network.
            st.iframe(report.read_text("utf-8"), height=REPORT_HEIGHT)
        st.download_button(
            "Report (HTML)",
            report.read_bytes(),
            f"{run.name}.html",
            "text/html",
            key=f"r{run.name}",
            on_click="ignore",
        )
    for name, words in PICTURES.items():
        path = output / name
        if path.exists() and path.stat().st_size:
            st.image(str(path), words, width="stretch", alt=words)


def _follow(folder: Path, settings: Settings) -> None:
    """Show how a run gets on, again and again until it ends."""

    @st.fragment(run_every=EVERY)
    def live() -> None:
        (run,) = find_runs([folder])
        jobs = run.record.get("jobs", {})
        done = sum(job["state"] in ("done", "cached") for job in jobs.values())
        if run.state != "running":
            st.rerun()
        total = max(1, len(jobs))
        st.progress(done / total, f"{done} of {len(jobs)} jobs are done")
        going = [name for name, job in jobs.items() if job["state"] == "running"]
        st.markdown("Running: " + (", ".join(f"`{name}`" for name in going) or "nothing yet"))

    live()
    if settings.start_runs and st.button("Stop this run", key=f"stop {folder.name}"):
        _stop(folder)
        st.rerun()


def _start(settings: Settings) -> None:
    """Let the visitor run the sample's workflow on this machine, one at a time."""
    what = "the workflow" if settings.run_with else "the workflow on the bundled sample"
    if st.button(f"Run {what}", icon=":material/play_arrow:"):
        running = [run.name for run in _running(settings.runs)]
        if running:
            st.warning(f"{running[0]} is still running; wait for it, or stop it.")
            return
        folder = settings.runs / f"app-{time.strftime('%Y%m%d-%H%M%S')}"
        settings.runs.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(PROJECT / "workflow.py"), "--engine", "local"]
        with tempfile.TemporaryFile() as said:  # without a name, and gone with the run
            process = subprocess.Popen(
                [*command, *settings.run_with, "--run-dir", str(folder)],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # it goes on when the app ends
            )
            with st.spinner("The run is being planned ..."):
                for _ in range(240):
                    if (folder / "workflow.yml").exists() and holder(folder) is not None:
                        break
                    if process.poll():
                        said.seek(0)
                        last = said.read().decode(errors="replace").strip().splitlines()[-3:]
                        st.error(plain("The run did not start. " + " ".join(last)))
                        return
                    time.sleep(0.5)
        st.rerun()


def _running(folder: Path) -> Sequence[RecordedRun]:
    runs = find_runs([folder]) if folder.is_dir() else []
    return [run for run in runs if run.state == "running"]


def _stop(folder: Path) -> None:
    """Ask the process that runs a folder to save what there is and end."""
    if (process := holder(folder)) is not None:
        os.kill(process, signal.SIGTERM)
