"""The table of bad requests: what is sent, by whom, and how it is to be answered.

Names in braces, such as ``{token}``, stand for what only a run of the tests knows; they are filled in before
a request is sent.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

Json = dict[str, Any]
Header = tuple[str, str]

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

WEBHOOK = "/vipps/webhook/"
HEALTH = "/vipps/health/"
PAGES = {name: f"/vipps/{{token}}/{name}/" for name in ("pay", "return", "cancel", "status")}
PAYMENT_METHOD = "/checkout/payment-method/"
PREVIEW = "/checkout/preview/"
DETAILS = "/checkout/payment-details/"
BASKET = "/basket/"
DASHBOARD = "/dashboard/vipps/"

GOOD = "t={now},v1={v1}"


@dataclass(frozen=True)
class Request:
    """One request; ``what`` is its name. The path is percent-encoded, headers are WSGI's."""

    what: str
    path: str
    method: str = "GET"
    query: str = ""
    body: bytes = b""
    content_type: str = ""
    headers: tuple[Header, ...] = ()
    #: The server hands the body over as it came, whatever length was announced.
    is_raw: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.method} {self.path}{'?' if self.query else ''}{self.query}"[:200]


@dataclass(frozen=True)
class Group:
    """Requests that are answered alike."""

    name: str
    #: How, in HTTP and in words.
    statuses: tuple[int, ...]
    answer: str
    requests: list[Request]
    #: stripe, stranger, buyer (at the last step of the checkout), customer, staff (who may not see payments),
    #: manager (who may) or cashier (who may do all that can be done with them).
    who: str = "stranger"
    #: How the payment stands: open, "paid at Stripe" where the shop hasn't heard of it, paid or cancelled.
    state: str = "open"
    #: Whether the browser's forms need their token: a test's client doesn't ask for it otherwise.
    is_protected: bool = False
    #: Where a redirect leads; nothing where any address of this host is good.
    leads_to: str = ""
    #: The page asks Stripe how things stand, and changes nothing there.
    asks_stripe: bool = False

    def __str__(self) -> str:
        return self.name


# The webhook

EVENT: Json = {
    "id": "evt_hostile",
    "object": "event",
    "type": "payment_intent.succeeded",
    "livemode": False,
    "data": {"object": {"id": "pi_hostile", "object": "payment_intent", "amount": 1, "status": "succeeded"}},
}
NUMBERS = itertools.count()
#: The event that would finish the open payment, as Stripe sends it.
TRUE_EVENT = b"{event}"


def to_webhook(what: str, body: bytes = TRUE_EVENT, signature: str | None = GOOD, **more: Any) -> Request:
    headers = (() if signature is None else (("HTTP_STRIPE_SIGNATURE", signature),)) + more.pop("headers", ())
    return Request(
        what, WEBHOOK, body=body, headers=headers, **{"method": "POST", "content_type": JSON, **more}
    )


def event(**changes: Any) -> bytes:
    """As JSON, each with an id of its own. A value of ``...`` takes the key away."""
    whole = {**EVENT, "id": f"evt_hostile_{next(NUMBERS)}", **changes}
    return json.dumps({name: value for name, value in whole.items() if value is not ...}).encode()


def about(data: Any) -> bytes:
    return event(data={"object": data})


SIGNATURES: dict[str, str | None] = {
    "none": None,
    "empty": "",
    "a space": " ",
    "a comma": ",",
    "an equals sign": "=",
    "only a time": "t={now}",
    "a time without a value": "t=,v1={v1}",
    "nothing but names": "t=,v1=",
    "only a signature": "v1={v1}",
    "the bare signature": "{v1}",
    "an empty v1": "t={now},v1=",
    "a v1 without a value": "t={now},v1",
    "v0 only": "t={now},v0={v1}",
    "v2 only": "t={now},v2={v1}",
    "a name in capitals": "t={now},V1={v1}",
    "a space before v1": "t={now}, v1={v1}",
    "semicolons": "t={now};v1={v1}",
    "two equals signs": "t=={now},v1=={v1}",
    "quoted": '"t={now},v1={v1}"',
    "as JSON": '{"t": {now}, "v1": "{v1}"}',
    "cut short": "t={now},v1={v1_cut}",
    "too long": "t={now},v1={v1}0",
    "hexadecimal in capitals": "t={now},v1={v1_upper}",
    "base64": "t={now},v1={v1_base64}",
    "SHA-1": "t={now},v1={sha1}",
    "SHA-512": "t={now},v1={sha512}",
    "without the time": "t={now},v1={timeless}",
    "of another body": "t={now},v1={v1_other_body}",
    "of another time": "t={now},v1={v1_old}",
    "of another secret": "t={now},v1={v1_other_secret}",
    "of the secret without its prefix": "t={now},v1={v1_bare_secret}",
    "of the secret in capitals": "t={now},v1={v1_upper_secret}",
    "of an empty secret": "t={now},v1={v1_empty_secret}",
    "of the API key": "t={now},v1={v1_api_key}",
    "several v1, none of them right": "t={now},v1={v1_other_secret},v1={v1_old},v1={v1_other_body}",
    "a thousand v1": "t={now}" + ",v1={v1_other_secret}" * 1000,
    "v0 right, v1 wrong": "t={now},v0={v1},v1={v1_other_secret}",
    "stale": "t={old},v1={v1_old}",
    "three days old": "t={ancient},v1={v1_ancient}",
    "stale, and two times": "t={old},t={now},v1={v1_old}",
    "two times, the right one last": "t={old},t={now},v1={v1}",
    "the epoch": "t=0,v1={v1}",
    "before the epoch": "t=-{now},v1={v1}",
    "in milliseconds": "t={now}000,v1={v1}",
    "far in the future, and garbage": "t=99999999999,v1=" + "f" * 64,
    "a time in words": "t=now,v1={v1}",
    "a time with a fraction": "t={now}.0,v1={v1}",
    "a time as hexadecimal": "t=0x{now},v1={v1}",
    "a time that is no number": "t=NaN,v1={v1}",
    "an endless time": "t=Infinity,v1={v1}",
    "a time of 4000 digits": f"t={'9' * 4000},v1={{v1}}",
    "a time of 5000 digits": f"t={'9' * 5000},v1={{v1}}",
    "a superscript time": "t=\xb2,v1={v1}",
    "letters that are not ASCII": "t={now},v1=\xe9\xe6\xf8\xe5",
    "a name that is not ASCII": "\xe5={now},v1={v1}",
    "UTF-8": "t={now},v1=\xe2\x9c\x93",
    "a NUL": "t={now},v1={v1}\0",
    "a line break": "t={now}\r\nX-Evil: 1,v1={v1}",
    "a line break at the end": "t={now},v1={v1}\r\n",
    "64 zeros": "t={now},v1=" + "0" * 64,
    "huge": "t={now},v1=" + "a" * 100_000,
    "a million commas": "t={now}" + "," * 1_000_000,
    "a wildcard": "t={now},v1=*",
    "a quote": "t={now},v1=' OR '1'='1",
}

