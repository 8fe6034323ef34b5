"""What a webhook means for what is known: newer, older, an echo, or a question to the site."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import PublicationState
from pipeline.settling import (
    MOST_PARKS,
    Known,
    Said,
    Verdict,
    after_echo,
    after_news,
    after_said,
    is_ours,
    is_yesterdays,
    judge,
)
from pipeline.webhook_bodies import Door, Mark, News, Shown

KEY = "0f8c0000-0000-4000-8000-000000000001"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(seconds=0, sequence=5):
    return Mark(NOON + timedelta(seconds=seconds), sequence)


def known(**more):
    values = {
        "key": KEY,
        "state": PublicationState.PUBLISHED,
        "revision": 2,
        "external_id": "7",
        "status": "publish",
        "url": "https://a.example/a/",
        "title": "A",
        "metadata": None,
        "status_mark": at(),
        "metadata_mark": Mark(),
    }
    return Known(**values | more)


def news(mark=None, **more):
    values = {
        "door": Door.STATUS,
        "event": "updated",
        "post_id": "7",
        "post_type": "post",
        "content_id": 1,
        "key": KEY,
        "site_url": "https://a.example",
        "mark": mark or at(1, 6),
        "shown": Shown("draft", None, "B"),
    }
    return News(**values | more)


@pytest.mark.parametrize(
    ("mark", "verdict"),
    [
        pytest.param(at(1, 6), Verdict.APPLY, id="newer by both"),
        pytest.param(at(-1, 4), Verdict.IGNORE, id="older by both"),
        pytest.param(at(0, 5), Verdict.IGNORE, id="the same"),
        pytest.param(at(0, 6), Verdict.ASK, id="later in the same second"),
        pytest.param(at(0, 4), Verdict.ASK, id="earlier in the same second"),
        pytest.param(at(1, 4), Verdict.ASK, id="counted anew"),
        pytest.param(at(-1, 6), Verdict.ASK, id="a clock that was put back"),
        pytest.param(at(1, 5), Verdict.ASK, id="the same count, another time"),
        pytest.param(Mark(None, 6), Verdict.ASK, id="no time"),
        pytest.param(Mark(NOON, None), Verdict.ASK, id="no count"),
        pytest.param(Mark(), Verdict.ASK, id="neither"),
    ],
)
def test_by_time(mark, verdict):
    assert judge(news(mark), known(), 0).verdict is verdict


@pytest.mark.parametrize(
    ("before", "message", "verdict"),
    [
        pytest.param({"external_id": "8"}, {}, Verdict.IGNORE, id="another post with our key"),
        pytest.param({}, {"by_us": True, "revision": 2}, Verdict.ECHO, id="our own"),
        pytest.param({}, {"by_us": True, "revision": 1}, Verdict.ECHO, id="an earlier of ours"),
        pytest.param({}, {"by_us": True, "revision": 3}, Verdict.APPLY, id="not of our revisions"),
        pytest.param({"status_mark": Mark()}, {}, Verdict.ASK, id="the first that is heard"),
        pytest.param({"status": "gone"}, {}, Verdict.ASK, id="of a post that was deleted"),
        pytest.param({}, {"door": Door.GENERIC}, Verdict.ASK, id="a hint alone"),
        pytest.param({}, {"door": Door.METADATA}, Verdict.ASK, id="metadata has its own marks"),
        pytest.param(
            {"external_id": None, "state": PublicationState.PUBLISHING},
            {},
            Verdict.PARK,
            id="before our commit",
        ),
        pytest.param(
            {"external_id": None, "state": PublicationState.FAILED},
            {},
            Verdict.APPLY,
            id="no commit to wait for",
        ),
    ],
)
def test_other_reasons(before, message, verdict):
    assert judge(news(**message), known(**before), 0).verdict is verdict


def test_parking_ends():
    waits = known(external_id=None, state=PublicationState.QUEUED)

    assert judge(news(), waits, MOST_PARKS - 1).verdict is Verdict.PARK
    assert judge(news(), waits, MOST_PARKS).verdict is not Verdict.PARK


def test_what_is_believed_is_known_then():
    after = after_news(known(), news())

    assert (after.status, after.title, after.url) == ("draft", "B", "https://a.example/a/")
    assert after.status_mark == at(1, 6)
    assert judge(news(), after, 0).verdict is Verdict.IGNORE


def test_an_echo_notes_how_far_the_site_has_counted():
    old, new = at(-9, 6), at(9, 6)
    shown = Shown("publish")

    assert after_echo(known(status="draft"), news(old, shown=shown)).status == "draft"
    assert after_echo(known(status="draft"), news(new, shown=shown)).status == "publish"
    assert after_echo(known(), news(old, shown=shown)).status_mark == at(0, 6)


def test_what_the_site_says_settles_both_kinds():
    said = Said(Shown("private", None, "C", {"tags": ["x"]}), at(5, 9), KEY)
    after = after_said(known(), news(Mark()), said)

    assert (after.status, after.metadata) == ("private", {"tags": ["x"]})
    assert after.status_mark == after.metadata_mark == at(5, 9)
    assert Said.from_json(said.as_json()) == said


def test_of_a_post_that_is_gone_the_count_goes_on():
    gone = Said(Shown("gone"), Mark(), None)
    after = after_said(known(), news(at(0, 8)), gone)

    assert (after.status, after.status_mark) == ("gone", at(0, 8))


@pytest.mark.parametrize(
    ("said", "before", "ours"),
    [
        pytest.param(Said(Shown("draft"), at(), KEY), {}, True, id="our key"),
        pytest.param(Said(Shown("draft"), at(), KEY[:-1] + "2"), {}, False, id="another key"),
        pytest.param(Said(Shown("draft"), at(), None), {}, False, id="no key"),
        pytest.param(Said(Shown("gone"), Mark(), None), {}, True, id="gone with its key"),
        pytest.param(
            Said(Shown("gone"), Mark(), None), {"external_id": None}, False, id="never there"
        ),
    ],
)
def test_whose_post_the_site_means(said, before, ours):
    assert is_ours(said, known(**before)) is ours


def test_an_answer_from_before_something_newer_is_not_believed():
    assert is_yesterdays(Said(Shown("draft"), at(-1), KEY), known())
    assert not is_yesterdays(Said(Shown("draft"), at(0), KEY), known())
    assert not is_yesterdays(Said(Shown("gone"), Mark(), KEY), known())


STATUSES = ("publish", "draft", "pending", "private", "trash")


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(STATUSES)), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_in_any_order_we_end_as_the_site_is(changes, dice):
    """The site's changes, some in one second, reach us in any order and some twice."""
    clock, sent = 0, []
    for number, (step, status) in enumerate(changes, 1):
        clock += step
        sent.append(news(at(clock, number), shown=Shown(status)))
    last = sent[-1]
    now = Said(last.shown, last.mark, KEY)
    here = known(status="publish", status_mark=Mark(), title=None)
    arrives = sent + dice.choices(sent, k=2)
    dice.shuffle(arrives)

    for each in arrives:
        verdict = judge(each, here, 0).verdict
        if verdict is Verdict.APPLY:
            here = after_news(here, each)
        elif verdict is Verdict.ASK:
            here = after_said(here, each, now)

    assert (here.status, here.status_mark) == (last.shown.status, last.mark)
