"""Connects to a Temporal server, as options, our settings file and `TEMPORAL_*` say."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

from temporalio.client import Client as Client
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.envconfig import ClientConfig
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from ..errors import Refused
from .codec import AesCodec, find_key_file, read_keys

DEFAULT_SERVER = "127.0.0.1:7233"


def find_settings(environ: Mapping[str, str]) -> Path:
    """Return the path of our settings file, in the form of Temporal's own."""
    named = environ.get("XDG_CONFIG_HOME") or ""
    folder = Path(named) if named.startswith("/") else Path(environ.get("HOME") or "/") / ".config"
    return folder / "runbook-exec" / "server.toml"


async def connect_client(server: str, namespace: str) -> Client:
    """Return a client of the server; "" is what the settings say. Raises Refused."""
    settings = find_settings(os.environ)
    try:
        config = ClientConfig.load_client_connect_config(
            config_file=str(settings) if settings.is_file() else None
        )
    except (RuntimeError, ValueError, TypeError, OSError) as error:
        raise Refused(f"cannot read the settings of the server: {error}") from None
    target = server or config.get("target_host") or DEFAULT_SERVER
    if namespace:
        config["namespace"] = namespace
    config["target_host"] = target
    keys = read_keys(find_key_file(os.environ))
    converter = make_converter(keys) if keys else DataConverter.default
    quiet = LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    try:
        runtime = Runtime(telemetry=TelemetryConfig(logging=quiet))
        return await Client.connect(**config, data_converter=converter, runtime=runtime)
    except (RuntimeError, ValueError) as error:
        raise Refused(f"cannot reach the Temporal server at `{target}`: {_find_cause(error)}") from None


def make_converter(keys: Mapping[str, bytes]) -> DataConverter:
    """Return what encrypts everything that goes to a server, the messages of failures among it."""
    return dataclasses.replace(
        DataConverter.default,
        payload_codec=AesCodec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def _find_cause(error: Exception) -> str:
    text = str(error)
    return text.rpartition("tcp connect error: ")[2].split(")")[0] if "tcp connect error" in text else text