DEEP = 50_000
BODIES: dict[str, bytes] = {
    "empty": b"",
    "a space": b" ",
    "a NUL": b"\0",
    "NUL bytes": b"\0" * 1000,
    "half a brace": b"{",
    "the other half": b"}",
    "null": b"null",
    "true": b"true",
    "zero": b"0",
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "minus Infinity": b"-Infinity",
    "a number beyond floats": b"1e999",
    "a number of 5000 digits": b"9" * 5000,
    "a string": b'"evt_1"',
    "an empty string": b'""',
    "an empty list": b"[]",
    "an empty object": b"{}",
    "a list of events": b"[" + event() + b"]",
    "an event as text": json.dumps(event().decode()).encode(),
    "two events": event() + b"\n" + event(id="evt_2"),
    "an event and something": event() + b"]",
    "an event that is cut off": event()[:-1],
    "UTF-16": event().decode().encode("utf-16"),
    "UTF-32": event().decode().encode("utf-32"),
    "Latin-1": event(id="evt_x").replace(b"evt_x", b"evt_\xe6"),
    "bytes that are no UTF-8": b"\xff\xfe\xfd",
    "an overlong UTF-8": event().replace(b"evt_hostile", b"evt_\xc0\xaf"),
    "a surrogate in UTF-8": event().replace(b"evt_hostile", b"evt_\xed\xa0\x80"),
    "a raw NUL in a string": event().replace(b"evt_hostile", b"evt_\0"),
    "a raw line break in a string": event().replace(b"evt_hostile", b"evt_\n"),
    "single quotes": event().replace(b'"', b"'"),
    "a comma too many": event()[:-1] + b",}",
    "a comment": b"/* */" + event(),
    "a form": urlencode({"id": "evt_1", "object": "event", "type": "payment_intent.succeeded"}).encode(),
    "XML": b'<?xml version="1.0"?><!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]><e>&x;</e>',
    "HTML": b"<script>alert(1)</script>",
    "YAML": b"!!python/object/apply:os.system ['true']",
    "a pickle": b"\x80\x04\x8c\x05posix\x8c\x06system\x93.",
    "compressed": gzip.compress(event()),
    "lists in lists": b"[" * DEEP + b"]" * DEEP,
    "lists that never end": b"[" * DEEP,
    "objects in objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "an event with lists in lists": event().replace(b'"pi_hostile"', b"[" * DEEP + b"]" * DEEP),
    "an event with objects in objects": event().replace(
        b'"pi_hostile"', b'{"a":' * DEEP + b"1" + b"}" * DEEP
    ),
    "an event of 5000 digits": event().replace(b'"pi_hostile"', b"9" * 5000),
    "an event with NaN": about({**EVENT["data"]["object"], "amount": float("nan")}),
    "an event with Infinity": about({**EVENT["data"]["object"], "amount": float("inf")}),
    "an event of the second kind": event(object="v2.core.event"),
    "a thin event": b'{"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found"}',
    "in an envelope of EventBridge": json.dumps({"detail-type": "x", "detail": EVENT}).encode(),
    "in an envelope of Event Grid": json.dumps({"specversion": "1.0", "data": EVENT}).encode(),
    "a PaymentIntent without an event": json.dumps(EVENT["data"]["object"]).encode(),
    "object given twice": event()[:-1] + b', "object": "charge"}',
    **{f"without {name}": event(**{name: ...}) for name in EVENT},
    **{f"{name} is null": event(**{name: None}) for name in EVENT},
    **{f"{name} is a number": event(**{name: 17}) for name in EVENT},
    **{f"{name} is a list": event(**{name: [EVENT[name]]}) for name in EVENT},
    **{f"{name} is an object": event(**{name: {"object": "object"}}) for name in EVENT},
    **{f"{name} is empty": event(**{name: ""}) for name in ("id", "livemode", "object", "data")},
    "livemode is a text": event(livemode="false"),
    "livemode is zero": event(livemode=0),
    "id is too long for any": event(id="evt_" + "1" * 252),
    "id is 100000 letters": event(id="e" * 100_000),
    "id holds a NUL": event(id="evt_\0"),
    "id holds half a character": event(id="evt_\ud800"),
    "id holds a line break": event(id="evt_1\r\nevt_2"),
    "type holds a NUL": event(type="payment_intent.succeeded\0"),
    "type holds half a character": event(type="payment_intent.\udfff"),
    "no object in data": event(data={}),
    "an object that is null": about(None),
    "an object that is an id": about("pi_1"),
    "an object that is a list": about([EVENT["data"]["object"]]),
    "an object without a kind": about({"id": "pi_1"}),
    "an object whose kind is null": about({"id": "pi_1", "object": None}),
    "an object whose kind is a list": about({"id": "pi_1", "object": ["payment_intent"]}),
    "an object whose kind is an object": about({"id": "pi_1", "object": {"object": "payment_intent"}}),
}

