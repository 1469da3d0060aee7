"""`bearbot review serve`: the reviewer's page."""

import click

from model.console import WholeNumber, note
from review.cli.options import reviewer_name


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 for everywhere.")
@click.option("--port", default=8712, show_default=True, type=WholeNumber(0, 65535), help="0 for any free one.")
@click.option("--url", metavar="ADDRESS", help="Where others reach the page, if that is through a proxy (with TLS).")
@click.option("--as", "name", metavar="NAME", help="Who you are, on this machine.  [default: your login name]")
def serve(host: str, port: int, url: str | None, name: str | None) -> None:
    """Serve the reviewer's page until Ctrl-C: the queue as a grid, for keyboard and mouse.

    On this machine the link that is printed logs you in, once; then the next one is printed. With --host or --url
    others can reach the page, and everybody needs a login token: `bearbot review who login NAME`. Without
    TLS photos and tokens travel in the clear: let a proxy do it, and name its address with --url.

    \b
    Example:
      bearbot review serve --as mo
      bearbot review serve --url https://bears.example.org
    """
    import socket
    from contextlib import closing
    from urllib.parse import urlsplit

    from review.cli.installation import introduced, opened
    from review.slate import Slate
    from review.web.app import application
    from review.web.dashboard import Dashboard
    from review.web.desk import Desk
    from review.web.door import Link
    from review.web.guard import LOOPBACK
    from review.web.server import is_loopback, listen
    from review.web.server import serve as serve_page

    given = urlsplit(url) if url else None
    if given is not None and (
        given.scheme not in ("http", "https") or not given.hostname or given.path not in ("", "/")
    ):
        raise click.UsageError(f"--url: expected an address such as https://bears.example.org, got {url!r}")
    shared = given is not None or not is_loopback(host)
    if shared and name is not None:
        raise click.UsageError("--as is for this machine alone: with --host or --url everybody has a login token")
    with opened() as installation, closing(listen(host, port)) as listening:
        port = listening.getsockname()[1]
        secure = given is not None and given.scheme == "https"
        desk = Desk(
            database=installation.database,
            images=installation.images,
            lease=installation.lease,
            gold_rate=installation.gold_rate,
            labels=lambda: installation.labels,
            # Cookies know no ports: two pages on one machine must not take each other's.
            cookie="__Host-bearbot" if secure else f"bearbot_{port}",
            secure=secure,
            first=Slate.of(installation.database, installation.registry).order,
        )
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        hosts = {*LOOPBACK, host}
        if shared:
            hosts |= {socket.gethostname(), socket.getfqdn(), (given.hostname if given else None) or host}
            note(f"the reviewer's page is at {url or address}; everybody needs a login token:")
            note("  bearbot review who login NAME")
            if given is None:
                note("photos and tokens travel in the clear: behind a proxy with TLS, use --url instead")
            link = None
        else:
            link = Link(
                introduced(installation, reviewer_name(name)),
                told=lambda token: click.echo(f"  {address}/login#{token}"),
            )
            note(f"the reviewer's page for {link.name}; Ctrl-C ends it. Each link works once:")
            link.tell()
        app = application(
            desk,
            hosts=hosts,
            numbers=shared and given is None,
            url=url,
            link=link,
            more=Dashboard(desk, installation.registry).routes(),
        )
        try:
            serve_page(app, listening, behind_proxy=given is not None)
        finally:
            desk.end_all()
        note("ended; what was open on pages is back in the queue")
