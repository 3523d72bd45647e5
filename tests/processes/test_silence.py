"""Nothing that is said, and no secret, stands in any log, metric or health answer."""

import httpx
import orjson

from deploy.local.waiting import until
from tests.journeys.said import registered, shared
from tests.schemas.said import KS, NAV

from .conftest import LocalStack
from .test_as_a_user import emit

CANARY = "kanarifuglen-synger"
KIND = "application/cloudevents+json"


def heard_in_logs(stack: LocalStack, word: str) -> list[str]:
    logs = sorted((stack.folder / "log").glob("*.log"))
    assert {log.stem for log in logs} >= {"intake", "registry", "delivery", "monitor"}
    return [log.name for log in logs if word in log.read_text(errors="replace")]


def heard_over_http(stack: LocalStack, word: str) -> list[str]:
    """In what anybody may ask without a token, of any service."""
    found = []
    for service, url in stack.now.service_urls.items():
        for path in ("/metrics", "/ready", "/openapi.json"):
            answer = httpx.get(f"{url}{path}")
            if word in answer.text:
                found.append(f"{service}{path}")
    return found


def test_what_is_said_stands_in_no_log_and_no_metric(local_stack: LocalStack) -> None:
    own = registered(NAV, f"{NAV}:egen", CANARY, visibility="own")
    open_ = registered(NAV, f"{NAV}:delt", CANARY)
    share = shared(NAV, f"{NAV}:delt", "municipal", message=CANARY)
    for event in (own, open_, share):
        emit(local_stack, event)
    broken = orjson.dumps(own | {"data": {"title": CANARY, CANARY: 1}})
    refused = httpx.post(
        f"{local_stack.now.service_urls['intake']}/events",
        content=broken,
        headers={
            "Authorization": f"Bearer {local_stack.token(NAV)}",
            "Content-Type": KIND,
        },
    )

    def read_by_ks() -> bool:
        return any(event["id"] == share["id"] for event in local_stack.feed(KS))

    assert refused.status_code == 422
    assert until(read_by_ks, 20)
    assert heard_in_logs(local_stack, CANARY) == []
    assert heard_over_http(local_stack, CANARY) == []


def test_no_token_and_no_password_stands_in_a_log(local_stack: LocalStack) -> None:
    token = local_stack.token(KS)
    local_stack.get("delivery", "/feed", KS)
    httpx.get(
        f"{local_stack.now.service_urls['registry']}/initiatives",
        headers={"Authorization": f"Bearer {token}x"},
    )
    passwords = {
        url.split(":")[2].split("@")[0]
        for url in local_stack.now.database_urls.values()
    }

    assert heard_in_logs(local_stack, token) == []
    assert len(passwords) >= 4
    assert not [word for word in passwords if heard_in_logs(local_stack, word)]


def test_the_search_finds_what_is_there(local_stack: LocalStack) -> None:
    assert heard_in_logs(local_stack, "Uvicorn running")
    assert heard_over_http(local_stack, "tidlig_facts_accepted_total")


def test_no_metric_tells_of_a_party_a_type_or_an_initiative(
    local_stack: LocalStack,
) -> None:
    names = [NAV, KS, "initiative.", "org:", f"{NAV}:"]
    for url in local_stack.now.service_urls.values():
        lines = httpx.get(f"{url}/metrics").text.splitlines()
        series = [line for line in lines if not line.startswith("#")]
        assert not [line for line in series if any(name in line for name in names)]
