"""What the benchmarks run on: a repository, a daemon, nginx, and a load."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
ORLOJ = ROOT / "target/release/orloj"
AGE_KEY = ROOT / "tests/fixtures/age/key1.txt"

REQUEST = {
    "model": "fast",
    "temperature": 0.7,
    "messages": [
        {"role": "system", "content": "You are a poetic assistant. " * 10},
        {"role": "user", "content": "Explain recursion in programming."},
    ],
}
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "upstream-model",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Recursion calls itself. " * 32},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 39, "completion_tokens": 160, "total_tokens": 199},
}

UPSTREAM = """\
        access_log off;
        keepalive_requests 1000000;
        default_type application/json;
        location / {{ return 200 '{answer}'; }}
"""
NGINX = """\
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream upstream {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port};
{server}    }}
}}
"""
ENDPOINT = """\
apiVersion: orloj.dev/v1
kind: ModelEndpoint
metadata:
  name: main
spec:
  provider: openai-compatible
  base_url: http://127.0.0.1:{upstream}/v1
  allowPrivate: true
  default_model: upstream-model
  model_aliases:
    fast: upstream-model
"""


def install(*programs):
    """Installs the Debian packages of the programs that are missing."""
    os.environ["PATH"] += ":/usr/sbin"
    missing = [program for program in programs if not shutil.which(program)]
    if not missing:
        return
    if os.getuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"error: install {' and '.join(missing)} first")
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    quiet = ["apt-get", "install", "-qq", "--yes", "--no-install-recommends"]
    packages = [{"h2load": "nghttp2-client"}.get(program, program) for program in missing]
    subprocess.run([*quiet, *packages], check=True, stdout=subprocess.DEVNULL)


class Repository:
    """A bare repository and its clone."""

    def __init__(self, folder):
        folder.mkdir()
        self.bare, self.work = folder / "routing.git", folder / "work"
        self.git("init", "--quiet", "--bare", "-b", "main", self.bare, at=folder)
        self.git("init", "--quiet", "-b", "main", self.work, at=folder)

    def push(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", self.bare, "HEAD:main")

    def git(self, *arguments, at=None):
        person = ["-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0"]
        subprocess.run(["git", *person, *arguments], cwd=at or self.work, check=True)


class Process:
    """A child that is ended on leaving, and whose CPU time is known while it runs."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.child.kill()

    def cpu_seconds(self):
        """Of the process and its direct children (Linux)."""
        total = 0
        pid = self.child.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in [pid, *children]:
            stat = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(stat[11]) + int(stat[12])
        return total / os.sysconf("SC_CLK_TCK")


class Nginx(Process):
    """One worker that serves `server` on `port`."""

    def __init__(self, folder, port, upstream, server):
        folder.mkdir()
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port, upstream=upstream, server=server))
        self.child = subprocess.Popen(["nginx", "-c", config, "-e", folder / "error.log"])
        patiently("nginx listens", lambda: is_open(port))


class Daemon(Process):
    """`orloj serve` on a repository, with more flags if there are any."""

    def __init__(self, folder, repository, *flags):
        log = open(folder / "daemon.log", "w+")
        command = [ORLOJ, "serve", "--repo", repository, "--addr", "127.0.0.1:0",
                   "--data-dir", folder / "data", "--poll", "1h", "--age-key-file", AGE_KEY, *flags]
        self.child = subprocess.Popen(command, stdout=log, stderr=log)
        # The first start reads everything.
        self.url = patiently("the daemon is ready", lambda: self.ready_url(folder), 600)

    def ready_url(self, folder):
        text = (folder / "daemon.log").read_text()
        if self.child.poll() is not None:
            sys.exit(f"error: the daemon ended\n{text}")
        for url in re.findall(r"http://127\.0\.0\.1:\d+", text):
            try:
                urllib.request.urlopen(f"{url}/readyz", timeout=1).close()
                return url
            except OSError:
                continue
        return None


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def is_open(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def upstream_server():
    """nginx that answers a fixed completion."""
    return UPSTREAM.format(answer=completion())


def completion():
    return json.dumps(ANSWER).replace("'", "")


def post_script(folder, delay_ms=0):
    """A script for wrk that posts the request, each connection with a pause before the next."""
    script = folder / "post.lua"
    pause = f"function delay() return {delay_ms} end\n" if delay_ms else ""
    script.write_text(
        'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        f"wrk.body = [[{json.dumps(REQUEST)}]]\n{pause}"
    )
    return script


def patiently(what, probe, seconds=60):
    """Calls `probe` until it returns something true, for so many seconds at most."""
    for _ in range(seconds * 100):
        value = probe()
        if value:
            return value
        time.sleep(0.01)
    sys.exit(f"error: waited in vain: {what}")


def latency(text, percent):
    """A latency of wrk's table, in milliseconds."""
    number, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)\b", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
