"""The follower: all that you may read, from where you left off, at least once."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Self

from .backoff import Patience
from .cursor_file import CursorFile
from .errors import NotFetched, TokenRefused
from .feed import LIMIT, LONGEST_WAIT_SECONDS, Feed, LogMadeAgain, Page
from .feed_event import FeedEvent
from .service import Away, Token

log = logging.getLogger(__name__)

FETCH_SECONDS = 60.0


class Follower:
    """Gives events in the order in which they became readable for its reader.

    An event is handled when you ask for the next one, a page when its last event is:
    only then is the cursor kept, and only then do the owners learn that you have
    received it. What you had not finished comes again.
    """

    def __init__(
        self, url: str, token: Token | None, *, state: Path | str, limit: int = LIMIT
    ) -> None:
        """`url` is delivery's; without `token` you are the reader `public`.

        `token` may be a callable: it is asked before every request. `state` is a
        file on a local disk, made where it is not; one for each reader.
        Raises `WrongFile`, OSError, or ValueError for a URL that is no https.
        """
        self.feed = Feed(url, token)
        self.state = CursorFile(Path(state))
        self.limit = limit
        self.stopped = Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[FeedEvent]:
        return self.follow()

    def new(self, timeout: float = FETCH_SECONDS) -> Iterator[FeedEvent]:
        """What is new, until there is nothing more.

        Trouble on the way is met by trying again, for at most `timeout` seconds a
        page. Raises `NotFetched`, `CursorRefused`, or `TokenRefused`.
        """
        while (page := self.page(0, timeout)) is not None:
            yield from self.handled(page)
            if not page.events:
                return

    def follow(self) -> Iterator[FeedEvent]:
        """What is new, for ever, or until `stop()`; waits while there is nothing.

        Raises `CursorRefused`, or `TokenRefused` for a fixed token.
        """
        while (page := self.page(LONGEST_WAIT_SECONDS, None)) is not None:
            yield from self.handled(page)
            if not page.events and self.feed.token is None:
                # the reader `public` cannot wait at the service
                self.stopped.wait(LONGEST_WAIT_SECONDS)

    def handled(self, page: Page) -> Iterator[FeedEvent]:
        """The events of a page; each is marked when the next is asked for."""
        for event in page.events:
            mark = event.mark
            yield replace(event, handled_before=self.state.has_handled(mark))
            self.state.handle(mark)
        self.state.move(page.cursor)

    def page(self, wait: float, timeout: float | None) -> Page | None:
        """The next page; None when stopped. Raises as `new` and `follow` say."""
        patience = Patience(timeout)
        while not self.stopped.is_set():
            try:
                return self.feed.page(self.state.cursor, limit=self.limit, wait=wait)
            except LogMadeAgain:
                log.warning("the feed was made again; following from its beginning")
                self.begin_again()
                continue
            except Away as away:
                trouble = away
            except TokenRefused as refused:
                if not self.feed.renews_its_token:
                    raise
                trouble = Away(str(refused))
            pause = patience.pause(trouble.asked)
            if pause is None:
                raise NotFetched(str(trouble)) from trouble
            log.warning("not fetched, again in %.1f s: %s", pause, trouble)
            self.stopped.wait(pause)
        return None

    def begin_again(self) -> None:
        """Follow from the beginning; what was handled is still recognised."""
        self.state.move(None)

    def stop(self) -> None:
        """End `follow()` in another thread, once its request is answered."""
        self.stopped.set()

    def close(self) -> None:
        self.stop()
        self.feed.close()
        self.state.close()
