import pytest

from crawler.errors import ConfigError
from crawler.guard import allowed, literal, refusal, require_contact


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.1/",
        "http://0177.0.0.1/", "http://0.0.0.0/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
        "http://10.0.0.1/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data",
        "http://[::7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
        "http://[::ffff:0:127.0.0.1]/", "http://[fec0::1]/", "http://224.0.0.1/",
        "http://[ff02::1]/", "http://[fe80::1]/", "http://255.255.255.255/",
        "http://localhost/", "http://LOCALHOST./", "http://intranet.localhost/",
        "file:///etc/passwd", "data:text/html,x", "ftp://a.test/", "http:///x", "javascript:1",
    ],
)  # fmt: skip
def test_an_address_of_our_own_is_refused_with_a_reason(url: str) -> None:
    assert refusal(url, loopback=False)


@pytest.mark.parametrize(
    "url", ["https://quai.example.org/x", "http://93.184.215.14/", "http://[2606:4700::1]/"]
)
def test_a_public_address_is_not_refused(url: str) -> None:
    assert refusal(url, loopback=False) is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/", "http://quai.localhost:8000/"])
def test_a_test_web_is_reached_only_when_it_is_asked_for(url: str) -> None:
    assert refusal(url, loopback=True) is None
    assert refusal(url, loopback=False)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://169.254.169.254/", "file:///x"])
def test_loopback_opens_nothing_else(url: str) -> None:
    assert refusal(url, loopback=True)


def test_a_name_that_leads_inside_is_refused_by_its_address() -> None:
    assert not allowed("127.0.0.1", loopback=False)
    assert not allowed("10.1.2.3", loopback=True)
    assert allowed("93.184.215.14", loopback=False)


@pytest.mark.parametrize(
    "host", ["example.org", "127.0.0.1.example.org", "1.2.3.4.5", "", "dead.beef"]
)
def test_a_name_is_no_literal_address(host: str) -> None:
    assert literal(host) is None


def test_a_public_host_is_not_visited_without_a_contact() -> None:
    with pytest.raises(ConfigError, match=r"quai\.example\.org.*--contact"):
        require_contact(["http://127.0.0.1:80/", "https://quai.example.org/feed/"], None)


@pytest.mark.parametrize(
    ("urls", "contact"),
    [
        (["https://quai.example.org/feed/"], "you@example.org"),
        (["http://127.0.0.1:80/", "http://a.localhost/"], None),
        ([], None),
    ],
)
def test_a_contact_or_this_machine_alone_will_do(urls: list[str], contact: str | None) -> None:
    require_contact(urls, contact)
