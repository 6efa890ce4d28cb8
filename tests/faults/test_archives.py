"""Some cuts and flipped bits of archives; ``make faults`` tries all."""

from tests.faults import archives


def test_damaged_archives_are_refused_or_give_what_was_packed() -> None:
    rows = list(archives.rows(quick=True))
    assert len(rows) == 2 * len(archives.WHOLE)
    assert all(row.times > 15 for row in rows)
