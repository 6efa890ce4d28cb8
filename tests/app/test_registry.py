"""A model that is chosen by its name in a registry: what that means now, and when it is gone."""

import shutil
from pathlib import Path

import streamlit as st

from tests.registry.made import make_tested, run_with
from utils.registry.promoting import Wishes, promote
from utils.registry.store import Registry

CHAMPION = "mask-detector@champion"


def words(page) -> str:
    assert not page.exception, page.exception
    return "\n".join(one.value for one in (*page.markdown, *page.caption)).replace("\\", "")


def test_a_new_champion_is_noticed_without_a_restart_and_one_that_is_gone_says_so(
    visit, empty_store, tmp_path, one_thread
):
    shutil.copy(empty_store / "mlflow.db", tmp_path)
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    tested = make_tested(tmp_path / "tested")
    first, second = (
        run_with(tmp_path / "made" / name, tested, skill=skill)
        for name, skill in (("one", 0.6), ("two", 0.9))
    )
    assert promote(first, print, track=address, wishes=Wishes())
    names = ("models:/mask-detector@champion", "models:/mask-detector/1", "models:/nobody@champion")
    page = visit("home", models=tuple(map(Path, names)), registry=address)
    choice = page.sidebar.selectbox[0]
    assert choice.options[1:] == [
        *(CHAMPION, "mask-detector/1", "nobody@champion"),
    ]
    choice.set_value(CHAMPION).run()
    digest = next(line for line in words(page).splitlines() if "SHA-256" in line)
    assert f"{CHAMPION}, version 1" in words(page)

    assert promote(second, print, track=address, wishes=Wishes(force=True))
    st.cache_data.clear()  # what was asked a quarter of a minute ago
    page.run()
    assert f"{CHAMPION}, version 2" in words(page) and digest not in words(page)
    page.sidebar.selectbox[0].set_value("mask-detector/1").run()
    assert "mask-detector/1, version 1" in words(page) and digest in words(page)

    page.sidebar.selectbox[0].set_value("nobody@champion").run()
    assert "no model of that name" in page.error[0].value
    Registry(address).client.delete_registered_model_alias("mask-detector", "champion")
    st.cache_data.clear()
    page.sidebar.selectbox[0].set_value(CHAMPION).run()
    assert not page.exception and "no such version or alias" in page.error[0].value
