"""A mail server for tests: takes letters at an address and keeps each as a file; with TLS and a password where asked."""

import argparse
import asyncio
import ssl

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP, AuthResult

wanted = argparse.ArgumentParser(description=__doc__)
wanted.add_argument("host")
wanted.add_argument("port", type=int)
wanted.add_argument("directory")
wanted.add_argument("--certificate")
wanted.add_argument("--key")
wanted.add_argument("--tls-from-the-start", action="store_true")
wanted.add_argument("--user")
wanted.add_argument("--password")
wanted = wanted.parse_args()

tls = None
if wanted.certificate:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(wanted.certificate, wanted.key)


def authenticate(server, session, envelope, mechanism, shown):
    told = (shown.login.decode(), shown.password.decode())
    return AuthResult(success=told == (wanted.user, wanted.password), handled=False)


def talk():
    further = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False} if wanted.user else {}
    if tls and not wanted.tls_from_the_start:
        further |= {"tls_context": tls, "require_starttls": True}
    return SMTP(Mailbox(wanted.directory), **further)


async def serve():
    first = tls if wanted.tls_from_the_start else None
    server = await asyncio.get_running_loop().create_server(talk, wanted.host, wanted.port, ssl=first)
    await server.serve_forever()


asyncio.run(serve())
