"""A service that does nothing but be ready; `python -m tests.deploy.calm`."""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    """`/ready` answers 200, all else what the service was told."""

    def do_GET(self) -> None:
        told = {k: v for k, v in os.environ.items() if k.startswith(("TIDLIG", "DATA"))}
        body = b"" if self.path == "/ready" else json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def main() -> None:
    if os.environ.get("CALM_FAILS") == sys.argv[1]:
        sys.exit("not today")
    if sys.argv[1] == "serve":
        subprocess.Popen(["/bin/sleep", "600"])
        port = int(os.environ["TIDLIG_INTAKE_PORT"])
        HTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
