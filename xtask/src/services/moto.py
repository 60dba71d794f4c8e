"""Amazon's services as moto imitates them, with three differences that make it more like them.

One request at a time: it looks at a condition and changes the item in two steps, between which another thread could
come. And a transaction of DynamoDB that is sent again with the token of one that was carried out is answered as that
one was; moto knows no tokens. And who waits for messages of SQS keeps nobody else waiting."""

import io
import json
import logging
import sys
import time
from threading import Lock

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

application = DomainDispatcherApplication(create_backend_app)
turn = Lock()
carried_out = {}


def token_of(environ):
    """The token of a transaction; none of any other request."""
    if not environ.get("HTTP_X_AMZ_TARGET", "").endswith(".TransactWriteItems"):
        return None
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return json.loads(body).get("ClientRequestToken")


def waits_for(environ):
    """The request for messages that may wait, or none."""
    if not environ.get("HTTP_X_AMZ_TARGET", "").endswith(".ReceiveMessage"):
        return None
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return json.loads(body)


def wait_in_between(environ, start_response, request):
    """Looks for messages again and again, and lets others have their turn meanwhile."""
    end = time.monotonic() + request.get("WaitTimeSeconds", 0)
    body = json.dumps(request | {"WaitTimeSeconds": 0}).encode()
    while True:
        told = []
        again = environ | {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        with turn:
            reply = list(application(again, lambda *all: told.append(all)))
        found = b'"Messages"' in b"".join(reply) or not told[0][0].startswith("200")
        if found or time.monotonic() >= end:
            start_response(*told[0])
            return reply
        time.sleep(0.02)


def one_at_a_time(environ, start_response):
    def start(status, headers, *rest):
        told[:] = status, headers
        return start_response(status, headers, *rest)

    request = waits_for(environ)
    if request:
        return wait_in_between(environ, start_response, request)
    told = []
    token = token_of(environ)
    with turn:
        if token in carried_out:
            status, headers, reply = carried_out[token]
            start_response(status, headers)
            return reply
        reply = list(application(environ, start))
        if token and told[0].startswith("200"):
            carried_out[token] = (*told, reply)
        return reply


logging.getLogger("werkzeug").setLevel(logging.ERROR)
run_simple("127.0.0.1", int(sys.argv[1]), one_at_a_time, threaded=True)
