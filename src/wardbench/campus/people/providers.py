"""What allauth is told of the identity providers in `campus.toml`. Read by the settings, before Django is set up."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wardbench.campus.configuration import Configuration, OpenIDProvider, SAMLProvider
from wardbench.campus.secret_store import read_secret
from wardbench.core.errors import InputError, NotFoundError

LOCAL = ("localhost", "127.0.0.1", "::1")
METADATA_FOR = 4 * 60 * 60


def provider_settings(campus: Configuration, folder: Path | None) -> dict[str, Any]:
    """Django's SOCIALACCOUNT_PROVIDERS. InputError where a provider's address is not safe or two have the same id."""
    ids = [*(one.id for one in campus.openid), *(one.id for one in campus.saml)]
    for one in ids:
        if not one.isascii() or not one.replace("-", "").isalnum() or ids.count(one) > 1:
            raise InputError(f"campus.toml: {one!r}: a provider's id has letters, digits and hyphens, and is its own.")
    found: dict[str, Any] = {
        "openid_connect": {
            "provider_class": "wardbench.campus.people.openid.Provider",
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [_openid(one, campus, folder) for one in campus.openid],
        }
    }
    if campus.saml and not has_saml():
        raise NotFoundError("campus.toml: saml: this needs what is installed by: ./wardbench setup saml")
    if has_saml():
        found["saml"] = {
            "provider_class": "wardbench.campus.people.saml.Provider",
            "APPS": [_saml(one, folder) for one in campus.saml],
        }
    return found


def has_saml() -> bool:
    """Whether the extra `saml` is set up."""
    return importlib.util.find_spec("onelogin") is not None


def check_address(address: str, what: str) -> str:
    """`address`, which is reached by HTTPS, or on this machine by HTTP; InputError names `what` otherwise."""
    parts = urlsplit(address)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL)):
        raise InputError(f"{what}: {address!r}: an identity provider is reached by https://.")
    return address


def _openid(one: OpenIDProvider, campus: Configuration, folder: Path | None) -> dict[str, Any]:
    issuer = check_address(one.issuer, f"campus.toml: openid {one.id}: issuer")
    secret = read_secret(campus.secrets, folder or Path(), one.secret_file)
    told: dict[str, Any] = {"server_url": f"{issuer.rstrip('/')}/.well-known/openid-configuration", "issuer": issuer}
    told["second_factor"] = list(one.second_factor)
    return {
        "provider_id": one.id,
        "name": one.name,
        "client_id": one.client_id,
        "secret": secret,
        "settings": told,
    }


def _saml(one: SAMLProvider, folder: Path | None) -> dict[str, Any]:
    if "://" in one.metadata:
        metadata = check_address(one.metadata, f"campus.toml: saml {one.id}: metadata")
    else:
        path = ((folder or Path()) / one.metadata).resolve()
        if not path.is_file():
            raise NotFoundError(f"{path}: the metadata of the provider {one.id} are not there.")
        metadata = path.as_uri()
    return {
        "provider_id": one.id,
        "name": one.name,
        # allauth makes the addresses of a SAML provider from what it calls its client.
        "client_id": one.id,
        "settings": {
            "idp": {"entity_id": one.entity_id, "metadata_url": metadata, "metadata_cache_timeout": METADATA_FOR},
            "verified_email": True,
            "second_factor": list(one.second_factor),
            "advanced": {"want_assertion_signed": True, "reject_idp_initiated_sso": True, "strict": True},
        },
    }
