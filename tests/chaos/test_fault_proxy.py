"""The fault proxy does what its dial says, and nothing else."""

import pytest
import requests
from certificates import BROKEN, Certificates
from factories import SITE_KEY
from fault_dial import ANY
from fault_proxy import FaultProxy
from servers import wait_until

pytestmark = pytest.mark.slow  # most of it waits

PATH = "/wp-json/igny8/v1/status"


@pytest.fixture
def proxy(simulated_site):
    with FaultProxy(simulated_site.url, seed=1) as running:
        yield running


def ask(proxy, timeout=5.0, **options):
    headers = {"X-IGNY8-API-Key": SITE_KEY}
    options = {"allow_redirects": False, "timeout": timeout, "headers": headers, **options}
    return requests.get(proxy.url + PATH, **options)


def reached(site):
    return len(site.requests)


def test_without_a_fault_it_is_not_there(proxy, simulated_site):
    with requests.Session() as session:
        for _ in range(3):
            answer = session.get(proxy.url + PATH, headers={"X-IGNY8-API-Key": SITE_KEY}, timeout=5)
            assert answer.json()["plugin"] == "igny8-wp-bridge"

    assert (proxy.counts["connections"], proxy.counts["requests"]) == (1, 3)
    assert reached(simulated_site) == 3


@pytest.mark.parametrize(
    ("fault", "error", "reaches_site"),
    [
        pytest.param({"kind": "reset"}, requests.ConnectionError, 0, id="reset"),
        pytest.param({"kind": "reset_after_send"}, requests.ConnectionError, 1, id="after-send"),
        pytest.param({"kind": "lost_answer"}, requests.ConnectionError, 1, id="lost-answer"),
        pytest.param({"kind": "late_answer", "seconds": 30}, requests.Timeout, 1, id="late"),
        pytest.param({"kind": "delay", "seconds": 30}, requests.Timeout, 0, id="delay"),
        pytest.param({"kind": "drip_head"}, requests.Timeout, 1, id="drip-head"),
        pytest.param({"kind": "cut_body"}, requests.exceptions.ChunkedEncodingError, 1, id="cut"),
        pytest.param({"kind": "truncated_json"}, requests.JSONDecodeError, 1, id="truncated"),
    ],
)
def test_what_the_engine_and_the_site_see(proxy, simulated_site, fault, error, reaches_site):
    proxy.add(**fault, path=ANY)
    with pytest.raises(error):
        ask(proxy, timeout=0.5).json()

    wait_until(lambda: reached(simulated_site) == reaches_site, what="the request")
    assert proxy.struck == {fault["kind"]: 1}


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        pytest.param({"kind": "status", "code": 502}, 502, {}, id="status"),
        pytest.param(
            {"kind": "status", "retry_after": "7"}, 503, {"Retry-After": "7"}, id="retry-after"
        ),
        pytest.param(
            {"kind": "redirect", "location": "http://b/"},
            302,
            {"Location": "http://b/"},
            id="moved",
        ),
        pytest.param({"kind": "html_200"}, 200, {"Content-Type": "text/html"}, id="html"),
    ],
)
def test_answers_that_the_site_did_not_give(proxy, fault, status, headers):
    proxy.add(**fault, path=ANY)
    answer = ask(proxy)

    assert answer.status_code == status
    assert headers.items() <= answer.headers.items()


def test_a_late_request_reaches_the_site_after_its_sender_has_gone(proxy, simulated_site):
    proxy.add("delay", path=ANY, seconds=0.6)
    with pytest.raises(requests.Timeout):
        ask(proxy, timeout=0.2)

    assert reached(simulated_site) == 0
    wait_until(lambda: reached(simulated_site) == 1, what="the request")


def test_a_dripped_body_arrives_byte_by_byte_and_whole(proxy):
    proxy.add("drip_body", path=ANY, bytes_per_second=5000)

    assert ask(proxy).json()["plugin"] == "igny8-wp-bridge"


def test_the_dial_counts_down_and_draws_by_its_seed(simulated_site):
    outcomes = []
    for _ in range(2):
        with FaultProxy(simulated_site.url, seed=7) as proxy:
            proxy.add("status", path=ANY, code=500, times=1)
            proxy.add("status", path=ANY, code=503, probability=0.5)
            outcomes.append([ask(proxy).status_code for _ in range(12)])

    assert outcomes[0] == outcomes[1]
    assert outcomes[0].count(500) == 1
    assert {200, 503} < set(outcomes[0])


def test_it_refuses_while_it_is_stopped_and_comes_back_on_its_port(proxy):
    url = proxy.url
    proxy.stop()
    with pytest.raises(requests.ConnectionError, match="refused"):
        ask(proxy)

    proxy.start()
    assert proxy.url == url
    assert ask(proxy).ok


@pytest.mark.parametrize("kind", BROKEN)
def test_a_certificate_nobody_should_trust_gets_no_request(proxy, tmp_path, kind):
    certificates = Certificates(tmp_path)
    proxy.tls = certificates.context(kind)
    with pytest.raises(requests.exceptions.SSLError, match="certificate"):
        ask(proxy, verify=str(certificates.bundle))
    assert proxy.counts["requests"] == 0
    wait_until(lambda: proxy.counts["tls_failed"] == 1, what="the alert")

    proxy.tls = certificates.context()
    assert ask(proxy, verify=str(certificates.bundle)).ok