BOUNDARY = "multipart/form-data; boundary=x"
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="event"\r\n\r\n' + event() + b"\r\n--x--\r\n"
CONTENTS: list[Request] = [
    to_webhook(
        "compressed, and says so", gzip.compress(event()), headers=(("HTTP_CONTENT_ENCODING", "gzip"),)
    ),
    to_webhook(
        "says it is compressed", b"\x1f\x8b plain", headers=(("HTTP_CONTENT_ENCODING", "gzip, br, deflate"),)
    ),
    to_webhook(
        "in UTF-16, and says so", event().decode().encode("utf-16"), content_type=f"{JSON}; charset=utf-16"
    ),
    to_webhook("in UTF-7, and says so", b"+AHs-+AH0-", content_type=f"{JSON}; charset=utf-7"),
    to_webhook("a charset that nobody knows", b"\xff", content_type=f"{JSON}; charset=evil"),
    to_webhook("a form", b"event=evt_1", content_type=FORM),
    to_webhook("a form in pieces", MULTIPART, content_type=BOUNDARY),
    to_webhook("a form in pieces without a boundary", MULTIPART, content_type="multipart/form-data"),
    to_webhook("a text", b"evt_1", content_type="text/plain"),
    to_webhook("XML", b"<event/>", content_type="application/xml"),
    to_webhook("a type that is none", b"{}", content_type="\xe6\xf8\xe5"),
    to_webhook("a type of 10000 letters", b"{}", content_type="a" * 10_000),
    to_webhook("announced shorter than it is", headers=(("CONTENT_LENGTH", "20"),), is_raw=True),
    to_webhook("announced as nothing", headers=(("CONTENT_LENGTH", "0"),), is_raw=True),
    to_webhook("announced as less than nothing", headers=(("CONTENT_LENGTH", "-1"),), is_raw=True),
    to_webhook("announced in words", headers=(("CONTENT_LENGTH", "many"),), is_raw=True),
    to_webhook("announced twice", headers=(("CONTENT_LENGTH", "20, 40"),), is_raw=True),
    to_webhook(
        "announced in 5000 digits", headers=(("CONTENT_LENGTH", "9" * 5000),), body=b"{}", is_raw=True
    ),
    to_webhook("announced longer than it is", b"{}", headers=(("CONTENT_LENGTH", "2000"),), is_raw=True),
    to_webhook(
        "in chunks, of no announced length",
        headers=(("CONTENT_LENGTH", ""), ("HTTP_TRANSFER_ENCODING", "chunked")),
        is_raw=True,
    ),
    to_webhook(
        "in chunks that the server left in",
        b"2\r\n{}\r\n0\r\n\r\n",
        headers=(("HTTP_TRANSFER_ENCODING", "chunked"),),
        is_raw=True,
    ),
    to_webhook(
        "in chunks that nobody knows",
        b"{}",
        headers=(("HTTP_TRANSFER_ENCODING", "xchunked, identity"),),
        is_raw=True,
    ),
    to_webhook("signed in another header", signature=None, headers=(("HTTP_X_STRIPE_SIGNATURE", GOOD),)),
    to_webhook(
        "signed in Authorization", signature=None, headers=(("HTTP_AUTHORIZATION", f"Bearer {GOOD}"),)
    ),
    to_webhook("signed in a cookie", signature=None, headers=(("HTTP_COOKIE", f"Stripe-Signature={GOOD}"),)),
    to_webhook("signed in the address", signature=None, query=f"Stripe-Signature={GOOD}"),
    to_webhook("signed as Connect does", signature=None, headers=(("HTTP_STRIPE_SIGNATURE_V2", GOOD),)),
]

METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "PROPFIND", "CONNECT")


# The payment's pages

TOKENS: dict[str, str] = {
    "a made-up signature": "{reference}:made-up",
    "no signature": "{reference}",
    "an empty signature": "{reference}:",
    "only a signature": ":{signature}",
    "only the signature's letters": "{signature}",
    "the signature of another payment": "{reference}:{other_signature}",
    "another reference": "{other_reference}:{signature}",
    "both, the wrong way round": "{signature}:{reference}",
    "one letter less": "{token_cut}",
    "half": "{token_half}",
    "one letter more": "{token}A",
    "padding": "{token}=",
    "the signature twice": "{token}:{signature}",
    "signed for something else": "{resalted}",
    "signed for nothing in particular": "{unsalted}",
    "signed with a time": "{timestamped}",
    "signed with another key": "{other_key}",
    "in capitals": "{token_upper}",
    "the reference in capitals": "{reference_upper}:{signature}",
    "capitals and small letters swapped": "{token_swapped}",
    "a space before": "%20{token}",
    "a space behind": "{token}%20",
    "a line break behind": "{token}%0A",
    "a NUL behind": "{token}%00",
    "headers behind": "{token}%0D%0ASet-Cookie:%20evil=1",
    "headers before": "x%0D%0ALocation:%20https://evil.example%0D%0A{token}",
    "a parameter behind": "{token};jsessionid=1",
    "encoded twice": "{reference}%253A{signature}",
    "a plus for a space": "+{token}",
    "another colon": "{reference}%EF%BC%9A{signature}",
    "letters that look alike": "{reference_alike}:{signature}",
    "an invisible letter": "{reference}%E2%80%8B:{signature}",
    "from right to left": "%E2%80%AE{token}",
    "a smile": "%F0%9F%98%80",
    "no UTF-8": "%FF%FE",
    "the first payment's number": "{pk}",
    "that number, signed": "{signed_pk}",
    "the order's number": "{number}",
    "the order's number, signed": "{signed_number}",
    "nothing, signed": "{signed_nothing}",
    "a wildcard, signed": "{signed_wildcard}",
    "a payment that was deleted": "{gone}",
    "the session's id": "{session}",
    "a session's template": "%7BCHECKOUT_SESSION_ID%7D",
    "null": "null",
    "undefined": "undefined",
    "zero": "0",
    "minus one": "-1",
    "one dot": ".",
    "two dots": "..",
    "a way up": "..%2F..%2F..%2Fetc%2Fpasswd",
    "a way up on Windows": "..%5C..%5Cboot.ini",
    "SQL": "'%20OR%20'1'='1",
    "SQL, a second statement": "1;DROP%20TABLE%20oscar_vipps_payment--",
    "a template": "%7B%7B7*7%7D%7D",
    "a script": "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "a look-up": "$%7Bjndi:ldap:%2F%2Fevil.example%2Fa%7D",
    "8000 letters": "a" * 8000,
    "a thousand colons": ":" * 1000,
}

#: What somebody may try in order to be sent elsewhere, or believed.
CLAIMS: dict[str, str] = {
    **{
        f"{name} elsewhere": f"{name}=https://evil.example/"
        for name in ("next", "url", "return_url", "success_url", "cancel_url", "redirect", "continue", "to")
    },
    "next without a scheme": "next=//evil.example",
    "next with three slashes": "next=///evil.example",
    "next with a backslash": "next=/%5Cevil.example",
    "next as a script": "next=javascript:alert(1)",
    "next with a line break": "next=%0D%0ALocation:%20https://evil.example",
    "next with a name and a password": "next=https://testserver@evil.example",
    "a headers' end": "a=%0D%0A%0D%0A%3Cscript%3Ealert(1)%3C/script%3E",
    "that it is paid": "status=paid&payment_status=paid&state=captured&redirect_status=succeeded",
    "another session": "session_id=cs_test_evil&payment_intent=pi_evil",
    "another amount": "amount=1&amount_total=1&currency=sek",
    "another token": "token={other_token}",
    "a NUL": "looks=%00",
    "looks that are no number": "looks=1e3",
    "looks below zero": "looks=-1",
    "looks of 5000 digits": "looks=" + "9" * 5000,
    "looks in Arabic": "looks=%D9%A3",
    "a script": "looks=%3Cscript%3Ealert(1)%3C/script%3E",
    "no UTF-8": "looks=%FF%FE",
    "a thousand names": "&".join(f"a{number}=1" for number in range(999)),
}

