"""What schemathesis needs to know of a server under test: who asks, and which ids lead somewhere."""

import itertools
import os

import requests
import schemathesis

BASE = os.environ["BKJS_URL"]
PASSWORD = os.environ["BKJS_PASSWORD"]

# After these an account is another one, or none: they are asked by accounts of their own.
SPENDING = ("/account/del", "/account/put/secret", "/account/update")

# Every second request of these is about an account that is there.
PEERS = {"/connection/": "peer", "/reference/": "peer", "/message/add": "id", "/account/get": "id", "/counter/": "id"}

numbers = itertools.count()


def call(path, **form):
    reply = requests.post(BASE + path, data=form, timeout=30)
    reply.raise_for_status()
    return reply.json()


def register():
    login = f"login{next(numbers)}"
    return login, call("/account/add", login=login, name=login, password=PASSWORD)["id"]


def sign_in(login):
    return call("/login", login=login, password=PASSWORD, _accesstoken=1)["bk-access-token"]


def works(token):
    return requests.get(BASE + "/auth", headers={"bk-access-token": token}, timeout=30).status_code == 200


@schemathesis.auth(refresh_interval=None)
class Tokens:
    """The administrator asks, where that does not end the administrator."""

    def __init__(self):
        self.admin = None
        self.spent = None

    def get(self, case, ctx):
        if case.operation.path not in SPENDING:
            self.admin = self.admin or sign_in("root")
            return self.admin
        if self.spent is None or not works(self.spent):
            self.spent = sign_in(register()[0])
        return self.spent

    def set(self, case, data, ctx):
        case.headers = case.headers or {}
        case.headers["bk-access-token"] = data


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Puts the id of an account where one is asked for: made up ones lead nowhere."""
    global peer
    name = next((name for start, name in PEERS.items() if case.operation.path.startswith(start)), None)
    if name is None or next(numbers) % 2:
        return
    peer = peer or register()[1]
    for part in (case.query, case.body):
        if isinstance(part, dict):
            part[name] = peer


peer = None
