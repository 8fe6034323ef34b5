"""deploy/prometheus and deploy/grafana: each expression is PromQL, and asks for what we serve."""

import json
import re

import promql_parser
import pytest
import yaml
from factories import make_publication
from prometheus_client.parser import text_string_to_metric_families
from test_metrics import publish_events

from beat_schedule import beat_schedule
from models import EventStatus
from models.publishing.batches import beat
from models.session import session_scope
from settings import ROOT

RULES = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
BOARD = json.loads((ROOT / "deploy" / "grafana" / "igny8.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
EXPRESSIONS = [pytest.param(rule["expr"], id=rule["alert"]) for rule in ALERTS] + [
    pytest.param(target["expr"], id=panel["title"])
    for panel in BOARD["panels"]
    for target in panel["targets"]
]
OF_PROMETHEUS = {"up"}
"""Prometheus writes it itself, of every target."""


def selectors(node):
    """Return the metrics that an expression asks for, with their matchers."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
        return
    parts = [getattr(node, name, None) for name in ("lhs", "rhs", "expr", "vector_selector")]
    for part in (*parts, *getattr(node, "args", ())):
        if part is not None:
            yield from selectors(part)


def fits(matcher, value):
    wanted, op = matcher.value, matcher.op
    if op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.NotEqual):
        return (value == wanted) == (op == promql_parser.MatchOp.Equal)
    return bool(re.fullmatch(wanted, value)) == (op == promql_parser.MatchOp.Re)


@pytest.fixture
def served(client, tenant, sqlite_database):
    """Return every sample of an engine in which something of each kind has happened."""
    make_publication(tenant.integration)
    publish_events(tenant.integration, 1, EventStatus.FAILED)
    publish_events(tenant.integration, 1, EventStatus.SUCCESS)
    with session_scope() as session:
        for name in beat_schedule:
            beat(session, name)
    families = text_string_to_metric_families(client.get("/metrics").text)
    return [(sample.name, sample.labels) for family in families for sample in family.samples]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_what_is_served(expression, served):
    asked = list(selectors(promql_parser.parse(expression)))

    assert asked
    for selector in asked:
        if selector.name in OF_PROMETHEUS:
            continue
        matchers = selector.matchers.matchers
        found = [
            labels
            for name, labels in served
            if name == selector.name
            and all(each.name in labels and fits(each, labels[each.name]) for each in matchers)
        ]
        assert found, f"nothing served is {selector.prettify()}"


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule["alert"]) for rule in ALERTS])
def test_an_alert_says_what_it_means_and_the_page_what_to_do(rule):
    name = rule["alert"]

    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook"] == f"docs/operations.md#{name.lower()}"
    _, _, told = PAGE.partition(f"\n### {name}\n")
    assert len(told.partition("\n### ")[0].split()) >= 20


def test_no_two_alerts_have_one_name():
    names = [rule["alert"] for rule in ALERTS]

    assert sorted(set(names)) == sorted(names)


def test_panels_lie_beside_one_another():
    taken = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