ELSEWHERE: dict[str, tuple[Header, ...]] = {
    "X-Forwarded-Host": (("HTTP_X_FORWARDED_HOST", "evil.example"),),
    "X-Forwarded-Host and Proto": (
        ("HTTP_X_FORWARDED_HOST", "evil.example"),
        ("HTTP_X_FORWARDED_PROTO", "https"),
    ),
    "X-Forwarded-Port": (("HTTP_X_FORWARDED_PORT", "666"),),
    "Forwarded": (("HTTP_FORWARDED", "host=evil.example;proto=https"),),
    "X-Host": (("HTTP_X_HOST", "evil.example"),),
    "X-Original-URL": (("HTTP_X_ORIGINAL_URL", "/dashboard/vipps/"),),
    "X-Rewrite-URL": (("HTTP_X_REWRITE_URL", "/dashboard/vipps/"),),
    "X-HTTP-Method-Override": (("HTTP_X_HTTP_METHOD_OVERRIDE", "POST"),),
    "Referer": (("HTTP_REFERER", "https://evil.example/"),),
    "Origin": (("HTTP_ORIGIN", "https://evil.example"),),
    "Script name": (("HTTP_SCRIPT_NAME", "//evil.example"),),
    "a session that nobody has": (("HTTP_COOKIE", "sessionid=" + "a" * 32),),
    "a session of one letter": (("HTTP_COOKIE", "sessionid=a"),),
    "a session that is a path": (("HTTP_COOKIE", "sessionid=../../etc/passwd"),),
    "a session of 10000 letters": (("HTTP_COOKIE", "sessionid=" + "a" * 10_000),),
    "a session that is not ASCII": (("HTTP_COOKIE", "sessionid=\xe6\xf8\xe5"),),
    "a session with a NUL": (("HTTP_COOKIE", "sessionid=\0"),),
    "messages that nobody signed": (("HTTP_COOKIE", 'messages=[["__json_message",0,20,"evil.example"]]'),),
    "a basket that nobody signed": (("HTTP_COOKIE", "oscar_open_basket={basket}:made-up"),),
    "a basket's bare number": (("HTTP_COOKIE", "oscar_open_basket={basket}"),),
    "a basket with the payment's signature": (("HTTP_COOKIE", "oscar_open_basket={basket}:{signature}"),),
    "a language that is none": (("HTTP_ACCEPT_LANGUAGE", "../../etc/passwd;q=nine,\xe6"),),
    "a language of 10000 letters": (("HTTP_ACCEPT_LANGUAGE", "nb," * 3000 + "x" * 1000),),
    "a cookie for the language": (("HTTP_COOKIE", "django_language=../../evil"),),
    "a range": (("HTTP_RANGE", "bytes=0-18446744073709551615"),),
    "a condition": (("HTTP_IF_MODIFIED_SINCE", "Thu, 99 Foo 9999 99:99:99 GMT"),),
}

HOSTS: dict[str, str] = {
    "another": "evil.example",
    "another with a port": "evil.example:80",
    "ours before it": "testserver.evil.example",
    "ours as a name": "testserver@evil.example",
    "ours as a fragment": "evil.example#testserver",
    "ours as a query": "evil.example?testserver",
    "ours in a list": "testserver, evil.example",
    "two ports": "testserver:80:80",
    "a port in words": "testserver:http",
    "a line break": "testserver\r\nX-Evil: 1",
    "a NUL": "testserver\0.evil.example",
    "a space": "testserver evil.example",
    "a path": "testserver/evil.example",
    "a backslash": "testserver\\evil.example",
    "empty": "",
    "dots": "..",
    "half an address": "[::1",
    "not ASCII": "t\xe9stserver",
    "a script": "<script>alert(1)</script>",
    "10000 letters": "a" * 10_000,
}

OUTSIDE: list[Request] = [
    *(
        Request(f"without the last slash, {name}", path.rstrip("/"), method)
        for name, path in PAGES.items()
        for method in ("GET", "POST")
    ),
    Request("without the last slash, webhook", WEBHOOK.rstrip("/"), "POST"),
    Request("a token and no page", "/vipps/{token}"),
    Request("a token and no page, with a slash", "/vipps/{token}/"),
    Request("a page that isn't", "/vipps/{token}/refund/", "POST"),
    Request("a page in capitals", "/vipps/{token}/CANCEL/", "POST"),
    Request("a page of a page", "/vipps/{token}/return/cancel/", "POST"),
    Request("two slashes", "/vipps//{token}/cancel/", "POST"),
    Request("two slashes at the end", "/vipps/{token}/cancel//", "POST"),
    Request("a way up", "/vipps/{token}/return/../cancel/", "POST"),
    Request("a NUL", "/vipps/{token}/cancel/%00", "POST"),
    Request("a line break", "/vipps/{token}/cancel%0D%0ASet-Cookie:%20evil=1", "POST"),
    Request("a line break and a slash", "/vipps/{token}/cancel/%0D%0A/"),
    Request("another host's", "//evil.example/vipps/{token}/pay"),
    Request("another host's, known page", "//evil.example/..%2Fvipps/{token}/pay"),
    Request("another host's behind ours", "/vipps/{token}//evil.example/"),
    Request("another host's with a backslash", "/%5Cevil.example/vipps/{token}/pay"),
    Request("the whole address", "http://evil.example/vipps/{token}/pay/"),
    Request("the whole address, without the last slash", "http://evil.example/vipps/{token}/pay"),
    Request("no address", "*", "OPTIONS"),
    Request("the webhook in capitals", "/vipps/WEBHOOK/", "POST"),
    Request("the webhook behind two slashes", "/vipps//webhook/", "POST"),
    Request("the webhook of a token", "/vipps/{token}/webhook/", "POST"),
    Request("a token for webhook", "/vipps/webhook/return/"),
    Request("a token for webhook, to cancel", "/vipps/webhook/cancel/", "POST"),
    Request("the root of all", "/vipps/"),
    Request("the root of all, to post", "/vipps/", "POST"),
]


# Forms


def form(what: str, path: str, fields: Mapping[str, Any] | None = None, *headers: Header) -> Request:
    """A form that is posted; a list gives a field several values."""
    body = urlencode(fields or {}, doseq=True, safe="{}").encode()
    return Request(what, path, "POST", body=body, content_type=FORM, headers=headers)


