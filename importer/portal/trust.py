"""Whom to believe on the way to the portal, and what on that way no repeat will change.

Certificates: those that SSL_CERT_FILE, REQUESTS_CA_BUNDLE or SSL_CERT_DIR name, else the system's own, where a
company's administrators put theirs.
"""

from __future__ import annotations

import errno
import ssl
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from importer.errors import UsageError, reason_of, too_many_files
from schemas.message import Message, message

_FILES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Linux and BSD systems keep their certificates, besides OpenSSL's own places."""


def make_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return what judges certificates. Raises UsageError for variables that name none."""
    named = [(name, environ[name]) for name in _FILES if environ.get(name)][:1]
    named += [(name, environ[name]) for name in ("SSL_CERT_DIR",) if environ.get(name)]
    if named:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for name, path in named:
            _load(context, name, path)
        return context
    if not _system_has_certificates():
        import certifi

        return ssl.create_default_context(cafile=certifi.where())
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _load(context: ssl.SSLContext, name: str, path: str) -> None:
    try:
        if Path(path).is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except OSError as error:  # an SSLError is one
        raise UsageError(
            message(
                "{name} names {path}, which holds no certificates that can be used ({reason}). Let it name a file of "
                "certificates in PEM form, or unset it.",
                name=name,
                path=path,
                reason=reason_of(error),
            ),
            code="unavailable",
        ) from error


def _system_has_certificates() -> bool:
    """Return whether the system keeps certificates: small containers may have none."""
    if sys.platform in {"win32", "darwin"}:
        return True
    own = ssl.get_default_verify_paths()
    folder = own.capath and any(Path(own.capath).iterdir())
    return bool(own.cafile or folder or any(Path(one).is_file() for one in _SYSTEM))


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it; each once, since errors can be chained in a ring."""
    seen: list[BaseException] = []
    ahead: list[BaseException | None] = [error]
    while ahead:
        one = ahead.pop(0)
        if one is None or any(one is other for other in seen):
            continue
        seen.append(one)
        yield one
        ahead += one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        ahead.append(one.__cause__ or one.__context__)


def lasting_problem(error: BaseException) -> Message | None:
    """Return why no repeat would bring a request through, with what to do; None where one may."""
    for one in causes(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            return message(
                "The portal's certificate cannot be trusted: {reason}. Where a company's proxy inspects connections, "
                "add its certificate to the system's, or let SSL_CERT_FILE name a file that holds it.",
                reason=one.verify_message or str(one),
            )
        if isinstance(one, OSError) and one.errno in {errno.EMFILE, errno.ENFILE}:
            return too_many_files()
    return None


def refused_by_proxy(answer: str) -> Message | None:
    """Return what to do about a proxy's own refusal; others may pass."""
    if answer.startswith("407"):
        return message(
            "The proxy asks for a user name and a password. Write them into HTTPS_PROXY: "
            "http://USER:PASSWORD@HOST:PORT, special characters percent-encoded (`@` as %40, `#` as %23)."
        )
    if answer.startswith(("401", "403")):
        return message(
            "The proxy does not let the portal through ({answer}). Ask who runs it to allow that, or set NO_PROXY to "
            "the portal's host.",
            answer=answer,
        )
    return None
