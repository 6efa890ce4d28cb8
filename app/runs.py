"""The page of runs: those there are, one or two of them closely, and starting the sample's."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from app.answer import show_answer
from app.settings import Settings
from app.told import plain, tell_error, tell_list, tell_warning
from utils.comparison.measured import compare_measures
from utils.comparison.words import score, signed, summary, title, verdict
from utils.dag.code_bundle import PROJECT
from utils.dag.run_folder import OUTPUT, holder
from utils.errors import InputError
from utils.tracking.recorded import ANSWER, BROKEN, HALF_MADE, NO_RUN, RecordedRun, find_runs
from utils.tracking.table import columns_of, notes_of, rows_of, usual_options

PICTURES = {
    "confusion_matrix.png": "Confusion matrix of the test photographs",
    "training_curves.png": "Training",
    "precision_recall.png": "Precision and recall",
    "calibration.png": "Calibration",
    "faces_confusion_matrix.png": "Confusion matrix of the test faces, one by one",
    "roc.png": "ROC curves of the test faces",
    "predicted_image.png": "A prediction",
}
"""In this order, those that a run of its task has."""

FILES = {
    "report.html": "text/html",
    "predictions.csv": "text/csv",
    "prevalence.json": "application/json",
    "evaluation.json": "application/json",
    "face_mask_detector.pth": "application/octet-stream",
}
"""What can be taken home of a run, those that are there."""

NO_RUNS = "Folders that hold no run to look at:"
FIRST = ("run", "properly masked", "state", "when")
"""Columns that are seen without scrolling, on a phone the first two."""

COLUMNS = {
    "run": st.column_config.TextColumn(width="medium"),  # known by the ends of their names
    "mAP@.5": st.column_config.TextColumn("mAP at IoU 0.5"),
    "bal. acc.": st.column_config.TextColumn("balanced accuracy"),
}
"""How columns are shown whose heads are short in a terminal, or whose cells are long."""

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
        st.info(f"There are no runs in {plain(str(settings.runs))} yet.", icon=":material/info:")
        return
    columns = columns_of(rows)
    order = [name for name in FIRST if name in columns]
    order += [name for name in columns if name not in FIRST]
    st.dataframe(columns, hide_index=True, column_order=order, column_config=COLUMNS)
    for note in notes_of(rows, usual_options(runs)):
        st.caption(plain(note))
    others = [row for row in rows if row["state"] in (HALF_MADE, BROKEN, NO_RUN)]
    if told := [f"{row['run']}: {why}" for row in others for why in row["trouble"]]:
        tell_list(NO_RUNS, told)
    by_name = {run.name: run for run in runs}
    names = [row["run"] for row in rows if row not in others]
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


def _compared(first: RecordedRun, second: RecordedRun) -> None:
    """Show how two runs differ on the test photographs that both share."""
    try:
        comparison = compare_measures(first, second)
    except InputError as error:
        tell_warning(str(error))
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
            "verdict": verdict(one),
        }
        for name, one in comparison.measures.items()
    ]
    if rows:
        st.dataframe(rows, hide_index=True, height="content")


def _closely(run: RecordedRun, settings: Settings) -> None:
    st.subheader(run.name)
    if run.state == "running":
        _follow(run.folder, settings)
        return
    st.markdown(f"State: **{run.state}**")
    for text in run.trouble:
        tell_warning(text)
    failed = [
        f"{name}: {job.get('reason') or 'it failed'}"
        for name, job in run.record.get("jobs", {}).items()
        if job["state"] == "failed"
    ]
    if failed:
        tell_list("Jobs that failed:", failed)
    if run.state in ("failed", "stopped"):
        st.caption("What is done is kept. On the machine that this runs on, go on with")
        st.code(
            f"python workflow.py --resume {shlex.quote(str(run.folder))}", None, wrap_lines=True
        )
    if answer := run.output(ANSWER):
        masked = answer.get("properly_masked") or {}
        show_answer(answer, masked.get("share"), masked.get("interval"))
    output = run.folder / OUTPUT
    report = output / "report.html"
    if _is_there(report):
        with st.expander("Report", expanded=False):
            # A frame of its own: what a report holds reaches neither this page nor a network.
            st.iframe(report.read_text("utf-8"), height=REPORT_HEIGHT)
    with st.container(horizontal=True):
        for name, mime in FILES.items():
            if _is_there(output / name):
                st.download_button(
                    name,
                    (output / name).read_bytes,
                    f"{run.name}-{name}",
                    mime,
                    key=f"{run.name} {name}",
                    on_click="ignore",
                )
    for name, words in PICTURES.items():
        path = output / name
        if _is_there(path):
            st.image(str(path), words, width="stretch", alt=words)


def _is_there(path: Path) -> bool:
    """Return whether a job wrote an output: one that fails leaves an empty file."""
    return path.exists() and path.stat().st_size > 0


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
                        tell_error("The run did not start. " + " ".join(last))
                        return
                    time.sleep(0.5)
        st.rerun()


def _running(folder: Path) -> Sequence[RecordedRun]:
    runs = find_runs([folder]) if folder.is_dir() else []
    return [run for run in runs if run.state == "running"]


def _stop(folder: Path) -> None:
    """Ask the process that runs a folder to save what there is and end."""
    if (process := holder(folder)) is not None:
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.kill(process, signal.SIGTERM)