CSRF = "a" * 32
COOKIE = ("HTTP_COOKIE", f"sessionid={{cookie}}; csrftoken={CSRF}")
ACTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "pay": (PAGES["pay"], {}),
    "cancel": (PAGES["cancel"], {}),
    "payment method": (PAYMENT_METHOD, {"method_code": "vipps"}),
    "preview": (PREVIEW, {"action": "place_order"}),
}


def unprotected(name: str) -> list[Request]:
    """One action, as another site's page would have a browser send it."""
    path, fields = ACTIONS[name]
    tokens = {
        "an empty token": "",
        "another token": "b" * 32,
        "a token too short": CSRF[1:],
        "a token too long": CSRF + "a",
        "a token with a NUL": CSRF + "\0",
        "a token that is not ASCII": "æ" * 32,
        "two tokens": [CSRF, "b" * 32],
    }
    good = {**fields, "csrfmiddlewaretoken": CSRF}
    as_json = replace(
        form("a token as JSON", path, {}, COOKIE), body=json.dumps(good).encode(), content_type=JSON
    )
    found = [
        form("no token", path, fields),
        form("a token without a cookie", path, good),
        form("a cookie without a token", path, fields, COOKIE),
        *(
            form(what, path, {**fields, "csrfmiddlewaretoken": token}, COOKIE)
            for what, token in tokens.items()
        ),
        form("another token in a header", path, fields, COOKIE, ("HTTP_X_CSRFTOKEN", "b" * 32)),
        form("from another site", path, good, COOKIE, ("HTTP_ORIGIN", "https://evil.example")),
        form(
            "from a site with our name in it",
            path,
            good,
            COOKIE,
            ("HTTP_ORIGIN", "http://testserver.evil.example"),
        ),
        form("from nowhere", path, good, COOKIE, ("HTTP_ORIGIN", "null")),
        replace(form("the token in the address", path, fields, COOKIE), query=f"csrfmiddlewaretoken={CSRF}"),
        as_json,
    ]
    return [replace(request, what=f"{name}, {request.what}") for request in found]


#: Things that are not the shopper's to say.
NOT_THEIRS: dict[str, str] = {
    "amount": "1",
    "amount_total": "1",
    "total": "0.01",
    "order_total": "0",
    "total_incl_tax": "0.01",
    "currency": "SEK",
    "status": "Paid",
    "state": "captured",
    "order_number": "{number}",
    "basket": "{basket}",
    "user": "1",
    "voucher": "TEN",
    "shipping_charge": "-249.00",
    "quantity": "-1",
    "price": "0.01",
    "livemode": "1",
    "reference": "{reference}",
    "token": "{token}",
    "success_url": "https://evil.example/",
    "next": "//evil.example",
}

METHOD_CODES: dict[str, Any] = {
    "empty": "",
    "in capitals": "VIPPS",
    "a space behind": "vipps ",
    "a NUL behind": "vipps\0",
    "a line break behind": "vipps\r\n",
    "a method that isn't offered": "invoice",
    "a card": "card",
    "free": "free",
    "a number": "0",
    "None": "None",
    "true": "true",
    "a path in Python": "os.system",
    "one of Python's own names": "__class__",
    "two at once": "vipps,invoice",
    "two values, the last unknown": ["vipps", "evil"],
    "a way up": "../vipps",
    "letters that look alike": "v\N{CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I}pps",
    "wide letters": "\N{FULLWIDTH LATIN SMALL LETTER V}ipps",
    "a smile": "\N{GRINNING FACE}",
    "SQL": "vipps' OR '1'='1",
    "a template": "{{ 7*7 }}",
    "a script": "<script>alert(1)</script>",
    "100000 letters": "v" * 100_000,
}

ORDER_ACTIONS: dict[str, str] = {
    "nothing": "",
    "in capitals": "PLACE_ORDER",
    "a space behind": "place_order ",
    "a NUL behind": "place_order\0",
    "another": "refund",
    "a number": "1",
    "a method's name": "submit",
    "100000 letters": "p" * 100_000,
}


def broken_forms(name: str, path: str, fields: Mapping[str, str]) -> list[Request]:
    """What Django itself takes for no form."""
    body = urlencode(fields).encode()
    piece = "\r\n".join(
        f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}' for key, value in fields.items()
    )
    send = Request(name, path, "POST", body=body, content_type=FORM)
    return [
        replace(send, what=f"{name}, in another charset", content_type=f"{FORM}; charset=utf-16"),
        replace(send, what=f"{name}, a thousand fields", body=body + b"&a=1" * 1000),
        replace(send, what=f"{name}, three megabytes", body=body + b"&a=" + b"a" * 3_000_000),
        replace(send, what=f"{name}, no boundary", body=piece.encode(), content_type="multipart/form-data"),
        replace(
            send,
            what=f"{name}, a boundary that is not ASCII",
            body=piece.encode(),
            content_type="multipart/form-data; boundary=\xe6",
        ),
        replace(
            send,
            what=f"{name}, a boundary that is too long",
            body=piece.encode(),
            content_type=f"multipart/form-data; boundary={'x' * 300}",
        ),
    ]


# The dashboard

DASHBOARD_QUERIES: dict[str, str] = {
    **{
        f"{name} is {what}": f"{name}={value}"
        for name in ("page", "per_page")
        for what, value in {
            "zero": "0",
            "below zero": "-1",
            "far below zero": "-99999999999999999999",
            "far beyond": "99999999999999999999",
            "5000 digits": "9" * 5000,
            "a fraction": "1.5",
            "a word": "first",
            "empty": "",
            "no number": "NaN",
            "a NUL": "%00",
            "not ASCII": "%D9%A3",
            "a script": "%3Cscript%3Ealert(1)%3C/script%3E",
            "SQL": "1;DROP%20TABLE%20oscar_vipps_payment",
            "given twice": f"1&{name}=-1",
        }.items()
    },
    **{
        f"sort by {what}": f"sort={value}"
        for what, value in {
            "nothing": "",
            "a minus": "-",
            "two minuses": "--created_at",
            "what isn't there": "evil",
            "what can't be sorted": "open_flags",
            "chance": "%3F",
            "somebody's password": "order__user__password",
            "somebody's address": "-order__shipping_address__last_name",
            "a secret link": "session_url",
            "a private name": "_state",
            "a method": "delete",
            "an accessor": "order.user.password",
            "a NUL": "%00",
            "a comma": "created_at,order__user__email",
            "SQL": "created_at;DROP%20TABLE%20oscar_vipps_payment",
            "a script": "%3Cscript%3Ealert(1)%3C/script%3E",
            "no UTF-8": "%FF%FE",
            "5000 letters": "a" * 5000,
            "a hundred things": "&sort=".join(["created_at", "evil"] * 50),
        }.items()
    },
    "another host": "next=//evil.example",
    "a format": "_export=csv&format=json",
    "a look-up": "order__user__password__startswith=p",
    "no name": "=",
    "only ampersands": "&" * 500,
}

