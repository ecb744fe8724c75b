"""Reads what a webhook says: alerts, or the event of a repository. Its values stay values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import Message
from hashlib import sha256
from typing import Any

from ...document.placeholders import normalise_name
from ...light_classes import NamedTuple

ALERTS = ("alertmanager", "grafana")

KINDS = (*ALERTS, "github", "forgejo")

_EVENT_HEADERS = {
    "github": ("X-GitHub-Event",),
    "forgejo": ("X-Forgejo-Event", "X-Gitea-Event"),
}

_MOST = 1000  # alerts of a delivery


class BadDelivery(Exception):
    """Raised if the body of a webhook is not what its sender sends."""


class HookEvent(NamedTuple):
    """Something that a webhook reports."""

    identity: str  # two events with the same one are one event, however often they come
    subject: str  # what an alert is about, whichever time it fires; "" for an event of a repository
    title: str
    labels: Mapping[str, Any]
    began: datetime | None = None

    def find_label(self, name: str) -> str | None:
        """Return the value of a label, or of a field by its path with dots; None if it has none."""
        value: object = self.labels.get(name)
        if value is None and not self.subject:
            value = self.labels
            for part in name.split("."):
                value = value.get(part) if isinstance(value, dict) else None
        return _write_value(value)

    def find_label_like(self, name: str) -> str | None:
        """Return the value of the label whose name is that of a placeholder, as `pod_name` for <pod-name>.

        Return None if no label has the name, or more than one.
        """
        names = [each for each in self.labels if normalise_name(each) == name]
        return _write_value(self.labels[names[0]]) if len(names) == 1 else None


def _write_value(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) or None if isinstance(value, str | int | float) else None


def read_events(kind: str, headers: Message, body: bytes) -> Sequence[HookEvent]:
    """Return what a webhook reports: alerts that fire, or one event of a repository; raises BadDelivery."""
    try:
        fields = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadDelivery("expected JSON") from None
    if not isinstance(fields, dict):
        raise BadDelivery("expected an object of JSON")
    if kind in ALERTS:
        return _read_alerts(fields)
    event = next(filter(None, (headers.get(each) for each in _EVENT_HEADERS[kind])), "")
    if not event:
        raise BadDelivery(f"expected the header `{_EVENT_HEADERS[kind][0]}`")
    # neither the name of the delivery nor that of the event is signed: the body alone says which one it is
    identity = sha256(body).hexdigest()
    return [HookEvent(identity, "", event, {**fields, "event": event})]


def _read_alerts(fields: Mapping[str, Any]) -> Sequence[HookEvent]:
    alerts = fields.get("alerts")
    if not isinstance(alerts, list) or len(alerts) > _MOST:
        raise BadDelivery(f"expected a list `alerts` of at most {_MOST} alerts")
    return [_read_alert(each) for each in alerts if _is_firing(each)]


def _is_firing(alert: object) -> bool:
    if not isinstance(alert, dict) or alert.get("status") not in ("firing", "resolved"):
        raise BadDelivery("expected alerts with a `status` of `firing` or `resolved`")
    return bool(alert["status"] == "firing")


def _read_alert(alert: Mapping[str, Any]) -> HookEvent:
    labels, began = alert.get("labels"), alert.get("startsAt")
    if not isinstance(labels, dict) or not isinstance(began, str):
        raise BadDelivery("expected alerts with `labels` and `startsAt`")
    if not all(isinstance(each, str) for each in labels.values()):
        raise BadDelivery("expected labels with texts as values")
    try:
        moment = datetime.fromisoformat(began)
        if moment.tzinfo is None:
            raise ValueError(began)
        known = json.dumps(labels, sort_keys=True)
        subject = sha256(known.encode()).hexdigest()
        identity = sha256(f"{moment.timestamp()} {known}".encode()).hexdigest()
    except (ValueError, OverflowError):
        raise BadDelivery("expected a time with its zone as `startsAt`") from None
    return HookEvent(identity, subject, labels.get("alertname", "alert"), labels, moment)