SOME_QUERIES: dict[str, str] = {
    name: DASHBOARD_QUERIES[name]
    for name in (
        "page is below zero",
        "per_page is below zero",
        "sort by somebody's password",
        "another host",
    )
}


def dashboard(queries: Mapping[str, str], methods: Iterable[str] = ("GET",)) -> list[Request]:
    return [
        Request(what, DASHBOARD, method, query=query) for what, query in queries.items() for method in methods
    ]


PAYMENT = f"{DASHBOARD}{{reference}}/"
ACTION_NAMES = ("capture", "capture-part", "release", "refund", "refresh")
STAFF_ACTIONS = {name: f"{PAYMENT}{name}/" for name in ACTION_NAMES}

#: Beside the list: pages of their own, and what is done there.
DOCTOR = [f"{DASHBOARD}doctor/", f"{DASHBOARD}doctor/bundle/"]
OTHER_PAGES = [f"{DASHBOARD}{name}/" for name in ("export", "capture", "attention", "events", "figures")]
OTHER_PAGES += DOCTOR
ROWS = [f"{DASHBOARD}{name}/" for name in ("attention/1/done", "events/1", "events/1/process", "events/0")]


def beside(paths: Iterable[str], methods: Iterable[str]) -> list[Request]:
    return [Request(f"{method} {path}", path, method) for path in paths for method in methods]


REFERENCES: dict[str, str] = {
    "one letter less": "{reference_cut}",
    "one letter more": "{reference}a",
    "a space behind": "{reference}%20",
    "a line break behind": "{reference}%0A",
    "a NUL behind": "{reference}%00",
    "letters that look alike": "{reference_alike}",
    "the payment's number": "{pk}",
    "the order's number": "{number}",
    "the shopper's token": "{token}",
    "the session's id": "{session}",
    "SQL": "'%20OR%20'1'='1",
    "a script": "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "a way up": "..%2F..%2Fetc",
    "two dots": "..",
    "5000 letters": "a" * 5000,
}

NEW_REFERENCE = "a" * 24
REFUNDS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no amount": {"reference": NEW_REFERENCE},
    "no reference": {"amount": "1.00"},
    **{
        f"amount: {what}": {"amount": amount, "reference": NEW_REFERENCE}
        for what, amount in {
            "empty": "",
            "zero": "0",
            "zero with decimals": "0.00",
            "minus zero": "-0",
            "below zero": "-1.00",
            "less than an øre": "0.001",
            "parts of an øre": "1.005",
            "an øre too much": "{too_much}",
            "far too much": "1000000",
            "beyond all columns": "99999999999999999999",
            "5000 digits": "9" * 5000,
            "a huge exponent": "1e999999",
            "a tiny exponent": "1e-999999",
            "no number": "NaN",
            "a number that signals": "sNaN",
            "endless": "Infinity",
            "endless below zero": "-Infinity",
            "hexadecimal": "0x10",
            "in words": "all",
            "with its currency": "NOK 1.00",
            "two points": "1.0.0",
            "a NUL": "1\0",
            "a list": "[1]",
            "a script": "<script>alert(1)</script>",
        }.items()
    },
    **{
        f"reference: {what}": {"amount": "1.00", "reference": reference}
        for what, reference in {
            "empty": "",
            "in capitals": "A" * 24,
            "one letter less": "a" * 23,
            "one letter more": "a" * 25,
            "a line break within": "a" * 12 + "\n" + "a" * 11,
            "a NUL within": "a" * 12 + "\0" + "a" * 11,
            "wide letters": "\N{FULLWIDTH LATIN SMALL LETTER A}" * 24,
            "wide digits": "\N{FULLWIDTH DIGIT ONE}" * 24,
            "SQL": "' OR '1'='1",
            "100000 letters": "a" * 100_000,
        }.items()
    },
}


def of_all_kinds(method: str = "POST") -> list[Request]:
    """Everything that staff can do with a payment, as it should be sent."""
    fields = {"amount": "1.00", "reference": NEW_REFERENCE}
    return [
        replace(form(f"{method} {name}", path, fields), method=method) for name, path in STAFF_ACTIONS.items()
    ]


GROUPS: list[Group] = [
    Group(
        "the webhook, signatures",
        (400,),
        "refused",
        [to_webhook(f"signature: {what}", signature=signature) for what, signature in SIGNATURES.items()],
        who="stripe",
        state="paid at Stripe",
    ),
    Group(
        "the webhook, bodies that are signed",
        (400,),
        "refused: no event",
        [to_webhook(f"body: {what}", body) for what, body in BODIES.items()],
        who="stripe",
        state="paid at Stripe",
    ),
    Group(
        "the webhook, contents and lengths", (400,), "refused", CONTENTS, who="stripe", state="paid at Stripe"
    ),
    Group(
        "the webhook, larger than any event",
        (413,),
        "not read",
        [
            to_webhook("one byte too many", b" " * (512 * 1024 + 1)),
            to_webhook("a megabyte of digits", b"9" * 1_000_000),
            to_webhook("a megabyte of braces", b"{" * 1_000_000),
            to_webhook("ten megabytes that nobody signed", b"a" * 10_000_000, None),
            to_webhook("a bomb, unpacked", b"\0" * 5_000_000),
        ],
        who="stripe",
        state="paid at Stripe",
    ),
    Group(
        "the webhook, methods",
        (405,),
        "not allowed",
        [to_webhook(f"method: {method}", method=method) for method in ("GET", *METHODS)],
        who="stripe",
        state="paid at Stripe",
    ),
    Group(
        "made-up tokens",
        (404,),
        "not found",
        [
            Request(f"token: {what}", path.replace("{token}", token), method)
            for what, token in TOKENS.items()
            for path, method in [
                *((path, "GET") for path in PAGES.values()),
                (PAGES["pay"], "POST"),
                (PAGES["cancel"], "POST"),
            ]
        ],
    ),
    Group(
        "the payment's pages, methods",
        (405,),
        "not allowed",
        [
            *(Request(method, path, method) for path in PAGES.values() for method in METHODS),
            *(Request("POST", PAGES[name], "POST") for name in ("return", "status")),
            Request(
                "GET in truth", PAGES["status"], "POST", headers=(("HTTP_X_HTTP_METHOD_OVERRIDE", "GET"),)
            ),
        ],
    ),
    Group(
        "addresses beside the payment's pages",
        (301, 404),
        "not found, or the same address with its last slash",
        OUTSIDE,
    ),
    Group(
        "claims on the way to Stripe",
        (303,),
        "to Stripe's page of this payment",
        [
            *(Request(what, PAGES["pay"], query=query) for what, query in CLAIMS.items()),
            *(Request(what, PAGES["pay"], headers=headers) for what, headers in ELSEWHERE.items()),
            *(form(f"field: {name}", PAGES["pay"], {name: value}) for name, value in NOT_THEIRS.items()),
        ],
        leads_to="{session_url}",
    ),
    Group(
        "claims on the other pages",
        (200,),
        "the state and nothing else, whatever is claimed",
        [
            *(
                Request(what, PAGES[name], query=query)
                for name in ("return", "cancel", "status")
                for what, query in CLAIMS.items()
            ),
            *(Request(what, PAGES["return"], headers=headers) for what, headers in ELSEWHERE.items()),
        ],
        asks_stripe=True,
    ),
    Group(
        "other hosts",
        (400,),
        "not a host of this shop",
        [
            Request(f"host: {what}", path, method, headers=(("HTTP_HOST", host),))
            for what, host in HOSTS.items()
            for path, method in [(PAGES["pay"], "GET"), (PAGES["cancel"], "POST"), (PREVIEW, "POST")]
        ]
        + [
            *(
                Request("host: another", path, headers=(("HTTP_HOST", "evil.example"),))
                for name, path in PAGES.items()
                if name != "pay"
            ),
            Request("host: another", DASHBOARD, headers=(("HTTP_HOST", "evil.example"),)),
            to_webhook("host: another", headers=(("HTTP_HOST", "evil.example"),)),
        ],
    ),
    Group(
        "a stranger at a paid order",
        (200, 302, 303),
        "that it is paid, or elsewhere in this shop",
        [
            *(Request(f"paid: {name}", path) for name, path in PAGES.items()),
            Request("paid: pay again", PAGES["pay"], "POST"),
            Request("paid: cancel", PAGES["cancel"], "POST"),
            Request("paid: thanks", "/checkout/thank-you/"),
            Request("paid: thanks for that number", "/checkout/thank-you/", query="order_number={number}"),
            Request("paid: thanks for that id", "/checkout/thank-you/", query="order_id={order}"),
            form("paid: order again", PREVIEW, {"action": "place_order"}),
            form("paid: order that basket", PREVIEW, {"action": "place_order", "basket": "{basket}"}),
        ],
        state="paid",
    ),
    Group(
        "another customer at a cancelled order",
        (200, 302, 303),
        "that it is cancelled, or elsewhere in this shop; never the basket",
        [
            *(Request(f"cancelled: {name}", path) for name, path in PAGES.items()),
            Request("cancelled: pay all the same", PAGES["pay"], "POST"),
            Request("cancelled: get the basket", PAGES["cancel"], "POST"),
            Request("cancelled: thanks", "/checkout/thank-you/", query="order_number={number}"),
            form("cancelled: order that basket", PREVIEW, {"action": "place_order", "basket": "{basket}"}),
        ],
        who="customer",
        state="cancelled",
    ),
    Group(
        "a stranger in the checkout",
        (302,),
        "to the basket, which is empty, or on to the preview, which leads there",
        [
            form("place an order", PREVIEW, {"action": "place_order"}),
            form("choose Vipps", PAYMENT_METHOD, {"method_code": "vipps"}),
            form("choose what isn't there", PAYMENT_METHOD, {"method_code": "evil"}),
            form("details", DETAILS, {"action": "place_order"}),
            *(
                form(f"place an order, {name}", PREVIEW, {"action": "place_order", name: value})
                for name, value in NOT_THEIRS.items()
            ),
            *(
                Request(f"{method} {path}", path, method)
                for path in (PREVIEW, PAYMENT_METHOD)
                for method in ("PUT", "PATCH", "DELETE", "TRACE", "HEAD")
            ),
        ],
    ),
    Group(
        "forms of other sites",
        (403,),
        "forbidden",
        [request for name in ACTIONS for request in unprotected(name)],
        who="buyer",
        is_protected=True,
    ),
    Group(
        "ways to pay that there are not",
        (302,),
        "choose again",
        [
            *(
                form(f"code: {what}", PAYMENT_METHOD, {"method_code": code})
                for what, code in METHOD_CODES.items()
            ),
            form("no code", PAYMENT_METHOD),
            form("another field", PAYMENT_METHOD, {"method": "vipps"}),
            replace(form("in the address", PAYMENT_METHOD), query="method_code=vipps"),
            replace(form("as JSON", PAYMENT_METHOD), body=b'{"method_code": "vipps"}', content_type=JSON),
            replace(form("no UTF-8", PAYMENT_METHOD), body=b"method_code=%FF%FE"),
            form("a field of a list", PAYMENT_METHOD, {"method_code[]": "vipps"}),
        ],
        who="buyer",
        leads_to=PAYMENT_METHOD,
    ),
    Group(
        "Vipps, and fields that nobody asked for",
        (302,),
        "to the preview, as without them",
        [
            form(f"field: {name}", PAYMENT_METHOD, {"method_code": "vipps", name: value})
            for name, value in NOT_THEIRS.items()
        ],
        who="buyer",
        leads_to=PREVIEW,
    ),
    Group(
        "the preview, without an order",
        (200,),
        "the preview again",
        [
            *(form(f"action: {what}", PREVIEW, {"action": action}) for what, action in ORDER_ACTIONS.items()),
            form("no action", PREVIEW),
            replace(form("in the address", PREVIEW), query="action=place_order"),
            replace(form("as JSON", PREVIEW), body=b'{"action": "place_order"}', content_type=JSON),
            form("a field of a list", PREVIEW, {"action[]": "place_order"}),
            *(form(f"field: {name}", PREVIEW, {name: value}) for name, value in NOT_THEIRS.items()),
            *(Request(f"query: {what}", PREVIEW, query=query) for what, query in CLAIMS.items()),
            Request("OPTIONS of the preview", PREVIEW, "OPTIONS"),
            Request("OPTIONS of the choice", PAYMENT_METHOD, "OPTIONS"),
        ],
        who="buyer",
    ),
    Group(
        "the checkout's methods",
        (405,),
        "not allowed",
        [
            Request(method, path, method)
            for path in (PREVIEW, PAYMENT_METHOD)
            for method in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
        ],
        who="buyer",
    ),
    Group(
        "forms that are none",
        (400, 413),
        "refused",
        [
            *broken_forms("payment method", *ACTIONS["payment method"]),
            *broken_forms("preview", *ACTIONS["preview"]),
            form("at the page for details", DETAILS, {"action": "place_order"}),
            form("at the page for details, nothing", DETAILS),
        ],
        who="buyer",
    ),
    Group(
        "the dashboard, not signed in",
        (302,),
        "to the login",
        [
            *dashboard(DASHBOARD_QUERIES),
            *dashboard({"nothing": ""}, ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE")),
        ],
    ),
    Group(
        "the dashboard, a customer",
        (403,),
        "forbidden",
        [
            *dashboard(SOME_QUERIES, ("GET", "POST")),
            *dashboard({"nothing": ""}, ("GET", "POST", "PUT", "DELETE", "HEAD", "TRACE")),
        ],
        who="customer",
    ),
    Group(
        "the dashboard, staff without permission",
        (403,),
        "forbidden",
        [
            *dashboard(SOME_QUERIES, ("GET", "POST")),
            *dashboard({"nothing": ""}, ("GET", "POST", "PUT", "DELETE", "HEAD", "TRACE")),
        ],
        who="staff",
    ),
    Group(
        "the dashboard, staff with permission",
        (200, 404),
        "payments in some order, or not found",
        dashboard(DASHBOARD_QUERIES),
        who="manager",
    ),
    Group(
        "the dashboard, methods",
        (405,),
        "not allowed",
        dashboard({"nothing": ""}, ("POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")),
        who="manager",
    ),
    Group(
        "the dashboard's other pages, not signed in",
        (302,),
        "to the login",
        beside([*OTHER_PAGES, *ROWS], ("GET", "POST", "PUT", "DELETE")),
    ),
    Group(
        "the dashboard's other pages, a customer",
        (403,),
        "forbidden",
        beside([*OTHER_PAGES, *ROWS], ("GET", "POST", "PUT", "DELETE")),
        who="customer",
    ),
    Group(
        "the dashboard's other pages, staff without permission",
        (403,),
        "forbidden",
        beside([*OTHER_PAGES, *ROWS], ("GET", "POST", "PUT", "DELETE")),
        who="staff",
    ),
    Group(
        "the dashboard's other pages, staff who see payments",
        (200, 400, 404),
        "something of it, or a word about what is wrong",
        [
            replace(request, what=f"{path} {request.what}", path=path)
            for path in (f"{DASHBOARD}export/", f"{DASHBOARD}figures/")
            for request in dashboard(DASHBOARD_QUERIES)
        ],
        who="manager",
    ),
    Group(
        "the doctor, staff who see payments",
        (403,),
        "forbidden",
        beside(DOCTOR, ("GET", "POST", "PUT", "DELETE")),
        who="manager",
    ),
    Group(
        "the doctor, methods",
        (405,),
        "not allowed",
        [
            *beside(DOCTOR, ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")),
            Request("a look at the bundle", f"{DASHBOARD}doctor/bundle/"),
        ],
        who="cashier",
    ),
    Group(
        "other sites' forms to the doctor",
        (403,),
        "forbidden",
        [
            request
            for path in DOCTOR
            for request in (
                form(f"{path}, no token", path),
                replace(form(f"{path}, a cookie without a token", path), headers=(COOKIE,)),
            )
        ],
        who="cashier",
        is_protected=True,
    ),
    Group(
        "the health probe, methods",
        (405,),
        "not allowed",
        beside(["/vipps/health/"], ("POST", "PUT", "PATCH", "DELETE", "PROPFIND")),
    ),
    Group(
        "a payment in the dashboard, not signed in",
        (302,),
        "to the login",
        [Request("look", PAYMENT), *of_all_kinds("GET"), *of_all_kinds(), *of_all_kinds("DELETE")],
        state="paid",
    ),
    Group(
        "a payment in the dashboard, a customer",
        (403,),
        "forbidden",
        [Request("look", PAYMENT), *of_all_kinds("GET"), *of_all_kinds(), *of_all_kinds("DELETE")],
        who="customer",
        state="paid",
    ),
    Group(
        "a payment in the dashboard, staff without permission",
        (403,),
        "forbidden",
        [Request("look", PAYMENT), *of_all_kinds("GET"), *of_all_kinds(), *of_all_kinds("DELETE")],
        who="staff",
        state="paid",
    ),
    Group(
        "a payment in the dashboard, staff who may only look",
        (403,),
        "forbidden",
        [request for request in of_all_kinds() if request.path != STAFF_ACTIONS["refresh"]],
        who="manager",
        state="paid",
    ),
    Group(
        "a payment in the dashboard, methods",
        (405,),
        "not allowed",
        [
            *(request for method in ("GET", *METHODS) for request in of_all_kinds(method)),
            *(
                Request(f"{method} the payment", PAYMENT, method)
                for method in ("POST", "PUT", "DELETE", "TRACE")
            ),
        ],
        who="cashier",
        state="paid",
    ),
    Group(
        "a payment in the dashboard that there is not",
        (404,),
        "not found",
        [
            Request(f"reference: {what}", path.replace("{reference}", reference), method)
            for what, reference in REFERENCES.items()
            for path, method in [(PAYMENT, "GET"), *((path, "POST") for path in STAFF_ACTIONS.values())]
        ],
        who="cashier",
        state="paid",
    ),
    Group(
        "what can't be refunded of a payment",
        (400,),
        "the form again, which says why not",
        [form(f"refund, {what}", STAFF_ACTIONS["refund"], fields) for what, fields in REFUNDS.items()],
        who="cashier",
        state="paid",
    ),
    Group(
        "what can't be done with a payment",
        (303,),
        "back to the payment, which says why not",
        [
            form("capture what is captured", STAFF_ACTIONS["capture"], {"amount": "1.00"}),
            form("release what is captured", STAFF_ACTIONS["release"], {"amount": "1.00"}),
        ],
        who="cashier",
        state="paid",
        leads_to=PAYMENT,
    ),
    Group(
        "other sites' forms to the dashboard",
        (403,),
        "forbidden",
        [
            request
            for plain in of_all_kinds()
            for request in (
                replace(plain, what=f"{plain.what}, no token"),
                replace(plain, what=f"{plain.what}, a cookie without a token", headers=(COOKIE,)),
                replace(
                    plain,
                    what=f"{plain.what}, from another site",
                    body=plain.body + f"&csrfmiddlewaretoken={CSRF}".encode(),
                    headers=(COOKIE, ("HTTP_ORIGIN", "https://evil.example")),
                ),
            )
        ],
        who="cashier",
        state="paid",
        is_protected=True,
    ),
]
